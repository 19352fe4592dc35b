import cluster from "node:cluster";
import type { Server as NetServer } from "node:net";
import { promisify } from "node:util";
import { Server, type ServerCredentials, type ServerOptions, type UntypedServiceImplementation } from "@grpc/grpc-js";
import type { Clock } from "../../base/clock.js";
import { NanowireError } from "../../base/error.js";
import { type Address, addressText } from "./address.js";
import type { RegisterRequest } from "./clusterpb.js";
import type { Master } from "./master.js";
import { listenAlone, portOf } from "./own-port.js";
import { unaryHandler } from "./refusal.js";
import { masterService } from "./services.js";

/** A node's gRPC server. */
export class NodeServer {
  readonly #server: Server;
  /** What listens in its place. */
  #alone: NetServer | undefined;

  constructor(options: ServerOptions) {
    this.#server = new Server(options);
  }

  /** nano's service of the master. */
  serveMaster(master: Master): void {
    this.#server.addService(masterService, {
      Register: unaryHandler(({ member }: RegisterRequest) => master.register(member)),
      Unregister: unaryHandler(master.unregister.bind(master)),
      Heartbeat: unaryHandler(master.heartbeat.bind(master)),
    });
  }

  /** Any other service. */
  serve(service: Parameters<Server["addService"]>[0], implementation: UntypedServiceImplementation): void {
    this.#server.addService(service, implementation);
  }

  /**
   * Listens.
   *
   * @returns the port
   * @throws NanowireError `listen_failed`
   */
  async listen(address: Address, credentials: ServerCredentials): Promise<number> {
    const where = addressText(address);
    try {
      if (cluster.isWorker) {
        this.#alone = await listenAlone(address, this.#server.createConnectionInjector(credentials));
        return portOf(this.#alone);
      }
      return await promisify(this.#server.bindAsync.bind(this.#server))(where, credentials);
    } catch (error) {
      const { message } = error as Error;
      throw new NanowireError("listen_failed", `grpc cannot listen on ${where}: ${message}`, { cause: error });
    }
  }

  /** Listens no longer. Calls that are under way have a time to be answered. */
  async close(clock: Clock, graceMs: number): Promise<void> {
    this.#alone?.close();
    await new Promise<void>((resolve) => {
      const cancel = clock.after(graceMs, resolve);
      this.#server.tryShutdown(() => {
        cancel();
        resolve();
      });
    });
    this.#server.forceShutdown();
  }
}

/** The options of a server and of what calls one. A list of many members is longer than gRPC's 4 MiB. */
export function channelOptions(maxFrameBytes: number, heartbeatIntervalMs: number): ServerOptions {
  return {
    "grpc.max_receive_message_length": Math.max(maxFrameBytes, 64 * 1_048_576),
    "grpc.max_send_message_length": -1,
    "grpc.max_concurrent_streams": 1_024,
    // A node whose machine vanished does not close its connections.
    "grpc.keepalive_time_ms": 2 * heartbeatIntervalMs,
    "grpc.keepalive_timeout_ms": 4 * heartbeatIntervalMs,
    "grpc.enable_retries": 0,
    "grpc.enable_http_proxy": 0,
    "grpc-node.flow_control_window": 1_048_576,
  };
}

/** The same without what Go's servers take for a flood: pings more often than in five minutes. */
export function dialOptions(options: ServerOptions): ServerOptions {
  const { "grpc.keepalive_time_ms": _time, "grpc.keepalive_timeout_ms": _timeout, ...others } = options;
  return others;
}
