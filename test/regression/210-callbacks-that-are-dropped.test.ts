// pitaya: callbacks are told apart by the pointer of their function: of the closures that one function makes, all but the first
// are dropped without a word. (pkg/session/session.go) nano: on a gate that is the master too, OnClosed is called twice.
// (session/lifetime.go)

import { expect, it } from "vitest";
import { startServer } from "../support/server.js";
import { until } from "../support/wait.js";

it("every closure of one function is called, each once", async () => {
  const test = await startServer();
  const client = await test.enter();
  await until(() => test.server.sessions().length === 1);
  const called: string[] = [];
  const listenerOf = (name: string) => () => void called.push(name);
  const [session] = test.server.sessions();
  for (const name of ["a", "b", "c"]) {
    session?.onClose(listenerOf(name));
    test.server.onSessionClose(listenerOf(`server ${name}`));
  }
  client.link.destroy();
  await until(() => test.server.sessions().length === 0);
  expect(called).toEqual(["a", "b", "c", "server a", "server b", "server c"]);
});

it("every step, hook and timer of one function is called", async () => {
  const called: string[] = [];
  const stepOf = (name: string) => () => void called.push(name);
  const test = await startServer({
    prepare(server) {
      for (const name of ["a", "b"]) {
        server.inbound.pushBack(stepOf(`in ${name}`));
        server.outbound.pushBack(stepOf(`out ${name}`));
        server.hooks.before(stepOf(`before ${name}`)).after(stepOf(`after ${name}`));
      }
    },
  });
  const client = await test.enter();
  await client.call(1, "Echo.Say", "x");
  expect(called.sort()).toEqual(
    ["after", "before", "in", "out"].flatMap((kind) => ["a", "b"].map((name) => `${kind} ${name}`)),
  );
  called.length = 0;
  test.server.scheduler.after(10, stepOf("timer a"));
  test.server.scheduler.after(10, stepOf("timer b"));
  test.clock.step(10);
  expect(called).toEqual(["timer a", "timer b"]);
});
