// A gate: it holds clients, who are in a group at a member, which is there already.
// The first argument is what carries the cluster: grpc or nats; the second one the port of the member, which is the master, or of NATS.

import { BroadcastComponent } from "../generated/bench/v1/broadcast.server.js";
import { benchServer } from "./bench-server.js";
import { linkDriver } from "./link-driver.js";
import { serve } from "./serve.js";

const [, , link, address] = process.argv;
const cluster = { driver: linkDriver(link, address) };
const server = benchServer("tcp", [], { forward: [BroadcastComponent], cluster });
await server.start();
serve(server.addresses[0]?.port ?? 0);
