// A member that hosts a group of everybody, whichever gate they are at, told whatever somebody says. Who says nothing enters, and is welcomed.
// The first argument is what carries the cluster: grpc, whose master it is, or nats; the second one the port of NATS.

import { createServer, Group, type Session } from "nanowire";
import type { Telling } from "../generated/bench/v1/broadcast.js";
import { BroadcastComponent, BroadcastEvents } from "../generated/bench/v1/broadcast.server.js";
import { manyBusyClients } from "./bench-server.js";
import { CountingDriver } from "./counting-driver.js";
import { linkDriver, masterPort } from "./link-driver.js";
import { serve } from "./serve.js";

const everybody = new Group("everybody");
const welcome = { atMs: 1_700_000_000_000n, x: 12.5, y: -3.25, name: "Thirteen long" };

class Broadcast extends BroadcastComponent {
  tell(session: Session, { position, times }: Telling): void {
    if (position === undefined) {
      everybody.add(session);
      BroadcastEvents.moved(session, welcome);
      return;
    }
    for (let told = 0; told < times; told++) {
      BroadcastEvents.moved(everybody, position);
    }
  }
}

const [, , link, address] = process.argv;
const carrier = linkDriver(link, address);
const driver = new CountingDriver(carrier);
const server = createServer({ components: [new Broadcast()], listen: [], cluster: { driver }, ...manyBusyClients });
await server.start();
serve(masterPort(carrier), () => driver.counts);
