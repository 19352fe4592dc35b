import { describe, expect, test } from "vitest";
import { certificateFiles, makeCertificate } from "../../support/certificate.js";
import { until } from "../../support/wait.js";
import { join, startMaster } from "./support/nodes.js";

const [own, other, stranger] = [makeCertificate("one"), makeCertificate("two"), makeCertificate("three")];
const ca = own.cert + other.cert;

describe("grpc with TLS", () => {
  test("nodes that know each other's issuers talk, from PEM and from files", async () => {
    const files = certificateFiles(other);
    const master = await startMaster({ tls: { ...own, ca } });
    const a = await join("a", { join: master, tls: { ...own, ca } });
    const b = await join("b", {
      join: master,
      tls: { certFile: files.certFile, keyFile: files.keyFile, ca, mutual: true },
    });
    a.send("b", "hello");
    b.send("a", "hello");
    await until(() => a.host.frames.length === 1 && b.host.frames.length === 1);
  });

  test("a node whose certificate nobody issued whom the others know gets in nowhere", async () => {
    const master = await startMaster({ tls: { ...own, ca } });
    await expect(
      join("a", { join: master, joinTimeoutMs: 300, tls: { ...stranger, ca: ca + stranger.cert } }),
    ).rejects.toMatchObject({ code: "cluster_failed", message: expect.stringContaining(master) });
  });

  test("without mutual it gets in: it trusts the master, and shows nothing that is looked at", async () => {
    const master = await startMaster({ tls: { ...own, ca, mutual: false } });
    const a = await join("a", { join: master, tls: { ...stranger, ca: ca + stranger.cert } });
    expect(a.host.ids).toEqual([]);
  });

  test("a node that does not know the master's issuer does not get in, and neither does one without TLS", async () => {
    const master = await startMaster({ tls: { ...own, ca, mutual: false } });
    const failed = { code: "cluster_failed" };
    await expect(
      join("a", { join: master, joinTimeoutMs: 300, tls: { ...other, ca: other.cert } }),
    ).rejects.toMatchObject(failed);
    await expect(join("a", { join: master, joinTimeoutMs: 300 })).rejects.toMatchObject(failed);
  });

  test("a name of the certificates' own stands for all addresses", async () => {
    const named = makeCertificate("cluster.test");
    const tls = { ...named, ca: named.cert, serverName: "cluster.test" };
    const master = await startMaster({ tls });
    const a = await join("a", { join: master, tls });
    expect(a.host.ids).toEqual([]);
    await expect(
      join("b", { join: master, joinTimeoutMs: 300, tls: { ...tls, serverName: "elsewhere.test" } }),
    ).rejects.toMatchObject({ code: "cluster_failed" });
  });

  test("what is no certificate is said so", async () => {
    const tls = { certFile: "/nowhere/cert.pem", keyFile: "/nowhere/key.pem" };
    await expect(startMaster({ tls })).rejects.toMatchObject({
      code: "invalid_certificate",
      message: expect.stringContaining("/nowhere/cert.pem"),
    });
    await expect(join("a", { master: true, tls: { cert: "x", key: "y" } })).rejects.toMatchObject({
      code: "invalid_certificate",
    });
  });
});
