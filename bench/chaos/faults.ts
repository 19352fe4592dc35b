import type { ChaosCluster } from "./chaos-cluster.js";
import type { NodeProcess } from "./node-process.js";
import type { Carrier, NodeView } from "./node-settings.js";

/** What a fault may cost. */
export interface Price {
  /** Clients that had something to do with what was struck: each may lose the one request that it has under way. */
  readonly affected: ReadonlySet<string>;
  /** The node that errors are to name; undefined: clients lost their gate, or nothing. */
  readonly node: string | undefined;
  /** Clients that may have to connect anew. */
  readonly reconnecting: ReadonlySet<string>;
}

/** Something that is done to a cluster under load, and made good again. */
export interface Fault {
  readonly name: string;
  readonly carriers: readonly Carrier["kind"][];
  /**
   * Does it. Resolved when all agree again.
   *
   * @param chosen a number from 0 to less than 1, which tells who is struck
   */
  strike(cluster: ChaosCluster, chosen: number): Promise<Price>;
}

const everywhere = ["grpc", "nats"] as const;
/** How long nodes have to leave, in milliseconds. */
const graceMs = 400;
const gateGraceMs = 20_000;

/** All that is done to clusters. */
export const faults: readonly Fault[] = [
  {
    name: "a member is killed",
    carriers: everywhere,
    async strike(cluster, chosen) {
      const member = pick(cluster.members, chosen);
      const price = visitorsOf(member.id, await cluster.views());
      const since = performance.now();
      await cluster.kill(member);
      await cluster.agreed("SIGKILL of a member", since);
      await startAgain(cluster, member);
      return price;
    },
  },
  {
    name: "a gate is killed",
    carriers: everywhere,
    async strike(cluster, chosen) {
      const gate = pick(cluster.gates, chosen);
      const price = clientsOf(gate.id, cluster);
      const since = performance.now();
      await cluster.kill(gate);
      await cluster.agreed("SIGKILL of a gate", since);
      await startAgain(cluster, gate);
      return price;
    },
  },
  {
    name: "a member stands still for longer than silenceMs",
    carriers: everywhere,
    async strike(cluster, chosen) {
      const member = pick(cluster.members, chosen);
      const price = visitorsOf(member.id, await cluster.views());
      await standStill(cluster, member, "a member");
      return price;
    },
  },
  {
    name: "a gate stands still for longer than silenceMs",
    carriers: everywhere,
    async strike(cluster, chosen) {
      const gate = pick(cluster.gates, chosen);
      const price = clientsOf(gate.id, cluster);
      await standStill(cluster, gate, "a gate");
      return price;
    },
  },
  {
    name: "a member drains",
    carriers: everywhere,
    async strike(cluster, chosen) {
      const member = pick(cluster.members, chosen);
      await cluster.drain(member, graceMs);
      await cluster.agreed("a member has left", performance.now());
      await startAgain(cluster, member);
      return nothing;
    },
  },
  {
    name: "a gate drains",
    carriers: everywhere,
    async strike(cluster, chosen) {
      const gate = pick(cluster.gates, chosen);
      const { reconnecting } = clientsOf(gate.id, cluster);
      await cluster.drain(gate, gateGraceMs);
      await cluster.agreed("a gate has left", performance.now());
      await startAgain(cluster, gate);
      return { ...nothing, reconnecting };
    },
  },
  {
    name: "the master is killed, and started again",
    carriers: ["grpc"],
    async strike(cluster) {
      await cluster.restartMaster();
      await newcomer(cluster, "a master's start");
      return nothing;
    },
  },
  {
    name: "NATS is killed, and started again with its store",
    carriers: ["nats"],
    async strike(cluster) {
      await cluster.restartNats(false);
      await newcomer(cluster, "NATS's start");
      return nothing;
    },
  },
  {
    name: "NATS is killed, and started again without its store",
    carriers: ["nats"],
    async strike(cluster) {
      await cluster.restartNats(true);
      await newcomer(cluster, "NATS's start with its store lost");
      return nothing;
    },
  },
];

/**
 * Strikes, and judges what it has cost. Resolved when the cluster is as it was.
 *
 * @returns what clients have seen that they should not, in words; empty: the fault has cost what it may, and no more
 */
export async function strike(fault: Fault, cluster: ChaosCluster, chosen: number): Promise<string[]> {
  const before = new Map(
    cluster.clients.map((client) => [client, { failed: client.failures.length, connects: client.connects }]),
  );
  const { affected, node, reconnecting } = await fault.strike(cluster, chosen);
  await cluster.load();
  const found: string[] = [];
  for (const [client, { failed, connects }] of before) {
    const failures = client.failures.slice(failed);
    const shown = failures.map(({ message, gate }) => `at ${gate}: ${message}`).join("; ");
    if (failures.length > (affected.has(client.uid) ? 1 : 0)) {
      found.push(`${client.uid} lost ${failures.length} requests: ${shown}`);
    } else if (node !== undefined && failures.some((failure) => failure.node !== node)) {
      found.push(`${client.uid} was not told of ${node}: ${shown}`);
    }
    if (client.connects > connects && !reconnecting.has(client.uid)) {
      found.push(`${client.uid} lost its connection`);
    }
    found.push(...client.strange.splice(0));
  }
  return found;
}

async function standStill(cluster: ChaosCluster, node: NodeProcess, who: string): Promise<void> {
  const stopped = performance.now();
  cluster.pause(node);
  await cluster.agreed(`SIGSTOP of ${who}`, stopped);
  await cluster.load();
  const continued = performance.now();
  cluster.resume(node);
  await cluster.agreed(`SIGCONT of ${who}`, continued);
}

async function startAgain(cluster: ChaosCluster, { role, id }: NodeProcess): Promise<void> {
  await cluster.load();
  await cluster.startNode(role === "gate" ? "gate" : "member", id);
  await cluster.agreed(`a ${role} has come`, performance.now());
}

/** A list of members that is whole takes a new node, and lets it go. */
async function newcomer(cluster: ChaosCluster, after: string): Promise<void> {
  const since = performance.now();
  const member = await cluster.startNode("member", "newcomer");
  await cluster.agreed(after, since);
  await cluster.load();
  await cluster.drain(member, graceMs);
  await cluster.agreed("a newcomer has left", performance.now());
}

/** A member's death costs the requests that are under way there. */
function visitorsOf(id: string, views: readonly NodeView[]): Price {
  const sessions = views.flatMap((view) => view.sessions.filter(({ member }) => member === id));
  return { ...nothing, affected: new Set(sessions.map(({ uid }) => uid)), node: id };
}

/** A gate's death costs the requests that went through it, and the connections. */
function clientsOf(id: string, cluster: ChaosCluster): Price {
  const uids = new Set(cluster.clients.filter(({ gate }) => gate === id).map(({ uid }) => uid));
  return { affected: uids, node: undefined, reconnecting: uids };
}

function pick(nodes: readonly NodeProcess[], chosen: number): NodeProcess {
  return nodes[Math.floor(chosen * nodes.length)] as NodeProcess;
}

const nothing: Price = { affected: new Set(), node: undefined, reconnecting: new Set() };
