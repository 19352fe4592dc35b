import { fileURLToPath } from "node:url";
import { type Agreement, ChaosCluster } from "./chaos-cluster.js";
import { type Fault, faults, strike } from "./faults.js";
import type { Carrier } from "./node-settings.js";

/** For how long faults are chosen at random, and how many clients there are. */
export interface ChaosRunOptions {
  readonly clients: number;
  readonly seconds: number;
}

/** How often something was done, and how long it took all nodes to agree behind it. */
export interface AgreementFigures {
  readonly after: string;
  readonly times: number;
  readonly medianMs: number;
  readonly mostMs: number;
}

/** What came of a cluster that was not spared. */
export interface ChaosFigures {
  readonly name: string;
  readonly clients: number;
  readonly seconds: number;
  /** How often each fault was struck. */
  readonly faults: Readonly<Record<string, number>>;
  readonly asked: number;
  readonly answered: number;
  /** Requests that were answered with an error. */
  readonly failed: number;
  readonly agreements: readonly AgreementFigures[];
  /** Promises that were not kept. */
  readonly broken: readonly string[];
}

const size = { gates: 2, members: 3 };
/** Soon missed, and not by a machine that is merely busy. */
const patience = { heartbeatMs: 250, silenceMs: 1_500 };
const agreeWithinMs = 30_000;

/** Has faults happen to a cluster at random, one after the other, for a while. */
export async function runChaos(
  name: string,
  carrier: Carrier["kind"],
  { clients, seconds }: ChaosRunOptions,
): Promise<ChaosFigures> {
  const program = fileURLToPath(new URL("./node.js", import.meta.url));
  const known = faults.filter(({ carriers }) => carriers.includes(carrier));
  const cluster = await ChaosCluster.start({ ...size, carrier, program, clients, patience, agreeWithinMs });
  const struck: Record<string, number> = {};
  const broken: string[] = [];
  try {
    const end = performance.now() + seconds * 1_000;
    while (performance.now() < end && broken.length === 0) {
      const fault = known[Math.floor(Math.random() * known.length)] as Fault;
      struck[fault.name] = (struck[fault.name] ?? 0) + 1;
      broken.push(...(await strikeOnce(fault, cluster)));
    }
    await cluster.rest();
    const asked = sum(cluster.clients.map((client) => client.asked));
    const answered = sum(cluster.clients.map((client) => client.answered));
    const failed = cluster.failures.length;
    if (broken.length === 0 && asked !== answered + failed) {
      broken.push(`${asked} requests were made, ${answered} answered, ${failed} failed`);
    }
    const agreements = figuresOf(cluster.agreements);
    return { name, clients, seconds, faults: struck, asked, answered, failed, agreements, broken };
  } finally {
    await cluster.close();
  }
}

async function strikeOnce(fault: Fault, cluster: ChaosCluster): Promise<string[]> {
  try {
    const found = await strike(fault, cluster, Math.random());
    return found.map((what) => `${fault.name}: ${what}`);
  } catch (error) {
    return [`${fault.name}: ${error instanceof Error ? error.message : String(error)}`];
  }
}

function figuresOf(agreements: readonly Agreement[]): AgreementFigures[] {
  return [...new Set(agreements.map(({ after }) => after))].map((after) => {
    const times = agreements
      .filter((each) => each.after === after)
      .map(({ tookMs }) => tookMs)
      .sort((left, right) => left - right);
    return { after, times: times.length, medianMs: times[times.length >> 1] ?? 0, mostMs: times.at(-1) ?? 0 };
  });
}

/** The table of a run. */
export function formatChaos({ name, clients, seconds, ...figures }: ChaosFigures): string {
  const struck = Object.entries(figures.faults).sort(([left], [right]) => (left < right ? -1 : 1));
  const ms = (value: number): string => `${value.toFixed(0)} ms`.padStart(10);
  return [
    `${name}: ${clients} clients, ${size.gates} gates, ${size.members} members, ${seconds} s`,
    ...struck.map(([fault, times]) => `  ${String(times).padStart(5)} times ${fault}`),
    `  ${"all nodes agree after".padEnd(44)} times    median   at most`,
    ...figures.agreements.map(
      ({ after, times, medianMs, mostMs }) =>
        `  ${after.padEnd(44)} ${String(times).padStart(5)}${ms(medianMs)}${ms(mostMs)}`,
    ),
    `  requests ${figures.asked.toLocaleString("en")}, answered ${figures.answered.toLocaleString("en")}, failed ${figures.failed.toLocaleString("en")}`,
  ].join("\n");
}

/** The last lines: what was kept, or was not. */
export function formatChaosVerdict({
  name,
  faults: struck,
  answered,
  failed,
  agreements,
  broken,
}: ChaosFigures): string {
  const most = Math.max(...agreements.map(({ mostMs }) => mostMs));
  return broken.length === 0
    ? `kept  ${name}: ${sum(Object.values(struck))} faults, ${answered.toLocaleString("en")} requests answered, ${failed.toLocaleString("en")} failed as they may; all agreed within ${most.toFixed(0)} ms`
    : `BROKEN ${name}: ${broken.join("\n")}`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
