import { describe, expect, it } from "vitest";
import { bundledProgram } from "../../support/bundled-program.js";
import { until } from "../../support/wait.js";
import { bytes, joinNode, quick, startNats } from "./support/joined-node.js";
import { startNode } from "./support/node-process.js";

const program = bundledProgram("test/cluster/nats/support/node-program.ts");

describe("a node whose process is killed", () => {
  it("is told to be unreachable, and then to have left, though nobody sends it anything", async () => {
    const server = await startNats();
    const a = await joinNode("a", { servers: server.url });
    const c = await joinNode("c", { servers: server.url });
    const d = await joinNode("d", { servers: server.url });
    const b = await startNode(program, "b", server.url, {});
    await until(() => [a, c, d].every(({ host }) => host.ids.length === 3));
    await b.kill();
    await until(() => [a, c, d].every(({ host }) => host.unreachables.length === 1));
    expect([a, c, d].flatMap(({ host }) => host.unreachables)).toEqual(["b", "b", "b"]);
    expect([a, c, d].flatMap(({ host }) => host.told)).not.toContain("left b");
    await until(() => [a, c, d].every(({ host }) => host.ids.length === 2));
    expect([a, c, d].flatMap(({ host }) => host.unreachables)).toEqual(["b", "b", "b"]);
  });

  it("can be started again at once", async () => {
    const server = await startNats();
    const a = await joinNode("a", { ...quick, servers: server.url });
    const b = await startNode(program, "b", server.url, quick);
    await until(() => a.host.nodes.has("b"));
    await b.kill();
    const again = await startNode(program, "b", server.url, quick);
    await until(() => a.host.told.filter((told) => told === "joined b").length === 2);
    expect(a.host.told).toEqual(["joined b", "left b", "joined b"]);
    a.driver.send("b", bytes("hello"));
    await until(() => again.lines.includes("received a hello"));
  });

  it("is not told to those who join after it is dead", async () => {
    const server = await startNats();
    const a = await joinNode("a", { ...quick, servers: server.url });
    const b = await startNode(program, "b", server.url, quick);
    await until(() => a.host.nodes.has("b"));
    await b.kill();
    await until(() => !a.host.nodes.has("b"));
    const c = await joinNode("c", { ...quick, servers: server.url });
    expect(c.host.told).toEqual(["joined a"]);
  });
});

describe("a node whose process stands still", () => {
  it("is told to have left, and is back when it goes on: both sides know it", async () => {
    const server = await startNats();
    const a = await joinNode("a", { ...quick, servers: server.url });
    const b = await startNode(program, "b", server.url, quick);
    await until(() => a.host.nodes.has("b"));
    b.signal("SIGSTOP");
    await until(() => !a.host.nodes.has("b"));
    b.signal("SIGCONT");
    await until(() => a.host.nodes.has("b") && b.lines.includes("rejoined"));
    expect(a.host.told).toEqual(["joined b", "left b", "joined b"]);
    expect(b.lines).toEqual(["joined a", "in", "lost", "rejoined"]);
    b.send("a", "awake");
    await until(() => a.host.frames.length === 1);
  });

  it("stays out when its id is another's by then", async () => {
    const server = await startNats();
    const a = await joinNode("a", { ...quick, servers: server.url });
    const b = await startNode(program, "b", server.url, quick);
    await until(() => a.host.nodes.has("b"));
    b.signal("SIGSTOP");
    const other = await joinNode("b", { ...quick, servers: server.url });
    b.signal("SIGCONT");
    await until(() => b.lines.includes("lost"));
    expect(a.host.nodes.get("b")).toEqual(other.info);
    expect(b.lines).not.toContain("rejoined");
    expect(other.host.told).not.toContain("lost");
  });
});

it("leaves in order when its program ends, and nothing keeps its process alive", async () => {
  const server = await startNats();
  const a = await joinNode("a", { servers: server.url });
  const b = await startNode(program, "b", server.url, {});
  await until(() => a.host.nodes.has("b"));
  b.send("a", "goodbye");
  expect(await b.leave()).toBe(0);
  await until(() => a.host.told.includes("left b"));
  expect(a.host.textsFrom("b")).toEqual(["goodbye"]);
  expect(b.lines.at(-1)).toBe("out");
});
