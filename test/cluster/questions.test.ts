import { describe, expect, it } from "vitest";
import { NanowireError } from "../../runtime/base/error.js";
import { Turn } from "../../runtime/base/turn.js";
import { ClusterNode } from "../../runtime/cluster/cluster-node.js";
import { defaultLinkSettings } from "../../runtime/cluster/link.js";
import { MemoryNetwork } from "../../runtime/cluster/memory-network.js";
import type { Peer, PeerGuest } from "../../runtime/cluster/peer.js";
import { type Answerer, type Question, Questions } from "../../runtime/cluster/questions.js";
import { SteppedClock } from "../support/clock.js";
import { KeptLog } from "../support/log.js";
import { defer, until } from "../support/wait.js";
import { nodeInfo } from "./support/watching-host.js";

interface Asking {
  readonly node: ClusterNode;
  readonly questions: Questions;
  readonly log: KeptLog;
}

async function join(network: MemoryNetwork, clock: SteppedClock, id: string): Promise<Asking> {
  const log = new KeptLog();
  const questions = new Questions(log, clock);
  const settings = { ...defaultLinkSettings, maxFrameBytes: 65_536, maxUnackedBytes: 1_048_576 };
  const node = new ClusterNode(
    network.driver(),
    settings,
    { logger: log, clock, turn: new Turn() },
    {
      logger: log,
      numbered() {},
      opened: (): PeerGuest => {
        throw new TypeError("no session comes here");
      },
      pushed() {},
      pushedBound() {},
      asked: (peer, ask, record) => questions.asked(peer, ask, record),
      told: (peer, record) => questions.told(peer, record),
      canceled: (peer, ask) => questions.canceled(peer, ask),
      broken: (peer, reason) => questions.broken(peer, reason),
    },
  );
  await node.join(nodeInfo(id));
  return { node, questions, log };
}

async function two(answerer: Answerer) {
  const network = new MemoryNetwork();
  const clock = new SteppedClock();
  const one = await join(network, clock, "one");
  const other = await join(network, clock, "other");
  other.questions.answer("Sum.Add", answerer);
  const peer = one.node.peer("other") as Peer;
  const ask = (
    text: string,
    options: { timeoutMs?: number; signal?: AbortSignal; metadata?: Record<string, string> } = {},
  ) => one.questions.ask(peer, "Sum.Add", new TextEncoder().encode(text), { timeoutMs: 0, ...options }).then(textOf);
  return { network, clock, one, other, peer, ask };
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

const echo: Answerer = ({ payload }) => payload.slice();

describe("a question", () => {
  it("is answered, each with its own, in whatever order", async () => {
    const gates = Array.from({ length: 50 }, () => defer<void>());
    const { ask } = await two(async ({ payload }) => {
      await gates[Number(textOf(payload))]?.promise;
      return payload.slice();
    });
    const answers = gates.map((_, index) => ask(String(index)));
    for (const { resolve } of [...gates].reverse()) {
      resolve();
    }
    expect(await Promise.all(answers)).toEqual(gates.map((_, index) => String(index)));
  });

  it("tells who asks, by what, how long, with what", async () => {
    let seen: Question | undefined;
    const { ask } = await two((question) => {
      seen = question;
      return question.payload;
    });
    await ask("x", { timeoutMs: 1_500, metadata: { trace: "ä b", "": "empty" } });
    expect(seen).toMatchObject({ route: "Sum.Add", timeoutMs: 1_500, metadata: { trace: "ä b", "": "empty" } });
    expect(seen?.peer.id).toBe("one");
  });

  it("fails with the error that was raised for it, and with no other", async () => {
    const { ask, other } = await two(({ payload }) => {
      if (textOf(payload) === "known") {
        throw new NanowireError("sum_too_large", "the sum is larger than 9", { details: { most: "9" } });
      }
      throw new TypeError("a secret");
    });
    await expect(ask("known")).rejects.toMatchObject({ code: "sum_too_large", details: { most: "9" } });
    await expect(ask("unknown")).rejects.toMatchObject({ code: "internal", message: "the node failed to answer" });
    expect(other.log.at("error")).toHaveLength(1);
  });

  it("by a route that nobody answers is unavailable", async () => {
    const { one, peer } = await two(echo);
    const asked = one.questions.ask(peer, "Sum.Multiply", new Uint8Array(0), { timeoutMs: 0 });
    await expect(asked).rejects.toMatchObject({ code: "unavailable" });
  });

  it("is given up in its time, and the one who answers is told", async () => {
    const never = defer<Uint8Array>();
    let signal: AbortSignal | undefined;
    const { ask, clock, one, peer, other } = await two((question) => {
      signal = question.signal;
      return never.promise;
    });
    const asked = ask("x", { timeoutMs: 500 });
    const failed = expect(asked).rejects.toMatchObject({ code: "deadline_exceeded" });
    await until(() => signal !== undefined);
    clock.step(500);
    await failed;
    await until(() => signal?.aborted === true);
    expect([peer.asksPending, other.questions.open]).toEqual([0, 0]);
    never.resolve(new Uint8Array(1));
    await until(() => one.node.peer("other") !== undefined);
    expect(one.log.lines).toEqual([]);
  });

  it("is given up by a signal; nothing is sent when it was before", async () => {
    let calls = 0;
    let signal: AbortSignal | undefined;
    const { ask, other } = await two((question) => {
      calls++;
      signal = question.signal;
      return new Promise(() => {});
    });
    await expect(ask("x", { signal: AbortSignal.abort("no") })).rejects.toMatchObject({
      code: "canceled",
      cause: "no",
    });
    const abort = new AbortController();
    const failed = expect(ask("x", { signal: abort.signal })).rejects.toMatchObject({ code: "canceled", cause: "why" });
    await until(() => signal !== undefined);
    abort.abort("why");
    await failed;
    await until(() => signal?.aborted === true);
    expect(calls).toBe(1);
    expect(other.questions.open).toBe(0);
  });

  it("fails when the other node is gone, and what that asked is given up", async () => {
    let signal: AbortSignal | undefined;
    const { ask, network, one, peer } = await two((question) => {
      signal = question.signal;
      return new Promise(() => {});
    });
    const failed = expect(ask("x")).rejects.toMatchObject({ code: "unavailable" });
    await until(() => signal !== undefined);
    network.kill("other");
    await failed;
    expect(peer.asksPending).toBe(0);
    expect(one.node.others).toEqual([]);
  });

  it("that is too large is refused, and so is such an answer", async () => {
    const { ask } = await two(({ payload }) => new Uint8Array(textOf(payload) === "grow" ? 2_000_000 : 1));
    await expect(ask("x".repeat(2_000_000))).rejects.toMatchObject({ code: "message_too_large" });
    await expect(ask("grow")).rejects.toMatchObject({ code: "message_too_large" });
    expect(await ask("small")).toHaveLength(1);
  });
});
