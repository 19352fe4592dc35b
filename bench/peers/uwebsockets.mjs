// uWebSockets.js as its users write it: each message is decoded, and what it says is encoded again and sent. No packets, routes or sessions. Its own
// name is not on npm; this is the same under another.

import uws from "@trufflesuite/uws-js-unofficial";
import { Position } from "../../dist/bench/generated/bench/v1/echo.js";
import { serve } from "./answer-parent.mjs";

uws
  .App()
  .ws("/*", {
    compression: uws.DISABLED,
    message: (socket, message) => {
      socket.send(Position.encode(Position.decode(new Uint8Array(message))).finish(), true);
    },
  })
  .listen("127.0.0.1", 0, (listening) => serve(uws.us_socket_local_port(listening)));
