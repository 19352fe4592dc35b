import { Child } from "./child-process.js";
import type { LoadFigures, LoadOptions, LoadQuestion } from "./load/load.js";
import type { Pinning } from "./pinning.js";
import type { ServerQuestion } from "./servers/serve.js";

/** How the sides of a comparison are run. */
export interface Setting {
  readonly connections: number;
  /** Counted rounds of each side. */
  readonly rounds: number;
  /** How long requests are sent in a round. */
  readonly roundMs: number;
  /** The same of the round that is not counted, the first. */
  readonly warmUpMs: number;
  readonly pinning: Pinning;
  /** Where the servers write a CPU profile when they end; undefined: nowhere. */
  readonly profileDirectory: string | undefined;
}

/** One of the two programs that a comparison sets against each other. */
export interface Side {
  /** What it is called in the figures: `nanowire`, `node:net echo`. */
  readonly name: string;
  /** Starts it; resolved when it is ready for the first round. */
  start(setting: Setting): Promise<RunningSide>;
}

/** A side that has been started. */
export interface RunningSide {
  /** Has it work for so long, then waits until all of the work is done. */
  round(ms: number): Promise<RoundFigures>;
  /** Ends its processes. */
  stop(): Promise<void>;
}

/** What came of one round of one side. */
export interface RoundFigures extends LoadFigures {
  /** What the server's process used, user and system, from before the first request to after the last answer; where it has several, all of them. */
  readonly serverCpuMicros: number;
  /** What each of several processes used of that. */
  readonly parts?: Readonly<Record<string, number>>;
  /** What else was measured, by what it is called. */
  readonly beside?: Readonly<Record<string, number>>;
}

/** A server in a process, and a load generator in another. */
export interface LoadedServer {
  readonly name: string;
  /** The server's file, below bench/servers or anywhere, and its arguments. */
  readonly server: string | URL;
  readonly args?: readonly string[];
  /** Variables of the server's environment. Default: this process's own alone */
  readonly env?: Readonly<Record<string, string>>;
  /** How many connections there are, of as many as the setting says. Default: as many */
  readonly connections?: (usual: number) => number;
  /** The load, without what is known only when the server runs. */
  readonly load: Omit<LoadOptions, "port" | "connections">;
}

/** The two processes of a side, up and connected. */
export interface LoadedProcesses {
  readonly port: number;
  readonly load: Child;
  /** The CPU time that the server has used, user and system, in microseconds. */
  cpuMicros(): Promise<number>;
  /** What the server's process has resident after a collection of garbage, in bytes. It needs the flag --expose-gc. */
  residentBytes(): Promise<number>;
  connect(): Promise<void>;
  run(ms: number): Promise<LoadFigures>;
  stop(): Promise<void>;
}

/** Starts the two processes of a side; the server listens when it resolves, nothing is connected. */
export async function startProcesses(
  { server, args = [], env = {}, connections: connectionsOf = (usual) => usual, load }: LoadedServer,
  { connections: usual, pinning, profileDirectory }: Setting,
  nodeFlags: readonly string[] = [],
): Promise<LoadedProcesses> {
  const serverProcess = new Child(
    typeof server === "string" ? new URL(`./servers/${server}`, import.meta.url) : server,
    {
      args,
      env,
      nodeFlags: [...nodeFlags, ...profileFlags(profileDirectory)],
      launcher: pinning.server,
    },
  );
  const loadProcess = new Child(new URL("./load/main.js", import.meta.url), { launcher: pinning.load });
  const askServer = (ask: ServerQuestion["ask"]): Promise<number> =>
    serverProcess.ask<ServerQuestion, number>({ ask }, patienceMs);
  const stop = async (): Promise<void> => {
    await loadProcess.stop();
    await serverProcess.stop();
  };
  try {
    const port = await askServer("port");
    const connections = connectionsOf(usual);
    const options = { ...load, connections, port };
    return {
      port,
      load: loadProcess,
      cpuMicros: () => askServer("cpu"),
      residentBytes: () => askServer("resident"),
      connect: () =>
        loadProcess.ask<LoadQuestion, void>({ ask: "connect", options }, patienceMs + connections * connectPatienceMs),
      run: (ms) => loadProcess.ask<LoadQuestion, LoadFigures>({ ask: "run", ms }, ms + patienceMs),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A side that is one server under load. */
export function loadedServer(server: LoadedServer): Side {
  return {
    name: server.name,
    async start(setting) {
      const processes = await startProcesses(server, setting);
      try {
        await processes.connect();
      } catch (error) {
        await processes.stop();
        throw error;
      }
      return {
        async round(ms) {
          const before = await processes.cpuMicros();
          const figures = await processes.run(ms);
          return { ...figures, serverCpuMicros: (await processes.cpuMicros()) - before };
        },
        stop: () => processes.stop(),
      };
    },
  };
}

/**
 * The flags with which a process writes a CPU profile when it ends.
 *
 * @param role what the file is called after, where several processes of a side write one
 */
export function profileFlags(directory: string | undefined, role?: string): readonly string[] {
  if (directory === undefined) {
    return [];
  }
  const name = role === undefined ? [] : [`--cpu-prof-name=${Date.now()}-${role}.cpuprofile`];
  return ["--cpu-prof", `--cpu-prof-dir=${directory}`, "--cpu-prof-interval=200", ...name];
}

/** As many connections as a process may have open files for, mostly. */
export const mostConnections = 15_000;

/** How long a process may take for what takes it a moment. */
export const patienceMs = 30_000;

/** And for each connection on top. */
export const connectPatienceMs = 10;
