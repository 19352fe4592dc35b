import type { LoadFigures } from "../load/load.js";
import { unpinned } from "../pinning.js";
import type { ClusterLink } from "../servers/link-driver.js";
import type { RoundFigures, RunningSide, Setting, Side } from "../side.js";
import { Clients, type GateLoad } from "./clients.js";
import { ClusterProcesses, type ClusterShape } from "./cluster-processes.js";
import { mostPerSecond } from "./most-per-second.js";

/** Clients ask a gate, which asks a member: three processes of ours, and a nats-server where it carries the cluster. */
export function clusterSide(name: string, link: ClusterLink, load: GateLoad): Side {
  return sideOf(name, link, load, async () => undefined);
}

/**
 * The same at half of the load that it bears: first it is found out which that is, then the clients ask half as often. No process is kept on a core: two that have always
 * something to do, on one, wait for each other's time slices, and it would be those that are measured.
 */
export function halfLoadedSide(name: string, link: ClusterLink, load: GateLoad): Side {
  const side = sideOf(name, link, load, async (clients, { roundMs }) => (await mostPerSecond(clients, roundMs)) / 2);
  return { name, start: (setting) => side.start({ ...setting, pinning: unpinned }) };
}

function sideOf(
  name: string,
  link: ClusterLink,
  load: GateLoad,
  paceOf: (clients: Clients, setting: Setting) => Promise<number | undefined>,
): Side {
  const shape: ClusterShape = { link, member: "nanowire-member.js", gate: "nanowire-gate.js", gates: 1 };
  return {
    name,
    async start(setting) {
      const cluster = await ClusterProcesses.start(shape, setting);
      let clients: Clients | undefined;
      try {
        clients = await Clients.connect(load, cluster.ports, setting);
        return runningSide(cluster, clients, await paceOf(clients, setting));
      } catch (error) {
        await clients?.stop();
        await cluster.stop();
        throw error;
      }
    },
  };
}

function runningSide(cluster: ClusterProcesses, clients: Clients, perSecond: number | undefined): RunningSide {
  return {
    async round(ms) {
      const before = await cluster.cpuMicros();
      const figures = await clients.run(ms, perSecond);
      return withParts(figures, before, await cluster.cpuMicros());
    },
    async stop() {
      await clients.stop();
      await cluster.stop();
    },
  };
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
