import type { Clock } from "../base/clock.js";
import type { Session } from "../session/session.js";
import type { SessionClaim } from "../session/session-registry.js";
import type { Binding } from "./directory.js";
import type { Gate, Gates } from "./gates.js";
import type { Peer } from "./peer.js";

/** What a gate needs to tell of its sessions. */
export interface OwnBindingsHost {
  readonly clock: Clock;
  /** The gates as they are seen now. */
  readonly gates: Gates;
  /** Whether what is said to a gate is heard there: the link has not broken, or somebody has answered since. */
  isInTouch(gate: Gate): boolean;
  /** Asks the keeper that a user falls to, and, when that is gone, the next one: for a while. Undefined: nobody could be asked. */
  claim(binding: Binding): Promise<Claimed | undefined>;
  put(keeper: Gate, bindings: readonly Binding[]): void;
  remove(keeper: Gate, numbers: readonly number[]): void;
  /** As {@link put}, for many: resolved when the other node has them. Rejected when the link breaks. */
  putMany(keeper: Peer, bindings: readonly Binding[]): Promise<void>;
  /** All that was to be told is told: to whom sees these gates. */
  sees(gate: Peer, digest: number): void;
  /** A gate did not take what it was told, and is there all the same. */
  untold(gate: Peer, error: unknown): void;
}

/** A claim that was granted. */
export interface Claimed {
  readonly keeper: Gate;
  readonly at: number;
  /** How many other sessions the user has. */
  readonly others: number;
}

/** One session of ours, bound or about to be. */
class OwnBinding implements Binding {
  readonly session: string;
  readonly uid: string;
  readonly serializer: string;
  readonly number: number;
  readonly owner: Session;
  at: number;
  isBound = false;
  /** The gate that was told, or is to be as soon as it hears; undefined: none. */
  keeper: Gate | undefined;

  constructor(owner: Session, uid: string, serializer: string, number: number, at: number) {
    this.owner = owner;
    this.session = owner.id;
    this.uid = uid;
    this.serializer = serializer;
    this.number = number;
    this.at = at;
  }

  /** What is claimed is claimed for somebody who is there. */
  get suspended(): boolean {
    return this.isBound && this.owner.suspended;
  }
}

/** What is still to be told to a gate, one piece after the other. */
interface Telling {
  waiting: OwnBinding[];
  isUnderWay: boolean;
}

/** The bound sessions whose clients this node holds, and what it tells of them to the nodes that keep who is where. */
export class OwnBindings {
  readonly #host: OwnBindingsHost;
  /** Also those that are about to be bound. */
  readonly #byNumber = new Map<number, OwnBinding>();
  readonly #bySession = new Map<Session, OwnBinding>();
  readonly #tellings = new Map<Peer, Telling>();
  /** Of the gates that all bindings were told, or are being told, according to. */
  #gates: Gates;
  #lastNumber: number;

  constructor(host: OwnBindingsHost) {
    this.#host = host;
    this.#gates = host.gates;
    // Whoever had this node's id before has given smaller ones.
    this.#lastNumber = host.clock.now() * numbersPerMs;
  }

  /** How many sessions are bound, or about to be. */
  get size(): number {
    return this.#byNumber.size;
  }

  /** The session that a number stands for, as long as that binding lasts. */
  boundSession(number: number): Session | undefined {
    const binding = this.#byNumber.get(number);
    return binding?.isBound === true ? binding.owner : undefined;
  }

  /** Closes sessions, with a kick; also those that are about to be bound. Returns how many there were. */
  kick(numbers: readonly number[], reason: string): number {
    let count = 0;
    for (const number of numbers) {
      const owner = this.#byNumber.get(number)?.owner;
      if (owner?.closed === false) {
        owner.kick(reason);
        count++;
      }
    }
    return count;
  }

  // a session is bound, and is not any more

  /**
   * A session is about to be bound.
   *
   * @throws NanowireError `uid_in_use`
   */
  async claim(session: Session, uid: string, serializer: string): Promise<SessionClaim> {
    const binding = new OwnBinding(session, uid, serializer, ++this.#lastNumber, this.#host.clock.now());
    this.#byNumber.set(binding.number, binding);
    let claimed: Claimed | undefined;
    try {
      claimed = await this.#host.claim(binding);
    } catch (error) {
      this.#byNumber.delete(binding.number);
      throw error;
    }
    if (claimed !== undefined) {
      binding.at = claimed.at;
      binding.keeper = claimed.keeper;
    }
    return {
      taken: (isOnly) => this.#bind(binding, isOnly && claimed !== undefined && claimed.others > 0),
      givenUp: () => this.#forget(binding),
    };
  }

  /** @param isToEvict whether the keeper is to see to it that others go */
  #bind(binding: OwnBinding, isToEvict: boolean): void {
    const { owner, uid } = binding;
    const former = this.#bySession.get(owner);
    if (owner.closed || owner.uid !== uid || former?.uid === uid) {
      this.#forget(binding);
      return;
    }
    if (former !== undefined) {
      this.#forget(former);
    }
    binding.isBound = true;
    this.#bySession.set(owner, binding);
    const keeper = this.#host.gates.keeperOf(uid);
    if (!isSame(keeper, binding.keeper)) {
      this.#untell(binding);
      binding.keeper = keeper;
      this.#tell(binding);
    } else if (isToEvict || binding.suspended) {
      this.#tell(binding);
    }
  }

  /** A session is bound to nobody any more, or closed. */
  unbound(session: Session): void {
    const binding = this.#bySession.get(session);
    if (binding !== undefined) {
      this.#forget(binding);
    }
  }

  /** A session was suspended, or goes on. */
  changed(session: Session): void {
    const binding = this.#bySession.get(session);
    if (binding !== undefined) {
      this.#tell(binding);
    }
  }

  #forget(binding: OwnBinding): void {
    this.#byNumber.delete(binding.number);
    if (this.#bySession.get(binding.owner) === binding) {
      this.#bySession.delete(binding.owner);
    }
    this.#untell(binding);
    binding.keeper = undefined;
  }

  #tell(binding: OwnBinding): void {
    const { keeper } = binding;
    if (keeper !== undefined && this.#host.isInTouch(keeper)) {
      this.#host.put(keeper, [binding]);
    }
  }

  #untell({ keeper, number }: OwnBinding): void {
    // Who is not in touch has forgotten it already.
    if (keeper !== undefined && this.#host.isInTouch(keeper)) {
      this.#host.remove(keeper, [number]);
    }
  }

  // others keep them from here on

  /** The gates are others than before: those users are told of anew that fall to another one now. */
  gatesChanged(gates: Gates): void {
    this.#gates = gates;
    const removed = new Map<Gate, number[]>();
    for (const binding of this.#bySession.values()) {
      const keeper = gates.keeperOf(binding.uid);
      const former = binding.keeper;
      binding.keeper = keeper;
      if (isSame(keeper, former)) {
        continue;
      }
      if (former !== undefined && this.#host.isInTouch(former)) {
        const numbers = removed.get(former) ?? [];
        removed.set(former, numbers);
        numbers.push(binding.number);
      }
      if (keeper?.peer !== undefined) {
        this.#tellingTo(keeper.peer).waiting.push(binding);
      } else if (keeper !== undefined) {
        this.#host.put(keeper, [binding]);
      }
    }
    for (const [keeper, numbers] of removed) {
      this.#host.remove(keeper, numbers);
    }
    for (const gate of gates.all) {
      if (gate.peer !== undefined && this.#host.isInTouch(gate)) {
        void this.#tellOn(gate.peer);
      }
    }
  }

  /** A gate hears again what it is told, and knows nothing. */
  inTouch(gate: Peer): void {
    const all = [...this.#bySession.values()].filter(({ keeper }) => keeper?.peer === gate);
    this.#tellings.set(gate, { waiting: all, isUnderWay: false });
    void this.#tellOn(gate);
  }

  /** A gate hears nothing, or is gone. */
  outOfTouch(gate: Peer): void {
    this.#tellings.delete(gate);
  }

  #tellingTo(gate: Peer): Telling {
    const telling = this.#tellings.get(gate) ?? { waiting: [], isUnderWay: false };
    this.#tellings.set(gate, telling);
    return telling;
  }

  /** Tells what waits, in pieces: the next when the one before has come, so that no more is on its way than a link takes. */
  async #tellOn(gate: Peer): Promise<void> {
    const telling = this.#tellingTo(gate);
    if (telling.isUnderWay) {
      return;
    }
    telling.isUnderWay = true;
    while (telling.waiting.length > 0 && this.#tellings.get(gate) === telling) {
      const piece = telling.waiting.splice(0, mostAtOnce).filter((one) => this.#isFor(one, gate));
      try {
        await this.#host.putMany(gate, piece);
      } catch (error) {
        if (this.#tellings.get(gate) !== telling) {
          // The link broke: when there is somebody again, all is told.
          return;
        }
        this.#host.untold(gate, error);
      }
    }
    if (this.#tellings.get(gate) === telling) {
      telling.isUnderWay = false;
      this.#host.sees(gate, this.#gates.digest);
    }
  }

  /** Whether a gate is still to be told of a binding. */
  #isFor(binding: OwnBinding, gate: Peer): boolean {
    return this.#bySession.get(binding.owner) === binding && binding.keeper?.peer === gate;
  }
}

/** Whether two stand for the same life of the same gate. */
export function isSame(one: Gate | undefined, other: Gate | undefined): boolean {
  return one?.id === other?.id && one?.peer === other?.peer;
}

/** A thousand binds a millisecond, for as long as the node runs, and no number comes twice. */
const numbersPerMs = 1_000;

/** How many bindings are told in one message, where many are. */
const mostAtOnce = 1_000;
