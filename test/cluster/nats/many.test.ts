import { expect, it } from "vitest";
import { eventually, until } from "../../support/wait.js";
import { bytes, type JoinedNode, joinNode, patient, startNats } from "./support/joined-node.js";
import { openBucket } from "./support/open-bucket.js";

it("lets a hundred nodes join at once, and each sees all others", { timeout: 120_000 }, async () => {
  const server = await startNats();
  const ids = Array.from({ length: 100 }, (_, index) => `node-${index}`);
  const options = { ...patient, servers: server.url, heartbeatMs: 2_000, connectTimeoutMs: 30_000 };
  const nodes: JoinedNode[] = await Promise.all(ids.map((id) => joinNode(id, options)));
  await until(() => nodes.every(({ host }) => host.nodes.size === 99));
  expect(new Set(nodes.map(({ number }) => number)).size).toBe(100);
  for (const { driver, info } of nodes) {
    driver.send("node-0", bytes(`from ${info.id}`));
  }
  await eventually(() => expect(nodes[0]?.host.frames).toHaveLength(99));
  expect(nodes.flatMap(({ host }) => host.unreachables)).toEqual([]);
  expect(nodes.flatMap(({ host }) => host.told).filter((told) => !told.startsWith("joined"))).toEqual([]);
});

it("has numbers for as many nodes as there may be, and gives those of dead nodes to others when none is free", async () => {
  const server = await startNats();
  const first = await joinNode("first", { servers: server.url });
  const { kv } = await openBucket(server.url);
  const numbers = Array.from({ length: 1_024 }, (_, number) => number);
  const givenTo = (owner: string): Promise<unknown> =>
    Promise.all(numbers.filter((number) => number !== first.number).map((number) => kv.put(`number.${number}`, owner)));
  await givenTo(`first ${first.info.incarnation}`);
  await expect(joinNode("second", { servers: server.url, startTimeoutMs: 0 })).rejects.toMatchObject({
    code: "cluster_failed",
    message: "all 1024 numbers of the cluster are taken",
  });
  expect(first.host.told).toEqual([]);
  await givenTo("dead dead-1");
  const { number } = await joinNode("second", { servers: server.url });
  expect(number).not.toBe(first.number);
});

it("splits frames that are longer than what NATS takes, and keeps their order", async () => {
  const server = await startNats({ config: "max_payload: 4096" });
  const a = await joinNode("a", { servers: server.url });
  const b = await joinNode("b", { servers: server.url });
  await until(() => a.host.nodes.has("b"));
  const lengths = [1, 4_096, 4_097, 0, 8_192, 100_000, 3, a.host.maxFrameBytes, 5];
  for (const length of lengths) {
    a.driver.send("b", bytes("z".repeat(length)));
  }
  await until(() => b.host.frames.length === lengths.length);
  expect(b.host.frames.map(({ text }) => text.length)).toEqual(lengths);
  expect(b.host.logger.lines).toEqual([]);
});

it("keeps clusters of other names apart", async () => {
  const server = await startNats();
  const a = await joinNode("a", { servers: server.url, cluster: "one" });
  const other = await joinNode("a", { servers: server.url, cluster: "two" });
  const b = await joinNode("b", { servers: server.url, cluster: "two" });
  await until(() => other.host.nodes.has("b"));
  expect(a.host.told).toEqual([]);
  expect(b.host.ids).toEqual(["a"]);
});
