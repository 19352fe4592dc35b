import { setTimeout as wait } from "node:timers/promises";
import { answerParent } from "../parent-process.js";

/** What the parent asks a server under test. */
export type ServerQuestion = { readonly ask: "port" | "cpu" | "resident" | "links" };

/** What a node has sent to others. */
export interface LinkCounts {
  /** Messages on links: frames that hold something. */
  readonly frames: number;
  readonly bytes: number;
}

/** So often garbage is collected before memory is measured: what one collection frees may hold what the next one does. */
const collections = 4;

/** V8 gives pages back to the system a little later. */
const settleMs = 50;

/** The CPU time that a process has used, user and system, in microseconds. */
export function cpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/**
 * Tells the parent, whenever it is asked, where a server listens, what CPU time its process has used, and what it has resident
 * after garbage was collected, in bytes.
 *
 * @param links what it has sent to other nodes, where it counts that
 */
export function serve(port: number, links: () => LinkCounts = () => ({ frames: 0, bytes: 0 })): void {
  answerParent<ServerQuestion>(({ ask }) => {
    switch (ask) {
      case "port":
        return port;
      case "cpu":
        return cpuMicros();
      case "resident":
        return residentBytes();
      case "links":
        return links();
    }
  });
}

async function residentBytes(): Promise<number> {
  if (globalThis.gc === undefined) {
    throw new Error("memory is measured after a collection of garbage: start the process with --expose-gc");
  }
  for (let collection = 0; collection < collections; collection++) {
    globalThis.gc();
    await wait(settleMs);
  }
  return process.memoryUsage.rss();
}
