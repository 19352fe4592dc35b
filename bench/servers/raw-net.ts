// The yardstick over TCP: what arrives is written back as it came.

import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { serve } from "./serve.js";

const server = createServer({ noDelay: true }, (socket) => {
  socket.on("data", (chunk) => socket.write(chunk));
  socket.on("error", () => socket.destroy());
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
serve((server.address() as AddressInfo).port);
