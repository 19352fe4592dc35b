// nano: the logger that was given is not asked by timers, which write to the standard one. pinus: the whole dictionary is
// written to the console at each start. (nano: scheduler/)

import { expect, it, onTestFinished, vi } from "vitest";
import { packet, request } from "../support/client.js";
import { startServer } from "../support/server.js";
import { until } from "../support/wait.js";

it("all that a server says goes to its logger, and not to the console or the process", async () => {
  const said: unknown[] = [];
  const spies = [
    ...(["debug", "info", "log", "warn", "error"] as const).map((name) => vi.spyOn(console, name)),
    vi.spyOn(process.stdout, "write"),
    vi.spyOn(process.stderr, "write"),
  ];
  for (const spy of spies) {
    spy.mockImplementation((...words: unknown[]) => {
      said.push(words);
      return true;
    });
  }
  onTestFinished(() => void vi.restoreAllMocks());

  const fail = () => {
    throw new Error("it failed");
  };
  const test = await startServer({ services: { A: { Fail: fail, Say: (_session, text) => text } } });
  test.server.scheduler.run(fail);
  test.server.scheduler.every(10, fail);
  test.server.onSessionClose(fail);
  const client = await test.enter();
  client.send(request(1, "A.Fail"));
  await client.message();
  await until(() => test.server.counters.failedTasks === 1);
  test.clock.step(10);
  await until(() => test.server.counters.failedTasks === 2);
  client.send(packet(7));
  await client.ended;
  const errors = test.log.at("error").map(({ message }) => message);
  await test.server.stop();
  vi.restoreAllMocks();

  expect(said).toEqual([]);
  expect(errors).toHaveLength(4);
  expect(JSON.stringify(test.log.at("info"))).not.toContain("A.Say");
});
