import { expect, it } from "vitest";
import { MemoryNetwork } from "../../runtime/cluster/memory-network.js";
import { until } from "../support/wait.js";
import { describeDriver } from "./support/driver-contract.js";
import { nodeInfo, WatchingHost } from "./support/watching-host.js";

describeDriver("memory", async () => {
  const network = new MemoryNetwork();
  return { driver: () => network.driver(), close: async () => {} };
});

async function joined(network: MemoryNetwork, id: string) {
  const driver = network.driver();
  const host = new WatchingHost();
  await driver.join(nodeInfo(id), host);
  return { driver, host };
}

it("loses what is sent between two nodes that are cut off from each other", async () => {
  const network = new MemoryNetwork();
  const a = await joined(network, "a");
  const b = await joined(network, "b");
  const c = await joined(network, "c");
  network.cut("b", "a");
  a.driver.send("b", new TextEncoder().encode("one"));
  b.driver.send("a", new TextEncoder().encode("one"));
  a.driver.send("c", new TextEncoder().encode("one"));
  await until(() => c.host.frames.length === 1);
  network.mend("a", "b");
  a.driver.send("b", new TextEncoder().encode("two"));
  await until(() => b.host.frames.length > 0);
  expect(b.host.textsFrom("a")).toEqual(["two"]);
  expect(a.host.frames).toEqual([]);
  expect(a.host.ids).toEqual(["b", "c"]);
});

it("takes a killed node away without a word of its own", async () => {
  const network = new MemoryNetwork();
  const a = await joined(network, "a");
  const b = await joined(network, "b");
  network.kill("b");
  b.driver.send("a", new TextEncoder().encode("from beyond"));
  await joined(network, "b");
  expect(a.host.told).toEqual(["joined b", "left b", "joined b"]);
  expect(a.host.frames).toEqual([]);
  expect(network.nodes).toEqual(["a", "b"]);
});
