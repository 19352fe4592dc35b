import { Child } from "../child-process.js";
import type { EngineQuestion } from "../engines/engine-load.js";
import type { LoadFigures } from "../load/load.js";
import type { ServerQuestion } from "../servers/serve.js";
import { patienceMs, type Setting, type Side } from "../side.js";
import { withParts } from "./cluster-side.js";
import { NatsServer } from "./nats-server.js";

/** A bare engine between two processes, both of which count: who calls is in the place of the gate. */
export interface Engine {
  readonly name: string;
  /** The files of the two, below bench/engines. */
  readonly server: string;
  readonly caller: string;
  /** What the caller is told beside the port. */
  readonly args?: readonly string[];
  /** Whether both talk through a nats-server, which counts as well. */
  readonly isNats?: boolean;
}

/** Calls of a bare engine, with no codec, session or order of ours. */
export function engineSide({ name, server, caller, args = [], isNats = false }: Engine, load: EngineLoad): Side {
  return {
    name,
    async start(setting) {
      const processes: Child[] = [];
      const nats = isNats ? await NatsServer.start(setting.pinning.server) : undefined;
      const stop = async (): Promise<void> => {
        for (const child of processes) {
          await child.stop();
        }
        await nats?.stop();
      };
      const child = (file: string, childArgs: readonly string[]): Child => {
        const started = engineProcess(file, childArgs, setting);
        processes.unshift(started);
        return started;
      };
      try {
        const natsPort = nats === undefined ? [] : [String(nats.port)];
        const answering = child(server, natsPort);
        const port = await answering.ask<ServerQuestion, number>({ ask: "port" }, patienceMs);
        const calling = child(caller, [String(nats?.port ?? port), ...args]);
        const cpuMicros = async (): Promise<Record<string, number>> => ({
          server: await answering.ask<ServerQuestion, number>({ ask: "cpu" }, patienceMs),
          ...(nats && { "nats-server": nats.cpuMicros() }),
        });
        return {
          async round(ms) {
            const before = await cpuMicros();
            const figures = await calling.ask<EngineQuestion, LoadFigures>({ ...load, ms }, ms + patienceMs);
            const after = await cpuMicros();
            return withParts(figures, { ...before, caller: 0 }, { ...after, caller: figures.cpuMicros });
          },
          stop,
        };
      } catch (error) {
        await stop();
        throw error;
      }
    },
  };
}

/** What is called with, and how often at once. */
export type EngineLoad = Omit<EngineQuestion, "ms">;

function engineProcess(file: string, args: readonly string[], { pinning }: Setting): Child {
  return new Child(new URL(`../engines/${file}`, import.meta.url), { args, launcher: pinning.server });
}
