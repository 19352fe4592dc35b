import { Child } from "../child-process.js";
import type { Setting } from "../side.js";
import type { PushFigures, SimulationFigures, SimulationQuestion } from "./simulation.js";

/** Clusters of growing size in one process each. */
export interface SimulationCase {
  readonly name: string;
  readonly summary: string;
  readonly kind: "simulation";
  readonly comparisons: readonly Simulation[];
}

/** One of them. */
export interface Simulation {
  /** Its name within its case: `gates-100`. */
  readonly name: string;
  readonly title: string;
  readonly gates: number;
}

/** What it stands for: so many sessions a gate, in so many groups. */
export const simulated = { sessionsAGate: 10_000, groups: 100_000, groupSize: 100 } as const;

/** So many sessions for each connection of other cases are real: 100,000 by default, over all gates. */
const sessionsAConnection = 100;

/** How long a process may take to be a cluster. */
const patienceMs = 900_000;

/** Runs one cluster. */
export async function runSimulation({ gates }: Simulation, setting: Setting): Promise<SimulationFigures> {
  const { sessionsAGate, groupSize, groups } = simulated;
  const real = setting.connections * sessionsAConnection;
  const process = new Child(new URL("./main.js", import.meta.url), {
    nodeFlags: ["--expose-gc", "--max-old-space-size=16384"],
    launcher: setting.pinning.server,
  });
  try {
    return await process.ask<SimulationQuestion, SimulationFigures>(
      {
        gates,
        sessionsAGate: Math.max(1, Math.min(sessionsAGate, Math.floor(real / gates))),
        groupSize,
        groups: Math.min(groups, real),
      },
      patienceMs,
    );
  } finally {
    await process.stop();
  }
}

/** What one cluster costs; what is reckoned is said to be. */
export function formatSimulation(caseName: string, { name, title, gates }: Simulation, of: SimulationFigures): string {
  const whole = gates * simulated.sessionsAGate;
  const share = whole / of.sessions;
  const push = ({ micros, frames, bytes }: PushFigures): string =>
    `${micros.toFixed(1)} µs, ${frames.toFixed(2)} messages and ${bytes.toFixed(0)} bytes on links`;
  const gib = ((of.sessionKb + of.guestKb) * whole) / 1_048_576;
  return [
    `${caseName}/${name}: ${title}`,
    `  real         ${number(of.nodes)} nodes, ${number(of.sessions)} sessions, ${number(of.groups)} groups`,
    `  node         ${of.nodeKb.toFixed(0)} KB, and says of itself ${of.gateInfoBytes} bytes as a gate, ${of.memberInfoBytes} as the member`,
    `  session      ${of.sessionKb.toFixed(2)} KB at the gate with its client's end, ${of.guestKb.toFixed(2)} KB more at gate and member when it is in a group`,
    `  join         ${of.joinMicros.toFixed(1)} µs, ${of.joinBytes.toFixed(0)} bytes on links`,
    `  push         ${push(of.push)}, to a group of about ${simulated.groupSize}`,
    `  100 a turn   ${push(of.pushTogether)}, each`,
    `  at rest      ${of.restMicros.toFixed(1)} µs and ${of.restFrames.toFixed(2)} frames a node and second`,
    share === 1
      ? `  nothing is reckoned: all ${number(whole)} sessions are there`
      : `  reckoned     ${number(whole)} sessions, ${share.toFixed(0)} times as many as are there, would take ${gib.toFixed(0)} GiB`,
  ].join("\n");
}

/** The last line. */
export function formatSimulated(
  caseName: string,
  { name }: Simulation,
  { push, joinMicros }: SimulationFigures,
): string {
  return `cost  ${`${caseName}/${name}`.padEnd(34)} push ${push.micros.toFixed(1)} µs with ${push.frames.toFixed(1)} messages, join ${joinMicros.toFixed(1)} µs (less is better)`;
}

function number(value: number): string {
  return value.toLocaleString("en");
}
