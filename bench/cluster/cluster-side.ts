import type { LoadFigures } from "../load/load.js";
import type { ClusterLink } from "../servers/link-driver.js";
import type { RoundFigures, RunningSide, Setting, Side } from "../side.js";
import { Clients, type GateLoad } from "./clients.js";
import { ClusterProcesses, type ClusterShape } from "./cluster-processes.js";

/** Clients ask a gate, which asks a member: three processes of ours, and a nats-server where it carries the cluster. */
export function clusterSide(name: string, link: ClusterLink, load: GateLoad): Side {
  return sideOf(name, link, (cluster, setting) => Clients.connect(load, cluster.ports, setting));
}

/** The same at half of the load: first it is found out how many requests a second `most` gets answered, then `paced` asks half as often. */
export function halfLoadedSide(name: string, link: ClusterLink, most: GateLoad, paced: GateLoad): Side {
  return sideOf(name, link, async (cluster, setting) => {
    const perSecond = (await mostPerSecond(most, cluster.ports, setting)) / 2;
    return await Clients.connect({ ...paced, perSecond }, cluster.ports, setting);
  });
}

function sideOf(
  name: string,
  link: ClusterLink,
  connect: (cluster: ClusterProcesses, setting: Setting) => Promise<Clients>,
): Side {
  const shape: ClusterShape = { link, member: "nanowire-member.js", gate: "nanowire-gate.js", gates: 1 };
  return {
    name,
    async start(setting) {
      const cluster = await ClusterProcesses.start(shape, setting);
      try {
        return runningSide(cluster, await connect(cluster, setting));
      } catch (error) {
        await cluster.stop();
        throw error;
      }
    },
  };
}

function runningSide(cluster: ClusterProcesses, clients: Clients): RunningSide {
  return {
    async round(ms) {
      const before = await cluster.cpuMicros();
      const figures = await clients.run(ms);
      return withParts(figures, before, await cluster.cpuMicros());
    },
    async stop() {
      await clients.stop();
      await cluster.stop();
    },
  };
}

async function mostPerSecond(load: GateLoad, ports: readonly number[], setting: Setting): Promise<number> {
  const clients = await Clients.connect(load, ports, setting);
  try {
    await clients.run(setting.warmUpMs);
    const { messages, elapsedMs } = await clients.run(setting.roundMs);
    return (messages / elapsedMs) * 1_000;
  } finally {
    await clients.stop();
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
