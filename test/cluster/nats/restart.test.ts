import { nats } from "nanowire/nats";
import { describe, expect, it } from "vitest";
import { eventually, until } from "../../support/wait.js";
import { nodeInfo } from "../support/watching-host.js";
import {
  bytes,
  type JoinedNode,
  joinNode,
  LoggingHost,
  patient,
  quick,
  startNats,
  startNatsCluster,
} from "./support/joined-node.js";
import { startStallingProxy } from "./support/stalling-proxy.js";

/** Frames cross both ways; one that is sent while a node is between two connections is lost, and so they are sent again, as a link does. */
async function expectTalk(one: JoinedNode, other: JoinedNode): Promise<void> {
  const text = `between ${one.info.id} and ${other.info.id}, ${one.host.frames.length}`;
  await eventually(() => {
    one.driver.send(other.info.id, bytes(text));
    other.driver.send(one.info.id, bytes(text));
    expect(other.host.textsFrom(one.info.id)).toContain(text);
    expect(one.host.textsFrom(other.info.id)).toContain(text);
  });
}

/** Waits until a node is connected anew. */
async function backIn({ host }: JoinedNode, times = 1): Promise<void> {
  await until(() => host.logger.at("info").filter(({ message }) => message.includes("is back")).length >= times);
}

describe("a restart of NATS", () => {
  it("is not noticed by the hosts, when it is short and the store is kept", async () => {
    const server = await startNats();
    const a = await joinNode("a", { ...patient, servers: server.url });
    const b = await joinNode("b", { ...patient, servers: server.url });
    await until(() => a.host.nodes.has("b"));
    await server.stop();
    await server.start();
    await Promise.all([backIn(a), backIn(b)]);
    await expectTalk(a, b);
    expect(a.host.told).toEqual(["joined b"]);
    expect(b.host.told).toEqual(["joined a"]);
    expect([...a.host.unreachables, ...b.host.unreachables]).toEqual([]);
  });

  it("is not noticed either when the store is lost: everybody puts himself back", async () => {
    const server = await startNats();
    const a = await joinNode("a", { ...patient, servers: server.url });
    const b = await joinNode("b", { ...patient, servers: server.url });
    await until(() => a.host.nodes.has("b"));
    await server.stop();
    server.loseStore();
    await server.start();
    await Promise.all([backIn(a), backIn(b)]);
    const c = await joinNode("c", { ...patient, servers: server.url });
    await until(() => c.host.ids.length === 2 && a.host.nodes.has("c") && b.host.nodes.has("c"));
    await expectTalk(a, b);
    await expectTalk(a, c);
    expect(a.host.told).toEqual(["joined b", "joined c"]);
    expect(b.host.told).toEqual(["joined a", "joined c"]);
    expect(new Set([a.number, b.number, c.number]).size).toBe(3);
  });

  it("is told of when it takes longer than a node may be silent; nobody is told to have left", async () => {
    const server = await startNats();
    const a = await joinNode("a", { ...quick, servers: server.url });
    const b = await joinNode("b", { ...quick, servers: server.url });
    await until(() => a.host.nodes.has("b"));
    await server.stop();
    await until(() => a.host.told.includes("lost") && b.host.told.includes("lost"));
    await server.start();
    await until(() => a.host.told.includes("rejoined") && b.host.told.includes("rejoined"));
    await expectTalk(a, b);
    expect(a.host.told).toEqual(["joined b", "lost", "rejoined"]);
    expect(b.host.told).toEqual(["joined a", "lost", "rejoined"]);
    expect(a.host.rejoins).toEqual([{ number: a.number }]);
  });

  it("is waited for by a node that starts", async () => {
    const server = await startNats();
    await server.stop();
    const driver = nats({ servers: server.url });
    const host = new LoggingHost();
    const joining = driver.join(nodeInfo("a"), host);
    await until(() => host.logger.lines.length > 0);
    await server.start();
    await expect(joining).resolves.toEqual({ number: expect.any(Number) });
    await driver.leave();
    expect(host.logger.at("warn")).toHaveLength(1);
  });

  it("is waited for no longer than may be", async () => {
    const server = await startNats();
    await server.stop();
    const driver = nats({ servers: server.url, startTimeoutMs: 300 });
    await expect(driver.join(nodeInfo("a"), new LoggingHost())).rejects.toMatchObject({
      code: "cluster_failed",
      scope: "startup",
      message: expect.stringContaining(`127.0.0.1:${server.port}: connect ECONNREFUSED`),
    });
  });
});

describe("NATS that is down", () => {
  it("does not hold back a node that leaves", async () => {
    const server = await startNats();
    const a = await joinNode("a", { servers: server.url });
    await server.stop();
    await until(() => a.host.logger.at("warn").length > 0);
    await a.driver.leave();
    expect(a.host.logger.at("warn").map(({ message }) => message)).toContain(
      "cluster: the node left while cut off from NATS",
    );
    expect(a.host.told).toEqual([]);
  });

  it("does not hold back a node that gives up to join", async () => {
    const server = await startNats();
    await server.stop();
    const driver = nats({ servers: server.url });
    const host = new LoggingHost();
    const joining = driver.join(nodeInfo("a"), host);
    const failed = expect(joining).rejects.toMatchObject({ code: "cluster_failed" });
    await until(() => host.logger.lines.length > 0);
    await driver.leave();
    await failed;
  });

  it("refuses what a node has to say of itself, and keeps nothing that is sent", async () => {
    const server = await startNats();
    const a = await joinNode("a", { ...patient, servers: server.url });
    const b = await joinNode("b", { ...patient, servers: server.url });
    await until(() => a.host.nodes.has("b"));
    await server.stop();
    await until(() => a.host.logger.at("warn").length > 0);
    await expect(a.driver.update({ ...a.info, draining: true })).rejects.toMatchObject({ code: "cluster_failed" });
    a.driver.send("b", bytes("lost"));
    await server.start();
    await Promise.all([backIn(a), backIn(b)]);
    await expectTalk(a, b);
    expect(b.host.textsFrom("a")).not.toContain("lost");
    expect(b.host.nodes.get("a")?.draining).toBe(false);
  });
});

describe("lame duck", () => {
  it("sends a node to another server at once, and nobody notices", async () => {
    const [first, second] = await startNatsCluster(2, 'lame_duck_duration: "600s"\nlame_duck_grace_period: "300s"');
    if (first === undefined || second === undefined) {
      throw new TypeError("two servers were to be started");
    }
    const proxy = await startStallingProxy(first.port);
    proxy.cut();
    const a = await joinNode("a", { ...patient, servers: first.url });
    const b = await joinNode("b", { ...patient, servers: [proxy.url, second.url] });
    await until(() => a.host.nodes.has("b"));
    await expectTalk(a, b);
    proxy.resume();
    second.signal("SIGUSR2");
    await backIn(b);
    // By the proxy, or straight: servers tell of each other.
    const [back] = b.host.logger.at("info").filter(({ message }) => message.includes("is back"));
    expect([proxy.url, first.url].map((url) => url.replace("nats://", ""))).toContain(back?.fields["server"]);
    await expectTalk(a, b);
    expect(a.host.told).toEqual(["joined b"]);
    expect(b.host.told).toEqual(["joined a"]);
    expect(a.host.unreachables).toEqual([]);
  });

  it("of the only server is a restart like any other", async () => {
    const server = await startNats({ config: 'lame_duck_duration: "30s"\nlame_duck_grace_period: "100ms"' });
    const a = await joinNode("a", { ...patient, servers: server.url });
    const b = await joinNode("b", { ...patient, servers: server.url });
    await until(() => a.host.nodes.has("b"));
    await server.stop("SIGUSR2");
    await server.start();
    await Promise.all([backIn(a), backIn(b)]);
    await expectTalk(a, b);
    expect(a.host.ids).toEqual(["b"]);
    expect(b.host.ids).toEqual(["a"]);
  });
});

describe("JetStream that has no quorum, in a NATS that goes on", () => {
  it("leaves the frames their way; nodes are lost, and back in with it", { timeout: 120_000 }, async () => {
    const [first, second, third] = await startNatsCluster(3);
    if (first === undefined || second === undefined || third === undefined) {
      throw new TypeError("three servers were to be started");
    }
    const a = await joinNode("a", { ...quick, servers: first.url, replicas: 3, startTimeoutMs: 60_000 });
    const b = await joinNode("b", { ...quick, servers: first.url, replicas: 3, startTimeoutMs: 60_000 });
    await until(() => a.host.nodes.has("b"));
    await Promise.all([second.stop(), third.stop()]);
    await until(() => a.host.told.includes("lost") && b.host.told.includes("lost"));
    await expectTalk(a, b);
    await Promise.all([second.start(), third.start()]);
    await until(() => a.host.told.includes("rejoined") && b.host.told.includes("rejoined"));
    await expectTalk(a, b);
    expect(a.host.told).toEqual(["joined b", "lost", "rejoined"]);
    expect(b.host.told).toEqual(["joined a", "lost", "rejoined"]);
  });
});
