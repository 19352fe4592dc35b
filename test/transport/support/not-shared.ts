import type { Socket } from "node:net";

/** Makes a socket one that cannot be read into the array that others share: it is read as a stream. */
export function notShared(socket: Socket): void {
  Object.assign((socket as unknown as { _handle: object })._handle, { useUserBuffer: undefined });
}
