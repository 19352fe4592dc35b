import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NanowireError } from "../../runtime/base/error.js";
import type { RemoteContext } from "../../runtime/component/remote.js";
import type { RemoteCaller } from "../../runtime/component/remote-caller.js";
import type { RemoteMethod } from "../../runtime/component/remote-method.js";
import type { ServerOptions } from "../../runtime/server/options.js";
import { createServer } from "../../runtime/server/server.js";
import { memory } from "../../runtime/transport/memory.js";
import { LedgerRemoteClient as ShardedLedgerClient } from "../generator/scenarios/ledger/expected/generated/bank/v1/ledger.server.js";
import { AddRequest, AddResponse } from "../generator/scenarios/remote/expected/generated/bank.js";
import { LedgerRemoteAll, LedgerRemoteClient } from "../generator/scenarios/remote/expected/generated/bank.server.js";
import { AuditRemoteClient } from "../generator/scenarios/remote/expected/generated/inside.server.js";
import { request } from "../support/client.js";
import { components, type Services } from "../support/service.js";
import { defer, turn, until } from "../support/wait.js";
import { AgedLedger, Audit, Ledger, type LedgerHandlers, ShardedLedger } from "./support/ledger.js";
import { type Node, Nodes } from "./support/nodes.js";

const clientOf = ({ server }: Node) => new LedgerRemoteClient(callerOf(server));
const allOf = ({ server }: Node) => new LedgerRemoteAll(callerOf(server));
const callerOf = ({ cluster }: Node["server"]): RemoteCaller => cluster as RemoteCaller;

const ada = (cents: bigint): AddRequest => ({ account: "ada", amount: { cents } });
const balance = (cents: bigint): AddResponse => ({ balance: { cents } });

/** What both ends of a call may be: two nodes, or one that calls itself. */
const ways = ["another node", "the node itself"] as const;

async function bank(handlers: LedgerHandlers = {}, way: (typeof ways)[number] = "another node") {
  const nodes = new Nodes();
  const ledger = new Ledger(handlers);
  const host = await nodes.member("host", {}, { remotes: [ledger] });
  const caller = way === "another node" ? await nodes.member("caller", {}) : host;
  return { nodes, ledger, host, caller, client: clientOf(caller), all: allOf(caller) };
}

/** Two methods that one end generated otherwise than the other. */
const add: RemoteMethod<AddRequest, AddResponse> = {
  service: "Ledger",
  route: "Ledger.Add",
  kind: "call",
  request: AddRequest,
  response: AddResponse,
};
const rawBytes = { encode: (bytes: Uint8Array) => ({ finish: () => bytes }), decode: (bytes: Uint8Array) => bytes };

describe.each(ways)("a call of %s", (way) => {
  it("is answered with what its handler returns", async () => {
    const { client, host, caller } = await bank({}, way);
    expect(await client.add(ada(2n ** 62n))).toEqual(balance(2n ** 62n));
    expect(await client.close()).toBeUndefined();
    expect(await client.lastAt()).toEqual({ seconds: 12n, nanos: 5 });
    expect(await client.then$({ seconds: 3n, nanos: 0 })).toBeUndefined();
    expect(caller.server.counters.remote.made).toEqual({ calls: 4, tells: 0, pending: 0, failed: {} });
    expect(host.server.counters.remote.answered).toEqual({ calls: 4, tells: 0, pending: 0, failed: {} });
  });

  it("is one of a thousand at once, each with its own answer, in whatever order", async () => {
    const gates = Array.from({ length: 1_000 }, () => defer());
    const { client, caller } = await bank(
      {
        close: async ({ metadata }) => {
          await gates[Number(metadata["index"])]?.promise;
          throw new NanowireError("closed_by", "each has its own", { details: { index: metadata["index"] ?? "" } });
        },
      },
      way,
    );
    const answers = gates.map((_, index) =>
      client.close({ metadata: { index: String(index) } }).catch(({ details }: NanowireError) => details["index"]),
    );
    await until(() => caller.server.counters.remote.made.pending === 1_000);
    for (const { resolve } of [...gates].reverse()) {
      resolve();
    }
    expect(await Promise.all(answers)).toEqual(gates.map((_, index) => String(index)));
    expect(caller.server.counters.remote.made).toMatchObject({ pending: 0, failed: { closed_by: 1_000 } });
  });

  it("begins later than its caller goes on, and shares no object with its handler", async () => {
    const seen: AddRequest[] = [];
    const kept = balance(1n);
    const { client, ledger } = await bank(
      {
        add: (_, given) => {
          seen.push(given);
          return kept;
        },
      },
      way,
    );
    const sent = ada(5n);
    const metadata = { trace: "7" };
    const answering = client.add(sent, { metadata });
    expect(seen).toEqual([]);
    sent.account = "eve";
    metadata.trace = "8";
    const answer = await answering;
    expect(seen).toEqual([ada(5n)]);
    expect((await ledger.contexts.next()).metadata).toEqual({ trace: "7" });
    expect(answer).toEqual(kept);
    expect(answer).not.toBe(kept);
  });

  it("brings who calls, until when, and what was sent along", async () => {
    const { client, ledger, caller, nodes } = await bank({}, way);
    const now = nodes.clock.now();
    await client.add(ada(1n), { timeoutMs: 50, metadata: { trace: "ä", "": "empty" } });
    await client.add(ada(1n));
    await client.close();
    await client.add(ada(1n), { timeoutMs: 0 });
    expect(ledger.contexts.takeAll()).toMatchObject([
      { caller: caller.id, deadlineMs: now + 50, metadata: { trace: "ä", "": "empty" } },
      { caller: caller.id, deadlineMs: now + 2_000, metadata: {} },
      { caller: caller.id, deadlineMs: undefined },
      { caller: caller.id, deadlineMs: undefined },
    ]);
  });

  it("fails with the remote's own error: its code, message and details", async () => {
    const raised = new NanowireError("no_account", "an account has a name", { details: { account: "ä" } });
    const { client, host } = await bank(
      {
        add: () => {
          throw raised;
        },
      },
      way,
    );
    const failed = await client.add(ada(1n)).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(NanowireError);
    expect(failed).not.toBe(raised);
    expect(failed).toMatchObject({
      code: "no_account",
      message: "an account has a name",
      details: { account: "ä" },
      scope: "request",
    });
    expect(host.log.at("error")).toEqual([]);
  });

  it("fails with internal, and nothing more, when the handler threw anything else", async () => {
    const { client, host } = await bank({ add: () => Promise.reject(new TypeError("a secret")) }, way);
    const failed: unknown = await client.add(ada(1n)).catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: "internal", message: "the node failed to answer", details: {} });
    expect((failed as NanowireError).cause).toBeUndefined();
    expect(host.log.at("error").map(({ fields }) => String(fields["error"]))).toEqual(["TypeError: a secret"]);
    expect(host.server.counters.remote.answered.failed).toEqual({ internal: 1 });
  });

  it("fails with internal when what the handler returns is no message", async () => {
    const { client, host } = await bank({ add: () => ({ balance: { cents: "x" } }) as never }, way);
    await expect(client.add(ada(1n))).rejects.toMatchObject({ code: "internal" });
    expect(host.log.at("error")).toHaveLength(1);
  });

  it("fails with deadline_exceeded in its time, and the handler is told", async () => {
    const { client, ledger, nodes, caller, host } = await bank({ add: () => new Promise(() => {}) }, way);
    const late = client.add(ada(1n), { timeoutMs: 500 }).catch((error: unknown) => error);
    const { signal } = await ledger.contexts.next();
    nodes.clock.step(499);
    expect(signal.aborted).toBe(false);
    nodes.clock.step(1);
    expect(await late).toMatchObject({ code: "deadline_exceeded" });
    await until(() => signal.aborted);
    expect(signal.reason).toMatchObject({ code: "deadline_exceeded" });
    expect(caller.server.counters.remote.made).toMatchObject({ pending: 0, failed: { deadline_exceeded: 1 } });
    await until(() => host.server.counters.remote.answered.pending === 0);
  });

  it("may take as long as its method says, or the server where that says nothing", async () => {
    const nodes = new Nodes();
    const audit = new Audit(() => new Promise(() => {}));
    const remotes = [new Ledger({ add: () => new Promise(() => {}) }), audit];
    const host = await nodes.member("host", {}, { remotes, requestTimeoutMs: 7_000 });
    const caller = way === "another node" ? await nodes.member("caller", {}, { requestTimeoutMs: 7_000 }) : host;
    const failures: string[] = [];
    const note = ({ code, message }: NanowireError) => void failures.push(`${code}: ${message}`);
    void clientOf(caller).add(ada(1n)).catch(note);
    void new AuditRemoteClient(callerOf(caller.server)).check(ada(1n)).catch(note);
    await until(() => host.server.counters.remote.answered.pending === 2);
    nodes.clock.step(2_000);
    await until(() => failures.length === 1);
    expect(failures[0]).toContain("Ledger.Add");
    nodes.clock.step(4_999);
    await turn();
    expect(failures).toHaveLength(1);
    nodes.clock.step(1);
    await until(() => failures.length === 2);
    expect(failures[1]).toContain("within 7000 ms");
  });

  it("is given up by its signal, and the handler is told; its answer is forgotten", async () => {
    const answer = defer<AddResponse>();
    const { client, ledger, caller, host } = await bank({ add: () => answer.promise }, way);
    const abort = new AbortController();
    const given = client.add(ada(1n), { signal: abort.signal }).catch((error: unknown) => error);
    const { signal } = await ledger.contexts.next();
    abort.abort("why");
    expect(await given).toMatchObject({ code: "canceled", cause: "why" });
    await until(() => signal.aborted);
    answer.resolve(balance(1n));
    await until(() => host.server.counters.remote.answered.pending === 0);
    expect(caller.server.counters.remote.made).toMatchObject({ pending: 0, failed: { canceled: 1 } });
    expect(caller.log.at("error")).toEqual([]);
  });

  it("that its handler stops because it was given up is no failure of the handler's", async () => {
    const { client, ledger, host } = await bank(
      {
        add: ({ signal }) =>
          new Promise((_, reject) => {
            signal.addEventListener("abort", () => reject(new TypeError("stopped")));
          }),
      },
      way,
    );
    const abort = new AbortController();
    const given = client.add(ada(1n), { signal: abort.signal }).catch(() => {});
    await ledger.contexts.next();
    abort.abort();
    await given;
    await until(() => host.server.counters.remote.answered.pending === 0);
    expect(host.server.counters.remote.answered.failed).toEqual({ canceled: 1 });
    expect(host.log.at("error")).toEqual([]);
  });

  it("is not sent when its signal was aborted before", async () => {
    const { client, ledger, host } = await bank({}, way);
    await expect(client.add(ada(1n), { signal: AbortSignal.abort("early") })).rejects.toMatchObject({
      code: "canceled",
      cause: "early",
    });
    await client.close();
    expect(ledger.balances.size).toBe(0);
    expect(host.server.counters.remote.answered.calls).toBe(1);
  });

  it("is not begun when its signal is aborted before it has arrived", async () => {
    const { client, ledger } = await bank({}, way);
    const abort = new AbortController();
    const given = client.add(ada(1n), { signal: abort.signal }).catch((error: unknown) => error);
    abort.abort();
    expect(await given).toMatchObject({ code: "canceled" });
    await client.close();
    // Over a network the call may be there before it is given up: its handler is told then.
    expect(ledger.contexts.takeAll().at(-1)?.signal.aborted).toBe(false);
  });

  it("fails with invalid_payload, and is not sent, when the request cannot be encoded", async () => {
    const { client, host } = await bank({}, way);
    const wrong = { account: "ada", amount: { cents: "x" } } as unknown as AddRequest;
    await expect(client.add(wrong)).rejects.toMatchObject({ code: "invalid_payload" });
    expect(host.server.counters.remote.answered.calls).toBe(0);
  });

  it("fails with invalid_payload when what arrives is no message of its method", async () => {
    const { host, caller, ledger } = await bank({}, way);
    const hostile = { ...add, request: rawBytes };
    const bytes = Uint8Array.of(0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x61);
    const refused = callerOf(caller.server).call(hostile, bytes);
    await expect(refused).rejects.toMatchObject({
      code: "invalid_payload",
      message: "the payload of 7 bytes is no message of Ledger.Add",
    });
    expect(host.server.counters.remote.answered.failed).toEqual({ invalid_payload: 1 });
    expect(ledger.contexts.length).toBe(0);
  });

  it("is answered or refused with invalid_payload, whatever the bytes are that arrive", async () => {
    const { caller } = await bank({}, way);
    const hostile = { ...add, request: rawBytes };
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 64 }), async (bytes) => {
        const outcome = await callerOf(caller.server)
          .call(hostile, bytes)
          .then(
            () => "answered",
            ({ code }: NanowireError) => code,
          );
        expect(outcome).toBe(isReadable(bytes) ? "answered" : "invalid_payload");
      }),
    );
    expect(caller.log.at("error")).toEqual([]);
  });

  it("fails with invalid_response when the answer is no message of its method", async () => {
    const { caller } = await bank({ add: () => balance(2n ** 62n) }, way);
    const strange = {
      ...add,
      response: {
        encode: (message: AddResponse) => AddResponse.encode(message),
        decode: (): AddResponse => {
          throw new TypeError("no such message");
        },
      },
    };
    await expect(callerOf(caller.server).call(strange, ada(1n))).rejects.toMatchObject({ code: "invalid_response" });
    expect(caller.server.counters.remote.made.failed).toEqual({ invalid_response: 1 });
  });

  it.each([-1, Number.NaN, 2_147_483_648, "5"])("fails with invalid_option for a time-out of %s", async (timeoutMs) => {
    const { client } = await bank({}, way);
    await expect(client.add(ada(1n), { timeoutMs: timeoutMs as number })).rejects.toMatchObject({
      code: "invalid_option",
    });
  });

  it("fails with invalid_option for metadata that is no text, and harms nothing else", async () => {
    const { client } = await bank({}, way);
    const metadata = { a: "b", c: undefined } as unknown as Record<string, string>;
    await expect(client.add(ada(1n), { metadata })).rejects.toMatchObject({ code: "invalid_option" });
    expect(await client.add(ada(1n))).toEqual(balance(1n));
  });
});

describe("a message that is longer than nodes send each other", () => {
  const long = "x".repeat(40_000);

  it("fails its call, asked or answered, and throws where it is told; the next goes through", async () => {
    const nodes = new Nodes();
    const cluster = { maxUnackedBytes: 65_536 };
    const ledger = new Ledger({
      add: (_, { account }) => {
        throw new NanowireError("told", account === "grow" ? long : account);
      },
    });
    await nodes.member("host", {}, { remotes: [ledger], cluster });
    const caller = await nodes.member("caller", {}, { cluster });
    const client = clientOf(caller);
    const tooLarge = { code: "message_too_large" };
    await expect(client.add({ account: long, amount: undefined })).rejects.toMatchObject(tooLarge);
    expect(() => client.note({ text: long })).toThrow(expect.objectContaining(tooLarge));
    expect(await allOf(caller).add({ account: long, amount: undefined })).toMatchObject([
      { node: "host", ok: false, error: tooLarge },
    ]);
    await expect(client.add({ account: "short", amount: undefined })).rejects.toMatchObject({ code: "told" });
    await expect(client.add({ account: "grow", amount: undefined })).rejects.toMatchObject(tooLarge);
    expect(caller.server.counters.remote.made).toMatchObject({ pending: 0, tells: 0 });
    expect(await client.lastAt()).toEqual({ seconds: 12n, nanos: 5 });
  });
});

describe("the node that a call goes to", () => {
  async function several(count: number, own = false) {
    const nodes = new Nodes();
    const ledgers = Array.from({ length: count }, () => new Ledger());
    const hosts: Node[] = [];
    for (const [index, ledger] of ledgers.entries()) {
      hosts.push(await nodes.member(`host-${index}`, {}, { remotes: [ledger] }));
    }
    const caller = own ? (hosts[0] as Node) : await nodes.member("caller", {});
    return { nodes, ledgers, hosts, caller, client: clientOf(caller), all: allOf(caller) };
  }
  const counts = (ledgers: readonly Ledger[]) => ledgers.map(({ balances }) => Number(balances.get("ada") ?? 0n));

  it("is any of those that host the service, its own included", async () => {
    const { ledgers, client } = await several(3, true);
    await Promise.all(Array.from({ length: 300 }, () => client.add(ada(1n))));
    const each = counts(ledgers);
    expect(each.reduce((sum, count) => sum + count)).toBe(300);
    // Chance makes one of them get fewer than 40 of 300 once in 10^13 runs; and what is under way evens it out.
    expect(each.every((count) => count >= 40)).toBe(true);
  });

  it("is the named one, or none", async () => {
    const { ledgers, client, caller } = await several(2);
    await client.add(ada(1n), { node: "host-1" });
    expect(counts(ledgers)).toEqual([0, 1]);
    await expect(client.add(ada(1n), { node: "caller" })).rejects.toMatchObject({
      code: "unavailable",
      message: "node caller does not host Ledger, or is not there",
    });
    await expect(client.add(ada(1n), { node: "nobody" })).rejects.toMatchObject({ code: "unavailable" });
    expect(() => client.wake({ node: "nobody" })).toThrow(expect.objectContaining({ code: "unavailable" }));
    expect(caller.server.counters.remote.made).toEqual({
      calls: 3,
      tells: 0,
      pending: 0,
      failed: { unavailable: 2 },
    });
  });

  it("is none where none hosts the service, until one has come", async () => {
    const nodes = new Nodes();
    const caller = await nodes.member("caller", {});
    const client = clientOf(caller);
    const nobody = { code: "unavailable", message: "no node hosts Ledger" };
    await expect(client.add(ada(1n))).rejects.toMatchObject(nobody);
    expect(() => client.wake()).toThrow(expect.objectContaining(nobody));
    expect(await allOf(caller).add(ada(1n))).toEqual([]);
    expect(() => allOf(caller).wake()).not.toThrow();
    await nodes.member("host", {}, { remotes: [new Ledger()] });
    expect(await client.add(ada(1n))).toEqual(balance(1n));
  });

  it("is one that drains only where no other is left", async () => {
    const { ledgers, hosts, client } = await several(2, true);
    await hosts[0]?.server.drain();
    await Promise.all(Array.from({ length: 20 }, () => client.add(ada(1n))));
    expect(counts(ledgers)).toEqual([0, 20]);
    await hosts[1]?.server.stop();
    await client.add(ada(1n));
    expect(counts(ledgers)).toEqual([1, 20]);
  });

  it("is of two the one with fewer calls under way", async () => {
    const nodes = new Nodes();
    const slow = new Ledger({ close: () => new Promise(() => {}) });
    const fast = new Ledger();
    await nodes.member("slow", {}, { remotes: [slow] });
    await nodes.member("fast", {}, { remotes: [fast] });
    const caller = await nodes.member("caller", {});
    void clientOf(caller)
      .close({ node: "slow" })
      .catch(() => {});
    for (let count = 0; count < 40; count++) {
      await clientOf(caller).add(ada(1n));
    }
    // The slow one is chosen where chance names it twice: in a quarter of all cases.
    expect(Number(fast.balances.get("ada"))).toBeGreaterThan(20);
  });

  it("understands the method as its caller does", async () => {
    const nodes = new Nodes();
    const { caller, hosts } = await withFingerprints(nodes, ["11111111", "22222222"]);
    const call = (fingerprint: string, node?: string) =>
      callerOf(caller.server).call({ ...add, fingerprint }, ada(1n), node === undefined ? {} : { node });
    for (let count = 0; count < 10; count++) {
      await call("22222222");
    }
    expect(hosts.map(({ server }) => server.counters.remote.answered.calls)).toEqual([0, 10]);
    await expect(call("33333333")).rejects.toMatchObject({
      code: "unavailable",
      message: "no node that hosts Ledger has Ledger.Add as this node knows it: host-0, host-1",
    });
    await expect(call("22222222", "host-0")).rejects.toMatchObject({ code: "unavailable" });
    const answers = await callerOf(caller.server).callAll({ ...add, fingerprint: "11111111" }, ada(1n));
    expect(answers).toMatchObject([
      { node: "host-0", ok: true },
      { node: "host-1", ok: false, error: { code: "unavailable" } },
    ]);
  });
});

describe("a shard key", () => {
  it("chooses the node, whoever calls, and keeps it while the same nodes are there", async () => {
    const nodes = new Nodes();
    const hosts: Node[] = [];
    const banks = ["a", "b", "c"].map(() => new ShardedLedger());
    for (const [index, ledger] of banks.entries()) {
      hosts.push(await nodes.member(`bank-${index}`, {}, { remotes: [ledger] }));
    }
    const callers = [...hosts, await nodes.member("caller", {})];
    const accounts = Array.from({ length: 60 }, (_, index) => `account ${index}`);
    for (const { server } of callers) {
      const client = new ShardedLedgerClient(callerOf(server));
      await Promise.all(accounts.map((account) => client.add({ account, cents: 1n })));
    }
    const held = banks.map(({ accounts: there }) => [...there.keys()]);
    expect(held.flat().toSorted()).toEqual(accounts.toSorted());
    expect(held.every((there) => there.length > 5)).toBe(true);
    expect(banks.flatMap(({ accounts: there }) => [...there.values()])).toEqual(Array(60).fill(4n));

    await hosts[1]?.server.stop();
    const client = new ShardedLedgerClient(callerOf((callers[3] as Node).server));
    const before = [held[0]?.length, held[2]?.length];
    await Promise.all(accounts.map((account) => client.add({ account, cents: 1n })));
    const moved = [banks[0], banks[2]].map((bank, index) => (bank?.accounts.size ?? 0) - (before[index] ?? 0));
    expect(moved.reduce((sum, count) => sum + count)).toBe(held[1]?.length);
  });

  it("that is not there is one, too; and a named node goes before it", async () => {
    const nodes = new Nodes();
    const banks = [new ShardedLedger(), new ShardedLedger()];
    await nodes.member("bank-0", {}, { remotes: [banks[0] as ShardedLedger] });
    await nodes.member("bank-1", {}, { remotes: [banks[1] as ShardedLedger] });
    const client = new ShardedLedgerClient(callerOf((await nodes.member("caller", {})).server));
    for (let count = 0; count < 10; count++) {
      await client.add({ account: "", cents: 1n });
    }
    expect(banks.map(({ accounts }) => accounts.get("") ?? 0n).toSorted()).toEqual([0n, 10n]);
    await client.add({ account: "named", cents: 1n }, { node: "bank-0" });
    await client.add({ account: "named", cents: 1n }, { node: "bank-1" });
    expect(banks.map(({ accounts }) => accounts.get("named"))).toEqual([1n, 1n]);
  });
});

describe("a node that goes", () => {
  it("fails the calls that it had, at once, and names itself", async () => {
    const { client, ledger, nodes, caller } = await bank({ add: () => new Promise(() => {}) });
    const lost = client.add(ada(1n), { timeoutMs: 0 }).catch((error: unknown) => error);
    await ledger.contexts.next();
    nodes.kill("host");
    expect(await lost).toMatchObject({ code: "unavailable", details: { node: "host" } });
    expect(String(await lost)).toContain("node host, which had the call, is gone");
    expect(caller.server.counters.remote.made).toMatchObject({ pending: 0, failed: { unavailable: 1 } });
    await expect(client.add(ada(1n))).rejects.toMatchObject({ code: "unavailable", message: "no node hosts Ledger" });
  });

  it("and had called takes its calls along: their handlers are told", async () => {
    const { client, ledger, nodes, host } = await bank({ close: ({ signal }) => once(signal) });
    void client.close().catch(() => {});
    const { signal } = await ledger.contexts.next();
    nodes.kill("caller");
    await until(() => signal.aborted);
    await until(() => host.server.counters.remote.answered.pending === 0);
  });

  it.each(ways)("on purpose fails what is under way, also for %s", async (way) => {
    const { client, ledger, host, caller } = await bank({ close: () => new Promise(() => {}) }, way);
    const lost = client.close().catch((error: unknown) => error);
    const { signal } = await ledger.contexts.next();
    await host.server.stop();
    expect(await lost).toMatchObject({ code: "unavailable" });
    expect(signal.aborted).toBe(true);
    expect(host.server.counters.remote.answered.pending).toBe(0);
    await expect(client.add(ada(1n))).rejects.toMatchObject({ code: "unavailable" });
    expect(caller.server.counters.remote.made.pending).toBe(0);
  });

  it("on purpose lets what was called come to its end, within graceMs", async () => {
    const answer = defer();
    const { client, ledger, host, nodes } = await bank({ close: () => answer.promise });
    const called = client.close();
    await ledger.contexts.next();
    const stopped = host.server.stop({ graceMs: 5_000 });
    await until(() => host.server.state === "stopping" && nodes.network.nodes.length === 2);
    answer.resolve();
    expect(await called).toBeUndefined();
    nodes.clock.step(50);
    await stopped;
  });

  it("that is cut off fails its calls when it has been silent for too long", async () => {
    const { client, ledger, nodes, caller } = await bank({ close: () => new Promise(() => {}) });
    const lost = client.close().catch((error: unknown) => error);
    await ledger.contexts.next();
    nodes.network.cut("caller", "host");
    for (let second = 0; second < 12; second++) {
      nodes.clock.step(500);
      await turn();
    }
    expect(await lost).toMatchObject({ code: "unavailable", details: { node: "host" } });
    expect(caller.server.counters.remote.made.pending).toBe(0);
  });
});

describe("a tell", () => {
  it.each(ways)("reaches %s, in the order in which it was told, between the calls", async (way) => {
    const { client, ledger, caller, host } = await bank({}, way);
    client.note({ text: "one" });
    client.wake();
    client.note({ text: "two" }, { metadata: { trace: "7" } });
    await client.close();
    expect(ledger.notes.takeAll()).toEqual(["one", "awake", "two"]);
    expect(ledger.contexts.takeAll()).toMatchObject([
      { caller: caller.id, deadlineMs: undefined, metadata: {} },
      { caller: caller.id, deadlineMs: undefined, metadata: { trace: "7" } },
      {},
    ]);
    expect(caller.server.counters.remote.made).toEqual({ calls: 1, tells: 3, pending: 0, failed: {} });
    expect(host.server.counters.remote.answered).toEqual({ calls: 1, tells: 3, pending: 0, failed: {} });
  });

  it.each(ways)("of %s that fails is heard of there alone", async (way) => {
    const { client, caller, host } = await bank({ note: () => Promise.reject(new TypeError("a secret")) }, way);
    client.note({ text: "x" });
    await until(() => host.log.at("error").length === 1);
    expect(host.server.counters.remote.answered).toMatchObject({ pending: 0, failed: { internal: 1 } });
    expect(caller.server.counters.remote.made).toMatchObject({ pending: 0, failed: {} });
  });

  it.each(ways)("to %s may take as long as its method says: then its handler's signal is aborted", async (way) => {
    const { client, ledger, nodes, host } = await bank({ note: ({ signal }) => once(signal) }, way);
    client.note({ text: "x" });
    const { signal } = await ledger.contexts.next();
    await until(() => host.server.counters.remote.answered.pending === 1);
    nodes.clock.step(1_999);
    expect(signal.aborted).toBe(false);
    nodes.clock.step(1);
    expect(signal.aborted).toBe(true);
    expect(signal.reason).toMatchObject({ code: "deadline_exceeded" });
    expect(host.server.counters.remote.answered).toMatchObject({ pending: 0, failed: { deadline_exceeded: 1 } });
  });

  it("that cannot be encoded is refused", async () => {
    const { client, all } = await bank();
    const wrong = { text: Object.create(null) } as never;
    expect(() => client.note(wrong)).toThrow(expect.objectContaining({ code: "invalid_payload" }));
    expect(() => all.note(wrong)).toThrow(expect.objectContaining({ code: "invalid_payload" }));
  });
});

describe("every node", () => {
  async function three(handlers: readonly LedgerHandlers[]) {
    const nodes = new Nodes();
    const ledgers = handlers.map((one) => new Ledger(one));
    // In another order than that of their names.
    const ids = ["c", "a", "b"];
    const hosts: Node[] = [];
    for (const [index, ledger] of ledgers.entries()) {
      hosts.push(await nodes.member(ids[index] as string, {}, { remotes: [ledger] }));
    }
    return { nodes, ledgers, hosts, all: allOf(hosts[1] as Node), caller: hosts[1] as Node };
  }

  it("answers, in the order of their names, each for itself", async () => {
    const { all } = await three([
      { add: () => balance(3n) },
      {
        add: () => {
          throw new NanowireError("no_account", "none", { details: { most: "9" } });
        },
      },
      { add: async () => Promise.reject(new TypeError("a secret")) },
    ]);
    const answers = await all.add(ada(1n));
    expect(answers).toMatchObject([
      { node: "a", ok: false, error: { code: "no_account", details: { most: "9" } } },
      { node: "b", ok: false, error: { code: "internal" } },
      { node: "c", ok: true, value: balance(3n) },
    ]);
  });

  it("is sent what was encoded once", async () => {
    const { caller, ledgers } = await three([{}, {}, {}]);
    let encoded = 0;
    const counting = {
      ...add,
      request: {
        encode(message: AddRequest) {
          encoded++;
          return AddRequest.encode(message);
        },
        decode: (bytes: Uint8Array) => AddRequest.decode(bytes),
      },
    };
    const answers = await callerOf(caller.server).callAll(counting, ada(4n));
    expect(answers).toEqual(["a", "b", "c"].map((node) => ({ node, ok: true, value: balance(4n) })));
    expect(encoded).toBe(1);
    expect(ledgers.map(({ balances }) => balances.get("ada"))).toEqual([4n, 4n, 4n]);
  });

  it("has its time, is given up by one signal, and may be lost alone", async () => {
    const { all, nodes, caller } = await three([
      { close: () => {} },
      { close: () => new Promise(() => {}) },
      { close: () => new Promise(() => {}) },
    ]);
    const late = all.close({ timeoutMs: 100 });
    await until(() => caller.server.counters.remote.made.pending === 2);
    nodes.clock.step(100);
    expect(await late).toMatchObject([
      { node: "a", ok: false, error: { code: "deadline_exceeded" } },
      { node: "b", ok: false, error: { code: "deadline_exceeded" } },
      { node: "c", ok: true },
    ]);
    const abort = new AbortController();
    const given = all.close({ signal: abort.signal });
    await until(() => caller.server.counters.remote.made.pending === 2);
    nodes.kill("b");
    await until(() => caller.server.counters.remote.made.pending === 1);
    abort.abort("why");
    expect(await given).toMatchObject([
      { node: "a", ok: false, error: { code: "canceled", cause: "why" } },
      { node: "b", ok: false, error: { code: "unavailable" } },
      { node: "c", ok: true },
    ]);
  });

  it("is told", async () => {
    const { all, ledgers } = await three([{}, {}, {}]);
    all.note({ text: "x" }, { metadata: { trace: "7" } });
    all.wake();
    await until(() => ledgers.every(({ notes }) => notes.length === 2));
    expect(ledgers.map(({ notes }) => notes.takeAll())).toEqual(Array(3).fill(["x", "awake"]));
    expect(ledgers.map(({ contexts }) => contexts.takeAll()[0]?.metadata)).toEqual(Array(3).fill({ trace: "7" }));
  });

  it("is not asked what cannot be encoded", async () => {
    const { all, hosts } = await three([{}, {}, {}]);
    await expect(all.add({ account: "ada", amount: { cents: "x" } } as never)).rejects.toMatchObject({
      code: "invalid_payload",
    });
    expect(hosts.map(({ server }) => server.counters.remote.answered.calls)).toEqual([0, 0, 0]);
  });
});

describe.each(ways)("the order service, of %s", (way) => {
  /** A ledger whose additions end when they are told to. */
  function stepwise() {
    const seen: string[] = [];
    const gates = new Map<string, ReturnType<typeof defer<void>>>();
    const gate = (name: string) => {
      const known = gates.get(name) ?? defer<void>();
      gates.set(name, known);
      return known;
    };
    const handlers: LedgerHandlers = {
      async add(_, { account }) {
        seen.push(`begin ${account}`);
        await gate(account).promise;
        seen.push(`end ${account}`);
        return balance(0n);
      },
    };
    return { seen, gate, handlers };
  }
  const account = (name: string): AddRequest => ({ account: name, amount: undefined });

  it("lets one message of the remote be handled at a time, and those of the order none meanwhile", async () => {
    const { seen, gate, handlers } = stepwise();
    const { client } = await bank(handlers, way);
    const answers = ["one", "two", "three"].map((name) => client.add(account(name)));
    await until(() => seen.length === 1);
    await client.close();
    gate("three").resolve();
    gate("two").resolve();
    await turn();
    expect(seen).toEqual(["begin one"]);
    gate("one").resolve();
    await Promise.all(answers);
    expect(seen).toEqual(["begin one", "end one", "begin two", "end two", "begin three", "end three"]);
  });

  it("leaves out calls that nobody waits for any more, and keeps the turn of one that goes on", async () => {
    const { seen, gate, handlers } = stepwise();
    const { client, host } = await bank(handlers, way);
    const abort = new AbortController();
    const { signal } = abort;
    const first = client.add(account("one"), { signal }).catch(({ code }: NanowireError) => code);
    const second = client.add(account("two"), { signal }).catch(({ code }: NanowireError) => code);
    const third = client.add(account("three"));
    await until(() => host.server.counters.remote.answered.pending === 3);
    abort.abort();
    expect([await first, await second]).toEqual(["canceled", "canceled"]);
    await until(() => host.server.counters.remote.answered.pending === 2);
    expect(seen).toEqual(["begin one"]);
    gate("three").resolve();
    gate("one").resolve();
    await third;
    expect(seen).toEqual(["begin one", "end one", "begin three", "end three"]);
  });

  it("goes on when the time of the one that is handled is over", async () => {
    const { seen, gate, handlers } = stepwise();
    const { client, nodes, host } = await bank(handlers, way);
    const first = client.add(account("one"), { timeoutMs: 100 }).catch(({ code }: NanowireError) => code);
    const second = client.add(account("two"), { timeoutMs: 100 }).catch(({ code }: NanowireError) => code);
    const third = client.add(account("three"), { timeoutMs: 0 });
    await until(() => host.server.counters.remote.answered.pending === 3);
    nodes.clock.step(100);
    expect([await first, await second]).toEqual(["deadline_exceeded", "deadline_exceeded"]);
    gate("three").resolve();
    await third;
    expect(seen).toEqual(["begin one", "begin three", "end three"]);
    gate("one").resolve();
    await until(() => seen.length === 4);
    expect(host.server.counters.remote.answered).toMatchObject({ pending: 0, failed: { deadline_exceeded: 2 } });
  });

  it("takes the remote's own tasks and timers in turn with its messages", async () => {
    const { seen, gate, handlers } = stepwise();
    const { client, ledger } = await bank(handlers, way);
    const answer = client.add(account("one"));
    await until(() => seen.length === 1);
    ledger.scheduler.run(() => void seen.push("task"));
    await turn();
    gate("one").resolve();
    await answer;
    await until(() => seen.length === 3);
    expect(seen).toEqual(["begin one", "end one", "task"]);
  });

  it("begins anew when the server does", async () => {
    const { seen, handlers } = stepwise();
    const { client, host } = await bank(handlers, "the node itself");
    const lost = client.add(account("one"), { timeoutMs: 0 }).catch(({ code }: NanowireError) => code);
    await until(() => seen.length === 1);
    await host.server.stop();
    expect(await lost).toBe("unavailable");
    await host.server.start();
    void client.add(account("two")).catch(() => {});
    await until(() => seen.length === 2);
    expect(seen).toEqual(["begin one", "begin two"]);
  });
});

describe("what a handler calls in its turn", () => {
  /** Three nodes: the first asks the ledger of the second, and that the audit of the third. */
  async function chain(
    check: (context: RemoteContext) => AddResponse | Promise<AddResponse>,
    optionsOf: (context: RemoteContext) => RemoteContext | object = (context) => context,
  ) {
    const nodes = new Nodes();
    let audit: AuditRemoteClient | undefined;
    const contexts: RemoteContext[] = [];
    const third = await nodes.member(
      "third",
      {},
      {
        remotes: [
          new Audit((context) => {
            contexts.push(context);
            return check(context);
          }),
        ],
      },
    );
    const ledger = new Ledger({
      add: (context, given) => (audit as AuditRemoteClient).check(given, optionsOf(context)),
    });
    const second = await nodes.member("second", {}, { remotes: [ledger] });
    audit = new AuditRemoteClient(callerOf(second.server));
    const first = await nodes.member("first", {});
    return { nodes, contexts, ledger, first, second, third, client: clientOf(first) };
  }

  it("with its context as the options has its metadata, and what is left of its time", async () => {
    const { nodes, client, contexts } = await chain(() => balance(7n));
    const now = nodes.clock.now();
    expect(await client.add(ada(1n), { timeoutMs: 300, metadata: { trace: "7" } })).toEqual(balance(7n));
    expect(contexts).toMatchObject([{ caller: "second", deadlineMs: now + 300, metadata: { trace: "7" } }]);
  });

  it("has no more time than its own options say", async () => {
    const { nodes, client, contexts } = await chain(
      () => balance(7n),
      (context) => ({ ...context, timeoutMs: 100, metadata: { ...context.metadata, hop: "2" } }),
    );
    const now = nodes.clock.now();
    await client.add(ada(1n), { timeoutMs: 300, metadata: { trace: "7" } });
    expect(contexts).toMatchObject([{ deadlineMs: now + 100, metadata: { trace: "7", hop: "2" } }]);
  });

  it("ends on all nodes when the time of the first is over", async () => {
    const { nodes, client, contexts, ledger, second, third } = await chain(({ signal }) => once(signal, balance(0n)));
    const late = client.add(ada(1n), { timeoutMs: 300 }).catch((error: unknown) => error);
    await until(() => contexts.length === 1);
    nodes.clock.step(300);
    expect(await late).toMatchObject({ code: "deadline_exceeded" });
    const { signal } = await ledger.contexts.next();
    await until(() => signal.aborted && contexts[0]?.signal.aborted === true);
    await until(
      () => second.server.counters.remote.answered.pending + third.server.counters.remote.answered.pending === 0,
    );
    expect(second.server.counters.remote.made.pending).toBe(0);
  });

  it("is given up on all nodes when the first gives up, or is gone", async () => {
    const { nodes, client, contexts, second } = await chain(({ signal }) => once(signal, balance(0n)));
    const abort = new AbortController();
    const given = client.add(ada(1n), { signal: abort.signal }).catch((error: unknown) => error);
    await until(() => contexts.length === 1);
    abort.abort();
    expect(await given).toMatchObject({ code: "canceled" });
    await until(() => contexts[0]?.signal.aborted === true);
    void client.add(ada(1n)).catch(() => {});
    await until(() => contexts.length === 2);
    nodes.kill("first");
    await until(() => contexts[1]?.signal.aborted === true);
    await until(() => second.server.counters.remote.made.pending === 0);
  });

  it("is not sent when the time was over before", async () => {
    const { nodes, first, contexts, client } = await chain(() => balance(7n));
    const deadlineMs = nodes.clock.now();
    await expect(client.add(ada(1n), { deadlineMs })).rejects.toMatchObject({ code: "deadline_exceeded" });
    expect(await allOf(first).add(ada(1n), { deadlineMs })).toMatchObject([
      { node: "second", ok: false, error: { code: "deadline_exceeded" } },
    ]);
    expect(contexts).toEqual([]);
  });

  it("tells the first of an error of the third", async () => {
    const { client } = await chain(() => {
      throw new NanowireError("books_closed", "come tomorrow", { details: { at: "noon" } });
    });
    await expect(client.add(ada(1n))).rejects.toMatchObject({ code: "books_closed", details: { at: "noon" } });
  });
});

describe("callMetadata", () => {
  it("goes with every call and tell of the node, behind what they say themselves", async () => {
    const nodes = new Nodes();
    const ledger = new Ledger();
    await nodes.member("host", {}, { remotes: [ledger] });
    let count = 0;
    const asked = { callMetadata: () => ({ node: "caller", count: String(++count) }) };
    const caller = await nodes.member("caller", {}, { cluster: asked });
    const client = clientOf(caller);
    await client.close({ metadata: { count: "mine" } });
    client.note({ text: "x" });
    await allOf(caller).close();
    expect(ledger.contexts.takeAll().map(({ metadata }) => metadata)).toEqual([
      { node: "caller", count: "mine" },
      { node: "caller", count: "2" },
      { node: "caller", count: "3" },
    ]);
  });

  it("that fails fails the call", async () => {
    const callMetadata = () => {
      throw new TypeError("a secret");
    };
    const host = await new Nodes().member("host", {}, { remotes: [new Ledger()], cluster: { callMetadata } });
    await expect(clientOf(host).close()).rejects.toMatchObject({ code: "internal" });
    expect(() => clientOf(host).wake()).toThrow(expect.objectContaining({ code: "internal" }));
  });

  it("may be the same always", async () => {
    const nodes = new Nodes();
    const ledger = new Ledger();
    const host = await nodes.member("host", {}, { remotes: [ledger], cluster: { callMetadata: { zone: "north" } } });
    await clientOf(host).close();
    expect((await ledger.contexts.next()).metadata).toEqual({ zone: "north" });
  });
});

describe("a server with remotes", () => {
  it("starts modules, remotes and components in this order, and stops them the other way round", async () => {
    const life: string[] = [];
    const nodes = new Nodes();
    const [component] = components({ Echo: { Say: (_session, text) => text } });
    Object.assign(component as object, {
      init: () => void life.push("component"),
      shutdown: () => void life.push("component gone"),
    });
    const ledger = new Ledger({
      init: () => void life.push("remote"),
      shutdown: () => void life.push("remote gone"),
    });
    const node = await nodes.member(
      "one",
      {},
      {
        remotes: [ledger],
        components: [component as NonNullable<typeof component>],
      },
    );
    expect(ledger.scheduler).toBeDefined();
    await node.server.stop();
    expect(life).toEqual(["remote", "component", "component gone", "remote gone"]);
  });

  it("has its parts call remotes from their init on, and no longer than it runs", async () => {
    let client: LedgerRemoteClient | undefined;
    const audit = new Audit(async () => (await client?.add(ada(3n))) ?? balance(0n));
    const ledger = new Ledger({
      init: () => {
        client = new LedgerRemoteClient(ledger.remotes);
      },
    });
    const { server } = await new Nodes().member("one", {}, { remotes: [ledger, audit] });
    expect(await new AuditRemoteClient(callerOf(server)).check(ada(1n))).toEqual(balance(3n));
    await server.stop();
    expect(() => ledger.remotes).toThrow(expect.objectContaining({ code: "invalid_state" }));
    await expect((client as unknown as LedgerRemoteClient).close()).rejects.toMatchObject({ code: "unavailable" });
  });

  it("tells the others what it hosts", async () => {
    const { caller } = await bank();
    expect(caller.server.cluster?.others[0]?.remotes).toEqual([
      {
        name: "Ledger",
        methods: expect.objectContaining({ "Ledger.Add": expect.any(String), "Ledger.Note": expect.any(String) }),
      },
    ]);
  });

  it("lets a session's handler call a remote", async () => {
    const nodes = new Nodes();
    let client: LedgerRemoteClient | undefined;
    const services: Services = {
      Shop: {
        Buy: async (session, text) => {
          const { balance } = await (client as LedgerRemoteClient).add({ account: text, amount: { cents: 5n } });
          return `${session.id === "" ? "" : "paid"} ${balance?.cents}`;
        },
      },
    };
    const gate = await nodes.gate("gate", { hosts: services });
    await nodes.member("bank", {}, { remotes: [new Ledger()] });
    client = clientOf(gate);
    const visitor = await gate.enter();
    visitor.send(request(1, "Shop.Buy", "ada"));
    expect((await visitor.message()).text).toBe("paid 5");
  });

  const refused = (options: Partial<ServerOptions>) => () =>
    createServer({ components: [], listen: [memory()], ...options });
  const cluster = () => ({ driver: new Nodes().network.driver() });

  it("is refused without a cluster, with a component among them, with the same service twice", () => {
    expect(refused({ remotes: [new Ledger()] })).toThrow("remotes answer other nodes, but there is no cluster");
    const [component] = components({ Echo: { Say: (_session, text) => text } });
    expect(refused({ remotes: [component as never], cluster: cluster() })).toThrow(
      "remotes[0] is TestComponent, a Component: clients call it; its place is among components",
    );
    expect(refused({ remotes: [{} as never], cluster: cluster() })).toThrow("remotes[0] is not a Remote");
    expect(refused({ remotes: new Ledger() as never, cluster: cluster() })).toThrow("is not an array");
    expect(refused({ remotes: [new Ledger(), new Ledger()], cluster: cluster() })).toThrow(
      "remotes[1] is a second remote of the service Ledger",
    );
    expect(refused({ components: [new Ledger() as never], cluster: cluster() })).toThrow(
      "components[0] is Ledger, a Remote: other nodes call it, and no client reaches it; its place is among remotes",
    );
    expect(refused({ cluster: { ...cluster(), callMetadata: "x" as never } })).toThrow("cluster.callMetadata");
  });

  it("calls nobody while it is in no cluster", async () => {
    const server = createServer({ components: [], remotes: [new Ledger()], listen: [], cluster: cluster() });
    const client = new LedgerRemoteClient(callerOf(server));
    await expect(client.close()).rejects.toMatchObject({
      code: "unavailable",
      message: "Ledger.Close cannot be called: this node is in no cluster now",
    });
  });
});

/** Whether bytes are a request of `add`. */
function isReadable(bytes: Uint8Array): boolean {
  try {
    AddRequest.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** Resolved when a signal is aborted. */
function once<T>(signal: AbortSignal, value?: T): Promise<T> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(value as T), { once: true }));
}

/** Nodes whose ledgers were generated from .proto files of different age. */
async function withFingerprints(nodes: Nodes, fingerprints: readonly string[]) {
  const hosts: Node[] = [];
  for (const [index, fingerprint] of fingerprints.entries()) {
    hosts.push(await nodes.member(`host-${index}`, {}, { remotes: [new AgedLedger(fingerprint)] }));
  }
  return { hosts, caller: await nodes.member("caller", {}) };
}
