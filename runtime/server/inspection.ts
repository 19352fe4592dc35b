import type { Clock } from "../base/clock.js";
import type { Logger } from "../base/logger.js";
import type { NodeInfo } from "../cluster/node-info.js";
import type { MetricReading } from "../metrics/metric.js";
import type { Belonging, Session } from "../session/session.js";
import type { SessionEvents } from "../session/session-registry.js";
import type { ListenAddress } from "../transport/transport.js";
import { Conversation } from "./conversation.js";
import type { ServerCounters } from "./counters.js";
import type { DrainOptions } from "./drain.js";
import { GuestConversation } from "./guest-conversation.js";
import type { ServerHealth } from "./health.js";
import type { InspectedRoute, InspectorHost, MessageWatcher } from "./inspector.js";
import type { ServerHost } from "./server-host.js";

/** What only the server itself can tell and do. */
export interface InspectedServer {
  readonly health: ServerHealth;
  readonly addresses: readonly ListenAddress[];
  drain(options?: DrainOptions): Promise<void>;
}

/** A server, to those who look into it. */
export class Inspection implements InspectorHost {
  readonly #host: ServerHost;
  readonly #server: InspectedServer;

  constructor(host: ServerHost, server: InspectedServer) {
    this.#host = host;
    this.#server = server;
  }

  get logger(): Logger {
    return this.#host.logger;
  }

  get clock(): Clock {
    return this.#host.clock;
  }

  get sessionEvents(): SessionEvents {
    return this.#host.sessions;
  }

  health(): ServerHealth {
    return this.#server.health;
  }

  counters(): ServerCounters {
    return this.#host.counted;
  }

  read(): readonly MetricReading[] {
    return this.#host.metrics?.read(this.#server.health) ?? [];
  }

  addresses(): readonly ListenAddress[] {
    return this.#server.addresses;
  }

  dictVersion(): string {
    return this.#host.dictionary.version;
  }

  routes(): readonly InspectedRoute[] {
    const { endpoints, forwarded, dictionary } = this.#host.dispatcher;
    const taken = [...endpoints, ...forwarded].map(({ component, method: { route, code, kind } }) => ({
      route,
      code,
      kind,
      forwarded: component === undefined,
    }));
    const known = new Set(taken.map(({ route }) => route));
    const others = Object.entries(dictionary.toObject())
      .filter(([route]) => !known.has(route))
      .map(([route, code]) => ({ route, code, kind: undefined, forwarded: false }));
    return [...taken, ...others];
  }

  nodes(): readonly NodeInfo[] {
    const { info, others = [] } = this.#host.cluster?.node ?? {};
    return info === undefined ? [] : [info, ...others];
  }

  sessions(): Iterable<Session> {
    return this.#host.sessions.all();
  }

  sessionCount(): number {
    return this.#host.sessions.size;
  }

  session(id: string): Session | undefined {
    return this.#host.sessions.byId(id);
  }

  groupsOf(session: Session): Iterable<Belonging> {
    return session.groups;
  }

  serializerOf({ link }: Session): string {
    return link instanceof Conversation || link instanceof GuestConversation ? link.serializer.name : "";
  }

  watch(watcher: MessageWatcher): () => void {
    return this.#host.watch.add(watcher);
  }

  drain(options?: DrainOptions): Promise<void> {
    return this.#server.drain(options);
  }
}
