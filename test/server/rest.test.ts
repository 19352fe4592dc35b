import { describe, expect, it } from "vitest";
import { concat } from "../protocol/hex.js";
import { errorIn, notify, request } from "../support/client.js";
import { startServer } from "../support/server.js";
import { defer, turn, until } from "../support/wait.js";

const sweepMs = 2_500;
const options = { handshakeTimeoutMs: 4 * sweepMs, heartbeatIntervalMs: 0 };

describe("a session that nothing is heard of", () => {
  it("keeps the order of what came before and what comes after", async () => {
    const first = defer<string>();
    const begun: string[] = [];
    const services = {
      Echo: {
        Say: (_session: unknown, text: string) => {
          begun.push(text);
          return text === "first" ? first.promise : text;
        },
      },
    };
    const test = await startServer({ ...options, services });
    const client = await test.enter();
    client.send(request(1, "Echo.Say", "first"));
    await until(() => begun.length === 1);
    for (let sweep = 0; sweep < 3; sweep++) {
      test.clock.step(sweepMs);
    }
    client.send(request(2, "Echo.Say", "second"));
    await until(() => test.server.counters.requests === 2);
    await turn();
    expect(begun).toEqual(["first"]);
    first.resolve("first");
    expect((await client.messages(2)).map(({ text }) => text)).toEqual(["first", "second"]);
  });

  it("has no more messages granted than the time that it was silent for is worth", async () => {
    // Two looks at it take 200 ms: one message of five.
    const test = await startServer({ ...options, handshakeTimeoutMs: 400, maxMessagesPerSecond: 5 });
    const client = await test.enter();
    const asks = (...ids: readonly number[]) => concat(...ids.map((id) => request(id, "Echo.Say", "x")));
    client.send(asks(1, 2, 3, 4, 5));
    expect((await client.messages(5)).map(({ text }) => text)).toEqual(["x", "x", "x", "x", "x"]);
    test.clock.step(100);
    test.clock.step(100);
    client.send(asks(6, 7));
    const [granted, beyond] = await client.messages(2);
    expect(granted?.text).toBe("x");
    expect(errorIn(beyond?.payload ?? new Uint8Array(0)).code).toBe("rate_limited");
  });

  it("is served as ever, again and again, in any order that its methods have", async () => {
    const services = {
      Echo: {
        Say: (_session: unknown, text: string) => text,
        Loose: { handle: (_session: unknown, text: string) => text, order: "none" as const },
        Note: { kind: "notify" as const, handle: () => "" },
      },
    };
    const test = await startServer({ ...options, services });
    const client = await test.enter();
    for (let round = 0; round < 3; round++) {
      client.send(notify("Echo.Note", "x"));
      expect((await client.call(1, "Echo.Say", `said ${round}`)).text).toBe(`said ${round}`);
      expect((await client.call(2, "Echo.Loose", `loose ${round}`)).text).toBe(`loose ${round}`);
      test.clock.step(sweepMs);
      test.clock.step(sweepMs);
    }
    expect(test.server.counters).toMatchObject({ requests: 6, notifies: 3, failed: {}, closed: {} });
  });
});
