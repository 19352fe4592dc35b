import { Child } from "../child-process.js";
import type { ClusterLink } from "../servers/link-driver.js";
import type { LinkCounts, ServerQuestion } from "../servers/serve.js";
import { patienceMs, profileFlags, type Setting } from "../side.js";
import { NatsServer } from "./nats-server.js";

/** What nodes a cluster has: a member, and gates before it. */
export interface ClusterShape {
  readonly link: ClusterLink;
  /** The files of the two kinds, below bench/servers. */
  readonly member: string;
  readonly gate: string;
  readonly gates: number;
}

/** Gates and a member, each in a process of its own, and a nats-server where it carries the cluster. */
export class ClusterProcesses {
  readonly #nats: NatsServer | undefined;
  readonly #member: Child;
  readonly #gates: readonly Child[];
  /** Where clients connect, at each gate. */
  readonly ports: readonly number[];

  private constructor(nats: NatsServer | undefined, member: Child, gates: readonly Child[], ports: readonly number[]) {
    this.#nats = nats;
    this.#member = member;
    this.#gates = gates;
    this.ports = ports;
  }

  /** Resolved when the gates know the member. */
  static async start({ link, member, gate, gates }: ClusterShape, setting: Setting): Promise<ClusterProcesses> {
    const { pinning, profileDirectory } = setting;
    const started: { stop(): Promise<void> }[] = [];
    const node = (file: string, role: string, args: readonly string[]): Child => {
      const child = new Child(new URL(`../servers/${file}`, import.meta.url), {
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
      const memberProcess = node(member, "member", nats === undefined ? [] : [String(nats.port)]);
      const memberPort = await portOf(memberProcess);
      const gateProcesses = Array.from({ length: gates }, (_, index) =>
        node(gate, gates === 1 ? "gate" : `gate-${index + 1}`, [String(nats?.port ?? memberPort)]),
      );
      const ports = await Promise.all(gateProcesses.map(portOf));
      return new ClusterProcesses(nats, memberProcess, gateProcesses, ports);
    } catch (error) {
      for (const one of started) {
        await one.stop();
      }
      throw error;
    }
  }

  /** The CPU time that each process has used, of the gates all together. */
  async cpuMicros(): Promise<Record<string, number>> {
    let gate = 0;
    for (const one of this.#gates) {
      gate += await cpuOf(one);
    }
    const ofNats = this.#nats === undefined ? {} : { "nats-server": this.#nats.cpuMicros() };
    return { gate, member: await cpuOf(this.#member), ...ofNats };
  }

  /** What the member has sent on its links. */
  linkCounts(): Promise<LinkCounts> {
    return this.#member.ask<ServerQuestion, LinkCounts>({ ask: "links" }, patienceMs);
  }

  async stop(): Promise<void> {
    for (const gate of this.#gates) {
      await gate.stop();
    }
    await this.#member.stop();
    await this.#nats?.stop();
  }
}

function portOf(node: Child): Promise<number> {
  return node.ask<ServerQuestion, number>({ ask: "port" }, patienceMs);
}

function cpuOf(node: Child): Promise<number> {
  return node.ask<ServerQuestion, number>({ ask: "cpu" }, patienceMs);
}
