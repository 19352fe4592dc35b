import { once } from "node:events";
import { type AddressInfo, createServer, type Server as NetServer } from "node:net";
import type { ConnectionInjector } from "@grpc/grpc-js";
import type { Address } from "./address.js";

/**
 * Listens for a gRPC server in a worker of node:cluster. By itself it would share its port with the other workers, free ones too, and what is meant for one node would come to
 * another.
 */
export async function listenAlone(address: Address, injector: ConnectionInjector): Promise<NetServer> {
  const server = createServer({ noDelay: true }, (socket) => injector.injectConnection(socket));
  server.listen({ host: address.host, port: address.port, exclusive: true });
  await once(server, "listening");
  return server;
}

/** The port that a server listens on. */
export function portOf(server: NetServer): number {
  return (server.address() as AddressInfo).port;
}
