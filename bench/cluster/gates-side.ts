import type { ClusterLink } from "../servers/link-driver.js";
import type { Side } from "../side.js";
import { Clients, type GateLoad } from "./clients.js";
import { ClusterProcesses } from "./cluster-processes.js";

/** A group whose members are at several gates, and are told by one member what it is told to say. */
export interface GatesSide {
  readonly name: string;
  readonly link: ClusterLink;
  readonly gates: number;
  /** The load, of as many clients as `connectionsOf` makes of those that the setting has. */
  readonly load: Omit<GateLoad, "connections">;
  readonly connectionsOf: (usual: number) => number;
}

/** CPU is that of the gates alone: each does what one does that tells its own clients. What the member does is told beside. */
export function gatesSide({ name, link, gates, load, connectionsOf }: GatesSide): Side {
  return {
    name,
    async start(setting) {
      const shape = { link, member: "broadcast-member.js", gate: "broadcast-gate.js", gates };
      const cluster = await ClusterProcesses.start(shape, setting);
      const connections = connectionsOf(setting.connections);
      let clients: Clients;
      try {
        clients = await Clients.connect({ ...load, connections }, cluster.ports, setting);
      } catch (error) {
        await cluster.stop();
        throw error;
      }
      return {
        async round(ms) {
          const [before, sentBefore] = [await cluster.cpuMicros(), await cluster.linkCounts()];
          const figures = await clients.run(ms);
          const [after, sent] = [await cluster.cpuMicros(), await cluster.linkCounts()];
          const pushes = figures.messages / connections;
          const used = (part: string): number => (after[part] ?? 0) - (before[part] ?? 0);
          return {
            ...figures,
            serverCpuMicros: used("gate"),
            beside: {
              "messages on links a push": (sent.frames - sentBefore.frames) / pushes,
              "bytes on links a push": (sent.bytes - sentBefore.bytes) / pushes,
              "member µs a push": used("member") / pushes,
              ...(link === "nats" && { "nats-server µs a push": used("nats-server") / pushes }),
            },
          };
        },
        async stop() {
          await clients.stop();
          await cluster.stop();
        },
      };
    },
  };
}
