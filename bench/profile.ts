import { readdirSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** What is used of the file that `node --cpu-prof` writes. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  /** Microseconds since the sample before. */
  readonly timeDeltas: readonly number[];
}

/** A function, and its share of the time in which the process did something. */
export interface ProfileEntry {
  readonly where: string;
  readonly share: number;
}

/** Where the time of a profile went, without what the functions called: the most first. */
export function rankProfile({ nodes, samples, timeDeltas }: CpuProfile): ProfileEntry[] {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const micros = new Map<string, number>();
  let total = 0;
  for (const [index, id] of samples.entries()) {
    const name = names.get(id);
    if (name !== undefined && name !== "(idle)") {
      const delta = timeDeltas[index] ?? 0;
      micros.set(name, (micros.get(name) ?? 0) + delta);
      total += delta;
    }
  }
  return [...micros].map(([where, spent]) => ({ where, share: spent / total })).sort((a, b) => b.share - a.share);
}

/** The first lines of every profile in a folder that is not in `known`. */
export function formatProfiles(directory: string, known: ReadonlySet<string>): string {
  return listProfiles(directory)
    .filter((file) => !known.has(file))
    .map((file) => {
      const profile = JSON.parse(readFileSync(join(directory, file), "utf8")) as CpuProfile;
      const rows = rankProfile(profile).slice(0, shownEntries);
      return [
        join(directory, file),
        ...rows.map(({ where, share }) => `  ${(share * 100).toFixed(1).padStart(5)}%  ${where}`),
      ];
    })
    .map((lines) => lines.join("\n"))
    .join("\n");
}

/** The profiles in a folder, the oldest name first; none when there is no folder. */
export function listProfiles(directory: string): string[] {
  try {
    return readdirSync(directory)
      .filter((file) => file.endsWith(".cpuprofile"))
      .sort();
  } catch {
    return [];
  }
}

function nameOf({ functionName, url, lineNumber }: CpuProfile["nodes"][number]["callFrame"]): string {
  const name = functionName === "" ? "(anonymous)" : functionName;
  if (url === "") {
    return name;
  }
  const file = url.startsWith("file:") ? fileURLToPath(url) : url;
  return `${name}  ${file.split(sep).slice(-3).join("/")}:${lineNumber + 1}`;
}

const shownEntries = 30;
