import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { until } from "../../support/wait.js";
import { bytes, joinNode, quick, startNats } from "./support/joined-node.js";
import { openBucket } from "./support/open-bucket.js";

describe("somebody who writes what he likes", () => {
  it("to the subjects of nodes: nothing breaks, and it is logged once", async () => {
    const server = await startNats();
    const a = await joinNode("a", { servers: server.url });
    const b = await joinNode("b", { servers: server.url });
    await until(() => a.host.nodes.has("b"));
    const { connection } = await openBucket(server.url);
    const subject = `nanowire.node.a.${a.info.incarnation}`;
    const replies = [
      undefined,
      "x",
      "nanowire.from.b",
      "nanowire.from.b.stay.1.zzzzzzzzzzzzzzzz",
      "nanowire.from.b.stay.1.1-5-2",
      "nanowire.from.b.stay.1.1-0-0",
      "nanowire.from.=ff.stay.1.1",
      "nanowire.from.=.stay.1.1",
      "nanowire.from.b.stay.1.-",
      "nanowire.from.b.stay.1.1-1-2-3",
    ];
    for (const reply of replies) {
      connection.publish(subject, randomBytes(100), reply === undefined ? {} : { reply });
    }
    for (let index = 0; index < 1_000; index++) {
      connection.publish("nanowire.suspect", randomBytes(20));
      connection.publish("nanowire.suspect", `b ${b.info.incarnation}`);
      connection.publish(`nanowire.from.a.${index}.1.?`, "");
    }
    connection.publish("nanowire.suspect", "x".repeat(100_000));
    await connection.flush();
    b.driver.send("a", bytes("still here"));
    await until(() => a.host.frames.length === 1);
    expect(a.host.frames).toEqual([{ from: "b", text: "still here" }]);
    expect(a.host.told).toEqual(["joined b"]);
    expect(a.host.unreachables).toEqual([]);
    expect(a.host.logger.at("warn").map(({ fields }) => fields["what"])).toEqual(["a message that is no frame"]);
  });

  it("in pieces that never end: little is kept of them", async () => {
    const server = await startNats();
    const a = await joinNode("a", { servers: server.url });
    const { connection } = await openBucket(server.url);
    const subject = `nanowire.node.a.${a.info.incarnation}`;
    const piece = new Uint8Array(500_000);
    for (let sender = 0; sender < 60; sender++) {
      for (let index = 0; index < 3; index++) {
        const sequence = (index + 1).toString(36);
        connection.publish(subject, piece, { reply: `nanowire.from.s${sender}.stay.1.${sequence}-${index}-zzzz` });
      }
      await connection.flush();
    }
    const b = await joinNode("b", { servers: server.url });
    await until(() => b.host.nodes.has("a"));
    b.driver.send("a", bytes("still here"));
    await until(() => a.host.frames.length === 1);
    expect(a.host.logger.at("warn").length).toBeGreaterThan(0);
    expect(a.host.logger.at("warn").length).toBeLessThanOrEqual(16);
  });

  it("to the bucket: nothing breaks, and who is there stays there", async () => {
    const server = await startNats();
    const a = await joinNode("a", { servers: server.url });
    const b = await joinNode("b", { servers: server.url });
    await until(() => a.host.nodes.has("b"));
    const { kv } = await openBucket(server.url);
    const values = [
      "",
      "{",
      "[]",
      "null",
      '{"id":"ghost"}',
      JSON.stringify({ ...b.info, id: "other" }),
      randomBytes(50),
    ];
    for (const value of values) {
      await kv.put("node.ghost", value);
      await kv.put("node.b", value);
      await kv.put("alive.ghost", value);
      await kv.put("number.7", value);
      await kv.put("number.99999", value);
      await kv.put("something.else", value);
      await kv.put("else", value);
      await kv.put("alive.=zz", value);
    }
    await kv.put(`alive.${"x".repeat(500)}`, "1");
    const c = await joinNode("c", { servers: server.url });
    await until(() => a.host.nodes.has("c"));
    expect(a.host.told).toEqual(["joined b", "joined c"]);
    c.driver.send("a", bytes("still here"));
    await until(() => a.host.frames.length === 1);
    expect(a.host.logger.at("error")).toEqual([]);
    expect(a.host.logger.at("warn").length).toBeLessThanOrEqual(16);
  });

  it("to the entry of an id that is free: the node that has it comes in", async () => {
    const server = await startNats();
    await joinNode("first", { ...quick, servers: server.url });
    const { kv } = await openBucket(server.url);
    for (const [id, value] of [
      ["a", ""],
      ["b", "x".repeat(100_000)],
      ["c", "two words.and*more>"],
    ] as const) {
      await kv.put(`alive.${id}`, value);
      const { host } = await joinNode(id, { ...quick, servers: server.url });
      expect(host.ids).toContain("first");
    }
  });

  it("over what a node says of itself: the node puts it right", async () => {
    const server = await startNats();
    const a = await joinNode("a", { servers: server.url });
    const b = await joinNode("b", { servers: server.url });
    await until(() => a.host.nodes.has("b"));
    const { kv } = await openBucket(server.url);
    await kv.put("node.b", "nonsense");
    await b.driver.update({ ...b.info, labels: { zone: "south" } });
    await until(() => a.host.nodes.get("b")?.labels["zone"] === "south");
    expect(a.host.told).toEqual(["joined b", "changed b"]);
  });
});

describe("somebody who takes away", () => {
  it("a node's entry: it is put back, with all that belongs to it", async () => {
    const server = await startNats();
    const a = await joinNode("a", { ...quick, servers: server.url });
    const b = await joinNode("b", { ...quick, servers: server.url });
    await until(() => a.host.nodes.has("b"));
    const { kv } = await openBucket(server.url);
    await kv.delete("alive.b");
    await kv.delete("node.b");
    await until(() => a.host.told.filter((told) => told === "joined b").length === 2);
    await until(() => b.host.told.includes("rejoined"));
    expect(b.host.told).toEqual(["joined a", "lost", "rejoined"]);
    expect(a.host.told).toEqual(["joined b", "left b", "joined b"]);
    b.driver.send("a", bytes("back"));
    await until(() => a.host.frames.length === 1);
  });

  it("the bucket: it is made anew, and everybody is in it", async () => {
    const server = await startNats();
    const a = await joinNode("a", { ...quick, servers: server.url });
    const b = await joinNode("b", { ...quick, servers: server.url });
    await until(() => a.host.nodes.has("b"));
    const bucket = await openBucket(server.url);
    await bucket.destroy();
    const back = "cluster: NATS is back";
    await until(() => [a, b].every(({ host }) => host.logger.lines.some(({ message }) => message === back)));
    const c = await joinNode("c", { ...quick, servers: server.url });
    await until(() => c.host.ids.length === 2);
    expect(a.host.ids).toContain("b");
    expect(b.host.ids).toContain("a");
    expect([...a.host.told, ...b.host.told]).not.toContain("left a");
  });
});
