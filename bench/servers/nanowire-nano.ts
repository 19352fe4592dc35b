// What is measured: nano's own benchmark, a notify answered by a push.
// The first argument is the transport: tcp or ws.

import type { Session } from "nanowire";
import type { PingText } from "../generated/bench/v1/nano.js";
import { TestEvents, TestHandlerComponent } from "../generated/bench/v1/nano.server.js";
import { benchServer } from "./bench-server.js";
import { serve } from "./serve.js";

class TestHandler extends TestHandlerComponent {
  ping(session: Session, { content }: PingText): void {
    TestEvents.pong(session, { content });
  }
}

const server = benchServer(process.argv[2], [new TestHandler()]);
await server.start();
serve(server.addresses[0]?.port ?? 0);
