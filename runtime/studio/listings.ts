import type { InspectorHost } from "../server/inspector.js";
import type { Belonging, Session } from "../session/session.js";
import type { GroupEntry, MetricEntry, MetricsAnswer, NodeEntry, Page, RouteEntry, SessionEntry } from "./answers.js";
import type { StudioSettings } from "./studio-options.js";

/** Which of a list are asked for. */
export interface PageRequest {
  readonly offset: number;
  readonly limit: number;
  /** A piece of text that an entry has; in lower case, empty for all. */
  readonly search: string;
}

/** Whose sessions are asked for. */
export interface SessionsRequest extends PageRequest {
  /** The id of a group; undefined: whichever. */
  readonly group: number | undefined;
  readonly newestFirst: boolean;
}

/** Lists what there is in a server. It goes through many sessions in several turns: nobody's message waits for it. */
export class Listings {
  readonly #host: InspectorHost;
  readonly #settings: StudioSettings;
  readonly #openedAt = new WeakMap<Session, number>();
  readonly #groupIds = new WeakMap<Belonging, number>();
  readonly #release: () => void;
  #lastGroupId = 0;

  constructor(host: InspectorHost, settings: StudioSettings) {
    this.#host = host;
    this.#settings = settings;
    this.#release = host.sessionEvents.onOpen((session) => void this.#openedAt.set(session, host.clock.now()));
  }

  close(): void {
    this.#release();
  }

  async sessions({ offset, limit, search, group, newestFirst }: SessionsRequest): Promise<Page<SessionEntry>> {
    const found: Session[] = [];
    await this.#each((session) => {
      if (this.#isIn(session, group) && matches(search, session.id, session.uid, session.remoteAddress)) {
        found.push(session);
      }
    });
    if (newestFirst) {
      found.reverse();
    }
    const items = found.slice(offset, offset + limit).map((session) => this.entryOf(session));
    return { total: this.#host.sessionCount(), matched: found.length, offset, items };
  }

  entryOf(session: Session): SessionEntry {
    const { id, uid, transport, remoteAddress: address, gate = "", handshake, waiting, blocked, suspended } = session;
    const { type = "", version = "" } = Object(handshake.sys) as Readonly<Record<string, unknown>>;
    const client = [type, version].filter((part) => typeof part === "string" && part !== "").join(" ");
    return {
      id,
      uid,
      transport,
      address,
      gate,
      openedAtMs: this.#openedAt.get(session) ?? 0,
      client: client.slice(0, 128),
      serializer: this.#host.serializerOf(session),
      groups: Array.from(this.#host.groupsOf(session), ({ name }) => name).slice(0, mostGroupNames),
      waitingBytes: waiting.bytes,
      state: suspended ? "suspended" : blocked ? "blocked" : "open",
    };
  }

  async groups({ offset, limit, search }: PageRequest): Promise<Page<GroupEntry>> {
    const all = new Set<Belonging>();
    await this.#each((session) => {
      for (const group of this.#host.groupsOf(session)) {
        all.add(group);
      }
    });
    const found = [...all].filter(({ name }) => matches(search, name)).sort((a, b) => b.count - a.count);
    const items = found
      .slice(offset, offset + limit)
      .map((group) => ({ id: this.#idOf(group), name: group.name, members: group.count }));
    return { total: all.size, matched: found.length, offset, items };
  }

  nodes(): NodeEntry[] {
    return this.#host.nodes().map(({ id, gate, draining, services, remotes, labels }, index) => ({
      id,
      self: index === 0,
      gate,
      draining,
      services: services.map(({ name }) => name),
      remotes: remotes.map(({ name }) => name),
      labels,
    }));
  }

  routes(): RouteEntry[] {
    const described = new Map(this.#settings.descriptors?.routes.map((route) => [route.route, route]));
    return this.#host.routes().map(({ route, code, kind, forwarded }) => {
      const known = described.get(route);
      return {
        route,
        code,
        kind: kind ?? known?.kind ?? "",
        forwarded,
        request: known?.request ?? "",
        response: known?.response ?? "",
        boundOnly: known?.boundOnly ?? false,
        deprecated: known?.deprecated ?? false,
        comment: known?.comment ?? "",
      };
    });
  }

  metrics(): MetricsAnswer {
    const { requests, notifies, pushes, droppedPushes, failed } = this.#host.counters();
    const { sessions, connections } = this.#host.health();
    return {
      atMs: this.#host.clock.now(),
      counters: { sessions, connections, requests, notifies, pushes, droppedPushes, failed },
      metrics: this.#host.read().map(({ name, kind, help, series, ...rest }): MetricEntry => {
        const bounds = "bounds" in rest ? { bounds: rest.bounds } : {};
        return { name, kind, help, ...bounds, series };
      }),
    };
  }

  #isIn(session: Session, group: number | undefined): boolean {
    return group === undefined || [...this.#host.groupsOf(session)].some((one) => this.#groupIds.get(one) === group);
  }

  #idOf(group: Belonging): number {
    const known = this.#groupIds.get(group) ?? ++this.#lastGroupId;
    this.#groupIds.set(group, known);
    return known;
  }

  /** Sessions that come meanwhile may be among them, and those that go may not. */
  async #each(visit: (session: Session) => void): Promise<void> {
    let inTurn = 0;
    for (const session of this.#host.sessions()) {
      visit(session);
      if (++inTurn === mostInTurn) {
        inTurn = 0;
        await new Promise((resolve) => void setImmediate(resolve));
      }
    }
  }
}

function matches(search: string, ...texts: readonly string[]): boolean {
  return search === "" || texts.some((text) => text.toLowerCase().includes(search));
}

/** How many sessions are looked at in one turn: a millisecond's work, about. */
const mostInTurn = 2_000;

const mostGroupNames = 32;
