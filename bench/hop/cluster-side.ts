import { Child } from "../child-process.js";
import type { LoadFigures, LoadOptions, LoadQuestion } from "../load/load.js";
import type { ClusterLink } from "../servers/link-driver.js";
import type { ServerQuestion } from "../servers/serve.js";
import { patienceMs, profileFlags, type RoundFigures, type RunningSide, type Setting, type Side } from "../side.js";
import { NatsServer } from "./nats-server.js";

/** The load of clients, without what is known only when the gate runs. */
export type GateLoad = Omit<LoadOptions, "port">;

/** Clients ask a gate, which asks a member: three processes of ours, and a nats-server where it carries the cluster. */
export function clusterSide(name: string, link: ClusterLink, load: GateLoad): Side {
  return {
    name,
    async start(setting) {
      const cluster = await Cluster.start(link, setting);
      try {
        return cluster.side(await Clients.connect(load, cluster.port, setting));
      } catch (error) {
        await cluster.stop();
        throw error;
      }
    },
  };
}

/** The same at half of the load: first it is found out how many requests a second `most` gets answered, then `paced` asks half as often. */
export function halfLoadedSide(name: string, link: ClusterLink, most: GateLoad, paced: GateLoad): Side {
  return {
    name,
    async start(setting) {
      const cluster = await Cluster.start(link, setting);
      try {
        const perSecond = (await mostPerSecond(most, cluster.port, setting)) / 2;
        return cluster.side(await Clients.connect({ ...paced, perSecond }, cluster.port, setting));
      } catch (error) {
        await cluster.stop();
        throw error;
      }
    },
  };
}

async function mostPerSecond(load: GateLoad, port: number, setting: Setting): Promise<number> {
  const clients = await Clients.connect(load, port, setting);
  try {
    await clients.run(setting.warmUpMs);
    const { messages, elapsedMs } = await clients.run(setting.roundMs);
    return (messages / elapsedMs) * 1_000;
  } finally {
    await clients.stop();
  }
}

/** A gate and a member. */
class Cluster {
  readonly #nats: NatsServer | undefined;
  readonly #member: Child;
  readonly #gate: Child;
  /** Where clients connect. */
  readonly port: number;

  private constructor(nats: NatsServer | undefined, member: Child, gate: Child, port: number) {
    this.#nats = nats;
    this.#member = member;
    this.#gate = gate;
    this.port = port;
  }

  /** Resolved when the gate knows the member. */
  static async start(link: ClusterLink, { pinning, profileDirectory }: Setting): Promise<Cluster> {
    const started: { stop(): Promise<void> }[] = [];
    const node = (role: "gate" | "member", args: readonly string[]): Child => {
      const child = new Child(new URL(`../servers/nanowire-${role}.js`, import.meta.url), {
        args: [link, ...args],
        nodeFlags: profileFlags(profileDirectory, `${link}-${role}`),
        launcher: pinning.server,
      });
      started.unshift(child);
      return child;
    };
    try {
      const nats = link === "nats" ? await NatsServer.start(pinning.server) : undefined;
      if (nats !== undefined) {
        started.unshift(nats);
      }
      const member = node("member", nats === undefined ? [] : [String(nats.port)]);
      const memberPort = await member.ask<ServerQuestion, number>({ ask: "port" }, patienceMs);
      const gate = node("gate", [String(nats?.port ?? memberPort)]);
      const port = await gate.ask<ServerQuestion, number>({ ask: "port" }, patienceMs);
      return new Cluster(nats, member, gate, port);
    } catch (error) {
      for (const one of started) {
        await one.stop();
      }
      throw error;
    }
  }

  /** It, with clients that are connected. */
  side(clients: Clients): RunningSide {
    return {
      round: async (ms) => {
        const before = await this.#cpuMicros();
        const figures = await clients.run(ms);
        return withParts(figures, before, await this.#cpuMicros());
      },
      stop: async () => {
        await clients.stop();
        await this.stop();
      },
    };
  }

  async stop(): Promise<void> {
    await this.#gate.stop();
    await this.#member.stop();
    await this.#nats?.stop();
  }

  async #cpuMicros(): Promise<Record<string, number>> {
    const ask = (child: Child): Promise<number> => child.ask<ServerQuestion, number>({ ask: "cpu" }, patienceMs);
    const ofNats = this.#nats === undefined ? {} : { "nats-server": this.#nats.cpuMicros() };
    return { gate: await ask(this.#gate), member: await ask(this.#member), ...ofNats };
  }
}

/** A load generator. */
class Clients {
  readonly #process: Child;

  private constructor(process: Child) {
    this.#process = process;
  }

  /** Resolved when all clients are connected. */
  static async connect(load: GateLoad, port: number, { pinning }: Setting): Promise<Clients> {
    const clients = new Clients(new Child(new URL("../load/main.js", import.meta.url), { launcher: pinning.load }));
    try {
      await clients.#process.ask<LoadQuestion, void>({ ask: "connect", options: { ...load, port } }, patienceMs);
      return clients;
    } catch (error) {
      await clients.stop();
      throw error;
    }
  }

  run(ms: number): Promise<LoadFigures> {
    return this.#process.ask<LoadQuestion, LoadFigures>({ ask: "run", ms }, ms + patienceMs);
  }

  stop(): Promise<void> {
    return this.#process.stop();
  }
}

/** The figures of a round, with what each process used. */
export function withParts(
  figures: LoadFigures,
  before: Readonly<Record<string, number>>,
  after: Readonly<Record<string, number>>,
): RoundFigures {
  const parts = Object.fromEntries(Object.entries(after).map(([part, micros]) => [part, micros - (before[part] ?? 0)]));
  return { ...figures, parts, serverCpuMicros: Object.values(parts).reduce((sum, micros) => sum + micros, 0) };
}
