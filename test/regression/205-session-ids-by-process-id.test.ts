// nano: a node's number in session ids is the process's id: in containers that is 1 everywhere, and two gates give out the same
// ids. (nano: options.go, WithNodeId) They are numbers of 63 bits, which JavaScript cannot hold. (session/session.go)

import { expect, it } from "vitest";
import { startServer } from "../support/server.js";
import { until } from "../support/wait.js";

async function idsOf(nodeId?: number): Promise<string[]> {
  const test = await startServer(nodeId === undefined ? {} : { nodeId });
  const clients = [await test.enter(), await test.enter(), await test.enter()];
  await until(() => test.server.sessions().length === clients.length);
  return test.server.sessions().map(({ id }) => id);
}

it("servers of one process, at the same moment, give out different ids: each has its number", async () => {
  const ids = [...(await idsOf(1)), ...(await idsOf(2)), ...(await idsOf(1_023))];
  expect(new Set(ids).size).toBe(9);
  for (const id of ids) {
    expect(typeof id).toBe("string");
    expect(BigInt(id)).toBeGreaterThan(BigInt(Number.MAX_SAFE_INTEGER));
    expect(BigInt(id)).toBeLessThan(2n ** 63n);
  }
});

it("the number that nobody said is not the process's", async () => {
  const nodes = new Set<bigint>();
  for (let server = 0; server < 16; server++) {
    const [id = "0"] = await idsOf();
    nodes.add((BigInt(id) >> 12n) & 0x3ffn);
  }
  // Sixteen of 1,024 by chance: that they are four or fewer does not happen.
  expect(nodes.size).toBeGreaterThan(4);
});
