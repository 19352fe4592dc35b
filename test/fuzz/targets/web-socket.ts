import { connect } from "node:net";
import { ws } from "../../../runtime/transport/ws.js";
import type { Target } from "../target.js";
import { FuzzServer } from "./fuzz-server.js";

/** What comes on a WebSocket's port: an upgrade and frames, on a real socket. An input that begins with no letter is frames alone, behind an upgrade that is taken. */
export const webSocketTarget: Target = {
  name: "websockets",
  weight: 2,
  async open() {
    const transport = ws({ host: "127.0.0.1", port: 0, ears: 1, compression: true, subprotocols: ["game"] });
    const server = await FuzzServer.start(transport);
    const port = transport.address?.port ?? 0;
    return {
      async run(input) {
        const isWhole = /[A-Z]/.test(String.fromCharCode(input[0] ?? 0));
        const answer = await exchange(port, isWhole ? input : Buffer.concat([upgrade, input]));
        await server.check();
        return answer.length > (isWhole ? 0 : upgradedBytes);
      },
      close: () => server.stop(),
    };
  },
};

const upgrade = Buffer.from(
  [
    "GET / HTTP/1.1",
    "Host: 127.0.0.1",
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "",
    "",
  ].join("\r\n"),
);

/** More than the answer to an upgrade takes. */
const upgradedBytes = 130;

/** Sends bytes, says that there are no more, and returns what was answered when the connection is over. */
function exchange(port: number, bytes: Uint8Array): Promise<Buffer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const socket = connect({ host: "127.0.0.1", port }, () => socket.end(bytes));
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    // The server may hang up in the middle.
    socket.on("error", () => {});
    socket.on("close", () => resolve(Buffer.concat(chunks)));
  });
}
