import { connect } from "node:net";
import type { Address } from "./address.js";

/**
 * Whether somebody listens there. A process that died takes its port with it, and the machine refuses at once who connects: that is what a broken stream by itself
 * does not tell.
 *
 * @param timeoutMs after how many milliseconds without an answer it is given up
 * @returns `refused` only when the machine says so, or that there is no way to it
 */
export function probe({ host, port }: Address, timeoutMs: number): Promise<"listening" | "refused" | "silent"> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.setTimeout(timeoutMs, () => {
      socket.destroy();
      resolve("silent");
    });
    socket.on("connect", () => {
      socket.destroy();
      resolve("listening");
    });
    socket.on("error", () => {
      socket.destroy();
      resolve("refused");
    });
  });
}
