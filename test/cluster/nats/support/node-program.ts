// A node in a process of its own: `node program <id> <url> <options as JSON>`. It prints what it is told, a line each: `joined a`, `received a <text>`. A line of its input is
// sent: `b <text>`; `leave` lets it go.

import { createInterface } from "node:readline";
import { type NatsOptions, nats } from "nanowire/nats";
import { systemClock } from "../../../../runtime/base/clock.js";
import { silentLogger } from "../../../../runtime/base/logger.js";

const [id = "", url = "", options = "{}"] = process.argv.slice(2);
const driver = nats({ servers: url, ...(JSON.parse(options) as NatsOptions) });
const say = (line: string): void => void process.stdout.write(`${line}\n`);

await driver.join(
  {
    id,
    incarnation: `${id}-${process.pid}`,
    protocol: 1,
    gate: false,
    services: [],
    remotes: [],
    draining: false,
    labels: {},
  },
  {
    logger: silentLogger,
    clock: systemClock,
    maxFrameBytes: 65_536,
    joined: (node) => say(`joined ${node.id}`),
    changed: (node) => say(`changed ${node.id}`),
    left: (other) => say(`left ${other}`),
    unreachable: (other) => say(`unreachable ${other}`),
    received: (from, frame) => say(`received ${from} ${new TextDecoder().decode(frame)}`),
    lost: () => say("lost"),
    rejoined: () => say("rejoined"),
  },
);
say("in");
for await (const line of createInterface({ input: process.stdin })) {
  const [to = "", ...words] = line.split(" ");
  if (to === "leave") {
    break;
  }
  driver.send(to, new TextEncoder().encode(words.join(" ")));
}
process.stdin.destroy();
await driver.leave();
say("out");
