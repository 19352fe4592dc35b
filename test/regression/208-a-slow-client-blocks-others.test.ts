// pitaya: a push to a session whose queue of 100 is full blocks whoever sends it: one slow player holds up all others
// (pitaya#321). After the write's 10 seconds it goes on though a part of a frame may be out: what comes next cannot be read.
// (pkg/agent/agent.go)

import { describe, expect, it } from "vitest";
import { Group } from "../../runtime/session/group.js";
import { type Client, type Message, messageIn } from "../support/client.js";
import { startServer } from "../support/server.js";
import { pushOf } from "../support/service.js";
import { turn, until } from "../support/wait.js";

const told = pushOf("E.Told", 0);

describe.each(["tcp", "ws"] as const)("over %s", (transport) => {
  it("who does not read holds nobody up, and reads whole packets without a gap when he reads on", async () => {
    const test = await startServer({ transport, maxOutboxBytes: 262_144 });
    const [slow, quick] = [await test.enter(), await test.enter()];
    await until(() => test.server.sessions().length === 2);
    const group = new Group("room");
    test.server.sessions().map((session) => group.add(session));
    slow.link.stopReading();
    let sent = 0;
    while (group.count === 2) {
      group.push(told, `${sent++} ${"x".repeat(8_000)}`);
      await turn();
    }
    const heard = (await quick.messages(sent)).map(numberOf);
    expect(heard).toEqual(Array.from({ length: sent }, (_, index) => index));
    expect((await quick.call(1, "Echo.Say", "fine")).text).toBe("fine");
    expect(test.server.counters.closed).toEqual({ outbox_overflow: 1 });

    slow.link.readOn();
    await slow.ended;
    const late = messagesOf(slow).map(numberOf);
    expect(late).toEqual(Array.from({ length: late.length }, (_, index) => index));
    expect(late.length).toBeLessThan(sent);
  });
});

function messagesOf(client: Client): Message[] {
  return client.packets
    .takeAll()
    .filter(({ type }) => type === 4)
    .map(({ body }) => messageIn(body));
}

function numberOf({ text }: Message): number {
  return Number(text.slice(0, text.indexOf(" ")));
}
