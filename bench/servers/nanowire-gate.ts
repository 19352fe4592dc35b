// A gate: it holds clients, and forwards what they ask to a member, which is there already.
// The first argument is what carries the cluster: grpc, nano or nats; the second one the port of the member, which is the master, or of NATS.

import { EchoComponent } from "../generated/bench/v1/echo.server.js";
import { benchServer } from "./bench-server.js";
import { linkDriver } from "./link-driver.js";
import { serve } from "./serve.js";

const [, , link, address] = process.argv;
const server = benchServer("tcp", [], {
  forward: [EchoComponent],
  cluster: { driver: linkDriver(link, address) },
});
await server.start();
serve(server.addresses[0]?.port ?? 0);
