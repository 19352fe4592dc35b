import { type NatsOptions, nats } from "nanowire/nats";
import { describe, expect, it } from "vitest";
import { systemClock } from "../../../runtime/base/clock.js";
import type { Services } from "../../support/service.js";
import { until } from "../../support/wait.js";
import { type NodeOptions, Nodes } from "../support/nodes.js";
import { startNats } from "./support/joined-node.js";
import { openBucket } from "./support/open-bucket.js";

const room: Services = { Room: { Join: (_session, text) => `joined ${text}` } };

/** Servers whose cluster is carried over a NATS that runs. */
function over(url: string): { nodes: Nodes; node: () => NodeOptions } {
  const options: NatsOptions = { servers: url };
  return {
    nodes: new Nodes(),
    node: () => ({ clock: systemClock, forwards: room, cluster: { driver: nats(options) } }),
  };
}

describe("servers over NATS", () => {
  it("forward what clients ask, and answer it, across a restart of NATS", async () => {
    const broker = await startNats();
    const { nodes, node } = over(broker.url);
    const gate = await nodes.gate("gate", node());
    await nodes.member("member", room, node());
    const client = await gate.enter();
    let id = 0;
    const ask = async (text: string): Promise<string> => {
      id++;
      return (await client.call(id, "Room.Join", text)).text;
    };
    await untilAnswered(ask);
    const [during] = await Promise.all([ask("while NATS is away"), broker.stop().then(() => broker.start())]);
    // What was under way is sent again.
    expect(during).toBe("joined while NATS is away");
    expect(await ask("after")).toBe("joined after");
  });

  it("give a session to another member when its own leaves", async () => {
    const broker = await startNats();
    const { nodes, node } = over(broker.url);
    const gate = await nodes.gate("gate", node());
    const first = await nodes.member("first", room, node());
    const client = await gate.enter();
    let id = 0;
    const ask = async (text: string): Promise<string> => {
      id++;
      return (await client.call(id, "Room.Join", text)).text;
    };
    await untilAnswered(ask);
    const second = await nodes.member("second", room, node());
    await first.server.stop();
    await untilAnswered(ask);
    expect(second.server.counters.requests).toBeGreaterThan(0);
    const { kv } = await openBucket(broker.url);
    await until(() => first.server.state === "stopped");
    expect(await kv.get("alive.first")).toMatchObject({ operation: "DEL" });
  });
});

/** Asks until a member has the answer: a gate hears of one a moment after it has started. */
async function untilAnswered(ask: (text: string) => Promise<string>): Promise<void> {
  while ((await ask("ada")) !== "joined ada") {
    // What is refused is answered at once; the loop goes round with each answer.
  }
}
