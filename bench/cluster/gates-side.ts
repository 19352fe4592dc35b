import { Child } from "../child-process.js";
import type { ClusterLink } from "../servers/link-driver.js";
import type { ServerQuestion } from "../servers/serve.js";
import { patienceMs, profileFlags, type Side } from "../side.js";
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

/** Servers that tell their own clients, all at the same time: what a broadcast costs each gate without a cluster, with as many gates beside. */
export function aloneGatesSide({ name, gates, load, connectionsOf }: Omit<GatesSide, "link">): Side {
  return {
    name,
    async start({ profileDirectory, ...setting }) {
      const servers: Child[] = [];
      const stop = async (): Promise<void> => {
        for (const server of servers) {
          await server.stop();
        }
      };
      const cpuMicros = async (): Promise<number> => {
        let sum = 0;
        for (const server of servers) {
          sum += await server.ask<ServerQuestion, number>({ ask: "cpu" }, patienceMs);
        }
        return sum;
      };
      try {
        for (let number = 1; number <= gates; number++) {
          const server = new Child(new URL("../servers/nanowire-broadcast.js", import.meta.url), {
            args: ["tcp"],
            nodeFlags: profileFlags(profileDirectory, `alone-${number}`),
            launcher: setting.pinning.server,
          });
          servers.push(server);
        }
        const ports = await Promise.all(
          servers.map((server) => server.ask<ServerQuestion, number>({ ask: "port" }, patienceMs)),
        );
        const connections = connectionsOf(setting.connections);
        const options = { ...load, connections, askers: gates };
        const clients = await Clients.connect(options, ports, { profileDirectory, ...setting });
        return {
          async round(ms) {
            const before = await cpuMicros();
            const figures = await clients.run(ms);
            return { ...figures, serverCpuMicros: (await cpuMicros()) - before };
          },
          async stop() {
            await clients.stop();
            await stop();
          },
        };
      } catch (error) {
        await stop();
        throw error;
      }
    },
  };
}
