import { spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";

/** Which core each process is kept on, as commands to start it through. */
export interface Pinning {
  readonly server: readonly string[];
  readonly load: readonly string[];
  /** What was done, for the reader of the figures. */
  readonly text: string;
}

/** Lets the machine decide. */
export const unpinned: Pinning = { server: [], load: [], text: "processes are not pinned" };

/** The server on core 0 and its load generator on core 1, where `taskset` is there and allows it. */
export function findPinning(): Pinning {
  const server = ["taskset", "-c", "0"];
  const load = ["taskset", "-c", "1"];
  const works = [server, load].every(([command = "", ...args]) => spawnSync(command, [...args, "true"]).status === 0);
  return works
    ? { server, load, text: "taskset: servers on core 0, load generators on core 1" }
    : { ...unpinned, text: `${unpinned.text} (no taskset, or not two cores): ${availableParallelism()} cores` };
}
