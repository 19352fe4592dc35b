import type { Clock } from "../../base/clock.js";
import type { Peer } from "./peers.js";

/** What a lookout does over the connection that there is. */
export interface LookoutWays {
  /** Asks whether anybody takes what is sent to a peer: `refused` is called when nobody does. */
  probe(peer: Peer): void;
  /** Resolved when NATS has answered to all that was asked before. */
  answered(): Promise<void>;
  /** Tells all nodes that nobody seems to be at a peer. */
  suspect(peer: Peer): void;
  /** Nobody is. */
  unreachable(peer: Peer): void;
}

interface Watched {
  readonly peer: Peer;
  readonly place: number;
  state: "there" | "suspected" | "unreachable";
  /** Since when it is suspected. */
  since: number;
  /** When another node suspected it last. */
  heardAt: number;
  refused: boolean;
}

/**
 * Sees that a node's process is gone. NATS drops the subscriptions of a client whose connection ends, and from then on says of each message to it that nobody takes it. All
 * nodes stand in a ring, and each looks after the next two every so often: that costs each node two small messages a look, however many nodes there are. Who finds
 * nobody tells all others, and each of them looks for itself. A node that nobody is found at twice, some time apart, is unreachable: one that
 * goes from one server of NATS to another is back by then.
 */
export class Lookout {
  readonly #clock: Clock;
  readonly #periodMs: number;
  readonly #ownPlace: number;
  readonly #ways: LookoutWays;
  readonly #watched = new Map<string, Watched>();
  #ring: Watched[] | undefined;
  #graceUntil = Number.NEGATIVE_INFINITY;
  #looking = false;
  #looks = 0;

  constructor(ownId: string, periodMs: number, clock: Clock, ways: LookoutWays) {
    this.#clock = clock;
    this.#periodMs = periodMs;
    this.#ownPlace = placeOf(ownId);
    this.#ways = ways;
  }

  add(peer: Peer): void {
    const never = Number.NEGATIVE_INFINITY;
    const place = placeOf(peer.id);
    this.#watched.set(peer.id, { peer, place, state: "there", since: 0, heardAt: never, refused: false });
    this.#ring = undefined;
  }

  remove(id: string): void {
    this.#watched.delete(id);
    this.#ring = undefined;
  }

  /** For so long nobody is suspected: all come back from a restart of NATS, one after the other. */
  grace(ms: number): void {
    this.#graceUntil = this.#clock.steady() + ms;
    for (const watched of this.#watched.values()) {
      watched.state = "there";
    }
  }

  /** NATS says that nobody takes what was sent to a peer. */
  refused(peer: Peer): void {
    const watched = this.#watched.get(peer.id);
    const now = this.#clock.steady();
    if (watched?.peer !== peer) {
      return;
    }
    watched.refused = true;
    if (watched.state === "there" && now >= this.#graceUntil) {
      watched.state = "suspected";
      watched.since = now;
      if (now - watched.heardAt > hearsayMs) {
        this.#ways.suspect(peer);
      }
    }
  }

  /** Another node found nobody at a node. */
  suspected(id: string, incarnation: string): void {
    const watched = this.#watched.get(id);
    const now = this.#clock.steady();
    if (
      watched?.peer.incarnation === incarnation &&
      watched.state === "there" &&
      now - watched.heardAt >= this.#periodMs
    ) {
      watched.heardAt = now;
      this.#ways.probe(watched.peer);
    }
  }

  /** Looks once; to be called every period. */
  async look(): Promise<void> {
    if (this.#looking) {
      return;
    }
    this.#looking = true;
    try {
      await this.#look();
    } finally {
      this.#looking = false;
    }
  }

  async #look(): Promise<void> {
    this.#looks++;
    const asked = this.#toAsk();
    if (asked.length === 0) {
      return;
    }
    for (const watched of asked) {
      watched.refused = false;
      this.#ways.probe(watched.peer);
    }
    await this.#ways.answered();
    const now = this.#clock.steady();
    for (const watched of asked) {
      if (!watched.refused) {
        watched.state = "there";
      } else if (watched.state === "suspected" && now - watched.since >= this.#periodMs / 2) {
        watched.state = "unreachable";
        this.#ways.unreachable(watched.peer);
      }
    }
  }

  /** The next two of the ring, whoever is suspected, and now and then those at whom nobody was found. */
  #toAsk(): Watched[] {
    const asked = new Set(
      [...this.#watched.values()].filter(
        ({ state }) => state === "suspected" || (state === "unreachable" && this.#looks % looksBetween === 0),
      ),
    );
    const ring = this.#ringOf();
    const start = ring.findIndex(({ place }) => place > this.#ownPlace);
    let found = 0;
    for (let step = 0; step < ring.length && found < lookedAfter; step++) {
      const watched = ring[(Math.max(start, 0) + step) % ring.length] as Watched;
      if (watched.state !== "unreachable") {
        asked.add(watched);
        found++;
      }
    }
    return [...asked];
  }

  #ringOf(): Watched[] {
    this.#ring ??= [...this.#watched.values()].sort((a, b) => a.place - b.place);
    return this.#ring;
  }
}

/** After how many others each looks. */
const lookedAfter = 2;
/** One that was found to be unreachable is looked for each so many looks. */
const looksBetween = 5;
/** For so long nobody repeats what another has said. */
const hearsayMs = 1_000;

/** Where a node stands in the ring: not beside those whose ids are like its own, and which perhaps run, and die, on the same machine. */
function placeOf(id: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < id.length; index++) {
    hash = Math.imul(hash ^ id.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) >>> 0;
}
