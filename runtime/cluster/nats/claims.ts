import type { Clock } from "../../base/clock.js";
import { NanowireError } from "../../base/error.js";
import type { NodeInfo } from "../node-info.js";
import type { Bucket, NumberOwner } from "./bucket.js";
import type { NatsSettings } from "./nats-options.js";

/** What it takes to claim an id. */
export interface IdClaim {
  readonly bucket: Bucket;
  readonly node: NodeInfo;
  readonly settings: NatsSettings;
  readonly clock: Clock;
  /** Whether anybody takes what is sent to a node of our id. */
  isListening(incarnation: string): Promise<boolean>;
  /** Waits; throws when it is of no use any more. */
  pause(ms: number): Promise<void>;
}

/**
 * Takes a node's id, once it is sure that nobody alive has it: who has it shows that he is alive, or is silent for as long as a node may be. Where nobody listens
 * to what is sent to him either, two heartbeats of silence are enough: a node that was killed can be started again.
 *
 * @returns the revision of its entry
 * @throws NanowireError `node_exists`
 */
export async function claimId({ bucket, node, settings, clock, isListening, pause }: IdClaim): Promise<number> {
  const { id, incarnation } = node;
  const { cluster, heartbeatMs, memberTtlMs } = settings;
  let holder = await bucket.holderOf(id);
  let since = clock.steady();
  let heard = false;
  for (;;) {
    const silentMs = clock.steady() - since;
    const dead = silentMs > memberTtlMs || (!heard && silentMs > 2 * heartbeatMs);
    if (holder.incarnation === undefined || holder.incarnation === incarnation || dead) {
      const revision = await bucket.alive(node, holder.revision);
      if (revision !== undefined) {
        return revision;
      }
    } else {
      heard = (await isListening(holder.incarnation)) || heard;
      await pause(heartbeatMs / 4);
    }
    const next = await bucket.holderOf(id);
    if (next.revision !== holder.revision) {
      if (next.incarnation !== undefined && next.incarnation !== incarnation) {
        throw new NanowireError("node_exists", `a node ${id} is in the cluster ${cluster} already`);
      }
      holder = next;
      since = clock.steady();
    }
  }
}

/**
 * Takes a number: the former one where that is still the node's own, else one that is free, else that of a dead node.
 *
 * @param numbers whose the numbers are that are taken
 * @throws NanowireError `cluster_failed` when all are taken
 */
export async function claimNumber(
  bucket: Bucket,
  node: NodeInfo,
  former: number | undefined,
  numbers: ReadonlyMap<number, NumberOwner>,
  isAlive: (owner: NumberOwner) => boolean,
): Promise<number> {
  const first = firstNumber(node.id);
  const free = Array.from({ length: numberCount }, (_, index) => (first + index) % numberCount).filter(
    (number) => !numbers.has(number),
  );
  for (const number of former === undefined ? free : [former, ...free]) {
    if (await bucket.takeNumber(number, node, false)) {
      return number;
    }
  }
  for (const [number, owner] of numbers) {
    if (!isAlive(owner) && (await bucket.takeNumber(number, node, true))) {
      return number;
    }
  }
  throw new NanowireError("cluster_failed", `all ${numberCount} numbers of the cluster are taken`);
}

const numberCount = 1_024;

/** Where a node begins to look for a number: many that come at once seldom want the same. */
function firstNumber(id: string): number {
  let hash = 7;
  for (let index = 0; index < id.length; index++) {
    hash = (Math.imul(hash, 31) + id.charCodeAt(index)) >>> 0;
  }
  return hash % numberCount;
}
