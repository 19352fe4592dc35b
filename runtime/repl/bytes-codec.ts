import type { ProtobufCodec } from "../protocol/codec.js";

/** A codec of messages that are payloads already: the types of what a tool sends are not known before it runs. */
export const bytesCodec: ProtobufCodec<Uint8Array> = {
  encode: (bytes) => ({ finish: () => bytes }),
  decode: (bytes) => bytes,
};
