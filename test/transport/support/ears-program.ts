// A program of its own, which test/transport/ears-process.test.ts runs: its process is killed, is a worker of a cluster, or may start no other.

import cluster from "node:cluster";
import { once } from "node:events";
import { writeSync } from "node:fs";
import { createServer } from "node:net";
import { systemClock } from "../../../runtime/base/clock.js";
import { Ears } from "../../../runtime/transport/ears.js";
import { KeptLog } from "../../support/log.js";
import { until } from "../../support/wait.js";

/** What the program tells, a line each. */
export interface EarsReport {
  readonly port: number;
  readonly ears: number;
  /** Why there are not more. */
  readonly problem: unknown;
}

const [mode = "", program = process.execPath] = process.argv.slice(2);

async function listening() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const log = new KeptLog();
  const ears = new Ears(server, {
    most: 32,
    transport: "tcp",
    serverOptions: {},
    onConnection: (socket) => void socket.destroy(),
    logger: log,
    clock: systemClock,
    program,
  });
  const { port } = server.address() as { port: number };
  const report = (): EarsReport => ({ port, ears: ears.count, problem: log.lines[0]?.fields["problem"] });
  return { server, log, ears, report };
}

function tell(report: EarsReport): void {
  writeSync(1, `${JSON.stringify(report)}\n`);
}

/** Grows them, tells how many there are, and ends by itself. */
async function grow(): Promise<EarsReport> {
  const { server, log, ears, report } = await listening();
  ears.grow();
  await until(() => log.lines.length > 0);
  const grown = report();
  server.close();
  await ears.close();
  return grown;
}

/** Ends while they grow. */
async function endMidway(end: () => void): Promise<void> {
  const { ears, report } = await listening();
  ears.grow();
  await until(() => ears.count >= 8);
  tell(report());
  end();
}

/** Lets a worker grow them. */
async function growInWorker(): Promise<void> {
  cluster.schedulingPolicy = mode === "shared" ? cluster.SCHED_NONE : cluster.SCHED_RR;
  const worker = cluster.fork();
  worker.on("message", tell);
  await once(worker, "exit");
}

if (cluster.isWorker) {
  const report = await grow();
  process.send?.(report, () => process.disconnect());
} else if (mode === "grow") {
  tell(await grow());
} else if (mode === "stay") {
  const { ears, report } = await listening();
  ears.grow();
  tell(report());
} else if (mode === "exit") {
  await endMidway(() => process.exit());
} else if (mode === "die") {
  await endMidway(() => process.kill(process.pid, "SIGKILL"));
} else {
  await growInWorker();
}
