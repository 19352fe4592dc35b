import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Queue } from "../../runtime/schedule/queue.js";
import { Group } from "../../runtime/session/group.js";
import type { Session } from "../../runtime/session/session.js";
import { concat } from "../protocol/hex.js";
import { type Client, errorIn, messageIn, request } from "../support/client.js";
import { startServer, type TestServerOptions } from "../support/server.js";
import type { Services } from "../support/service.js";
import { type Deferred, defer, turn, until } from "../support/wait.js";

/** Handlers that begin and end where the test sees it, in every order. */
class Stage {
  readonly begun: string[] = [];
  readonly running = new Map<string, Deferred<string>>();
  /** What a handler of a text does when it begins, by the text. */
  readonly acts = new Map<string, (session: Session) => void>();

  readonly later = (session: Session, text: string): Promise<string> => {
    this.begun.push(text);
    this.acts.get(text)?.(session);
    const work = defer<string>();
    this.running.set(text, work);
    return work.promise;
  };

  readonly now = (session: Session, text: string): string => {
    this.begun.push(text);
    this.acts.get(text)?.(session);
    return text;
  };

  services(): Services {
    const { later, now } = this;
    return {
      A: {
        Do: later,
        Now: now,
        Serial: { handle: later, order: "service" },
        Free: { handle: later, order: "none" },
      },
      B: { Serial: { handle: later, order: "service" } },
    };
  }

  async end(text: string): Promise<void> {
    this.running.get(text)?.resolve(text);
    this.running.delete(text);
    await turn();
  }
}

async function stageOf(clients: number, options: TestServerOptions = {}) {
  const stage = new Stage();
  const test = await startServer({ services: stage.services(), ...options });
  const queue = test.server.scheduler.queue("table 7");
  const people: { client: Client; session: Session }[] = [];
  for (let index = 0; index < clients; index++) {
    const before = new Set(test.server.sessions());
    const client = await test.enter();
    await until(() => test.server.sessions().length > index);
    people.push({ client, session: test.server.sessions().find((each) => !before.has(each)) as Session });
  }
  const say = async (who: number, ...calls: [route: string, text: string][]): Promise<void> => {
    people[who]?.client.send(concat(...calls.map(([route, text], index) => request(index + 1, route, text))));
    await turn();
  };
  return { ...test, stage, queue, people, say, sessions: people.map(({ session }) => session) };
}

describe("sessions that were handed to a queue", () => {
  it("are handled one at a time, in the order in which they came", async () => {
    const { stage, queue, sessions, say } = await stageOf(3);
    for (const session of sessions) {
      session.schedule(queue);
    }
    await say(0, ["A.Do", "a"]);
    await say(1, ["A.Do", "b"]);
    await say(2, ["A.Now", "c"]);
    expect([stage.begun, queue.length]).toEqual([["a"], 3]);
    await stage.end("a");
    expect(stage.begun).toEqual(["a", "b"]);
    await stage.end("b");
    expect([stage.begun, queue.length]).toEqual([["a", "b", "c"], 0]);
  });

  it("take turns: one that sends much does not keep the others waiting for all of it", async () => {
    const { stage, queue, sessions, say, people } = await stageOf(2);
    for (const session of sessions) {
      session.schedule(queue);
    }
    await say(0, ["A.Do", "a1"], ["A.Do", "a2"], ["A.Do", "a3"]);
    await say(1, ["A.Do", "b1"]);
    for (const text of ["a1", "b1", "a2", "a3"]) {
      await stage.end(text);
    }
    expect(stage.begun).toEqual(["a1", "b1", "a2", "a3"]);
    const answers = await people[0]?.client.messages(3);
    expect(answers?.map(({ text }) => text)).toEqual(["a1", "a2", "a3"]);
  });

  it("wait for the queue's tasks and timers, and these for them", async () => {
    const { stage, queue, sessions, say, clock } = await stageOf(1);
    sessions[0]?.schedule(queue);
    await say(0, ["A.Do", "message"]);
    queue.run(() => stage.later(sessions[0] as Session, "task"));
    queue.after(10, () => stage.begun.push("timer"));
    await say(0, ["A.Do", "second"]);
    clock.step(10);
    await turn();
    expect(stage.begun).toEqual(["message"]);
    await stage.end("message");
    expect(stage.begun).toEqual(["message", "task"]);
    await stage.end("task");
    expect(stage.begun).toEqual(["message", "task", "timer", "second"]);
  });

  it("do not wait for sessions outside, nor these for them", async () => {
    const { stage, queue, sessions, say } = await stageOf(2);
    sessions[0]?.schedule(queue);
    await say(0, ["A.Do", "in"]);
    await say(1, ["A.Do", "out"]);
    expect(stage.begun).toEqual(["in", "out"]);
  });

  it("go back to their own order, all or one", async () => {
    const { stage, queue, sessions, say } = await stageOf(2);
    for (const session of sessions) {
      session.schedule(queue);
    }
    sessions[1]?.schedule(undefined);
    expect(sessions.map((session) => session.queue?.name)).toEqual(["table 7", undefined]);
    await say(0, ["A.Do", "a"]);
    await say(1, ["A.Do", "b"]);
    expect(stage.begun).toEqual(["a", "b"]);
  });

  it("do not wait with messages of the order NONE", async () => {
    const { stage, queue, sessions, say } = await stageOf(1);
    sessions[0]?.schedule(queue);
    await say(0, ["A.Do", "a"], ["A.Free", "free"], ["A.Do", "b"]);
    expect(stage.begun).toEqual(["a", "free"]);
  });

  it("take their turn in both with messages of the order SERVICE", async () => {
    const { stage, queue, sessions, say } = await stageOf(3);
    sessions[0]?.schedule(queue);
    sessions[1]?.schedule(queue);
    await say(0, ["A.Do", "holds the queue"]);
    await say(1, ["A.Serial", "waits for the queue"]);
    await say(2, ["A.Serial", "waits for the service"]);
    expect(stage.begun).toEqual(["holds the queue"]);
    await stage.end("holds the queue");
    expect(stage.begun.slice(1)).toEqual(["waits for the queue"]);
    await stage.end("waits for the queue");
    expect(stage.begun.slice(2)).toEqual(["waits for the service"]);
  });

  it("leave the queue when they close: what they had waiting is not handled", async () => {
    const { stage, queue, people, sessions, say, server } = await stageOf(3);
    for (const session of sessions) {
      session.schedule(queue);
    }
    await say(0, ["A.Do", "a"]);
    await say(1, ["A.Do", "gone"], ["A.Do", "gone too"]);
    await say(2, ["A.Do", "c"]);
    people[1]?.client.link.destroy();
    await until(() => server.counters.sessions === 2);
    await stage.end("a");
    expect([stage.begun, queue.length]).toEqual([["a", "c"], 1]);
    expect(sessions[1]?.queue).toBeUndefined();
  });

  it("are answered when the time of a handler is over, and the queue goes on", async () => {
    const { stage, queue, people, sessions, say, clock } = await stageOf(2, { requestTimeoutMs: 100 });
    for (const session of sessions) {
      session.schedule(queue);
    }
    await say(0, ["A.Do", "hangs"]);
    await say(1, ["A.Do", "next"]);
    clock.step(100);
    await turn();
    expect(stage.begun).toEqual(["hangs", "next"]);
    expect(errorIn((await people[0]?.client.message())?.payload as Uint8Array).code).toBe("deadline_exceeded");
  });

  it("of another server, too", async () => {
    const [one, other] = [await stageOf(1), await stageOf(1)];
    one.sessions[0]?.schedule(one.queue);
    other.sessions[0]?.schedule(one.queue);
    await one.say(0, ["A.Do", "a"]);
    await other.say(0, ["A.Now", "b"]);
    expect(other.stage.begun).toEqual([]);
    await one.stage.end("a");
    expect((await other.people[0]?.client.message())?.text).toBe("b");
  });
});

describe("a handler that changes its own session's queue", () => {
  it.each(["Now", "Do"] as const)("does so from the next message on, without a deadlock (A.%s)", async (method) => {
    const { stage, queue, people, sessions, say, server } = await stageOf(1);
    const other = server.scheduler.queue("table 8");
    const orders: (string | undefined)[] = [];
    const moves: (Queue | undefined)[] = [queue, other, other, undefined, queue];
    for (const [index, next] of moves.entries()) {
      stage.acts.set(String(index), (session) => {
        orders.push(`${queue.length}${other.length}`);
        session.schedule(next);
      });
    }
    await say(0, ...moves.map((_, index): [string, string] => [`A.${method}`, String(index)]));
    for (const index of moves.keys()) {
      await stage.end(String(index));
    }
    const answers = await people[0]?.client.messages(moves.length);
    expect(answers?.map(({ text }) => text)).toEqual(["0", "1", "2", "3", "4"]);
    // In which queue each ran: its own order, table 7, table 8, table 8, its own order.
    expect(orders).toEqual(["00", "10", "01", "01", "00"]);
    expect([queue.length, other.length, sessions[0]?.queue]).toEqual([0, 0, queue]);
  });

  it("takes along what waits: it is handled where the session now belongs", async () => {
    const { stage, queue, sessions, say, server } = await stageOf(2);
    const other = server.scheduler.queue("table 8");
    for (const session of sessions) {
      session.schedule(queue);
    }
    await say(0, ["A.Do", "a"]);
    await say(1, ["A.Do", "b"], ["A.Do", "b2"]);
    other.run(() => stage.later(sessions[0] as Session, "task of 8"));
    sessions[1]?.schedule(other);
    await turn();
    expect(stage.begun).toEqual(["a", "task of 8"]);
    await stage.end("a");
    // Its turn in table 7 has come, and it waits in table 8 now; table 7 is free.
    expect([stage.begun.slice(2), queue.length, other.length]).toEqual([[], 0, 2]);
    await stage.end("task of 8");
    await stage.end("b");
    expect(stage.begun.slice(2)).toEqual(["b", "b2"]);
  });

  it("to none takes along what waits, too", async () => {
    const { stage, queue, sessions, say } = await stageOf(2);
    for (const session of sessions) {
      session.schedule(queue);
    }
    await say(0, ["A.Do", "a"]);
    await say(1, ["A.Do", "b"]);
    await say(0, ["A.Do", "a2"]);
    sessions[1]?.schedule(undefined);
    await stage.end("a");
    // b runs in its own session's order, and a2 in the queue beside it.
    expect([stage.begun, queue.length]).toEqual([["a", "b", "a2"], 1]);
  });
});

describe("a queue that is closed", () => {
  it("gives its sessions back, takes no new ones, and does what waits one at a time", async () => {
    const { stage, queue, sessions, say } = await stageOf(3);
    for (const session of sessions) {
      session.schedule(queue);
    }
    await say(0, ["A.Do", "a"]);
    await say(1, ["A.Do", "b"], ["A.Do", "b2"]);
    await say(2, ["A.Do", "c"]);
    queue.close();
    expect(sessions.map((session) => session.queue)).toEqual([undefined, undefined, undefined]);
    expect(() => sessions[0]?.schedule(queue)).toThrow("queue table 7 is closed");
    await stage.end("a");
    expect(stage.begun).toEqual(["a", "b"]);
    await stage.end("b");
    // c in the queue, b2 in its session's own order.
    expect(stage.begun.slice(2).sort()).toEqual(["b2", "c"]);
  });

  it("by a message that runs in it, goes on", async () => {
    const { stage, queue, sessions, say, people } = await stageOf(1);
    sessions[0]?.schedule(queue);
    stage.acts.set("last", () => queue.close());
    await say(0, ["A.Do", "last"], ["A.Now", "after"]);
    await stage.end("last");
    expect((await people[0]?.client.messages(2))?.map(({ text }) => text)).toEqual(["last", "after"]);
  });
});

describe("a group with a queue", () => {
  it("hands its members to it while they are members", async () => {
    const { stage, queue, sessions, say } = await stageOf(3);
    const [a, b] = sessions as [Session, Session, Session];
    const group = new Group("table 7", { queue });
    group.add(a);
    group.add(b);
    expect(sessions.map((session) => session.queue)).toEqual([queue, queue, undefined]);
    await say(0, ["A.Do", "a"]);
    await say(1, ["A.Do", "b"]);
    await say(2, ["A.Do", "c"]);
    expect(stage.begun).toEqual(["a", "c"]);
    await stage.end("a");
    expect(stage.begun.slice(2)).toEqual(["b"]);
    group.leave(a);
    expect(a.queue).toBeUndefined();
    group.leaveAll();
    expect(b.queue).toBeUndefined();
    expect(queue.closed).toBe(false);
  });

  it("leaves a session alone that was handed on meanwhile", async () => {
    const { queue, sessions, server } = await stageOf(1);
    const [a] = sessions as [Session];
    const other = server.scheduler.queue("table 8");
    const groups = [new Group("7", { queue }), new Group("8", { queue: other })] as const;
    groups[0].add(a);
    groups[1].add(a);
    groups[0].leave(a);
    expect(a.queue).toBe(other);
    groups[1].close();
    expect([a.queue, other.closed]).toEqual([undefined, true]);
  });

  it("whose queue is closed takes nobody", async () => {
    const { queue, sessions } = await stageOf(1);
    const [a] = sessions as [Session];
    const group = new Group("7", { queue });
    queue.close();
    expect(() => group.add(a)).toThrow("queue table 7 is closed");
    expect(group.count).toBe(0);
  });
});

describe("the order", () => {
  it("of each session, of each queue and of each service holds, whatever sessions are handed to when", async () => {
    const routes = fc.constantFrom("A.Now", "A.Do", "A.Serial", "B.Serial");
    const action = fc.oneof(
      { weight: 4, arbitrary: fc.record({ what: fc.constant("say" as const), who: fc.nat(2), route: routes }) },
      { weight: 2, arbitrary: fc.record({ what: fc.constant("hand" as const), who: fc.nat(2), to: fc.nat(2) }) },
      { weight: 1, arbitrary: fc.record({ what: fc.constant("task" as const), to: fc.nat(1) }) },
      { weight: 2, arbitrary: fc.record({ what: fc.constant("end" as const), which: fc.nat(20) }) },
      { weight: 1, arbitrary: fc.record({ what: fc.constant("turn" as const) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 60 }), async (actions) => {
        const test = await stageOf(3, { keepRunning: true });
        const { stage, people, server } = test;
        const queues = [server.scheduler.queue("0"), server.scheduler.queue("1")];
        const said: string[][] = [[], [], []];
        let tasks = 0;
        let messages = 0;
        const check = (): void => {
          const running = [...stage.running.keys()];
          for (const serial of ["A.Serial", "B.Serial"]) {
            expect(running.filter((text) => text.endsWith(serial)).length).toBeLessThanOrEqual(1);
          }
          for (const who of people.keys()) {
            expect(running.filter((text) => text.startsWith(`${who}:`)).length).toBeLessThanOrEqual(1);
          }
          for (const to of queues.keys()) {
            expect(running.filter((text) => text.startsWith(`task ${to}`)).length).toBeLessThanOrEqual(1);
          }
        };
        for (const each of actions) {
          if (each.what === "say") {
            const text = `${each.who}:${messages++} ${each.route}`;
            said[each.who]?.push(text);
            people[each.who]?.client.send(request(messages, each.route, text));
          } else if (each.what === "hand") {
            people[each.who]?.session.schedule(queues[each.to]);
          } else if (each.what === "task") {
            const text = `task ${each.to}: ${tasks++}`;
            queues[each.to]?.run(() => stage.later(people[0]?.session as Session, text));
          } else if (each.what === "end") {
            const names = [...stage.running.keys()];
            await stage.end(names[each.which % Math.max(1, names.length)] ?? "");
          } else {
            await turn();
          }
          check();
        }
        const answered = () => people.reduce((sum, { client }) => sum + client.packets.length, 0);
        const done = () => stage.begun.length - stage.running.size;
        while (answered() < messages || done() < messages + tasks) {
          await turn();
          check();
          const [first] = stage.running.keys();
          await stage.end(first ?? "");
        }
        for (const [who, own] of said.entries()) {
          expect(stage.begun.filter((text) => text.startsWith(`${who}:`))).toEqual(own);
          const answers = people[who]?.client.packets.takeAll().map(({ body }) => messageIn(body).text);
          expect(answers).toEqual(own);
        }
        expect(queues.map(({ length }) => length)).toEqual([0, 0]);
        await server.stop();
      }),
      { numRuns: 60 },
    );
  });
});
