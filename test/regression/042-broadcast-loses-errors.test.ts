// nano: Broadcast returns the last member's error only, Multicast never any; a member whose buffer is full loses the
// message, and nobody hears of it.

import { describe, expect, it } from "vitest";
import { Group } from "../../runtime/session/group.js";
import { startServer } from "../support/server.js";
import { pushOf, textCodec } from "../support/service.js";
import { until } from "../support/wait.js";

async function groupOf(members: number, maxOutboxBytes = 1_048_576) {
  const test = await startServer({ maxOutboxBytes });
  const clients = [];
  for (let index = 0; index < members; index++) {
    clients.push(await test.enter());
  }
  await until(() => test.server.sessions().length === members);
  const group = new Group("room");
  test.server.sessions().map((session) => group.add(session));
  return { test, group, clients };
}

const broken = {
  protobuf: {
    encode(): never {
      throw new TypeError("x is not a number");
    },
    decode: textCodec.protobuf.decode,
  },
};

describe("a push to many", () => {
  it("that fails throws, though there is a filter, and though it is the first that it fails for", async () => {
    const { group } = await groupOf(3);
    const [first] = group.members();
    expect(() => group.push(pushOf("E.X", 0, broken), "x")).toThrow("x is not a number");
    expect(() => group.where(() => true).push(pushOf("E.X", 0, broken), "x")).toThrow("x is not a number");
    expect(() => group.where((session) => session === first).push(pushOf("E.X", 0, broken), "x")).toThrow(TypeError);
  });

  it("tells how many got it, and closes the one that did not, with the reason", async () => {
    const { test, group, clients } = await groupOf(3, 1_024);
    const [, slow] = group.members();
    slow?.push(pushOf("E.X", 0), "x".repeat(1_000));
    expect(group.push(pushOf("E.X", 0), "y".repeat(100))).toBe(2);
    await until(() => group.count === 2);
    expect(test.server.counters.closed).toEqual({ outbox_overflow: 1 });
    const got = await Promise.all([clients[0], clients[2]].map(async (client) => (await client?.message())?.text));
    expect(got).toEqual(["y".repeat(100), "y".repeat(100)]);
  });
});
