import { networkInterfaces } from "node:os";
import { parseArgs } from "node:util";
import { consoleLogger, NanowireError } from "nanowire";
import { type Chat, startChat } from "./server.js";
import { paintFor } from "./terminal-style.js";

const usage = `Usage: npm run chat -- [--port 3250] [--tcp-port 3251] [--host 127.0.0.1]

  --port      the port of the page and of WebSocket; 0 takes a free one    (or PORT)
  --tcp-port  the port of TCP; 0 takes a free one                          (or TCP_PORT)
  --host      the address to listen on; without it, every one there is
`;

const paint = paintFor(process.stdout);

try {
  await main();
} catch (error) {
  process.stderr.write(`\n  ${explain(error)}\n\n`);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: "string", default: process.env["PORT"] ?? "3250" },
      "tcp-port": { type: "string", default: process.env["TCP_PORT"] ?? "3251" },
      host: { type: "string", default: "" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  const chat = await startChat({
    port: portOf("--port", values.port),
    tcpPort: portOf("--tcp-port", values["tcp-port"]),
    ...(values.host === "" ? {} : { host: values.host }),
    logger: consoleLogger("warn"),
  });
  stopOnSignal(chat);
  process.stdout.write(welcome(chat, values.host));
}

function portOf(flag: string, text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) {
    throw new Error(`${flag} ${text} is no port: one is a number from 0 to 65535`);
  }
  return Number(text);
}

function welcome({ url, webSocketUrl, tcpUrl }: Chat, host: string): string {
  const lines: [string, string][] = [
    ["Page", paint("cyan", url)],
    ...(host === "" ? lanAddresses() : []).map((address): [string, string] => [
      "On the LAN",
      paint("cyan", url.replace("127.0.0.1", address)),
    ]),
    ["WebSocket", webSocketUrl],
    ["TCP", tcpUrl],
    ["Terminal", `npm run chat:terminal -- --name ada --url ${tcpUrl}`],
  ];
  const table = lines.map(([name, value]) => `  ${paint("dim", name.padEnd(11))} ${value}\n`).join("");
  return `\n  ${paint("bold", "Nanowire chat")}\n\n${table}\n  ${paint("dim", "Ctrl+C stops it.")}\n\n`;
}

/** Where the other devices in the house find this machine. */
function lanAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, internal }) => family === "IPv4" && !internal)
    .map(({ address }) => address);
}

function stopOnSignal(chat: Chat): void {
  const stop = (): void => {
    // A second signal does what it does without us: it ends the process at once.
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
    process.stdout.write(`\n  ${paint("dim", "Stopping …")}\n`);
    void chat.stop();
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
}

function explain(error: unknown): string {
  if (!(error instanceof Error)) {
    return String(error);
  }
  const cause = error.cause as { readonly code?: string; readonly port?: number } | undefined;
  if (error instanceof NanowireError && cause?.code === "EADDRINUSE") {
    return `Port ${cause.port} is taken: is the chat running already? Others can be named, or 0 for free ones:\n  npm run chat -- --port 0 --tcp-port 0`;
  }
  return error.message;
}
