import { describe, expect, it } from "vitest";
import { NanowireError } from "../../runtime/base/error.js";
import { Remote, type RemoteContext } from "../../runtime/component/remote.js";
import { createServer } from "../../runtime/server/server.js";
import { memory } from "../../runtime/transport/memory.js";
import type { AddRequest, AddResponse, Entry } from "../generator/scenarios/remote/expected/generated/bank.js";
import {
  IdleRemote,
  LedgerRemote,
  LedgerRemoteAll,
  LedgerRemoteClient,
} from "../generator/scenarios/remote/expected/generated/bank.server.js";
import type { Duration } from "../generator/scenarios/remote/expected/generated/google/protobuf/duration.js";
import type { Timestamp } from "../generator/scenarios/remote/expected/generated/google/protobuf/timestamp.js";
import { components } from "../support/service.js";
import { MemoryCluster } from "./support/memory-caller.js";

/** A ledger as a user writes one. */
class Ledger extends LedgerRemote {
  readonly contexts: RemoteContext[] = [];
  readonly notes: string[] = [];
  balance = 0n;

  override add(context: RemoteContext, request: AddRequest): AddResponse {
    this.contexts.push(context);
    if (request.account === "") {
      throw new NanowireError("no_account", "an account has a name", { details: { account: "" } });
    }
    this.balance += request.amount?.cents ?? 0n;
    return { balance: { cents: this.balance } };
  }

  override note(context: RemoteContext, message: Entry): void {
    this.contexts.push(context);
    this.notes.push(message.text);
  }

  override async close(context: RemoteContext): Promise<void> {
    this.contexts.push(context);
  }

  override lastAt(): Timestamp {
    return { seconds: 12n, nanos: 5 };
  }

  override then$(_: RemoteContext, request: Duration): void {
    this.notes.push(`${request.seconds} s`);
  }

  override wake(): void {
    this.notes.push("awake");
  }
}

class Idle extends IdleRemote {}

describe("a remote", () => {
  it("is described by its definition: its routes, what is a call and what a tell, its time-outs and its order", () => {
    const { name, protoName, handlers } = Remote.definitionOf(new Ledger());
    expect([name, protoName]).toEqual(["Ledger", "bank.v1.Ledger"]);
    expect(
      handlers.map(({ method, order }) => [method.service, method.route, method.kind, method.timeoutMs, order]),
    ).toEqual([
      ["Ledger", "Ledger.Add", "call", 2000, "service"],
      ["Ledger", "Ledger.Note", "tell", 2000, undefined],
      ["Ledger", "Ledger.Close", "call", 0, undefined],
      ["Ledger", "Ledger.LastAt", "call", 2000, undefined],
      ["Ledger", "Ledger.Then", "call", 2000, undefined],
      ["Ledger", "Ledger.Wake", "tell", 2000, undefined],
    ]);
    expect(Remote.definitionOf(new Idle())).toEqual({ name: "bank.idle", protoName: "bank.v1.Idle", handlers: [] });
  });

  it("has the life cycle of a component", async () => {
    const ledger = new Ledger();
    for (const part of ["init", "afterInit", "beforeShutdown", "shutdown"] as const) {
      expect(await ledger[part]()).toBeUndefined();
    }
  });

  it("is refused by createServer, as is what is nothing of the kind", () => {
    const make = (component: unknown): unknown =>
      // As plain JavaScript would: the types refuse it too (types.ts).
      createServer({ components: [...components({}), component] as never, listen: [memory()] });
    expect(() => make(new Ledger())).toThrow(
      new NanowireError(
        "invalid_option",
        "components[0] is Ledger, a Remote: other nodes call it, and no client reaches it; its place is among remotes",
      ),
    );
    expect(() => make({})).toThrow(new NanowireError("invalid_option", "components[0] is not a Component"));
    expect(() => make(undefined)).toThrow(expect.objectContaining({ code: "invalid_option", scope: "startup" }));
  });
});

describe("a generated caller of a remote", () => {
  const started = (): {
    cluster: MemoryCluster;
    one: Ledger;
    two: Ledger;
    client: LedgerRemoteClient;
    all: LedgerRemoteAll;
  } => {
    const cluster = new MemoryCluster();
    const [one, two] = [new Ledger(), new Ledger()];
    cluster.host("n1", one, new Idle());
    cluster.host("n2", two);
    cluster.host("n3", new Idle());
    const caller = cluster.callerOf("n3", () => 1_000);
    return { cluster, one, two, client: new LedgerRemoteClient(caller), all: new LedgerRemoteAll(caller) };
  };

  it("sends the request as protobuf, and gets the response", async () => {
    const { cluster, one, client } = started();
    const response = await client.add({ account: "ada", amount: { cents: 2n ** 62n } });
    expect(response).toEqual({ balance: { cents: 2n ** 62n } });
    expect(one.balance).toBe(2n ** 62n);
    // 0a: field 1, a string of 3 bytes; 12: field 2, a message of 10 bytes: 08, field 1, a varint of 9 bytes.
    expect(cluster.wire).toEqual(["n1 Ledger.Add 0a03616461120a08808080808080808040"]);
  });

  it("goes to the named node, and is refused where nobody hosts the service", async () => {
    const { one, two, client } = started();
    await client.add({ account: "ada", amount: { cents: 1n } }, { node: "n2" });
    expect([one.balance, two.balance]).toEqual([0n, 1n]);
    await expect(client.add({ account: "ada", amount: undefined }, { node: "n3" })).rejects.toMatchObject({
      code: "unavailable",
    });
    expect(() => client.wake({ node: "n3" })).toThrow(expect.objectContaining({ code: "unavailable" }));
  });

  it("brings who calls, until when, a signal and metadata", async () => {
    const { one, client } = started();
    const { signal } = new AbortController();
    await client.add({ account: "a", amount: undefined }, { timeoutMs: 50, signal, metadata: { trace: "7" } });
    await client.add({ account: "a", amount: undefined });
    await client.close();
    client.note({ text: "x" }, { metadata: { trace: "8" } });
    expect(one.contexts).toMatchObject([
      { caller: "n3", deadlineMs: 1_050, metadata: { trace: "7" } },
      { caller: "n3", deadlineMs: 3_000, metadata: {} },
      { caller: "n3", deadlineMs: undefined, metadata: {} },
      { caller: "n3", deadlineMs: undefined, metadata: { trace: "8" } },
    ]);
    expect(one.contexts[0]?.signal).toBe(signal);
  });

  it("shows google.protobuf.Empty as no argument and void, and takes other types of Google's whole", async () => {
    const { cluster, one, client } = started();
    expect(await client.close()).toBeUndefined();
    expect(await client.lastAt()).toEqual({ seconds: 12n, nanos: 5 });
    expect(await client.then$({ seconds: 3n, nanos: 0 })).toBeUndefined();
    expect(client.wake()).toBeUndefined();
    expect(one.notes).toEqual(["3 s", "awake"]);
    expect(cluster.wire).toEqual(["n1 Ledger.Close ", "n1 Ledger.LastAt ", "n1 Ledger.Then 0803", "n1 Ledger.Wake "]);
  });

  it("calls every node that hosts the service, and tells what each has answered", async () => {
    const { one, two, all } = started();
    one.balance = 5n;
    expect(await all.add({ account: "ada", amount: { cents: 1n } }, { metadata: {} })).toEqual([
      { node: "n1", ok: true, value: { balance: { cents: 6n } } },
      { node: "n2", ok: true, value: { balance: { cents: 1n } } },
    ]);
    const failed = await all.add({ account: "", amount: undefined });
    expect(failed).toMatchObject([
      { node: "n1", ok: false, error: { code: "no_account", details: { account: "" } } },
      { node: "n2", ok: false, error: { code: "no_account" } },
    ]);
    all.note({ text: "all" });
    all.wake();
    expect([one.notes, two.notes]).toEqual([
      ["all", "awake"],
      ["all", "awake"],
    ]);
  });

  it("is rejected with the remote's own error", async () => {
    const { client } = started();
    await expect(client.add({ account: "", amount: undefined })).rejects.toMatchObject({
      code: "no_account",
      message: "an account has a name",
      details: { account: "" },
    });
  });
});
