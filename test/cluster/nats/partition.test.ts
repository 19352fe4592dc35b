import { describe, expect, it } from "vitest";
import { eventually, until } from "../../support/wait.js";
import { bytes, joinNode, patient, quick, startNats } from "./support/joined-node.js";
import { openBucket } from "./support/open-bucket.js";
import { startStallingProxy } from "./support/stalling-proxy.js";

describe("a node that is cut off from NATS", () => {
  it("is told to have left after a while, and to be there again when it is back", async () => {
    const server = await startNats();
    const proxy = await startStallingProxy(server.port);
    const a = await joinNode("a", { ...quick, servers: server.url });
    const b = await joinNode("b", { ...quick, servers: proxy.url });
    await until(() => a.host.nodes.has("b"));
    proxy.cut();
    await until(() => a.host.unreachables.length === 1 && !a.host.nodes.has("b") && b.host.told.includes("lost"));
    expect(a.host.unreachables).toEqual(["b"]);
    // Nobody died for all that b knows: it hears nothing.
    expect(b.host.ids).toEqual(["a"]);
    proxy.resume();
    await until(() => b.host.told.includes("rejoined") && a.host.nodes.has("b"));
    expect(a.host.told).toEqual(["joined b", "left b", "joined b"]);
    expect(b.host.told).toEqual(["joined a", "lost", "rejoined"]);
    expect(b.host.rejoins).toEqual([{ number: b.number }]);
    expect(a.host.nodes.get("b")).toEqual(b.info);
    a.driver.send("b", bytes("welcome"));
    await until(() => b.host.frames.length === 1);
  });

  it("is back without a word when that does not last", async () => {
    const server = await startNats();
    const proxy = await startStallingProxy(server.port);
    const a = await joinNode("a", { ...patient, servers: server.url });
    const b = await joinNode("b", { ...patient, servers: proxy.url });
    await until(() => a.host.nodes.has("b"));
    proxy.cut();
    await until(() => b.host.logger.at("warn").length > 0);
    proxy.resume();
    await until(() => b.host.logger.at("info").length > 0);
    b.driver.send("a", bytes("here"));
    await until(() => a.host.frames.length === 1);
    expect(a.host.told).toEqual(["joined b"]);
    expect(b.host.told).toEqual(["joined a"]);
  });

  it("hears, when it is back, of who came and went meanwhile", async () => {
    const server = await startNats();
    const proxy = await startStallingProxy(server.port);
    const a = await joinNode("a", { ...quick, servers: proxy.url });
    const b = await joinNode("b", { ...quick, servers: server.url });
    const c = await joinNode("c", { ...quick, servers: server.url });
    await until(() => a.host.ids.length === 2);
    proxy.cut();
    await until(() => a.host.told.includes("lost"));
    await b.driver.leave();
    await c.driver.update({ ...c.info, draining: true });
    await joinNode("d", { ...quick, servers: server.url });
    a.host.told.length = 0;
    proxy.resume();
    await until(() => a.host.told.includes("rejoined"));
    expect(a.host.ids).toEqual(["c", "d"]);
    expect(a.host.nodes.get("c")?.draining).toBe(true);
    expect(a.host.told.at(-1)).toBe("rejoined");
    expect([...a.host.told].sort()).toEqual(["changed c", "joined d", "left b", "rejoined"]);
  });

  it("gets another number when its own is taken meanwhile, and says so", async () => {
    const server = await startNats();
    const proxy = await startStallingProxy(server.port);
    const a = await joinNode("a", { ...patient, servers: proxy.url });
    const { kv } = await openBucket(server.url);
    proxy.cut();
    await until(() => a.host.logger.at("warn").length > 0);
    await kv.put(`number.${a.number}`, "another another-1");
    proxy.resume();
    await until(() => a.host.told.includes("rejoined"));
    expect(a.host.told).toEqual(["lost", "rejoined"]);
    expect(a.host.rejoins[0]?.number).not.toBe(a.number);
  });

  it("stays out when another has taken its id meanwhile, and comes back when that leaves", async () => {
    const server = await startNats();
    const proxy = await startStallingProxy(server.port);
    const watcher = await joinNode("watcher", { ...quick, servers: server.url });
    const former = await joinNode("a", { ...quick, servers: proxy.url });
    proxy.cut();
    const latter = await joinNode("a", { ...quick, servers: server.url });
    await until(() => watcher.host.nodes.get("a")?.incarnation === latter.info.incarnation);
    proxy.resume();
    await eventually(() =>
      expect(former.host.logger.at("warn").map(({ fields }) => String(fields["error"]))).toContainEqual(
        expect.stringContaining("a node a is in the cluster nanowire already"),
      ),
    );
    expect(former.host.told).toEqual(["joined watcher", "lost"]);
    await latter.driver.leave();
    await until(() => former.host.told.includes("rejoined"));
    await until(() => watcher.host.nodes.get("a")?.incarnation === former.info.incarnation);
    expect(watcher.host.told).toEqual(["joined a", "left a", "joined a", "left a", "joined a"]);
  });
});

describe("a connection that nothing passes any more", () => {
  it("is given up, and another is made when there is a way again; no sockets pile up", async () => {
    const server = await startNats();
    const proxy = await startStallingProxy(server.port);
    const a = await joinNode("a", { ...quick, servers: server.url });
    const b = await joinNode("b", { ...quick, servers: proxy.url, connectTimeoutMs: 200 });
    await until(() => a.host.nodes.has("b"));
    proxy.stall();
    await until(() => !a.host.nodes.has("b") && b.host.told.includes("lost"));
    await eventually(() =>
      expect(b.host.logger.at("warn").map(({ fields }) => String(fields["error"]))).toContainEqual(
        expect.stringContaining("no answer within 200 ms"),
      ),
    );
    await until(() => proxy.connections === 0);
    await until(() => proxy.connections === 1);
    await until(() => proxy.connections === 0);
    proxy.resume();
    await until(() => b.host.told.includes("rejoined") && a.host.nodes.has("b"));
    expect(a.host.told).toEqual(["joined b", "left b", "joined b"]);
    expect(b.host.told).toEqual(["joined a", "lost", "rejoined"]);
  });

  it("does not keep a node from looking after the others later", async () => {
    const server = await startNats();
    const proxy = await startStallingProxy(server.port);
    const way = await startStallingProxy(server.port);
    const b = await joinNode("b", { ...patient, servers: proxy.url });
    await joinNode("c", { ...patient, servers: way.url });
    await until(() => b.host.nodes.has("c"));
    proxy.stall();
    await until(() => b.host.logger.at("warn").length > 0);
    proxy.resume();
    await until(() => b.host.logger.at("info").length > 0);
    way.cut();
    await until(() => b.host.unreachables.length > 0);
    expect(b.host.unreachables).toEqual(["c"]);
    expect(b.host.told).toEqual(["joined c"]);
  });

  it("does not hold back a node that leaves", async () => {
    const server = await startNats();
    const proxy = await startStallingProxy(server.port);
    const b = await joinNode("b", { servers: proxy.url });
    proxy.stall();
    await b.driver.leave();
    expect(b.host.logger.at("warn").map(({ message }) => message)).toEqual([
      "cluster: NATS does not take that the node leaves",
    ]);
    await until(() => proxy.connections === 0);
  });

  it("takes no more frames than may be under way", async () => {
    const server = await startNats();
    const proxy = await startStallingProxy(server.port);
    const a = await joinNode("a", { servers: server.url });
    const slow = { heartbeatMs: 60_000, memberTtlMs: 180_000 };
    const b = await joinNode("b", { ...slow, servers: proxy.url, maxBufferedBytes: 1_048_576 });
    await until(() => b.host.nodes.has("a"));
    proxy.stall();
    const frame = bytes("x".repeat(500_000));
    for (let index = 0; index < 200; index++) {
      b.driver.send("a", frame);
    }
    const dropped = b.host.logger.at("warn").filter(({ message }) => message.includes("frames are dropped"));
    expect(dropped).toHaveLength(1);
    proxy.resume();
    await until(() => a.host.frames.length === 2);
    b.driver.send("a", bytes("and on"));
    await until(() => a.host.frames.length > 2);
    expect(a.host.textsFrom("b").map((text) => text.length)).toEqual([500_000, 500_000, 6]);
  });
});
