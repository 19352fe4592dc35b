// What is measured: a group of everybody, told whatever somebody says.
// The first argument is the transport: tcp or ws.

import { Group } from "nanowire";
import type { Telling } from "../generated/bench/v1/broadcast.js";
import { BroadcastComponent, BroadcastEvents } from "../generated/bench/v1/broadcast.server.js";
import { benchServer } from "./bench-server.js";
import { serve } from "./serve.js";

const everybody = new Group("everybody");

class Broadcast extends BroadcastComponent {
  tell(_session: unknown, { position, times }: Telling): void {
    for (let told = 0; position !== undefined && told < times; told++) {
      BroadcastEvents.moved(everybody, position);
    }
  }
}

const server = benchServer(process.argv[2], [new Broadcast()]);
server.onSessionOpen((session) => {
  everybody.add(session);
  BroadcastEvents.moved(session, welcome);
});
const welcome = { atMs: 1_700_000_000_000n, x: 12.5, y: -3.25, name: "Thirteen long" };
await server.start();
serve(server.addresses[0]?.port ?? 0);
