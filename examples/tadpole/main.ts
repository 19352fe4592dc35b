import { parseArgs } from "node:util";
import { consoleLogger } from "nanowire";
import { startPond } from "./server.js";
import { Swimmer } from "./swimmer.js";

const usage = `Usage: npm run tadpole -- [--port 3260] [--swimmers 12] [--host 127.0.0.1]

  --port      the port of the page; 0 takes a free one
  --swimmers  how many tadpoles without a person swim about: 0 to 500
  --host      the address to listen on; without it, every one there is
`;

try {
  await main();
} catch (error) {
  process.stderr.write(`\n  ${error instanceof Error ? error.message : String(error)}\n\n`);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: "string", default: "3260" },
      swimmers: { type: "string", default: "12" },
      host: { type: "string", default: "" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  const port = numberOf("--port", values.port, 65_535);
  const count = numberOf("--swimmers", values.swimmers, 500);
  const pond = await startPond({
    port,
    ...(values.host === "" ? {} : { host: values.host }),
    logger: consoleLogger("warn"),
  });
  const swimmers: Swimmer[] = [];
  for (let index = 0; index < count; index++) {
    swimmers.push(await Swimmer.start(pond.webSocketUrl, ""));
  }
  process.stdout.write(`\n  The pond is at ${pond.url}, with ${count} tadpoles in it. Ctrl+C stops it.\n\n`);
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      for (const swimmer of swimmers) {
        swimmer.stop();
      }
      void pond.stop();
    });
  }
}

function numberOf(flag: string, text: string, most: number): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > most) {
    throw new Error(`${flag} ${text} is no number from 0 to ${most}`);
  }
  return Number(text);
}
