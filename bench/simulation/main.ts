// A process that is a whole cluster. It needs the flag --expose-gc.

import { answerParent } from "../parent-process.js";
import { SimulatedCluster, type Traffic } from "./simulated-cluster.js";
import type { PushFigures, SimulationFigures, SimulationQuestion } from "./simulation.js";

/** So many clients enter at once, spread over the gates. */
const enteringAtOnce = 1_000;

/** Members of the groups that are only there so that there are many. */
const fewMembers = 10;

/** So many turns are measured, after as many that are not. */
const turns = 1_000;

const pushesTogether = 100;

const restSeconds = 5;

answerParent<SimulationQuestion>(async ({ gates, sessionsAGate, groupSize, groups }) => {
  const sessions = gates * sessionsAGate;
  const nodes = gates + 1;
  const enteredGroups = Math.ceil(sessions / groupSize);
  const cluster = new SimulatedCluster(Math.max(groups, enteredGroups));
  const empty = heapBytes();
  await cluster.start(gates);
  const started = heapBytes();
  await cluster.connect(sessionsAGate);
  const connected = heapBytes();
  const entered = await measure(cluster, sessions, () =>
    cluster.enterAll((client) => scrambled(client) % enteredGroups, enteringAtOnce),
  );
  cluster.clock.step(1_000);
  const inGroups = heapBytes();
  const { guests } = cluster;
  for (const [index, group] of cluster.groups.slice(enteredGroups).entries()) {
    for (let member = 0; member < Math.min(fewMembers, sessions); member++) {
      group.add(guests[(index * fewMembers + member) % sessions] as (typeof guests)[number]);
    }
  }
  const push = await measurePushes(cluster, enteredGroups, 1);
  const pushTogether = await measurePushes(cluster, enteredGroups, pushesTogether);
  const idleBefore = cluster.idleFrames;
  const rest = await measure(cluster, nodes * restSeconds, async () => {
    cluster.clock.step(restSeconds * 1_000);
    await new Promise((resolve) => setImmediate(resolve));
  });
  const [memberInfo, gateInfo] = cluster.infos.map((info) => Buffer.byteLength(JSON.stringify(info)));
  const figures: SimulationFigures = {
    nodes,
    sessions,
    groups: cluster.groups.length,
    nodeKb: kb(started - empty) / nodes,
    gateInfoBytes: gateInfo ?? 0,
    memberInfoBytes: memberInfo ?? 0,
    sessionKb: kb(connected - started) / sessions,
    guestKb: kb(inGroups - connected) / sessions,
    joinMicros: entered.micros,
    joinBytes: entered.bytes,
    push,
    pushTogether,
    restMicros: rest.micros,
    restFrames: (cluster.idleFrames - idleBefore) / nodes / restSeconds,
  };
  return figures;
});

/** Tells groups in turn, so many in each turn of the event loop. */
async function measurePushes(cluster: SimulatedCluster, groups: number, together: number): Promise<PushFigures> {
  let next = 0;
  const some = (): (typeof cluster.groups)[number][] =>
    Array.from({ length: together }, () => cluster.groups[next++ % groups] as (typeof cluster.groups)[number]);
  const rounds = Math.ceil(turns / together);
  const tellAll = async (): Promise<void> => {
    for (let round = 0; round < rounds; round++) {
      await cluster.tell(some());
    }
  };
  await tellAll();
  return await measure(cluster, rounds * together, tellAll);
}

/** What something costs, of `count` that are done. */
async function measure(cluster: SimulatedCluster, count: number, work: () => Promise<void>): Promise<PushFigures> {
  // What was done before is not this work's to clear away.
  heapBytes();
  const before: Traffic = cluster.traffic;
  const begin = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(begin);
  const { frames, bytes } = cluster.traffic;
  return {
    micros: (user + system) / count,
    frames: (frames - before.frames) / count,
    bytes: (bytes - before.bytes) / count,
  };
}

/** Spreads what comes one after the other: the same for a number each time. */
function scrambled(value: number): number {
  const mixed = Math.imul(value ^ (value >>> 16), 0x45d9f3b);
  return Math.imul(mixed ^ (mixed >>> 16), 0x45d9f3b) >>> 1;
}

/** After a collection of garbage. */
function heapBytes(): number {
  if (globalThis.gc === undefined) {
    throw new Error("memory is measured after a collection of garbage: start the process with --expose-gc");
  }
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function kb(bytes: number): number {
  return bytes / 1_024;
}
