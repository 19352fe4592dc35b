// A member: it hosts what gates forward, and holds no clients.
// The first argument is what carries the cluster: grpc or nano, whose master it is, or nats; the second one the port of NATS.

import { createServer } from "nanowire";
import { manyBusyClients } from "./bench-server.js";
import { Echo } from "./echo.js";
import { linkDriver, masterPort } from "./link-driver.js";
import { serve } from "./serve.js";

const [, , link, address] = process.argv;
const driver = linkDriver(link, address);
const server = createServer({ components: [new Echo()], listen: [], cluster: { driver }, ...manyBusyClients });
await server.start();
serve(masterPort(driver));
