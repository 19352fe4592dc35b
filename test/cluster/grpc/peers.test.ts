import { afterEach, expect, test } from "vitest";
import type { Logger } from "../../../runtime/base/logger.js";
import { silentLogger } from "../../../runtime/base/logger.js";
import { grpc } from "../../../runtime/cluster/grpc/grpc.js";
import { bundledProgram } from "../../support/bundled-program.js";
import { until } from "../../support/wait.js";
import { nodeInfo, WatchingHost } from "../support/watching-host.js";
import { NodeProcess } from "./support/node-process.js";
import { join, startMaster } from "./support/nodes.js";

const program = bundledProgram("test/cluster/grpc/support/node-program.ts");
const processes: NodeProcess[] = [];

afterEach(async () => {
  await Promise.all(processes.splice(0).map((node) => node.kill()));
});

class LoggingHost extends WatchingHost {
  readonly warnings: string[] = [];
  override readonly logger: Logger = { ...silentLogger, warn: (_, message) => void this.warnings.push(message) };
}

test("what waits for a node that takes nothing is bounded; it is told once, and goes on when the node does", async () => {
  const master = await startMaster({ heartbeatIntervalMs: 60_000 });
  const settings = { join: master, heartbeatIntervalMs: 60_000 };
  const b = await NodeProcess.start(program, "b", settings);
  processes.push(b);
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
  const master = await NodeProcess.start(program, undefined, {});
  processes.push(master);
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

test("a node waits for its master as long as it may, and takes the first of several that answers", async () => {
  const master = await startMaster();
  const nobody = "127.0.0.1:1";
  await expect(join("a", { join: nobody, joinTimeoutMs: 200 })).rejects.toMatchObject({
    code: "cluster_failed",
    message: expect.stringContaining(`no master takes the node within 200 ms, at ${nobody}`),
  });
  const a = await join("a", { join: [nobody, master] });
  expect(a.host.ids).toEqual([]);
});

test("what cannot be listened on is said so, and what cannot be a node's id", async () => {
  const master = await startMaster();
  await expect(join("a", { join: master, listen: master })).rejects.toMatchObject({ code: "listen_failed" });
  await expect(join("a b", { join: master })).rejects.toMatchObject({ code: "invalid_option" });
});

test("a driver is in one cluster at a time, and may join again when it has left", async () => {
  const master = await startMaster();
  const a = await join("a", { join: master });
  await expect(a.driver.join(nodeInfo("b"), new WatchingHost())).rejects.toMatchObject({ code: "invalid_state" });
  await a.driver.leave();
  await expect(a.driver.update(a.info)).rejects.toMatchObject({ code: "cluster_failed" });
  await a.driver.join(nodeInfo("a"), new WatchingHost());
  expect(a.driver.address).toMatch(/^127\.0\.0\.1:\d+$/);
});

test("a server that listens on every address tells others one of the machine's", async () => {
  const master = await startMaster();
  const a = await join("a", { join: master, listen: "0.0.0.0:0" });
  expect(a.driver.address).toMatch(/^\d+\.\d+\.\d+\.\d+:\d+$/);
  expect(a.driver.address).not.toMatch(/^0\.0\.0\.0:/);
  const b = await join("b", { join: master });
  b.send("a", "hello");
  await until(() => a.host.frames.length === 1);
});
