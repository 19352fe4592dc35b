// pitaya: two apps of one process share the handshake's bytes, the dictionary and the groups. nano: there is one app a process,
// and one serializer for it. (nano: interface.go; pitaya: pkg/static.go)

import { expect, it } from "vitest";
import { startServer } from "../support/server.js";
import { pushOf } from "../support/service.js";
import { until } from "../support/wait.js";

it("each server has its own handshake, dictionary and sessions", async () => {
  const one = await startServer({ services: { One: { Say: () => "one" } }, heartbeatIntervalMs: 1_000 });
  const other = await startServer({
    services: { Other: { Do: () => "other", Say: () => "other" } },
    heartbeatIntervalMs: 5_000,
  });
  const [a, b] = [await one.enter(), await other.enter()];
  expect(a.answered.sys).toMatchObject({ heartbeat: 1, dict: { "One.Say": 1 } });
  expect(b.answered.sys).toMatchObject({ heartbeat: 5, dict: { "Other.Do": 1, "Other.Say": 2 } });
  await until(() => one.server.sessions().length === 1 && other.server.sessions().length === 1);
  expect(one.server.everyone.push(pushOf("E.X", 0), "x")).toBe(1);
  expect((await a.message()).text).toBe("x");
  expect(b.packets.length).toBe(0);
});

it("the clients of one server speak each its own serializer", async () => {
  const test = await startServer();
  const json = await test.enter({ sys: { type: "js-websocket" } });
  const protobuf = await test.enter({ sys: { libVersion: "1" } });
  expect((await json.call(1, "Echo.Say", '{"text":"a"}')).text).toBe('{"text":"a"}');
  expect((await protobuf.call(1, "Echo.Say", "a")).text).toBe("a");
});
