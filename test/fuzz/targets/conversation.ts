import { memory } from "../../../runtime/transport/memory.js";
import type { Target } from "../target.js";
import { FuzzServer, turns } from "./fuzz-server.js";

/** A client's whole conversation with a server, from its first byte: handshake, ack, messages, a session that is resumed. */
export const conversationTarget: Target = {
  name: "conversations",
  weight: 2,
  async open() {
    const transport = memory();
    const server = await FuzzServer.start(transport);
    return {
      async run(input) {
        const socket = await transport.dial(new AbortController().signal);
        const came = { bytes: 0 };
        socket.start({
          receive: ({ length }) => {
            came.bytes += length;
          },
          closed() {},
        });
        const third = Math.ceil(input.length / 3);
        for (let start = 0; start < input.length; start += third) {
          socket.send(input.slice(start, start + third));
        }
        await turns(2);
        socket.close();
        await turns(1);
        await server.check();
        return came.bytes > 0;
      },
      close: () => server.stop(),
    };
  },
};
