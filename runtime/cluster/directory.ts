import type { Peer } from "./peer.js";

/** A session that is bound to a uid, as its gate tells of it. */
export interface Binding {
  readonly uid: string;
  /** What its gate knows the binding by: of no two bindings the same, also when the gate has begun anew. */
  readonly number: number;
  /** The session's id. */
  readonly session: string;
  /** The name of the serializer that the client's payloads are written in. */
  readonly serializer: string;
  /** When it was bound, in milliseconds since 1970; later than any other that it took the place of. */
  readonly at: number;
  /** Whether its client is not connected at the moment. */
  readonly suspended: boolean;
}

/** A binding, and who holds the client. */
export interface KnownBinding extends Binding {
  /** Undefined: this node itself. */
  readonly gate: Peer | undefined;
}

/** The bindings that a node keeps for all: what gates have told it, and no more. */
export class Directory {
  readonly #byUid = new Map<string, KnownBinding[]>();
  readonly #byGate = new Map<Peer | undefined, Map<number, KnownBinding>>();

  /** All of them, those of a user in the order in which they came. */
  *all(): Iterable<KnownBinding> {
    for (const bindings of this.#byUid.values()) {
      yield* bindings;
    }
  }

  /** A user's, in the order in which they came. */
  of(uid: string): readonly KnownBinding[] {
    return this.#byUid.get(uid) ?? none;
  }

  /** Takes one in, in the place of what was known of it before. */
  put(binding: KnownBinding): void {
    const { gate, number, uid } = binding;
    this.remove(gate, number);
    const ofGate = this.#byGate.get(gate) ?? new Map<number, KnownBinding>();
    this.#byGate.set(gate, ofGate.set(number, binding));
    this.#byUid.set(uid, [...this.of(uid), binding]);
  }

  /** Lets go of one, if it is there. */
  remove(gate: Peer | undefined, number: number): void {
    const ofGate = this.#byGate.get(gate);
    const binding = ofGate?.get(number);
    if (ofGate !== undefined && binding !== undefined) {
      ofGate.delete(number);
      this.#forget(binding);
      if (ofGate.size === 0) {
        this.#byGate.delete(gate);
      }
    }
  }

  /** Lets go of all that a gate has told. */
  removeGate(gate: Peer): void {
    const ofGate = this.#byGate.get(gate);
    this.#byGate.delete(gate);
    for (const binding of ofGate?.values() ?? []) {
      this.#forget(binding);
    }
  }

  #forget(binding: KnownBinding): void {
    const left = this.of(binding.uid).filter((other) => other !== binding);
    if (left.length === 0) {
      this.#byUid.delete(binding.uid);
    } else {
      this.#byUid.set(binding.uid, left);
    }
  }
}

const none: readonly KnownBinding[] = [];
