// pitaya: acceptors take clients before what they need is there. nano: a node is called before its components' Init. pitaya's
// IsRunning says no more than that it began. (pitaya: pkg/app.go; nano: cluster/node.go, Startup)

import { expect, it } from "vitest";
import { createServer } from "../../runtime/server/server.js";
import { Client } from "../support/client.js";
import { KeptLog } from "../support/log.js";
import { transportNames, transportOf } from "../support/server.js";
import { method, TestComponent } from "../support/service.js";
import { defer, turn } from "../support/wait.js";

it.each(transportNames)("nobody is let in before the last component is ready, over %s", async (name) => {
  const seen: unknown[] = [];
  const begun = defer();
  const ready = defer();
  const transport = transportOf(name);
  const look = () => {
    const { live, ready, state } = server.health;
    seen.push({ address: transport.address, live, ready, state });
  };
  const say = method("A.Say", 1, { handle: (_session, text) => text });
  const dictionary = { version: "v1", routes: { "A.Say": 1 } };
  const component = new TestComponent("A", [say], dictionary, {
    init: look,
    async afterInit() {
      look();
      begun.resolve();
      await ready.promise;
    },
  });
  const server = createServer({ components: [component], listen: [transport], logger: new KeptLog() });
  const started = server.start();
  await begun.promise;
  await turn();
  look();
  ready.resolve();
  await started;

  const notYet = { address: undefined, live: true, ready: false, state: "starting" };
  expect(seen).toEqual([notYet, notYet, notYet]);
  expect(server.health).toMatchObject({ ready: true, state: "running" });
  const client = await Client.open(transport);
  await client.enter();
  expect((await client.call(1, "A.Say", "hello")).text).toBe("hello");
  await server.stop();
});
