import { type Clock, systemClock } from "../../base/clock.js";
import { NanowireError } from "../../base/error.js";
import { consoleLogger, type Logger } from "../../base/logger.js";
import { addressText } from "./address.js";
import { type GrpcServerOptions, resolveGrpcServerOptions } from "./grpc-options.js";
import { Master } from "./master.js";
import { channelOptions, dialOptions, NodeServer } from "./node-server.js";
import { readCredentials } from "./tls.js";

/** The options of a master that hosts nothing. */
export interface GrpcMasterOptions extends GrpcServerOptions {
  /** Where it says what happened. Default: the console */
  readonly logger?: Logger;
  /** The time. Default: the machine's */
  readonly clock?: Clock;
}

/** A master that is no node: it keeps the list of members, and nothing else. */
export interface GrpcMaster {
  /** Where it listens, `host:port`; undefined while it does not. */
  readonly address: string | undefined;
  /**
   * Listens. Once only.
   *
   * @returns where, `host:port`
   * @throws NanowireError `listen_failed`, `invalid_certificate`, `invalid_state`
   */
  start(): Promise<string>;
  /** Ends. The members go on without it, and register with the next one at its address. */
  stop(): Promise<void>;
}

/**
 * Makes a master in a process of its own, which is started anew only when it itself changes: no deployment of a node takes it away.
 *
 * @throws NanowireError `invalid_option`
 */
export function grpcMaster(options: GrpcMasterOptions = {}): GrpcMaster {
  const { logger = consoleLogger(), clock = systemClock, ...others } = options;
  const { listen, tls, ...settings } = resolveGrpcServerOptions(others);
  let state: { readonly server: NodeServer; readonly master: Master } | "new" | "over" = "new";
  let address: string | undefined;
  return {
    get address() {
      return address;
    },
    async start() {
      if (state !== "new") {
        throw new NanowireError("invalid_state", "a master is started once");
      }
      state = "over";
      const channels = channelOptions(0, settings.heartbeatIntervalMs);
      const { server: credentials, dialing } = await readCredentials(tls, dialOptions(channels));
      const server = new NodeServer(channels);
      const master = new Master({ ...settings, clock, logger, dialing });
      server.serveMaster(master);
      try {
        address = addressText({ host: listen.host, port: await server.listen(listen, credentials) });
      } catch (error) {
        await master.close();
        throw error;
      }
      state = { server, master };
      return address;
    },
    async stop() {
      if (typeof state === "object") {
        const { server, master } = state;
        state = "over";
        address = undefined;
        await master.close();
        await server.close(clock, 1_000);
      }
    },
  };
}
