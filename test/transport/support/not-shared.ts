import type { Socket } from "node:net";

/**
 * Makes a socket one that cannot be read into the array that others share: it is read as a stream.
 *
 * @param useUserBuffer what stands where Node would be asked. Default: nothing
 */
export function notShared(socket: Socket, useUserBuffer?: () => never): void {
  Object.assign((socket as unknown as { _handle: object })._handle, { useUserBuffer });
}
