import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { type ConnectOptions, connect } from "../../runtime/client/index.js";
import type { ClientMethod } from "../../runtime/client/method.js";
import { hybrid } from "../../runtime/transport/hybrid.js";
import { tcp } from "../../runtime/transport/tcp.js";
import type { Transport } from "../../runtime/transport/transport.js";
import { ws } from "../../runtime/transport/ws.js";
import { makeCertificate, temporaryFolder } from "../support/certificate.js";
import { startServer, type TestServerOptions } from "../support/server.js";
import { textCodec } from "../support/service.js";

const loopback = { host: "127.0.0.1", port: 0 };
const tls = makeCertificate("localhost");
const say: ClientMethod<string, string> = {
  route: "Echo.Say",
  code: 1,
  request: textCodec.protobuf,
  response: textCodec.protobuf,
};

async function urlOf(transport: Transport, options: TestServerOptions = {}): Promise<string> {
  const { server } = await startServer({ transport, ...options });
  return server.addresses[0]?.url as string;
}

async function echoed(url: string, options?: ConnectOptions): Promise<string> {
  const connection = await connect(url, options);
  onTestFinished(() => connection.close());
  return await connection.request(say, "hello");
}

describe("the client reaches every listener by its address", () => {
  it.each([
    ["tcp", () => tcp(loopback), /^tcp:/],
    ["ws", () => ws({ ...loopback, path: "/play" }), /^ws:.*\/play$/],
    ["tls", () => tcp({ ...loopback, tls }), /^tls:/],
    ["wss", () => ws({ ...loopback, tls }), /^wss:/],
    ["hybrid", () => hybrid(loopback), /^ws:/],
    ["hybrid with TLS", () => hybrid({ ...loopback, tls }), /^wss:/],
    ["tcp on a Unix socket", () => tcp({ socketPath: join(temporaryFolder(), "a b?#%.sock") }), /^tcp\+unix:/],
    [
      "ws on a Unix socket",
      () => ws({ socketPath: join(temporaryFolder(), "s"), path: "/play" }),
      /^ws\+unix:.*:\/play$/,
    ],
    ["ws with compression", () => ws({ ...loopback, compression: true }), /^ws:/],
  ])("%s", async (_name, transport, form) => {
    const url = await urlOf(transport());
    expect(url).toMatch(form);
    expect(await echoed(url, { ca: tls.cert })).toBe("hello");
  });

  it.each(["tcp:", "tls:"])("a port for both protocols by %s as well", async (scheme) => {
    const url = await urlOf(hybrid(scheme === "tls:" ? { ...loopback, tls } : loopback));
    expect(await echoed(url.replace(/^wss?:/, scheme), { ca: Buffer.from(tls.cert) })).toBe("hello");
  });

  it("a server with TLS by its name as well", async () => {
    for (const transport of [tcp({ ...loopback, tls }), ws({ ...loopback, tls })]) {
      const url = (await urlOf(transport)).replace("127.0.0.1", "localhost");
      expect(await echoed(url, { ca: tls.cert })).toBe("hello");
    }
  });
});

describe("a certificate that is not trusted", () => {
  it.each([
    ["is nobody's that is known", undefined, /^connect_failed/],
    ["is another's", { ca: makeCertificate("localhost").cert }, /^connect_failed/],
  ])("because it %s", async (_why, options, told) => {
    for (const transport of [tcp({ ...loopback, tls }), ws({ ...loopback, tls })]) {
      const url = await urlOf(transport);
      const outcome = await connect(url, options).then(
        () => "connected",
        ({ code }: { code: string }) => code,
      );
      expect(outcome).toMatch(told);
    }
  });

  it("because it is for another name", async () => {
    const other = makeCertificate("other.example.com");
    const url = (await urlOf(tcp({ ...loopback, tls: other }))).replace("127.0.0.1", "localhost");
    await expect(connect(url, { ca: other.cert })).rejects.toMatchObject({
      code: "connect_failed",
      message: `${url} could not be connected: ERR_TLS_CERT_ALTNAME_INVALID`,
    });
  });
});

it("a client that finds the server full is told over TCP, and knows why", async () => {
  const url = await urlOf(tcp(loopback), { maxConnections: 1 });
  await echoed(url);
  await expect(connect(url)).rejects.toMatchObject({
    code: "handshake_refused",
    details: { error: "server_full", reason: "the server has its maxConnections 1" },
  });
});
