import type { Awaitable } from "../base/awaitable.js";
import type { CancelTimer, Clock } from "../base/clock.js";
import { NanowireError } from "../base/error.js";
import { type Binding, Directory, type KnownBinding } from "./directory.js";
import type { ClaimAnswer, ClaimRequest } from "./directory-messages.js";
import type { Gates } from "./gates.js";
import type { Peer } from "./peer.js";

/** What a keeper needs of its node. */
export interface KeeperHost {
  readonly clock: Clock;
  /** Whether a user may have one session only. */
  readonly isUnique: boolean;
  /** Of a user with several, this one has to go. */
  evict(binding: KnownBinding): void;
}

/** How long a change of the gates takes at the most until it is answered with what is known, in milliseconds. */
export const settleMs = 1_000;

/** Somebody who waits until all gates are seen alike. */
interface Held {
  /** Of the gates that the asker sees. */
  readonly digest: number;
  readonly signal: AbortSignal;
  readonly cancelTimer: CancelTimer;
  answer(): void;
  giveUp(): void;
}

/**
 * A node's part in knowing where users are: it keeps the bindings of those users that fall to it, and answers who asks for them.
 *
 * What it knows of a gate is what that gate has told it since the link between them began; it drops nothing on its own account but what a gate told that
 * is gone. After the gates have changed, it answers when each of them has said that it sees the same, and has told what it had to; or after {@link settleMs}.
 */
export class Keeper {
  readonly directory = new Directory();
  readonly #host: KeeperHost;
  /** Of the gates that each gate has said it sees. */
  readonly #digests = new Map<Peer, number>();
  /** Gates whose link broke, and that have said nothing since: they are not waited for. */
  #lost = new Set<Peer>();
  #gates: Gates;
  #held: Held[] = [];
  /** Whether every gate has said that it sees the same, or was waited for long enough. */
  #isSettled = true;
  /** While gates that are behind are waited for. */
  #cancelSettle: CancelTimer | undefined;

  constructor(host: KeeperHost, gates: Gates) {
    this.#host = host;
    this.#gates = gates;
  }

  /** How many wait for an answer. */
  get held(): number {
    return this.#held.length;
  }

  // what gates tell

  /** @param gate undefined: this node itself */
  put(gate: Peer | undefined, bindings: readonly Binding[]): void {
    for (const binding of bindings) {
      this.directory.put({ ...binding, gate });
      if (this.#host.isUnique) {
        this.#evictOlder(binding.uid);
      }
    }
  }

  remove(gate: Peer | undefined, numbers: readonly number[]): void {
    for (const number of numbers) {
      this.directory.remove(gate, number);
    }
  }

  /** A gate sees these gates, and has told what it had to. */
  sees(gate: Peer, digest: number): void {
    this.#digests.set(gate, digest);
    this.#lost.delete(gate);
    this.#look();
  }

  /** What a gate has told is not known any more. */
  broken(gate: Peer): void {
    this.directory.removeGate(gate);
    this.#digests.delete(gate);
    this.#lost.add(gate);
    this.#look();
  }

  /** This node sees other gates than before, and has told itself what it had to. */
  gatesChanged(gates: Gates): void {
    this.#gates = gates;
    this.#lost = new Set(gates.all.flatMap(({ peer }) => (peer !== undefined && this.#lost.has(peer) ? peer : [])));
    this.#cancelSettle?.();
    this.#cancelSettle = this.#host.clock.after(settleMs, () => {
      this.#cancelSettle = undefined;
      this.#look();
    });
    this.#look();
  }

  // what is asked

  /**
   * A session is about to be bound: it is known from here on, unless it is refused. When it is bound, its gate tells so, and the others go, if they have to.
   *
   * @param gate undefined: this node itself
   * @throws NanowireError `uid_in_use`; `canceled` when nobody waits for the answer any more
   */
  claim(
    gate: Peer | undefined,
    { digest, second, binding }: ClaimRequest,
    signal: AbortSignal,
  ): Awaitable<ClaimAnswer> {
    return this.#whenSettled(digest, signal, () => {
      const { uid, session } = binding;
      const others = this.directory.of(uid).filter((other) => other.session !== session);
      if (second === "refuse" && others.some(({ suspended }) => !suspended)) {
        throw new NanowireError("uid_in_use", `another session is bound to ${uid}`);
      }
      const at = others.reduce((latest, other) => Math.max(latest, other.at + 1), binding.at);
      this.directory.put({ ...binding, at, gate });
      return { at, others: others.length };
    });
  }

  /** Where users are. */
  find(uids: readonly string[], digest: number, signal: AbortSignal): Awaitable<KnownBinding[]> {
    return this.#whenSettled(digest, signal, () => uids.flatMap((uid) => this.directory.of(uid)));
  }

  /** Whether who sees these gates is answered at once. */
  knowsAll(digest: number): boolean {
    return this.#isSettled && digest === this.#gates.digest;
  }

  #whenSettled<T>(digest: number, signal: AbortSignal, answer: () => T): Awaitable<T> {
    if (this.knowsAll(digest)) {
      return answer();
    }
    return new Promise((resolve, reject) => {
      const held: Held = {
        digest,
        signal,
        cancelTimer: this.#host.clock.after(settleMs, () => {
          this.#held = this.#held.filter((other) => other !== held);
          this.#release(held);
        }),
        answer() {
          try {
            resolve(answer());
          } catch (error) {
            reject(error);
          }
        },
        giveUp: () => reject(new NanowireError("canceled", "nobody waits for the answer any more")),
      };
      this.#held.push(held);
    });
  }

  #look(): void {
    this.#isSettled =
      this.#cancelSettle === undefined ||
      this.#gates.all.every(
        ({ peer }) => peer === undefined || this.#lost.has(peer) || this.#digests.get(peer) === this.#gates.digest,
      );
    if (this.#isSettled) {
      this.#cancelSettle?.();
      this.#cancelSettle = undefined;
    }
    const held = this.#held;
    const isDue = ({ digest, signal }: Held): boolean =>
      signal.aborted || (this.#isSettled && digest === this.#gates.digest);
    this.#held = held.filter((one) => !isDue(one));
    for (const one of held.filter(isDue)) {
      this.#release(one);
    }
  }

  #release(held: Held): void {
    held.cancelTimer();
    if (held.signal.aborted) {
      held.giveUp();
    } else {
      held.answer();
    }
  }

  /** What was bound on two sides of a partition meets: the newest stays. */
  #evictOlder(uid: string): void {
    const bindings = this.directory.of(uid);
    if (bindings.length < 2) {
      return;
    }
    const newest = bindings.reduce((best, one) => (isNewer(one, best) ? one : best));
    for (const binding of bindings) {
      if (binding.session !== newest.session) {
        this.#host.evict(binding);
      }
    }
  }
}

/** All nodes decide alike: of two that were bound at the same time, the one with the greater id is newer. */
function isNewer(one: Binding, other: Binding): boolean {
  return one.at > other.at || (one.at === other.at && one.session > other.session);
}
