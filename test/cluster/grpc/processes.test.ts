import { afterEach, describe, expect, test } from "vitest";
import { type Logger, silentLogger } from "../../../runtime/base/logger.js";
import { grpc } from "../../../runtime/cluster/grpc/grpc.js";
import type { GrpcOptions } from "../../../runtime/cluster/grpc/grpc-options.js";
import { bundledProgram } from "../../support/bundled-program.js";
import { until } from "../../support/wait.js";
import { nodeInfo, WatchingHost } from "../support/watching-host.js";
import { NodeProcess } from "./support/node-process.js";

const program = bundledProgram("test/cluster/grpc/support/node-program.ts");

/** Heartbeats that are soon missed, and not by a machine that is merely busy. */
const heartbeatIntervalMs = 250;

const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) {
    await close();
  }
});

async function nodeProcess(id: string | undefined, options: GrpcOptions): Promise<NodeProcess> {
  const node = await NodeProcess.start(program, id, { heartbeatIntervalMs, ...options });
  closers.push(() => node.kill());
  return node;
}

/** A node in this process. */
async function join(id: string, options: GrpcOptions) {
  const host = new WatchingHost();
  const driver = grpc({ heartbeatIntervalMs, ...options });
  const info = nodeInfo(id);
  const { number } = await driver.join(info, host);
  closers.push(() => driver.leave());
  const send = (to: string, text: string): void => driver.send(to, new TextEncoder().encode(text));
  return { driver, host, info, number, send };
}

class LoggingHost extends WatchingHost {
  readonly warnings: string[] = [];
  override readonly logger: Logger = { ...silentLogger, warn: (_, message) => void this.warnings.push(message) };
}

describe("grpc between processes", () => {
  test("a process that is killed is unreachable at once, then gone; its successor is taken", async () => {
    const master = await nodeProcess(undefined, {});
    const a = await join("a", { join: master.address });
    const b = await nodeProcess("b", { join: master.address });
    const c = await nodeProcess("c", { join: master.address });
    await until(() => a.host.ids.length === 2);
    a.send("b", "hello");
    await until(() => b.frames.length === 1);
    await b.kill();
    await until(() => a.host.unreachables.includes("b"));
    await until(() => c.told.includes("unreachable b"));
    const again = await nodeProcess("b", { join: master.address });
    await until(() => a.host.told.filter((text) => text === "joined b").length === 2);
    a.send("b", "hello again");
    await until(() => again.frames.length === 1);
    await again.kill();
    await until(() => a.host.told.at(-1) === "left b" && c.told.at(-1) === "left b");
    expect(a.host.ids).toEqual(["c"]);
    expect(a.host.told.filter((text) => text === "lost")).toEqual([]);
  });

  test("a process that stands still is dropped, and comes back when it goes on", async () => {
    const master = await nodeProcess(undefined, {});
    const a = await join("a", { join: master.address });
    const b = await nodeProcess("b", { join: master.address });
    await until(() => a.host.ids.length === 1);
    b.signal("SIGSTOP");
    await until(() => a.host.told.at(-1) === "left b");
    b.signal("SIGCONT");
    await until(() => a.host.told.at(-1) === "joined b" && b.told.includes("rejoined"));
    a.send("b", "still here");
    await until(() => b.frames.length === 1);
    b.send("a", "here too");
    await until(() => a.host.frames.length === 1);
    expect(b.told.filter((text) => text === "lost")).toEqual(["lost"]);
  });

  test("without their master members go on; with the next one at its address all know each other again", async () => {
    const master = await nodeProcess(undefined, {});
    const { address } = master;
    const a = await join("a", { join: address });
    const b = await nodeProcess("b", { join: address });
    await until(() => a.host.ids.length === 1);
    await master.kill();
    await until(() => a.host.told.at(-1) === "lost" && b.told.at(-1) === "lost");
    a.send("b", "without a master");
    await until(() => b.frames.length === 1);
    expect(a.host.ids).toEqual(["b"]);
    await nodeProcess(undefined, { listen: address });
    await until(() => a.host.told.at(-1) === "rejoined" && b.told.at(-1) === "rejoined");
    expect(a.host.told).toEqual(["joined b", "lost", "rejoined"]);
    expect(a.host.rejoins).toEqual([{ number: a.number }]);
    const c = await nodeProcess("c", { join: address });
    await until(() => a.host.ids.length === 2 && c.told.length === 2);
    b.send("c", "hello");
    a.send("b", "again");
    await until(() => c.frames.length === 1 && b.frames.length === 2);
  });

  test("a master that is a node, too, is unreachable when it is killed; the others say themselves when it is gone", async () => {
    const master = await nodeProcess("m", { master: true });
    const { address } = master;
    const a = await join("a", { join: address });
    const b = await nodeProcess("b", { join: address });
    await until(() => a.host.ids.length === 2);
    master.send("a", "from the master");
    a.send("m", "to the master");
    await until(() => a.host.frames.length === 1 && master.frames.length === 1);
    await master.kill();
    await until(() => a.host.unreachables.includes("m"));
    await until(() => a.host.told.includes("left m") && b.told.includes("left m"));
    expect(a.host.ids).toEqual(["b"]);
    a.send("b", "without a master");
    await until(() => b.frames.length === 1);
    await nodeProcess("m", { master: true, listen: address });
    await until(() => a.host.told.at(-1) === "rejoined" && a.host.ids.length === 2);
    a.send("m", "hello");
    b.send("a", "still here");
    await until(() => a.host.frames.length === 2);
  });

  test("a member that is deaf keeps nobody from joining", async () => {
    const master = await nodeProcess(undefined, { heartbeatIntervalMs: 60_000 });
    const deaf = await nodeProcess("deaf", { join: master.address, heartbeatIntervalMs: 60_000 });
    deaf.signal("SIGSTOP");
    const a = await join("a", { join: master.address });
    const b = await join("b", { join: master.address });
    a.send("b", "hello");
    await until(() => b.host.frames.length === 1);
    expect(b.host.ids).toEqual(["a", "deaf"]);
    deaf.signal("SIGCONT");
  });

  test("a node that was killed is taken again at once, at the same address and at another", async () => {
    const master = await nodeProcess(undefined, { heartbeatIntervalMs: 60_000 });
    const settings: GrpcOptions = { join: master.address, heartbeatIntervalMs: 60_000 };
    const a = await join("a", settings);
    const first = await nodeProcess("b", settings);
    await first.kill();
    const second = await nodeProcess("b", { ...settings, listen: first.address });
    await second.kill();
    const third = await nodeProcess("b", settings);
    expect([second.address, third.address === first.address]).toEqual([first.address, false]);
    a.send("b", "hello");
    await until(() => third.frames.length === 1);
    expect(a.host.ids).toEqual(["b"]);
  });
});

test("what waits for a node that takes nothing is bounded; it is told once, and goes on when the node does", async () => {
  const master = await nodeProcess(undefined, { heartbeatIntervalMs: 60_000 });
  const settings = { join: master.address, heartbeatIntervalMs: 60_000 };
  const b = await nodeProcess("b", settings);
  const host = new LoggingHost();
  const driver = grpc({ ...settings, maxWaitingBytes: 65_536 });
  await driver.join(nodeInfo("a"), host);
  const send = (text: string): void => driver.send("b", new TextEncoder().encode(text));
  send("first");
  await until(() => b.frames.length === 1);
  b.signal("SIGSTOP");
  const large = "x".repeat(100_000);
  const before = process.memoryUsage().arrayBuffers;
  for (let count = 0; count < 2_000; count++) {
    send(large);
    await new Promise((resolve) => void setImmediate(resolve));
  }
  const grown = process.memoryUsage().arrayBuffers - before;
  expect(host.warnings).toEqual(["a node takes no frames: those beyond the bound are lost"]);
  // 200 MB were sent; the stream holds 16 frames, the system some more.
  expect(grown).toBeLessThan(60_000_000);
  b.signal("SIGCONT");
  await until(() => b.frames.length > 10);
  await until(() => {
    send("last");
    return b.frames.at(-1)?.text === "last";
  });
  await driver.leave();
});

test("an update that the master does not hear of leaves the others with what they knew", async () => {
  const master = await nodeProcess(undefined, {});
  const a = await join("a", { join: master.address });
  const b = await join("b", { join: master.address });
  await a.driver.update({ ...a.info, draining: true });
  await until(() => b.host.nodes.get("a")?.draining === true);
  await master.kill();
  await expect(a.driver.update({ ...a.info, labels: { zone: "south" } })).rejects.toMatchObject({
    code: "cluster_failed",
    message: expect.stringContaining("the master was not told of the change"),
  });
  expect(b.host.nodes.get("a")).toEqual({ ...a.info, draining: true });
});
