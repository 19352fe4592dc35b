import { errorCodes, NanowireError } from "../../../runtime/base/error.js";
import { Component } from "../../../runtime/component/component.js";
import type { ServerOptions } from "../../../runtime/server/options.js";
import { createServer, type Server } from "../../../runtime/server/server.js";
import type { Transport } from "../../../runtime/transport/transport.js";
import { SteppedClock } from "../../support/clock.js";
import { KeptLog } from "../../support/log.js";
import { components, type Services } from "../../support/service.js";

/** A server that strangers send to, and what must hold of it whatever they send. */
export class FuzzServer {
  readonly server: Server;
  readonly log: KeptLog;
  readonly clock: SteppedClock;

  private constructor(server: Server, log: KeptLog, clock: SteppedClock) {
    this.server = server;
    this.log = log;
    this.clock = clock;
  }

  /** Starts one, with small limits and every feature that a client can ask for. In a cluster it forwards what is `Far`. */
  static async start(transport: Transport, options: Partial<ServerOptions> = {}): Promise<FuzzServer> {
    const log = new KeptLog();
    const clock = new SteppedClock();
    const all = components(services);
    const isNode = options.cluster !== undefined;
    const server = createServer({
      components: all.filter((one) => Component.serviceOf(one).name === "Echo"),
      listen: [transport],
      logger: log,
      clock,
      heartbeatIntervalMs: 0,
      maxMessagesPerSecond: 1_000_000,
      maxPacketBytes: 1_024,
      maxHandshakeBytes: 1_024,
      maxInflatedBytes: 4_096,
      compressPayloadsFromBytes: 64,
      resume: { graceMs: 1_000 },
      ...(isNode ? { forward: all.map((one) => ({ service: Component.serviceOf(one) })) } : {}),
      ...options,
    });
    await server.start();
    return new FuzzServer(server, log, clock);
  }

  /** Nothing failed that should not, and nobody stays. Time goes on, so that what waits for it ends. */
  async check(): Promise<void> {
    this.clock.step(2_000);
    const faults = this.log.lines.filter(({ level, fields }) => level === "error" && !isExpected(fields["error"]));
    const [fault] = faults;
    this.log.lines.length = 0;
    if (fault !== undefined) {
      throw new Error(`logged: ${fault.message}`, { cause: fault.fields["error"] });
    }
    const { closed, failed } = this.server.counters;
    const counted = [...Object.keys(closed), ...Object.keys(failed)];
    const strange = counted.filter((code) => code === "internal" || !(code in errorCodes));
    // A node may tell codes of its own, any number of them.
    if (this.server.cluster === undefined ? strange.length > 0 : counted.length > mostCounted) {
      throw new Error(`counted: ${strange.join(", ")}`);
    }
    // What is inflated is so in a thread. Should a connection stay for ever, nothing comes of the input, which is told.
    while (this.server.counters.open > 0) {
      await turns(1);
    }
  }

  async stop(): Promise<void> {
    await this.server.stop();
  }
}

/** How many kinds of errors a server counts at the most, of messages and connections together. */
const mostCounted = 2 * 257;

/** Lets the event loop go round a few times. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) {
    await new Promise<void>((resolve) => void setImmediate(resolve));
  }
}

/** What was raised on purpose is no fault, and nor is what no error led to. */
function isExpected(error: unknown): boolean {
  return error === undefined || error instanceof NanowireError;
}

const services: Services = {
  Echo: {
    Say: (_session, text) => text,
    Bind: async (session, text) => {
      await session.bind(text);
      return "bound";
    },
    Tell: { kind: "notify", handle: () => "" },
    Keyed: {
      handle: (_session, text) => text,
      boundOnly: true,
      rateLimit: { messages: 2, perMs: 1_000 },
      maxPayloadBytes: 64,
    },
  },
  Far: { Go: (_session, text) => text },
};
