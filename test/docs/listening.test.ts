import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { TLSSocket } from "node:tls";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { MessagePort } from "node:worker_threads";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import type { Server } from "../../runtime/server/server.js";
import { resolveEars } from "../../runtime/transport/ears.js";
import type { Transport } from "../../runtime/transport/transport.js";
import { resolveUpgradeOptions } from "../../runtime/transport/ws-options.js";
import { concat } from "../protocol/hex.js";
import { certificateFiles, makeCertificate, temporaryFolder } from "../support/certificate.js";
import { Client, packet, packetsIn, plainHandshake, textOf } from "../support/client.js";
import { openLink, openSocket, openTcp, openWebSocket, type Target } from "../support/link.js";
import { eventually } from "../support/wait.js";
import { expectNumbers } from "./support/option-table.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = `${root}node_modules/.docs-listening`;
const page = readFileSync(`${root}docs/listening.md`, "utf8");

/** The programs of the page, by the heading that they stand under. */
const programs = new Map(
  page.split(/^##+ /m).flatMap((section) => {
    const [, code] = /^```ts\n([\s\S]*?)^```$/m.exec(section) ?? [];
    return code === undefined ? [] : [[section.slice(0, section.indexOf("\n")), code] as const];
  }),
);

beforeAll(() => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  // The server that a program makes speaks of its listeners.
  vi.spyOn(console, "info").mockImplementation(() => {});
});

afterAll(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

interface Running {
  readonly server: Server;
  readonly certificate: string;
  readonly module: Readonly<Record<string, unknown>>;
}

/** Runs a program as it stands there, on free ports of this machine and with files that are there. */
async function run(heading: string): Promise<Running> {
  const certificate = makeCertificate("localhost");
  const { certFile, keyFile } = certificateFiles(certificate);
  const sockets = temporaryFolder();
  const code = (programs.get(heading) as string)
    .replace(/port: [1-9]\d*/g, 'host: "127.0.0.1", port: 0')
    .replaceAll("/etc/tls/fullchain.pem", certFile)
    .replaceAll("/etc/tls/privkey.pem", keyFile)
    .replaceAll("/run/", `${sockets}/`);
  // A module is run once: each run is another.
  const file = `${folder}/${randomUUID()}.mjs`;
  const { outputFiles } = await build({
    stdin: { contents: `${code}\nexport { server };\n`, loader: "ts", resolveDir: root },
    alias: { nanowire: `${root}runtime/index.ts` },
    bundle: true,
    format: "esm",
    platform: "node",
    packages: "external",
    external: ["ws"],
    write: false,
  });
  writeFileSync(file, (outputFiles[0] as { text: string }).text);
  const module = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as Record<string, unknown>;
  const server = module["server"] as Server;
  onTestFinished(async () => {
    process.removeAllListeners("SIGHUP");
    await server.stop();
  });
  return { server, certificate: certificate.cert, module };
}

/** Connects to each listener in turn, and shakes hands. */
async function comeByAll(server: Server): Promise<void> {
  for (const address of server.addresses) {
    const client = new Client(await openLink({ name: address.transport, address } as Transport));
    await client.enter();
    client.link.destroy();
  }
}

describe("docs/listening.md", () => {
  it("has a program under each of these headings", () => {
    expect([...programs.keys()]).toEqual([
      "Listeners",
      "TLS",
      "New certificates, without a restart",
      "Unix sockets",
      "Both protocols on one port",
      "Beside a page: an HTTP server of yours",
      "Who may connect by WebSocket",
      "Clients that wait while it is busy",
      "Behind a proxy",
      "A transport of your own",
    ]);
  });

  it.each([
    ["Listeners", ["ws", "tcp"]],
    ["TLS", ["wss", "tls"]],
    ["Unix sockets", ["tcp", "ws"]],
    ["Both protocols on one port", ["hybrid"]],
    ["Beside a page: an HTTP server of yours", ["ws", "ws"]],
    ["Clients that wait while it is busy", ["ws", "tcp"]],
  ])("%s: clients come by %j", async (heading, transports) => {
    const { server } = await run(heading);
    expect(server.addresses.map(({ transport }) => transport)).toEqual(transports);
    await comeByAll(server);
    expect(server.counters).toMatchObject({ accepted: transports.length, refused: {} });
  });

  it("TLS: the files are the ones that are shown", async () => {
    const { server, certificate } = await run("New certificates, without a restart");
    expect(await shownBy(server)).toBe(derOf(certificate));
  });

  it("new certificates come by a signal and by a call", async () => {
    const { server, module } = await run("New certificates, without a restart");
    const [first, second] = [makeCertificate("localhost"), makeCertificate("localhost")];
    const renewed = module["renewed"] as (cert: string, key: string) => Promise<void>;
    await renewed(first.cert, first.key);
    expect(await shownBy(server)).toBe(derOf(first.cert));
    await renewed(second.cert, second.key);
    expect(await shownBy(server)).toBe(derOf(second.cert));
    const reloads = vi.spyOn(server, "reloadCertificates");
    process.emit("SIGHUP");
    expect(reloads).toHaveBeenCalledTimes(1);
    await expect(reloads.mock.results[0]?.value).resolves.toBeUndefined();
  });

  it("both protocols on one port: the native one too", async () => {
    const { server } = await run("Both protocols on one port");
    const client = new Client(await openTcp({ port: server.addresses[0]?.port as number, tls: {} }));
    await client.enter();
    client.link.destroy();
  });

  it("beside a page: the page is served", async () => {
    const { server } = await run("Beside a page: an HTTP server of yours");
    const port = server.addresses[0]?.port as number;
    const response = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: "close" } });
    expect(await response.text()).toBe("hello");
    await expect(openWebSocket({ port }, "/elsewhere")).rejects.toThrow("HTTP/1.1 404");
  });

  it.each([
    ["a page that is named", ["Origin: https://game.example.com", "Cookie: id=7"], "101"],
    ["a page of a host that is named", ["Origin: https://pr-7.preview.example.com", "Cookie: id=7"], "101"],
    ["a page that is not", ["Origin: https://evil.example", "Cookie: id=7"], "403"],
    ["a client without a cookie", [], "401"],
    ["a client of an older protocol", ["Cookie: id=7", "Sec-WebSocket-Protocol: game.v1"], "101"],
    ["a client of another protocol", ["Cookie: id=7", "Sec-WebSocket-Protocol: graphql-ws"], "400"],
  ])("who may connect by WebSocket: %s", async (_who, headers, status) => {
    const { server } = await run("Who may connect by WebSocket");
    const target: Target = { port: server.addresses[0]?.port as number };
    const outcome = await openWebSocket(target, "/play", headers).then(
      (link) => {
        link.destroy();
        return "HTTP/1.1 101 Switching Protocols";
      },
      ({ message }: Error) => message,
    );
    expect(outcome.split(" ")[1]).toBe(status);
  });

  it("compression: the defaults and limits are those that are told", () => {
    const section = page.slice(page.indexOf("### Compression"), page.indexOf("## Clients that wait"));
    expectNumbers(section, ["thresholdBytes", "level", "windowBits"], (compression) => {
      return resolveUpgradeOptions({ compression }).compression ?? {};
    });
  });

  it("clients that wait: the defaults and limits are those that are told", () => {
    const section = page.slice(page.indexOf("## Clients that wait"), page.indexOf("## Behind a proxy"));
    const resolve = (ears: number | undefined, isSecure: boolean) => resolveEars(ears, { isUnix: false, isSecure });
    expectNumbers(section, ["ears"], ({ ears }) => ({ ears: resolve(ears, false) }));
    expect(section).toContain(`with TLS ${resolve(undefined, true)} |`);
  });

  it("behind a proxy: a stranger is not believed", async () => {
    const { server } = await run("Behind a proxy");
    await comeByAll(server);
    const [ws, tcp] = server.addresses.map(({ port }) => port) as [number, number];
    const client = new Client(await openWebSocket({ port: ws }, "/", ["X-Forwarded-For: 203.0.113.5"]));
    await client.enter();
    client.send(packet(3));
    await eventually(() => expect(server.sessions().map((session) => session.remoteAddress)).toContain("127.0.0.1"));
    client.link.destroy();
    const forger = await openSocket({ port: tcp, preface: "PROXY TCP4 203.0.113.5 10.0.0.1 1 2\r\n" });
    await new Promise((resolve) => forger.on("close", resolve).resume());
    expect(server.counters.closed).toMatchObject({ invalid_packet_type: 1 });
  });

  it("a transport of one's own carries a connection", async () => {
    const { server, module } = await run("A transport of your own");
    const port = (module["transport"] as { connect(): MessagePort }).connect();
    const arrived: Uint8Array[] = [];
    port.on("message", (bytes: Uint8Array) => arrived.push(bytes));
    port.postMessage(packet(1, plainHandshake));
    await eventually(() => expect(arrived.length).toBe(1));
    expect(JSON.parse(textOf(packetsIn(concat(...arrived))[0]?.body as Uint8Array))).toMatchObject({ code: 200 });
    port.postMessage(packet(2));
    await eventually(() => expect(server.sessions().map((session) => session.transport)).toEqual(["port"]));
    const ended = new Promise((resolve) => port.on("close", () => resolve("ended")));
    server.sessions()[0]?.close();
    expect(await ended).toBe("ended");
  });
});

function derOf(cert: string): string {
  return cert.replace(/-----[^-]+-----|\n/g, "");
}

async function shownBy(server: Server): Promise<string> {
  const socket = await openSocket({ port: server.addresses[0]?.port as number, tls: {} });
  const { raw } = (socket as TLSSocket).getPeerCertificate();
  socket.destroy();
  return raw.toString("base64");
}
