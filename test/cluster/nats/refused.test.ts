import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type NatsOptions, nats } from "nanowire/nats";
import { describe, expect, it, onTestFinished } from "vitest";
import { certificateFiles, makeCertificate } from "../../support/certificate.js";
import { nodeInfo } from "../support/watching-host.js";
import { joinNode, LoggingHost, startNats } from "./support/joined-node.js";

/** What a node is told that cannot join, and how long that took. */
async function refusal(options: NatsOptions, more = {}): Promise<unknown> {
  const driver = nats(options);
  const failure = await driver.join(nodeInfo("a", more), new LoggingHost()).catch((error: unknown) => error);
  await driver.leave();
  return failure;
}

/** A server that knows a user, and one that may do too little. */
const users = `authorization { users: [
  { user: ada, password: right }
  { user: small, password: right, permissions: { publish: "other.>", subscribe: "other.>" } }
  { user: careful, password: right, permissions: {
    publish: ["game.>", "$JS.API.>", "$KV.game.>", "$JS.FC.>"]
    subscribe: ["game.>"]
  } }
] }`;

describe("JetStream", () => {
  it("is asked for by its name when it is off", async () => {
    const server = await startNats({ jetStream: false });
    expect(await refusal({ servers: server.url })).toMatchObject({
      code: "cluster_failed",
      scope: "startup",
      message: expect.stringMatching(
        new RegExp(`^NATS at 127\\.0\\.0\\.1:${server.port} has no JetStream, .*nats-server -js`),
      ),
    });
  });

  it("is asked for by its name when the account may not use it", async () => {
    const server = await startNats({
      config:
        "accounts { with { jetstream: enabled, users: [{ user: a, password: b }] }, without { users: [{ user: c, password: d }] } }",
    });
    expect(await refusal({ servers: server.url, user: "c", password: "d" })).toMatchObject({
      code: "cluster_failed",
      message: expect.stringContaining("has no JetStream, or the account may not use it"),
    });
    await joinNode("a", { servers: server.url, user: "a", password: "b" });
  });
});

describe("a user", () => {
  it("is let in with its password, and at once refused without", async () => {
    const server = await startNats({ config: users });
    const { url } = server;
    await joinNode("a", { servers: url, user: "ada", password: "right" });
    const refused = {
      code: "cluster_failed",
      scope: "startup",
      message: expect.stringMatching(new RegExp(`^NATS at 127\\.0\\.0\\.1:${server.port}: .*authorization`, "i")),
    };
    expect(await refusal({ servers: url, user: "ada", password: "wrong", startTimeoutMs: 3_600_000 })).toMatchObject(
      refused,
    );
    expect(await refusal({ servers: url, startTimeoutMs: 3_600_000 })).toMatchObject(refused);
    expect(await refusal({ servers: url, token: "none", startTimeoutMs: 3_600_000 })).toMatchObject(refused);
  });

  it("that may not listen is told to what", async () => {
    const server = await startNats({ config: users });
    const small = { servers: server.url, user: "small", password: "right", startTimeoutMs: 0 };
    expect(await refusal(small)).toMatchObject({
      code: "cluster_failed",
      message: expect.stringContaining("nanowire."),
    });
  });

  it("that may do what the page says may take part", async () => {
    const server = await startNats({ config: users });
    const options = { servers: server.url, cluster: "game", user: "careful", password: "right" };
    await joinNode("a", options);
    const { host } = await joinNode("b", options);
    expect(host.ids).toEqual(["a"]);
    expect(host.logger.lines).toEqual([]);
  });
});

describe("other ways to say who one is", () => {
  it("are a token", async () => {
    const server = await startNats({ config: "authorization { token: secret }" });
    await joinNode("a", { servers: server.url, token: "secret" });
  });

  it("are an nkey", async () => {
    const { createUser } = await import("@nats-io/nkeys");
    const user = createUser();
    const seed = new TextDecoder().decode(user.getSeed());
    const server = await startNats({ config: `authorization { users: [{ nkey: ${user.getPublicKey()} }] }` });
    await joinNode("a", { servers: server.url, nkeySeed: seed });
  });

  it("are an authenticator", async () => {
    const server = await startNats({ config: users });
    await joinNode("a", { servers: server.url, authenticator: () => ({ user: "ada", pass: "right" }) });
  });

  it("are a credentials file, which has to be there", async () => {
    const server = await startNats();
    const folder = mkdtempSync(join(tmpdir(), "nanowire-creds-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const missing = join(folder, "none.creds");
    expect(await refusal({ servers: server.url, credentialsFile: missing })).toMatchObject({
      code: "cluster_failed",
      message: expect.stringContaining(`the credentials file ${missing} cannot be read: ENOENT`),
    });
    const wrong = join(folder, "wrong.creds");
    writeFileSync(wrong, "nothing of the kind");
    expect(await refusal({ servers: server.url, credentialsFile: wrong, startTimeoutMs: 0 })).toMatchObject({
      code: "cluster_failed",
    });
  });
});

describe("TLS", () => {
  it("is spoken where it is asked for, with the authorities that are given", async () => {
    const certificate = makeCertificate("localhost");
    const { certFile, keyFile } = certificateFiles(certificate);
    const server = await startNats({ config: `tls { cert_file: "${certFile}", key_file: "${keyFile}" }` });
    const url = `tls://localhost:${server.port}`;
    const { host } = await joinNode("a", { servers: url, tls: { ca: certificate.cert } });
    expect(host.logger.lines).toEqual([]);
    expect(await refusal({ servers: url, startTimeoutMs: 0 })).toMatchObject({
      code: "cluster_failed",
      message: expect.stringMatching(new RegExp(`^NATS at localhost:${server.port}: .*certificate`)),
    });
  });

  it("that NATS does not speak is told", async () => {
    const server = await startNats();
    const url = server.url.replace("nats:", "tls:");
    expect(await refusal({ servers: url, startTimeoutMs: 0 })).toMatchObject({
      code: "cluster_failed",
      message: `NATS at 127.0.0.1:${server.port}: server does not support 'tls'`,
    });
  });
});

it("says which address is none of NATS", async () => {
  expect(await refusal({ servers: ["nats://127.0.0.1:1"], startTimeoutMs: 0 })).toMatchObject({
    code: "cluster_failed",
    message: "NATS at 127.0.0.1:1: connect ECONNREFUSED 127.0.0.1:1",
  });
});

it("says how much a node may say of itself", async () => {
  const server = await startNats({ config: "max_payload: 8192" });
  expect(await refusal({ servers: server.url }, { labels: { long: "x".repeat(8_192) } })).toMatchObject({
    code: "cluster_failed",
    message: expect.stringMatching(/^what node a says of itself is 83\d\d bytes, and NATS takes 7168$/),
  });
});
