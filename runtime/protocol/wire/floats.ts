/** A number of 32 bits of floating point. */
export const floats = new Float32Array(1);

/** The same bits as an integer: nobody minds in which order a machine keeps the bytes of both. */
export const words = new Int32Array(floats.buffer);
