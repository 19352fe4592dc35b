// Never run: the compiler reads it. Each `@ts-expect-error` stands over a line that must not compile.

import {
  createServer,
  type EnqueuedJob,
  type JobAttempt,
  type MethodDefinition,
  memory,
  type Remote,
  type RemoteAnswer,
  type RemoteCaller,
  type RemoteContext,
  type RemoteDefinition,
  type RemoteMethod,
  type ServiceDefinition,
  type ShardKey,
} from "nanowire";
import { PostRemoteJobs } from "../generator/scenarios/jobs/expected/generated/post/v1/post.server.js";
import type { AddResponse } from "../generator/scenarios/remote/expected/generated/bank.js";
import {
  AccountComponent,
  IdleRemote,
  LedgerRemote,
  LedgerRemoteAll,
  LedgerRemoteClient,
} from "../generator/scenarios/remote/expected/generated/bank.server.js";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles only where both types are the same. */
function same<A, B>(_: Same<A, B>): void {}

class Idle extends IdleRemote {}

/** What a program may and may not have done by jobs. */
export async function typesOfJobs(caller: RemoteCaller, context: RemoteContext): Promise<void> {
  const jobs = new PostRemoteJobs(caller);
  const job = await jobs.send({ to: "ada", text: "dear" }, { id: "j-1", maxAttempts: 3, metadata: { a: "b" } });
  same<typeof job, EnqueuedJob>(true);
  same<typeof context.job, JobAttempt | undefined>(true);
  await jobs.empty();
  // @ts-expect-error: a letter has texts
  await jobs.send({ to: 1, text: "dear" });
  // @ts-expect-error: nobody waits for it
  await jobs.empty({ timeoutMs: 5 });
  // @ts-expect-error: it is not reliable
  await jobs.count();
  // @ts-expect-error: nor is this
  await caller.enqueue(plain, undefined);
}

declare const plain: RemoteMethod<void, void>;

/** What a program may and may not write. */
export async function typesOfRemotes(
  caller: RemoteCaller,
  ledger: LedgerRemote,
  account: AccountComponent,
  context: RemoteContext,
): Promise<void> {
  const remote: Remote = new Idle();
  // @ts-expect-error: a Remote is not a Component
  createServer({ components: [remote], listen: [memory()] });
  // @ts-expect-error: nor is one that is generated
  createServer({ components: [ledger], listen: [memory()] });
  // @ts-expect-error: it has methods to implement
  new LedgerRemote();

  const client = new LedgerRemoteClient(caller);
  const added = await client.add({ account: "a", amount: { cents: 1n } }, { node: "n1", timeoutMs: 5, metadata: {} });
  same<typeof added, AddResponse>(true);
  const told = client.note({ text: "a" }, { node: "n1" });
  same<typeof told, void>(true);
  const closed = await client.close({ timeoutMs: 0 });
  same<typeof closed, void>(true);
  // @ts-expect-error: cents are bigint
  await client.add({ account: "a", amount: { cents: 1 } });
  // @ts-expect-error: nobody waits for a tell
  client.note({ text: "a" }, { timeoutMs: 5 });
  // @ts-expect-error: metadata is text
  await client.close({ metadata: { a: 1 } });

  const server = createServer({ components: [], remotes: [ledger, remote], listen: [memory()] });
  // @ts-expect-error: a Component is not a Remote
  createServer({ components: [], remotes: [account], listen: [memory()] });
  // @ts-expect-error: a server without a cluster calls nobody
  new LedgerRemoteClient(server.cluster);
  if (server.cluster !== undefined) {
    new LedgerRemoteClient(server.cluster);
  }
  // A handler's context is what it calls with in its turn.
  const handed = await client.add({ account: "a", amount: undefined }, context);
  same<typeof handed, AddResponse>(true);
  client.note({ text: "a" }, context);
  client.note({ text: "a" }, { ...context, node: "n1" });
  await client.close({ ...context, timeoutMs: 5 });
  // @ts-expect-error: a deadline is a number
  await client.close({ deadlineMs: new Date() });

  const all = new LedgerRemoteAll(caller);
  await all.close(context);
  const answers = await all.add({ account: "a", amount: undefined });
  same<typeof answers, readonly RemoteAnswer<AddResponse>[]>(true);
  // @ts-expect-error: every node is called, not one
  await all.add({ account: "a", amount: undefined }, { node: "n1" });

  const deadline = (context: RemoteContext): number | undefined => context.deadlineMs;
  same<ReturnType<typeof deadline>, number | undefined>(true);
}

/** What stubs hand out without an instance, and what stands in it. */
export function typesOfDefinitions(
  method: Omit<MethodDefinition<object, string, string>, "shardKey" | "fingerprint">,
): void {
  same<typeof AccountComponent.service, ServiceDefinition<AccountComponent>>(true);
  same<typeof LedgerRemote.definition, RemoteDefinition<LedgerRemote>>(true);
  same<typeof Idle.definition, RemoteDefinition<IdleRemote>>(true);
  const forwarded: readonly { readonly service: ServiceDefinition<never> }[] = [AccountComponent];
  // @ts-expect-error: no client calls a remote
  const remotes: typeof forwarded = [LedgerRemote];
  // @ts-expect-error: it is read only
  AccountComponent.service = undefined;
  void remotes;

  // What is written by hand need not say them.
  const plain: MethodDefinition<object, string, string> = method;
  const key: ShardKey = { path: [{ tag: 10 }], type: "string" };
  const sharded: typeof plain = { ...plain, shardKey: key, fingerprint: "00000000" };
  // @ts-expect-error: nobody is told apart by fractions
  const fraction: ShardKey = { ...key, type: "double" };
  // @ts-expect-error: a key is a text, whatever its type
  const numeric: ShardKey = { ...key, type: "int32", default: 7 };
  void [sharded, fraction, numeric];
}
