// Ours (runtime/cluster/nats): a node that was taken for dead while it stood still, and that never learnt so, took what was sent to it afterwards for late copies: those who had
// dropped it counted their messages from 1 again. It was in the list, and heard nobody until they had said as much as before.

import { expect, test } from "vitest";
import { bytes, joinNode, quick, startNats } from "../cluster/nats/support/joined-node.js";
import { startNode } from "../cluster/nats/support/node-process.js";
import { bundledProgram } from "../support/bundled-program.js";
import { eventually, until } from "../support/wait.js";

const program = bundledProgram("test/cluster/nats/support/node-program.ts");

test("a node that stood still hears at once those who took it for dead", async () => {
  const server = await startNats();
  const a = await joinNode("a", { ...quick, servers: server.url });
  const b = await startNode(program, "b", server.url, quick);
  await until(() => a.host.nodes.has("b"));
  for (let number = 1; number <= 50; number++) {
    a.driver.send("b", bytes(`before ${number}`));
  }
  await until(() => b.lines.includes("received a before 50"));
  b.signal("SIGSTOP");
  await until(() => !a.host.nodes.has("b"));
  b.signal("SIGCONT");
  await until(() => a.host.nodes.has("b") && b.lines.includes("rejoined"));
  // To b, a was there all the time.
  expect(b.lines).not.toContain("left a");
  // A frame may be lost while b comes back. Fewer are sent than the fifty that were not heard.
  let sent = 0;
  const heard = () => b.lines.filter((line) => line.startsWith("received")).slice(50);
  await eventually(
    () => {
      a.driver.send("b", bytes(`afterwards ${++sent}`));
      expect(heard().length).toBeGreaterThan(1);
    },
    { interval: 500, timeout: 20_000 },
  );
  expect(sent).toBeLessThan(45);
  expect(heard()).toEqual([...new Set(heard())]);
});
