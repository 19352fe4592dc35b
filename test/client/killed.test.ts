import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, rmSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { connect } from "../../runtime/client/index.js";
import { until } from "../support/wait.js";
import { rejection } from "./support/fake-server.js";
import { text } from "./support/text-codec.js";

/*
 * A server in a process of its own, which is killed: nothing is said, nothing is finished. Then another one begins on the same port.
 */

const root = fileURLToPath(new URL("../../", import.meta.url));
// Inside the project, so that its packages are found; git ignores it.
const folder = `${root}node_modules/.killed-server`;
const program = `${folder}/server.mjs`;

beforeAll(async () => {
  mkdirSync(folder, { recursive: true });
  await build({
    stdin: { contents: source, resolveDir: root, loader: "ts" },
    bundle: true,
    format: "esm",
    platform: "node",
    packages: "external",
    outfile: program,
    logLevel: "silent",
  });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(["ws", "tcp"])("over %s, a server that is killed", (transport) => {
  it("is come back to: what was under way fails, what is called meanwhile waits", async () => {
    const first = await start(transport, 0);
    const logins: string[] = [];
    const connection = await connect(first.url, {
      reconnect: {
        minDelayMs: 5,
        maxDelayMs: 50,
        onReconnected: async (again) => {
          logins.push(await again.request(echo, "login"));
        },
      },
    });
    onTestFinished(() => connection.close());
    expect(await connection.request(echo, "one")).toBe("one");
    const underWay = rejection(connection.request(never, "x", { timeoutMs: 0 }));
    // Once this is answered the other has arrived.
    await connection.request(echo, "two");
    await first.kill();
    expect(await underWay).toMatchObject({ code: "unavailable", cause: { code: "connection_lost" } });
    expect(connection.state).not.toBe("open");
    const waiting = connection.request(echo, "three");
    await start(transport, first.port);
    expect(await waiting).toBe("three");
    expect(logins).toEqual(["login"]);
    expect(connection.state).toBe("open");
  });
});

const echo = { route: "S.echo", code: 1, request: text, response: text };
const never = { route: "S.never", code: 2, request: text, response: text };

/** Starts the server, on a free port where it is 0. */
async function start(transport: string, port: number) {
  const child: ChildProcess = spawn(process.execPath, [program, transport, String(port)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  const kill = async () => {
    child.kill("SIGKILL");
    await exited;
  };
  onTestFinished(kill);
  const lines: string[] = [];
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on("line", (line) => lines.push(line));
  await until(() => lines.length > 0);
  const url = lines[0] as string;
  return { url, port: Number(new URL(url).port), kill };
}

/** Echoes a text, and never answers another. */
const source = `
import { createServer, silentLogger, tcp, ws } from "./runtime/index.ts";
import { components } from "./test/support/service.ts";
const [, , transport, port] = process.argv;
const listen = [(transport === "ws" ? ws : tcp)({ host: "127.0.0.1", port: Number(port) })];
const services = { S: { echo: (_, text) => text, never: { order: "none", handle: () => new Promise(() => {}) } } };
const server = createServer({ components: components(services), listen, logger: silentLogger });
await server.start();
console.log(server.addresses[0].url);
`;
