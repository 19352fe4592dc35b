import { expect, it } from "vitest";
import { startServer } from "../support/server.js";

// libpitaya asserts that it has a dictionary of its own where the answer says useDict; pitaya's client in Go makes a ticker
// of the heartbeat, which may not be 0, and cannot read a fraction.
it.each([0, 1, 500, 1_000, 1_001, 30_000])(
  "pitaya's clients live through the answer: heartbeats of %d ms",
  async (ms) => {
    const test = await startServer({ heartbeatIntervalMs: ms, extraRoutes: ["Events.Told"] });
    const { sys } = (await test.enter({ sys: { platform: "ios", libVersion: "4.6.3" } })).answered;
    expect(sys).not.toHaveProperty("useDict");
    expect(Number.isInteger(sys.heartbeat)).toBe(true);
    expect(sys.heartbeat).toBeGreaterThanOrEqual(1);
    expect((sys.heartbeat ?? 0) * 2_000).toBeLessThan(2 ** 31);
    expect(sys.serializer).toBe("protobuf");
  },
);

// JavaScript clients take the code 0 for none.
it("no route has the code 0", async () => {
  const test = await startServer({ extraRoutes: ["Events.Told"] });
  const { sys } = (await test.enter({ sys: { type: "js-websocket" } })).answered;
  expect(Math.min(...Object.values(sys.dict ?? {}))).toBe(1);
});
