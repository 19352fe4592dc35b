import { nats } from "nanowire/nats";
import { describeDriver } from "../support/driver-contract.js";
import { NatsServer } from "./support/nats-server.js";

describeDriver("nats", async () => {
  const server = await NatsServer.start();
  return { driver: () => nats({ servers: server.url }), close: () => server.close() };
});
