import { setMaxListeners } from "node:events";
import { type Awaitable, isPromise } from "../base/awaitable.js";
import type { Clock } from "../base/clock.js";
import { NanowireError, toNanowireError } from "../base/error.js";
import type { Logger } from "../base/logger.js";
import type { EndOfTurn, Turn } from "../base/turn.js";
import type { Session } from "../session/session.js";
import type { BindArbiter, BindingOptions, SessionClaim, SessionEvents } from "../session/session-registry.js";
import type { ClusterNode } from "./cluster-node.js";
import type { Binding, KnownBinding } from "./directory.js";
import {
  decodeBindings,
  decodeClaim,
  decodeFind,
  decodeFound,
  decodeKick,
  decodeNumbers,
  directoryRoute,
  encodeBindings,
  encodeClaim,
  encodeFind,
  encodeFound,
  encodeKick,
  encodeNumbers,
  type FoundBinding,
} from "./directory-messages.js";
import { type Gate, Gates } from "./gates.js";
import { Keeper, type KeeperHost } from "./keeper.js";
import { type Claimed, isSame, OwnBindings, type OwnBindingsHost } from "./own-bindings.js";
import type { Peer } from "./peer.js";
import type { Questions } from "./questions.js";

/** What the directory needs of its node. */
export interface UserDirectoryHost {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly turn: Turn;
  readonly node: ClusterNode;
  readonly questions: Questions;
  readonly binding: Required<BindingOptions>;
  /** The name of the serializer that a session's client speaks; undefined for one whose client another node holds. */
  serializerOf(session: Session): string | undefined;
}

/** What a lookup has found. */
export interface Lookup {
  readonly found: readonly FoundBinding[];
  /** The uids whose keeper could not be asked. */
  readonly unknown: readonly string[];
  /** Why; undefined: all were asked. */
  readonly error: NanowireError | undefined;
}

/** How long a question about a user is asked again at the most while the node that it falls to does not answer, in milliseconds. */
export const patienceMs = 2_000;

/**
 * Who is bound where, in the whole cluster. Each user falls to one of the gates, its keeper; gates tell it of their sessions, and every node asks it. Two
 * sessions that are bound to one uid at the same time meet there.
 */
export class UserDirectory implements BindArbiter, KeeperHost, OwnBindingsHost, EndOfTurn {
  readonly clock: Clock;
  /** What this node keeps for all. */
  readonly keeper: Keeper;
  /** What it tells of its own sessions. */
  readonly own: OwnBindings;
  readonly #host: UserDirectoryHost;
  #gates: Gates;
  /** Aborted when the gates change: what was asked is asked of others. */
  #change = newChange();
  /** Gates whose link broke, and since when: nothing is heard there until one answers. */
  readonly #silentSince = new Map<Peer, number>();
  readonly #awaitingChange = new Set<() => void>();
  #isLookDue = false;

  constructor(host: UserDirectoryHost) {
    this.#host = host;
    this.clock = host.clock;
    this.#gates = new Gates(host.node);
    this.keeper = new Keeper(this, this.#gates);
    this.own = new OwnBindings(this);
    const { node, questions } = host;
    node.joins.add(() => this.nodesChanged());
    node.leaves.add(() => this.nodesChanged());
    const { keeper, own } = this;
    questions.answer(directoryRoute.hello, () => nothing);
    questions.answer(directoryRoute.put, ({ peer, payload }) => {
      keeper.put(peer, decodeBindings(payload));
      return nothing;
    });
    questions.answer(directoryRoute.remove, ({ peer, payload }) => {
      keeper.remove(peer, decodeNumbers(payload));
      return nothing;
    });
    questions.answer(directoryRoute.view, ({ peer, payload }) => {
      keeper.sees(peer, decodeNumbers(payload)[0] ?? 0);
      return nothing;
    });
    questions.answer(directoryRoute.claim, ({ peer, payload, signal }) =>
      after(keeper.claim(peer, decodeClaim(payload), signal), ({ at, others }) => encodeNumbers([at, others])),
    );
    questions.answer(directoryRoute.find, ({ payload, signal }) => {
      const { uids, digest } = decodeFind(payload);
      return after(keeper.find(uids, digest, signal), (found) => encodeFound(found.map((one) => this.#foundOf(one))));
    });
    questions.answer(directoryRoute.kick, ({ payload }) => {
      const { reason, numbers } = decodeKick(payload);
      return encodeNumbers([own.kick(numbers, reason)]);
    });
  }

  /** Listens to what befalls the sessions here. */
  listenTo(sessions: SessionEvents): void {
    sessions.onBind(({ session }) => {
      if (!session.bound) {
        this.own.unbound(session);
      }
    });
    sessions.onSuspend(({ session }) => this.own.changed(session));
    sessions.onResume((session) => this.own.changed(session));
    sessions.onClose(({ session }) => this.own.unbound(session));
  }

  // who is there

  get gates(): Gates {
    return this.#gates;
  }

  /** A node came or went, or this one joined or left. */
  nodesChanged(): void {
    const gates = new Gates(this.#host.node);
    if (gates.digest === this.#gates.digest) {
      return;
    }
    this.#gates = gates;
    const change = this.#change;
    this.#change = newChange();
    change.abort();
    if (!this.#isLookDue) {
      this.#isLookDue = true;
      this.#host.turn.atEnd(this);
    }
  }

  /** All that came and went in this turn is seen at once. */
  endOfTurn(): void {
    this.#isLookDue = false;
    const { gates } = this;
    for (const peer of this.#silentSince.keys()) {
      if (this.#host.node.peer(peer.id) !== peer) {
        this.#silentSince.delete(peer);
        this.own.outOfTouch(peer);
      }
    }
    this.own.gatesChanged(gates);
    this.keeper.gatesChanged(gates);
    this.#tellChange();
  }

  /** The link to a node broke. */
  broken(peer: Peer): void {
    const isNew = !this.#silentSince.has(peer);
    this.keeper.broken(peer);
    this.own.outOfTouch(peer);
    if (this.#host.node.peer(peer.id) !== peer || peer.info?.gate !== true) {
      return;
    }
    if (isNew) {
      this.#silentSince.set(peer, this.clock.steady());
      void this.#greet(peer);
    } else {
      // A driver may find at once, each time, that nobody is there.
      this.clock.after(this.#host.node.settings.heartbeatMs, () => void this.#greet(peer));
    }
  }

  /** Finds out when somebody is there again. */
  async #greet(peer: Peer): Promise<void> {
    if (!this.#silentSince.has(peer) || this.#host.node.peer(peer.id) !== peer) {
      return;
    }
    try {
      await this.#ask(peer, directoryRoute.hello, nothing, undefined);
    } catch {
      // The link broke: that is told.
      return;
    }
    if (this.#silentSince.delete(peer)) {
      this.own.inTouch(peer);
      this.#tellChange();
    }
  }

  isInTouch({ peer }: Gate): boolean {
    return peer === undefined || (this.#host.node.peer(peer.id) === peer && !this.#silentSince.has(peer));
  }

  /** Resolved when other gates are there, or one answers again, or the time is over. */
  #changeWithin(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#awaitingChange.delete(done);
        cancel();
        resolve();
      };
      const cancel = this.clock.after(ms, done);
      this.#awaitingChange.add(done);
    });
  }

  #tellChange(): void {
    for (const done of [...this.#awaitingChange]) {
      done();
    }
  }

  /** For how long a gate is still waited for, when one has begun to wait at a time. */
  #patienceWith({ peer }: Gate, since: number): number {
    const silentSince = (peer && this.#silentSince.get(peer)) ?? since;
    return Math.min(since, silentSince) + patienceMs - this.clock.steady();
  }

  // a session is bound: what its gate asks, and tells

  get isUnique(): boolean {
    return this.#host.binding.second !== "allow";
  }

  async claimBinding(session: Session, uid: string): Promise<SessionClaim | undefined> {
    const serializer = this.#host.serializerOf(session);
    return serializer === undefined ? undefined : await this.own.claim(session, uid, serializer);
  }

  async claim(binding: Binding): Promise<Claimed | undefined> {
    const { second } = this.#host.binding;
    const { uid, number } = binding;
    const since = this.clock.steady();
    for (;;) {
      const { gates } = this;
      const { signal } = this.#change;
      const keeper = gates.keeperOf(uid);
      const patience = keeper === undefined ? 0 : this.#patienceWith(keeper, since);
      if (keeper === undefined || patience <= 0) {
        this.#host.logger.debug({ uid, keeper: keeper?.id }, "a session is bound without asking who else is");
        return undefined;
      }
      if (!this.isInTouch(keeper)) {
        await this.#changeWithin(patience);
        continue;
      }
      try {
        const { at, others } = await this.#claimAt(keeper, { digest: gates.digest, second, binding }, patience, signal);
        if (isSame(this.gates.keeperOf(uid), keeper)) {
          return { keeper, at, others };
        }
      } catch (error) {
        if (error instanceof NanowireError && error.code === "uid_in_use") {
          throw error;
        }
        this.#host.logger.debug({ uid, keeper: keeper.id, error }, "who else is bound could not be asked");
      }
      // It may have been granted all the same.
      if (this.isInTouch(keeper)) {
        this.remove(keeper, [number]);
      }
      if (!signal.aborted) {
        await this.#changeWithin(Math.max(0, this.#patienceWith(keeper, since)));
      }
    }
  }

  async #claimAt(
    { peer }: Gate,
    request: Parameters<Keeper["claim"]>[1],
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<Pick<Claimed, "at" | "others">> {
    if (peer === undefined) {
      return await this.keeper.claim(undefined, request, signal);
    }
    const answer = await this.#ask(peer, directoryRoute.claim, encodeClaim(request), { timeoutMs, signal });
    const [at = 0, others = 0] = decodeNumbers(answer);
    return { at, others };
  }

  put({ peer }: Gate, bindings: readonly Binding[]): void {
    if (peer === undefined) {
      this.keeper.put(undefined, bindings.map(copyOf));
    } else {
      this.#tell(peer, directoryRoute.put, encodeBindings(bindings));
    }
  }

  remove({ peer }: Gate, numbers: readonly number[]): void {
    if (peer === undefined) {
      this.keeper.remove(undefined, numbers);
    } else {
      inPieces(numbers, (piece) => this.#tell(peer, directoryRoute.remove, encodeNumbers(piece)));
    }
  }

  async putMany(peer: Peer, bindings: readonly Binding[]): Promise<void> {
    await inAwaitedPieces(bindings, (piece) => this.#ask(peer, directoryRoute.put, encodeBindings(piece), undefined));
  }

  sees(peer: Peer, digest: number): void {
    this.#tell(peer, directoryRoute.view, encodeNumbers([digest]));
  }

  evict({ gate, number }: KnownBinding): void {
    const { kickReason } = this.#host.binding;
    if (gate === undefined) {
      this.own.kick([number], kickReason);
    } else {
      this.#tell(gate, directoryRoute.kick, encodeKick(kickReason, [number]));
    }
  }

  untold(peer: Peer, error: unknown): void {
    this.#host.logger.error({ node: peer.id, error }, "a node did not take who is bound here");
  }

  // what any node asks

  /** Where users are, if this node knows without asking; else undefined. */
  findHere(uids: readonly string[]): FoundBinding[] | undefined {
    const { gates } = this;
    const isHere = this.keeper.knowsAll(gates.digest) && uids.every((uid) => gates.keeperOf(uid)?.peer === undefined);
    return isHere ? uids.flatMap((uid) => this.keeper.directory.of(uid)).map((one) => this.#foundOf(one)) : undefined;
  }

  /** Where users are: one question to each keeper. */
  find(uids: readonly string[]): Promise<Lookup> {
    return this.#find(uids, this.clock.steady());
  }

  async #find(uids: readonly string[], since: number): Promise<Lookup> {
    const { gates } = this;
    const byKeeper = new Map<Gate, string[]>();
    for (const uid of uids) {
      const keeper = gates.keeperOf(uid);
      if (keeper !== undefined) {
        const part = byKeeper.get(keeper) ?? [];
        byKeeper.set(keeper, part);
        part.push(uid);
      }
    }
    const lookups = await Promise.all([...byKeeper].map(([keeper, part]) => this.#findAt(keeper, part, since)));
    return {
      found: lookups.flatMap(({ found }) => found),
      unknown: lookups.flatMap(({ unknown }) => unknown),
      error: lookups.find(({ error }) => error !== undefined)?.error,
    };
  }

  async #findAt(keeper: Gate, uids: readonly string[], since: number): Promise<Lookup> {
    const { gates } = this;
    const { signal } = this.#change;
    let failure = new NanowireError("unavailable", `node ${keeper.id}, which knows where users are, does not answer`);
    if (this.isInTouch(keeper)) {
      try {
        const timeoutMs = Math.max(1, this.#patienceWith(keeper, since));
        const found = await this.#findOnce(keeper, uids, gates.digest, timeoutMs, signal);
        return { found, unknown: [], error: undefined };
      } catch (error) {
        failure = toNanowireError(error, "unavailable", "users could not be looked up");
      }
    }
    const patience = this.#patienceWith(keeper, since);
    if (patience <= 0) {
      return { found: [], unknown: uids, error: failure };
    }
    if (!signal.aborted) {
      await this.#changeWithin(patience);
    }
    return await this.#find(uids, since);
  }

  async #findOnce(
    { peer }: Gate,
    uids: readonly string[],
    digest: number,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<FoundBinding[]> {
    if (peer === undefined) {
      return (await this.keeper.find(uids, digest, signal)).map((one) => this.#foundOf(one));
    }
    const answers: FoundBinding[] = [];
    await inAwaitedPieces(uids, async (piece) => {
      const answer = await this.#ask(peer, directoryRoute.find, encodeFind(digest, piece), { timeoutMs, signal });
      answers.push(...decodeFound(answer));
    });
    return answers;
  }

  /** Closes sessions at their gates, with a kick. Returns how many there were. */
  async kickAll(found: readonly FoundBinding[], reason: string): Promise<number> {
    const { node } = this.#host;
    const byGate = new Map<string, number[]>();
    for (const { gate, number } of found) {
      const numbers = byGate.get(gate) ?? [];
      byGate.set(gate, numbers);
      numbers.push(number);
    }
    const counts = await Promise.all(
      [...byGate].map(async ([gate, numbers]) => {
        const peer = node.peer(gate);
        if (peer === undefined) {
          return gate === node.info?.id ? this.own.kick(numbers, reason) : 0;
        }
        const options = { timeoutMs: patienceMs, signal: undefined };
        return decodeNumbers(await this.#ask(peer, directoryRoute.kick, encodeKick(reason, numbers), options))[0] ?? 0;
      }),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  }

  /** Every binding that this node keeps, as it would tell of it. */
  *kept(): Iterable<FoundBinding> {
    for (const binding of this.keeper.directory.all()) {
      yield this.#foundOf(binding);
    }
  }

  #foundOf({ uid, gate, number, session, serializer, suspended }: KnownBinding): FoundBinding {
    return { uid, gate: gate?.id ?? this.#host.node.info?.id ?? "", number, session, serializer, suspended };
  }

  #ask(
    peer: Peer,
    route: string,
    payload: Uint8Array,
    options: { readonly timeoutMs: number; readonly signal: AbortSignal | undefined } | undefined,
  ): Promise<Uint8Array> {
    return this.#host.questions.ask(peer, route, payload, options ?? { timeoutMs: 0 });
  }

  #tell(peer: Peer, route: string, payload: Uint8Array): void {
    peer.out.tell({ route, metadata: {}, payload });
  }
}

function newChange(): AbortController {
  const change = new AbortController();
  // Everything that is asked listens to it, until it is answered.
  setMaxListeners(0, change.signal);
  return change;
}

function after<T, R>(value: Awaitable<T>, then: (value: T) => R): Awaitable<R> {
  return isPromise(value) ? (value as Promise<T>).then(then) : then(value);
}

function copyOf({ uid, number, session, serializer, at, suspended }: Binding): Binding {
  return { uid, number, session, serializer, at, suspended };
}

function isTooLarge(error: unknown): boolean {
  return error instanceof NanowireError && error.code === "message_too_large";
}

/** Sends a list whole; in halves, where it is too large for one message. */
export function inPieces<T>(items: readonly T[], send: (piece: readonly T[]) => void): void {
  try {
    send(items);
  } catch (error) {
    if (!isTooLarge(error) || items.length < 2) {
      throw error;
    }
    const middle = items.length >> 1;
    inPieces(items.slice(0, middle), send);
    inPieces(items.slice(middle), send);
  }
}

/** As {@link inPieces}, one after the other. Also an answer may be too large. */
async function inAwaitedPieces<T>(items: readonly T[], send: (piece: readonly T[]) => Promise<unknown>): Promise<void> {
  try {
    await send(items);
  } catch (error) {
    if (!isTooLarge(error) || items.length < 2) {
      throw error;
    }
    const middle = items.length >> 1;
    await inAwaitedPieces(items.slice(0, middle), send);
    await inAwaitedPieces(items.slice(middle), send);
  }
}

const nothing = new Uint8Array(0);
