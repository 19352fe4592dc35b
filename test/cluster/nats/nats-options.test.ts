import { type NatsOptions, nats } from "nanowire/nats";
import { describe, expect, it } from "vitest";
import { parseServer, resolveNatsOptions, showServer } from "../../../runtime/cluster/nats/nats-options.js";

describe("options of nats", () => {
  it("have defaults", () => {
    expect(resolveNatsOptions({})).toEqual({
      servers: [{ host: "127.0.0.1", port: 4_222 }],
      cluster: "nanowire",
      credentials: { kind: "none" },
      tls: undefined,
      heartbeatMs: 1_000,
      memberTtlMs: 4_000,
      probeMs: 200,
      startTimeoutMs: 10_000,
      connectTimeoutMs: 2_000,
      maxBufferedBytes: 33_554_432,
      replicas: 1,
      jobKeepMs: 604_800_000,
      jobSilenceMs: 15_000,
    });
    expect(resolveNatsOptions({ heartbeatMs: 5_000 }).memberTtlMs).toBe(15_000);
  });

  it.each<[string, object]>([
    ["there is no option nats.server; there are servers, cluster", { server: "nats://127.0.0.1" }],
    ["there is no option nats.tls.certificate", { tls: { certificate: "" } }],
    ['nats.cluster "two words" is not 1 to 32 letters, digits, - or _', { cluster: "two words" }],
    ['nats.cluster "a.b" is not', { cluster: "a.b" }],
    ['nats.cluster "" is not', { cluster: "" }],
    ["nats.servers is not a URL, or an array of at least one", { servers: [] }],
    ['nats.servers "ws://127.0.0.1" is not a URL', { servers: "ws://127.0.0.1" }],
    ['nats.servers "nats://…@127.0.0.1" is not a URL', { servers: ["nats://ada:secret@127.0.0.1"] }],
    ["nats.servers number is not a URL", { servers: [4_222] }],
    ["nats.heartbeatMs 49 is not an integer from 50 to 60000", { heartbeatMs: 49 }],
    ["nats.probeMs NaN is not an integer", { probeMs: Number.NaN }],
    ["nats.memberTtlMs 2999 is less than three times heartbeatMs 1000", { memberTtlMs: 2_999 }],
    ["nats.replicas 2 is not 1, 3 or 5", { replicas: 2 }],
    ["nats.user and nats.password are given together", { user: "ada" }],
    ["nats.user and nats.password are given together", { password: "secret" }],
    ["nats has user and token: one way", { user: "ada", password: "secret", token: "t" }],
    ["nats has credentialsFile and nkeySeed or jwt: one way", { credentialsFile: "a.creds", jwt: "j" }],
    ["nats.authenticator true is not a function", { authenticator: true }],
    ["nats.tls has a certificate or a key, and not both", { tls: { cert: "" } }],
  ])("say: %s", (message, options) => {
    expect(() => nats(options as NatsOptions)).toThrow(
      expect.objectContaining({ code: "invalid_option", scope: "startup", message: expect.stringContaining(message) }),
    );
  });

  it("take each way to say who a node is", () => {
    const authenticator = (): void => {};
    const of = (options: NatsOptions) => resolveNatsOptions(options).credentials;
    expect(of({ user: "ada", password: "" })).toEqual({ kind: "user", user: "ada", password: "" });
    expect(of({ token: "t" })).toEqual({ kind: "token", token: "t" });
    expect(of({ credentialsFile: "a.creds" })).toEqual({ kind: "file", path: "a.creds" });
    expect(of({ nkeySeed: "SU" })).toEqual({ kind: "nkey", seed: "SU" });
    expect(of({ jwt: "j", nkeySeed: "SU" })).toEqual({ kind: "jwt", jwt: "j", seed: "SU" });
    expect(of({ jwt: "j" })).toEqual({ kind: "jwt", jwt: "j", seed: undefined });
    expect(of({ authenticator })).toEqual({ kind: "authenticator", authenticator });
  });

  it("ask for TLS where a URL does", () => {
    expect(resolveNatsOptions({ servers: "tls://nats.test" }).tls).toEqual({});
    expect(resolveNatsOptions({ servers: "tls://nats.test", tls: { ca: "pem" } }).tls).toEqual({ ca: "pem" });
  });
});

describe("an address", () => {
  it.each([
    ["nats://10.0.0.1:4223", "10.0.0.1", 4_223],
    ["nats://10.0.0.1", "10.0.0.1", 4_222],
    ["nats.test:1", "nats.test", 1],
    ["tls://nats.test/", "nats.test", 4_222],
    ["nats://[::1]:5", "::1", 5],
    ["127.0.0.1:80", "127.0.0.1", 80],
  ])("%s is read", (text, host, port) => {
    const address = parseServer(text);
    expect(address).toMatchObject({ host, port });
    expect(parseServer(showServer({ host, port }))).toMatchObject({ host, port });
  });

  it.each(["", "nats://", "http://a", "nats://a:99999", "nats://a/path", "nats://a?x=1", "a b"])(
    "%j is none",
    (text) => {
      expect(parseServer(text)).toBeUndefined();
    },
  );
});
