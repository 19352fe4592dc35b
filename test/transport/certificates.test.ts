import { createPrivateKey, X509Certificate } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import { connect as connectSocket } from "node:net";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import { describe, expect, it, onTestFinished } from "vitest";
import type { TlsOptions } from "../../runtime/transport/certificates.js";
import type { Listener } from "../../runtime/transport/socket-listener.js";
import { type TcpOptions, tcp } from "../../runtime/transport/tcp.js";
import type { Transport } from "../../runtime/transport/transport.js";
import { ws } from "../../runtime/transport/ws.js";
import { certificateFiles, makeCertificate, type TestCertificate } from "../support/certificate.js";
import { Client, packet } from "../support/client.js";
import { KeptHost } from "../support/host.js";
import { openTcp } from "../support/link.js";
import { startServer } from "../support/server.js";
import { turn, until } from "../support/wait.js";

const loopback = { host: "127.0.0.1", port: 0 };
const [first, second, third] = [
  makeCertificate("localhost"),
  makeCertificate("localhost"),
  makeCertificate("localhost"),
];

async function listening(
  tls: TcpOptions["tls"],
  host = new KeptHost(),
): Promise<{ listener: Listener; host: KeptHost }> {
  // Where the machine is busy more ears would say so in the log.
  const listener = tcp({ ...loopback, ears: 1, ...(tls === undefined ? {} : { tls }) });
  await listener.listen(host);
  onTestFinished(() => listener.close());
  return { listener, host };
}

/** Shakes hands, as one who takes any certificate. */
async function shakeHands({ address }: Transport, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connectSocket({ host: "127.0.0.1", port: address?.port as number });
  const secure = connect({ socket, servername: "localhost", rejectUnauthorized: false, ...options });
  onTestFinished(() => void secure.destroy());
  await new Promise<void>((resolve, reject) => secure.once("secureConnect", resolve).once("error", reject));
  return secure;
}

/** The certificate that a new client is shown. */
async function shown(transport: Transport, options?: ConnectionOptions): Promise<string> {
  const secure = await shakeHands(transport, options);
  const { raw } = secure.getPeerCertificate();
  return new X509Certificate(raw).toString();
}

const pem = ({ cert }: TestCertificate): string => new X509Certificate(cert).toString();

describe("a listener's certificate", () => {
  it("is the one that it was made with, which a client can check", async () => {
    const { listener } = await listening(first);
    const secure = await shakeHands(listener, { ca: first.cert, rejectUnauthorized: true });
    expect([secure.authorized, secure.getProtocol()]).toEqual([true, "TLSv1.3"]);
  });

  it("may be bytes, and its key may have a password", async () => {
    const key = createPrivateKey(first.key).export({
      type: "pkcs8",
      format: "pem",
      cipher: "aes-256-cbc",
      passphrase: "open sesame",
    });
    const { listener } = await listening({ cert: Buffer.from(first.cert), key, passphrase: "open sesame" });
    expect(await shown(listener)).toBe(pem(first));
  });

  it.each([
    ["TLSv1.2", undefined, "TLSv1.2"],
    ["TLSv1.1", undefined, undefined],
    ["TLSv1.2", "TLSv1.3", undefined],
    ["TLSv1.3", "TLSv1.3", "TLSv1.3"],
  ] as const)("for a client of %s, with minVersion %s: %s", async (maxVersion, minVersion, spoken) => {
    const { listener } = await listening({ ...first, ...(minVersion === undefined ? {} : { minVersion }) });
    const secure = shakeHands(listener, { maxVersion, minVersion: "TLSv1", ciphers: "DEFAULT:@SECLEVEL=0" });
    const outcome = await secure.then(
      (socket) => socket.getProtocol(),
      () => undefined,
    );
    expect(outcome).toBe(spoken);
  });

  it("is chosen by the name that the client asks for, the first for all other names", async () => {
    const [one, other] = [
      makeCertificate("one.example.com"),
      makeCertificate("other.example.com", "*.wild.example.com"),
    ];
    const { listener } = await listening([one, other]);
    const seen = await Promise.all(
      ["one.example.com", "other.example.com", "a.wild.example.com", "nobody.example.com", ""].map((servername) =>
        shown(listener, { servername }),
      ),
    );
    expect(seen.map((cert) => [one, other].findIndex((each) => pem(each) === cert))).toEqual([0, 1, 1, 0, 0]);
  });

  it.each<[string, unknown, string]>([
    ["nothing", {}, "tls needs cert and key, or certFile and keyFile"],
    ["null", null, "the options of tls are null, not an object"],
    [
      "with a slip in a name",
      { certFile: "a", keyfile: "b" },
      "there is no option tls.keyfile; there are cert, key, certFile, keyFile, passphrase, minVersion, checkEveryMs",
    ],
    ["a key without a certificate", { key: first.key }, "tls needs cert and key, or certFile and keyFile"],
    ["both kinds", { ...first, certFile: "a", keyFile: "b" }, "tls needs cert and key, or certFile and keyFile"],
    ["one of each kind", { cert: first.cert, keyFile: "b" }, "tls needs cert and key, or certFile and keyFile"],
    ["none at all", [], "tls is empty: it needs a certificate"],
    ["a wrong one among right ones", [first, {}], "tls needs cert and key, or certFile and keyFile"],
    [
      "a period that is none",
      { certFile: "a", keyFile: "b", checkEveryMs: -1 },
      "tls.checkEveryMs -1 is not a number from 0 to 2147483647",
    ],
  ])("cannot be %s", (_what, tls, message) => {
    expect(() => tcp({ ...loopback, tls: tls as TlsOptions })).toThrow(
      expect.objectContaining({ code: "invalid_option", message }),
    );
  });

  it.each([
    ["no PEM", { cert: "hello", key: first.key }],
    ["a key of another certificate", { cert: first.cert, key: second.key }],
    ["a key that is no PEM", { cert: first.cert, key: "hello" }],
  ])("that is %s is told when the listener is made", (_what, tls) => {
    expect(() => tcp({ ...loopback, tls })).toThrow(
      expect.objectContaining({
        code: "invalid_certificate",
        scope: "startup",
        message: expect.stringMatching(/^cert and key are not taken: /),
      }),
    );
  });

  it("whose file is missing is told when it listens, and can be tried again", async () => {
    const files = certificateFiles(first);
    rmSync(files.keyFile);
    const { certFile, keyFile } = files;
    const listener = tcp({ ...loopback, tls: { certFile, keyFile } });
    const host = new KeptHost();
    const failure = listener.listen(host);
    await expect(failure).rejects.toMatchObject({ code: "invalid_certificate", cause: { code: "ENOENT" } });
    await expect(failure).rejects.toThrow(keyFile);
    expect([listener.address, host.clock.waiting]).toEqual([undefined, 0]);
    files.write(first);
    await listener.listen(host);
    onTestFinished(() => listener.close());
    expect(await shown(listener)).toBe(pem(first));
  });
});

describe("new certificates", () => {
  it("are for those who connect from then on; who is there stays", async () => {
    const { listener, host } = await listening(first);
    host.greeting = 4;
    const client = new Client(await openTcp({ port: listener.address?.port as number, tls: {} }));
    client.send(packet(3));
    const end = await host.accepted.next();
    await listener.reloadCertificates(second);
    expect(await shown(listener)).toBe(pem(second));
    client.send(Uint8Array.of(1, 2, 3));
    expect([...(await end.bytes(3))]).toEqual([1, 2, 3]);
    end.wire.outbox.send(packet(4, "still here"));
    expect(new TextDecoder().decode((await client.packet()).body)).toBe("still here");
  });

  it("are shown also to a client that comes back with a ticket of the old", async () => {
    const { listener } = await listening(first);
    const before = await shakeHands(listener, { maxVersion: "TLSv1.2" });
    const session = before.getSession() as Buffer;
    const again = await shakeHands(listener, { maxVersion: "TLSv1.2", session });
    expect(again.isSessionReused()).toBe(true);
    await listener.reloadCertificates(second);
    const after = await shakeHands(listener, { maxVersion: "TLSv1.2", session });
    expect([after.isSessionReused(), new X509Certificate(after.getPeerCertificate().raw).toString()]).toEqual([
      false,
      pem(second),
    ]);
  });

  it("that are wrong are refused, and the old ones stay", async () => {
    const { listener } = await listening(first);
    const wrong = listener.reloadCertificates({ cert: second.cert, key: first.key });
    await expect(wrong).rejects.toMatchObject({ code: "invalid_certificate" });
    await expect(listener.reloadCertificates({} as TlsOptions)).rejects.toMatchObject({ code: "invalid_option" });
    expect(await shown(listener)).toBe(pem(first));
  });

  it("may be more or fewer than before, and of the other kind", async () => {
    const { listener } = await listening(first);
    const other = makeCertificate("other.example.com");
    const { certFile, keyFile } = certificateFiles(other);
    await listener.reloadCertificates([second, { certFile, keyFile }]);
    expect(await shown(listener)).toBe(pem(second));
    expect(await shown(listener, { servername: "other.example.com" })).toBe(pem(other));
    await listener.reloadCertificates(third);
    expect(await shown(listener, { servername: "other.example.com" })).toBe(pem(third));
  });

  it("that are asked for twice at once are those that were asked for last", async () => {
    const { listener } = await listening(first);
    const { certFile, keyFile } = certificateFiles(second);
    // Files take longer to read than what is there.
    const slow = listener.reloadCertificates({ certFile, keyFile });
    const fast = listener.reloadCertificates(third);
    await Promise.all([slow, fast]);
    expect(await shown(listener)).toBe(pem(third));
  });

  it("are nothing for a listener without TLS", async () => {
    const { listener } = await listening(undefined);
    await listener.reloadCertificates();
    await expect(listener.reloadCertificates(first)).rejects.toMatchObject({
      code: "invalid_state",
      message: "the listener tcp was made without TLS",
    });
  });
});

describe("certificates in files", () => {
  async function watched(checkEveryMs?: number) {
    const files = certificateFiles(first);
    const { certFile, keyFile } = files;
    const tls = { certFile, keyFile, ...(checkEveryMs === undefined ? {} : { checkEveryMs }) };
    return { files, ...(await listening(tls)) };
  }

  it("are looked after: once a minute", async () => {
    const { files, listener, host } = await watched();
    files.write(second);
    host.clock.step(59_999);
    expect(await shown(listener)).toBe(pem(first));
    host.clock.step(1);
    await until(() => host.logger.lines.length > 0);
    expect(host.logger.at("info").map(({ message }) => message)).toEqual(["certificates were reloaded"]);
    expect(await shown(listener)).toBe(pem(second));
  });

  it("are looked after as often as is said, and no longer than it listens", async () => {
    const { files, listener, host } = await watched(1_000);
    expect(host.clock.waiting).toBe(1);
    files.write(second);
    host.clock.step(1_000);
    await until(() => host.logger.lines.length > 0);
    expect(await shown(listener)).toBe(pem(second));
    await listener.close();
    expect(host.clock.waiting).toBe(0);
  });

  it("are not looked after where the period is 0, and read anew on demand", async () => {
    const { files, listener, host } = await watched(0);
    expect(host.clock.waiting).toBe(0);
    files.write(second);
    expect(await shown(listener)).toBe(pem(first));
    await listener.reloadCertificates();
    expect(await shown(listener)).toBe(pem(second));
  });

  it("that have not changed are nothing to tell of", async () => {
    const { listener, host } = await watched(1_000);
    host.clock.step(5_000);
    for (let round = 0; round < 20; round++) {
      await shown(listener);
    }
    expect(host.logger.lines).toEqual([]);
  });

  it("of which one is new and the other is not yet are told of, and tried again", async () => {
    const { files, listener, host } = await watched(1_000);
    writeFileSync(files.certFile, second.cert);
    host.clock.step(1_000);
    await until(() => host.logger.lines.length > 0);
    expect(host.logger.at("error").map(({ fields }) => fields["error"])).toEqual([
      expect.objectContaining({ code: "invalid_certificate", message: expect.stringContaining(files.certFile) }),
    ]);
    expect(await shown(listener)).toBe(pem(first));
    writeFileSync(files.keyFile, second.key);
    host.clock.step(1_000);
    await until(() => host.logger.lines.length > 1);
    expect(await shown(listener)).toBe(pem(second));
  });

  it("that are gone are told of, and the old ones stay", async () => {
    const { files, listener, host } = await watched(1_000);
    rmSync(files.certFile);
    host.clock.step(1_000);
    await until(() => host.logger.lines.length > 0);
    expect(host.logger.at("error")).toHaveLength(1);
    expect(await shown(listener)).toBe(pem(first));
  });
});

describe("server.reloadCertificates", () => {
  it("reads those of every listener anew", async () => {
    const files = [certificateFiles(first), certificateFiles(first)] as const;
    const [one, two] = files.map(({ certFile, keyFile }) => ({ certFile, keyFile })) as [TlsOptions, TlsOptions];
    const listen = [tcp({ ...loopback, tls: one }), ws({ ...loopback, tls: two }), tcp(loopback)];
    const { server } = await startServer({ listen });
    files.map(({ write }) => write(second));
    await server.reloadCertificates();
    expect(await Promise.all(listen.slice(0, 2).map((each) => shown(each)))).toEqual([pem(second), pem(second)]);
  });

  it("tells of one that cannot be read, and takes the others", async () => {
    const files = [certificateFiles(first), certificateFiles(first)] as const;
    const [one, two] = files.map(({ certFile, keyFile }) => ({ certFile, keyFile })) as [TlsOptions, TlsOptions];
    const listen = [tcp({ ...loopback, tls: one }), ws({ ...loopback, tls: two })] as const;
    const { server } = await startServer({ listen });
    rmSync(files[0].certFile);
    files[1].write(second);
    await expect(server.reloadCertificates()).rejects.toMatchObject({ code: "invalid_certificate" });
    expect([await shown(listen[0]), await shown(listen[1])]).toEqual([pem(first), pem(second)]);
  });

  it("is for a server that runs", async () => {
    const { server } = await startServer();
    await server.reloadCertificates();
    await server.stop();
    await turn();
    await expect(server.reloadCertificates()).rejects.toMatchObject({
      code: "invalid_state",
      message: "the server is stopped: it cannot reload certificates",
    });
  });
});
