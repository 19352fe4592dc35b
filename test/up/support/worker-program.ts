// What the processes of test/up run: a server that says who it is, or one of those that go wrong.

import { existsSync } from "node:fs";
import { silentLogger } from "../../../runtime/base/logger.js";
import { createServer } from "../../../runtime/server/server.js";
import { tcp } from "../../../runtime/transport/tcp.js";
import type { Transport } from "../../../runtime/transport/transport.js";
import { ws } from "../../../runtime/transport/ws.js";
import { reportReady, upWorker } from "../../../runtime/up/up-worker.js";
import { components } from "../../support/service.js";

const { RUNS = "serve", PORT = "0", TRANSPORT = "ws", SOCKET = "", CRASH_IF = "", GRACE_MS = "10000" } = process.env;
const { node = "nobody" } = upWorker() ?? {};
const place = SOCKET === "" ? { host: "127.0.0.1", port: Number(PORT) } : { socketPath: SOCKET };

async function serve(listen: readonly Transport[]): Promise<void> {
  const services = { S: { who: () => node, die: () => process.exit(7) } };
  const server = createServer({ components: components(services), listen, logger: silentLogger });
  await server.start();
  server.stopOnSignals({
    graceMs: Number(GRACE_MS),
    spreadMs: 0,
    onStopped: (signal) => console.log(`has stopped: ${signal}`),
  });
  console.log(`listens: ${server.addresses.map(({ url }) => url).join(" ")}`);
}

/** Goes on until somebody ends it. */
function live(): void {
  setInterval(() => {}, 0x7fffffff);
}

if (CRASH_IF !== "" && existsSync(CRASH_IF)) {
  console.error(`${node} finds ${CRASH_IF}`);
  console.error("and cannot go on");
  process.exit(3);
}
switch (RUNS) {
  case "serve":
    await serve([TRANSPORT === "tcp" ? tcp(place) : ws(place)]);
    break;
  case "twice":
    await serve([ws(place), tcp(place)]);
    break;
  case "mute":
    live();
    break;
  case "deaf":
    process.on("SIGTERM", () => console.log("hears SIGTERM"));
    live();
    reportReady();
    break;
  case "prints":
    console.log(
      JSON.stringify({
        worker: upWorker(),
        args: process.argv.slice(2),
        nodeArgs: process.execArgv.slice(1),
        word: process.env["WORD"],
      }),
    );
    process.stdout.write("é in two".repeat(3));
    process.stdout.write(" pieces\r\n\nand a rest");
    console.error("trouble");
    live();
    reportReady();
    break;
  default:
    throw new Error(`there is no mode ${RUNS}`);
}
