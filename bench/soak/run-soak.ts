import { setTimeout as wait } from "node:timers/promises";
import { Child } from "../child-process.js";
import type { Pinning } from "../pinning.js";
import type {
  SoakClientsQuestion,
  SoakMeasure,
  SoakOptions,
  SoakPorts,
  SoakReport,
  SoakServerQuestion,
} from "./soak.js";

/** The time is divided into so many parts; at the end of each the server is measured. */
const parts = 4;
/** At the end of a part those that keep to nothing rest, for so long at the most. */
const restMs = 2_000;
/** How long a process may take for what takes it a moment. */
const patienceMs = 60_000;
/** By how much the memory in use may differ in the second half: a share, and bytes on top. */
const flat = { share: 0.1, bytes: 4 * 1_024 * 1_024 };

/** What came of a soak. */
export interface SoakFigures {
  readonly name: string;
  readonly clients: number;
  readonly seconds: number;
  readonly report: SoakReport;
  /** At the end of each part. */
  readonly measures: readonly SoakMeasure[];
  /** Promises that were not kept. */
  readonly broken: readonly string[];
}

/** Lets clients of every kind at a server for a while. */
export async function runSoak(name: string, { clients, seconds }: SoakOptions, pinning: Pinning): Promise<SoakFigures> {
  const server = new Child(new URL("./server.js", import.meta.url), {
    launcher: pinning.server,
    nodeFlags: ["--expose-gc"],
  });
  const load = new Child(new URL("./clients/main.js", import.meta.url), { launcher: pinning.load });
  const askClients = <T>(question: SoakClientsQuestion): Promise<T> => load.ask(question, patienceMs);
  const measure = (): Promise<SoakMeasure> =>
    server.ask<SoakServerQuestion, SoakMeasure>({ ask: "measure" }, patienceMs);
  try {
    const ports = await server.ask<SoakServerQuestion, SoakPorts>({ ask: "ports" }, patienceMs);
    await askClients({ ask: "open", ports, clients });
    const partMs = (seconds * 1_000) / parts;
    const measures: SoakMeasure[] = [];
    await measure();
    for (let part = 1; part <= parts; part++) {
      const calmMs = Math.min(restMs, partMs / 2);
      await wait(partMs - calmMs);
      await askClients({ ask: "rest" });
      await wait(calmMs);
      measures.push(await measure());
      if (part < parts) {
        await askClients({ ask: "goOn" });
      }
    }
    const report = await askClients<SoakReport>({ ask: "report" });
    return { name, clients, seconds, report, measures, broken: brokenPromises(report, measures) };
  } finally {
    await load.stop();
    await server.stop();
  }
}

/** What a server promises to those who keep to the rules, whatever others do, and what of it was not kept. */
function brokenPromises(report: SoakReport, measures: readonly SoakMeasure[]): string[] {
  const { asked, answered, lostWithConnection, brokenCount } = report;
  const broken = report.broken.map((what) => `  ${what}`);
  if (brokenCount > 0) {
    broken.unshift(`${brokenCount} times a client saw what it should not:`);
  }
  if (answered + lostWithConnection !== asked) {
    broken.push(
      `${asked} questions were asked, ${answered} answered, ${lostWithConnection} lost with their connection`,
    );
  }
  const second = measures.slice(parts / 2 - 1).map(({ heapBytes }) => heapBytes);
  const [first = 0] = second;
  const most = Math.max(...second);
  if (most > first * (1 + flat.share) + flat.bytes) {
    broken.push(`memory in use grew in the second half, from ${megabytes(first)} to ${megabytes(most)} MB`);
  }
  return broken;
}

/** The table of a soak. */
export function formatSoak({ name, clients, seconds, report, measures }: SoakFigures): string {
  const { latencyMs } = report;
  const last = measures.at(-1);
  const closed = Object.entries(last?.closed ?? {}).map(([code, count]) => `${code} ${count.toLocaleString("en")}`);
  const line = (title: string, each: (measure: SoakMeasure) => string): string =>
    `  ${title.padEnd(28)} ${measures.map((measure) => each(measure).padStart(9)).join(" ")}`;
  return [
    `${name}: ${clients.toLocaleString("en")} clients, ${seconds} s`,
    line("at the end of each quarter", () => ""),
    line("memory in use, MB", ({ heapBytes }) => megabytes(heapBytes)),
    line("resident, MB", ({ residentBytes }) => megabytes(residentBytes)),
    line("open connections", ({ openConnections }) => openConnections.toLocaleString("en")),
    line("a timer late by, p50, ms", ({ delayMs }) => delayMs.p50.toFixed(2)),
    line("p99, ms", ({ delayMs }) => delayMs.p99.toFixed(2)),
    line("at most, ms", ({ delayMs }) => delayMs.most.toFixed(2)),
    `  questions ${report.asked.toLocaleString("en")}, answered ${report.answered.toLocaleString("en")}, lost with a cut connection ${report.lostWithConnection.toLocaleString("en")}; cuts ${report.cuts.toLocaleString("en")}`,
    `  answered in p50 ${latencyMs.p50.toFixed(1)} ms, p99 ${latencyMs.p99.toFixed(1)} ms, at most ${latencyMs.most.toFixed(1)} ms; ticks ${report.ticks.toLocaleString("en")}`,
    `  connections ${(last?.accepted ?? 0).toLocaleString("en")}, closed: ${closed.join(", ")}`,
  ].join("\n");
}

/** The last lines: what was kept, or was not. */
export function formatSoakVerdict({ name, report, broken }: SoakFigures): string {
  return broken.length === 0
    ? `kept  ${name}: ${report.answered.toLocaleString("en")} questions answered, in order; memory flat`
    : `BROKEN ${name}: ${broken.join("\n")}`;
}

function megabytes(bytes: number): string {
  return (bytes / 1_048_576).toFixed(1);
}
