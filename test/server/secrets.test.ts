import { inspect } from "node:util";
import { grpc } from "nanowire/grpc";
import { nats } from "nanowire/nats";
import { describe, expect, it, onTestFinished } from "vitest";
import { NanowireError } from "../../runtime/base/error.js";
import { connect, resumption } from "../../runtime/client/index.js";
import { tcp } from "../../runtime/transport/tcp.js";
import { ws } from "../../runtime/transport/ws.js";
import { joinNode, startNats } from "../cluster/nats/support/joined-node.js";
import { Nodes } from "../cluster/support/nodes.js";
import { nodeInfo, WatchingHost } from "../cluster/support/watching-host.js";
import { makeCertificate } from "../support/certificate.js";
import { packet } from "../support/client.js";
import { openSocket } from "../support/link.js";
import { KeptLog } from "../support/log.js";
import { startServer } from "../support/server.js";
import { eventually } from "../support/wait.js";

/** What may stand in no log and in no error. */
const secret = "hunter2-is-secret";

/** All that a log would show of it, causes and their properties included. */
function shown(value: unknown): string {
  return inspect(value, {
    depth: 12,
    maxStringLength: null,
    maxArrayLength: null,
    breakLength: Number.POSITIVE_INFINITY,
  });
}

function expectKept(value: unknown): void {
  const text = shown(value);
  expect(text.length).toBeGreaterThan(20);
  expect(text).not.toContain(secret);
  // Nor in what an error keeps of the bytes it could not read.
  expect(text).not.toContain(Buffer.from(secret).toString("hex").match(/../g)?.join(" "));
}

async function failureOf(task: () => unknown): Promise<unknown> {
  try {
    await task();
  } catch (error) {
    return error;
  }
  throw new Error("it did not fail");
}

describe("a secret that a client shows is in no line of the log, at no level", () => {
  const judged = (): never => {
    throw new NanowireError("no_token", "the token is not good");
  };

  it.each([
    ["in a handshake that is taken", `{"sys":{"type":"x"},"user":{"token":"${secret}"}}`],
    ["in a handshake that is no JSON", `{"user":{"token":"${secret}"`],
    ["at the beginning of one", `${secret}`],
    ["in a handshake with a wrong type", `{"sys":{"version":1,"type":"${secret}"}}`],
    ["in one that is not UTF-8", `{"user":"${secret}\u00ff"}`],
    [
      "as what a session is resumed by",
      `{"sys":{"capabilities":["resume"],"resume":{"token":"${secret}","received":0,"forgotten":0}}}`,
    ],
  ])("%s", async (_, handshake) => {
    const test = await startServer({ transport: "tcp", resume: true });
    const client = await test.open();
    client.send(packet(1, Buffer.from(handshake, "latin1")));
    await eventually(() => expect(client.endings + test.server.counters.accepted).toBeGreaterThan(0));
    client.link.end();
    await eventually(() => expect(test.server.counters.open).toBe(0));
    expectKept(test.log.lines);
  });

  it("in a handshake that onHandshake refuses, or fails at", async () => {
    for (const onHandshake of [judged, () => Promise.reject(new TypeError("the accounts are down"))]) {
      const test = await startServer({ transport: "tcp", onHandshake });
      const url = `tcp://127.0.0.1:${test.transport.address?.port}`;
      expectKept(await failureOf(() => connect(url, { user: { token: secret } })));
      expectKept(test.log.lines);
      expect(test.log.at("warn").length).toBeGreaterThan(0);
    }
  });

  it.each([
    ["a query, that verify refuses", { path: `/?token=${secret}`, lines: [] }],
    ["a path that nobody has", { path: `/${secret}`, lines: [] }],
    ["a cookie", { path: "/", lines: [`Cookie: session=${secret}`] }],
    ["an Authorization header", { path: "/", lines: [`Authorization: Bearer ${secret}`] }],
    ["a subprotocol", { path: "/", lines: [`Sec-WebSocket-Protocol: ${secret}`] }],
    ["a header that is none", { path: "/", lines: [`Cookie: session=${secret}`, "no header"] }],
  ])("in an upgrade: %s", async (_, { path, lines }) => {
    const transport = ws({ host: "127.0.0.1", port: 0, ears: 1, subprotocols: ["game"], verify: () => false });
    const test = await startServer({ transport });
    const socket = await openSocket({ port: transport.address?.port ?? 0 });
    const upgrade = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"];
    const key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
    socket.write([`GET ${path} HTTP/1.1`, "Host: a", ...upgrade, key, ...lines, "", ""].join("\r\n"));
    const answer: string[] = [];
    socket.on("data", (bytes: Buffer) => answer.push(bytes.toString("latin1")));
    await new Promise((resolve) => socket.once("close", resolve));
    await eventually(() => expect(Object.keys(test.server.counters.refused)).toHaveLength(1));
    expectKept(answer);
    expectKept(test.log.lines);
  });

  it("by what its session is resumed", async () => {
    const test = await startServer({ transport: "tcp", resume: true });
    const log = new KeptLog();
    const connection = await connect(`tcp://127.0.0.1:${test.transport.address?.port}`, {
      logger: log,
      reconnect: { resume: resumption },
    });
    onTestFinished(() => connection.close());
    const plain = await test.open();
    plain.send(packet(1, '{"sys":{"type":"nanowire","capabilities":["resume"]}}'));
    const { sys } = (await plain.answer()) as unknown as { sys: { resume: { token: string } } };
    plain.link.destroy();
    await eventually(() => expect(test.server.counters.open).toBe(1));
    expect(sys.resume.token.length).toBeGreaterThan(20);
    expect(shown(test.log.lines)).not.toContain(sys.resume.token);
    expect(log.lines.length).toBeGreaterThan(0);
    expect(shown(log.lines)).not.toMatch(/token/i);
  });

  it("at a gate, and at the member that its session goes to", async () => {
    const nodes = new Nodes();
    const hosts = { Far: { Go: () => Promise.reject(new Error("the handler failed")) } };
    const member = await nodes.member("member", hosts);
    const gate = await nodes.gate("gate", { forwards: hosts });
    const client = await gate.enter({ sys: { type: "x" }, user: { token: secret } });
    await client.call(1, "Far.Go").catch(() => {});
    expect(member.log.at("error")).toHaveLength(1);
    expectKept([member.log.lines, gate.log.lines]);
  });
});

describe("a secret in options is in no error", () => {
  it.each([
    ["nats.servers", () => nats({ servers: `nats://ada:${secret}@nats.example.com:4222` })],
    ["nats.servers without a scheme", () => nats({ servers: `ada:${secret}@nats.example.com:4222` })],
    ["nats.servers with a query", () => nats({ servers: `tls://nats.example.com?token=${secret}` })],
    ["nats.servers that are no URL", () => nats({ servers: `nats://ada:${secret}@:x` })],
    ["nats.user alone", () => nats({ user: "ada", token: secret, password: secret })],
    ["nats.jwt with a user", () => nats({ user: "ada", password: secret, jwt: secret })],
    ["nats.tls.key alone", () => nats({ tls: { key: secret } })],
    ["grpc.tls.key alone", () => grpc({ master: true, tls: { key: secret } as never })],
    ["a listener's key", () => tcp({ port: 0, tls: { cert: "no PEM", key: secret } })],
    [
      "a listener's passphrase",
      () => tcp({ port: 0, tls: { ...makeCertificate("a"), passphrase: secret, minVersion: "x" as never } }),
    ],
    ["the URL of a client", () => connect(`wss://ada:${secret}@game.example.com:99999/?token=${secret}`)],
    [
      "the URL of a client that cannot be dialled",
      () => connect(`http://ada:${secret}@game.example.com/?token=${secret}`),
    ],
    ["the URL of a client that nobody answers", () => connect(`ws://ada:${secret}@127.0.0.1:9/?token=${secret}`)],
  ])("%s", async (_, task) => {
    const error = await failureOf(task);
    expect(error).toBeInstanceOf(NanowireError);
    expectKept(error);
  });

  it.each(["password", "token", "nkeySeed", "jwt"])("nats.%s that is a number", async (name) => {
    const error = await failureOf(() => nats({ [name]: 271828182845 }));
    expect(error).toMatchObject({ code: "invalid_option", message: `nats.${name} of type number is not a string` });
  });

  it("of a node that NATS refuses, or takes: nor in its log", async () => {
    const config = `authorization { users: [{ user: ada, password: "${secret}" }] }`;
    const server = await startNats({ config });
    const host = new WatchingHost();
    const refused = nats({ servers: server.url, user: "ada", password: `${secret}-not` });
    expectKept(await failureOf(() => refused.join(nodeInfo("a"), host)));
    await refused.leave();
    const seed = nats({ servers: server.url, nkeySeed: secret });
    expectKept(await failureOf(() => seed.join(nodeInfo("b"), host)));
    await seed.leave();
    const joined = await joinNode("c", { servers: server.url, user: "ada", password: secret });
    expectKept([host, joined.host.logger]);
  });
});
