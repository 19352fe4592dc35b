import { NanowireError } from "../base/error.js";
import type { Session } from "../session/session.js";
import { keyWeight } from "./key-weight.js";
import type { NodeInfo } from "./node-info.js";
import type { Peer } from "./peer.js";

/** What a node is chosen by. */
export interface RouteChoice {
  /** The service that is called: `Room`. */
  readonly service: string;
  /** What is called: `Room.Join`. */
  readonly route: string;
  /** The session that calls: its uid, its handshake, its data. */
  readonly session: Session;
  /** The nodes that can be chosen, in the order of their ids: one or more. */
  readonly nodes: readonly NodeInfo[];
}

/**
 * How a node is chosen for a session and a service. The session stays with it, for that service, as long as the node is there.
 * - `random`: any.
 * - `leastLoaded`: the one with the fewest calls of this gate under way; of these, that with the fewest of its sessions.
 * - a function: the id of one of `choice.nodes`; undefined: any.
 */
export type Routing = "random" | "leastLoaded" | ((choice: RouteChoice) => string | undefined);

/** A node among which a key chooses. */
export interface Weighed {
  readonly id: string;
  /** Its id's part of the hash. */
  readonly seed: number;
}

/** Chooses among nodes. One candidate is returned, whatever the routing says. */
export function choosePeer(
  routing: Routing,
  candidates: readonly Peer[],
  choice: Omit<RouteChoice, "nodes">,
  random: () => number = Math.random,
): Peer | undefined {
  if (routing === "leastLoaded") {
    return leastLoaded(candidates, random);
  }
  if (typeof routing === "function") {
    const nodes = candidates.flatMap(({ info }) => info ?? []).sort((left, right) => (left.id < right.id ? -1 : 1));
    const id = routing({ ...choice, nodes });
    const chosen = id === undefined ? undefined : candidates.find((peer) => peer.id === id);
    if (chosen !== undefined) {
      return chosen;
    }
  }
  return candidates[Math.floor(random() * candidates.length)];
}

/**
 * Chooses by a key: as long as the same nodes are there, the same one, at every gate; when one comes or goes, only those keys move that have to. (Rendezvous hashing:
 * the node whose hash with the key is the greatest.)
 */
export function chooseByKey<T extends Weighed>(key: string, candidates: readonly T[]): T | undefined {
  let best: T | undefined;
  let bestHash = -1;
  for (const peer of candidates) {
    const hash = keyWeight(key, peer.seed);
    if (hash > bestHash || (hash === bestHash && best !== undefined && peer.id < best.id)) {
      best = peer;
      bestHash = hash;
    }
  }
  return best;
}

/** Those of a service's nodes that are chosen among: where there are others, none that drains. */
export function stayingOf<Host extends Pick<Peer, "info">>(able: readonly Host[]): readonly Host[] {
  const staying = able.filter(({ info }) => info?.draining !== true);
  return staying.length > 0 ? staying : able;
}

/**
 * Why nobody can be called.
 *
 * @param hosts all that host the service
 * @param reached those of them that can be reached
 * @param knower who knows the method as they do not: `this gate`
 */
export function nobodyServes(
  service: string,
  route: string,
  hosts: readonly Pick<Peer, "id">[],
  reached: readonly Pick<Peer, "id">[],
  knower: string,
): NanowireError {
  const listed = (some: readonly Pick<Peer, "id">[]) => some.map(({ id }) => id).join(", ");
  const why =
    hosts.length === 0
      ? `no node hosts ${service}`
      : reached.length === 0
        ? `no node that hosts ${service} can be reached: ${listed(hosts)}`
        : `no node that hosts ${service} has ${route} as ${knower} knows it: ${listed(reached)}`;
  return new NanowireError("unavailable", why);
}

function leastLoaded(candidates: readonly Peer[], random: () => number): Peer | undefined {
  // From where one begins is chance: gates that know as little as each other do not all choose the same node.
  const from = Math.floor(random() * candidates.length);
  let best: Peer | undefined;
  for (let index = 0; index < candidates.length; index++) {
    const peer = candidates[(from + index) % candidates.length] as Peer;
    const isLess =
      best === undefined ||
      peer.underWay < best.underWay ||
      (peer.underWay === best.underWay && peer.visits.size < best.visits.size);
    best = isLess ? peer : best;
  }
  return best;
}
