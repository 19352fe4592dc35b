import { expect, test } from "vitest";
import { until } from "../../support/wait.js";
import { nodeInfo, WatchingHost } from "../support/watching-host.js";
import { join, startMaster } from "./support/nodes.js";

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
