import { JetStreamApiCodes, JetStreamApiError, jetstream, jetstreamManager } from "@nats-io/jetstream";
import { type KV, Kvm, type KvWatchEntry } from "@nats-io/kv";
import type { NatsConnection, QueuedIterator } from "@nats-io/transport-node";
import { NanowireError } from "../../base/error.js";
import type { NodeInfo } from "../node-info.js";
import type { NatsSettings } from "./nats-options.js";
import { fromToken, toToken } from "./token.js";

/*
 * What lies in the bucket. Who holds an id is who wrote its `alive` entry last, on condition that nobody else had since he last looked: that is what
 * JetStream checks. The rest of a node's entries are its own to write then.
 *
 *   alive.<id>        <incarnation>              written with each heartbeat
 *   node.<id>         the NodeInfo, as JSON      written when it changes, and now and then so that it does not age out
 *   number.<n>        <id> <incarnation>         likewise
 */

/** Something that was written to the bucket, or taken away. */
export type BucketEvent =
  | {
      readonly kind: "alive";
      readonly id: string;
      readonly incarnation: string | undefined;
      readonly revision: number;
      readonly writtenAt: number;
    }
  | { readonly kind: "node"; readonly id: string; readonly text: string }
  | { readonly kind: "number"; readonly number: number; readonly owner: NumberOwner | undefined }
  | { readonly kind: "stranger"; readonly key: string };

/** Whose a number is. */
export interface NumberOwner {
  readonly id: string;
  readonly incarnation: string;
}

/** Who holds an id at this moment. */
export interface Holder {
  /** undefined where it is free. */
  readonly incarnation: string | undefined;
  readonly revision: number;
}

/** The bucket with the list of members, over one connection. */
export class Bucket {
  readonly #kv: KV;
  /** After what time an entry goes that nobody writes anew, in milliseconds. */
  readonly ageMs: number;

  private constructor(kv: KV, ageMs: number) {
    this.#kv = kv;
    this.ageMs = ageMs;
  }

  /**
   * Opens the bucket, or makes it.
   *
   * @throws NanowireError `cluster_failed` when there is no JetStream: `details.reason` is then `no_jetstream`
   */
  static async open(connection: NatsConnection, settings: NatsSettings): Promise<Bucket> {
    const { cluster, memberTtlMs, replicas } = settings;
    const timeout = requestTimeoutMs(settings);
    await jetstreamManager(connection, { timeout }).catch((error: unknown) => {
      throw explained(error, connection);
    });
    const manager = new Kvm(jetstream(connection, { timeout }));
    const ttl = Math.max(30_000, 4 * memberTtlMs);
    const kv = await manager.create(cluster, { ttl, history: 1, replicas });
    return new Bucket(kv, (await kv.status()).ttl || ttl);
  }

  /** All that is in the bucket, and then all that is written to it. Ends with the connection. */
  watch(): Promise<QueuedIterator<KvWatchEntry>> {
    return this.#kv.watch();
  }

  /** Whether somebody took the bucket away. False while JetStream does not answer: a stream without a leader is there, though nobody takes what is written to it. */
  async isGone(): Promise<boolean> {
    try {
      await this.#kv.status();
      return false;
    } catch (error) {
      return error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound;
    }
  }

  /** Who holds an id. */
  async holderOf(id: string): Promise<Holder> {
    const entry = await this.#kv.get(`alive.${toToken(id)}`);
    return entry === null
      ? { incarnation: undefined, revision: 0 }
      : { incarnation: entry.operation === "PUT" ? entry.string() : undefined, revision: entry.revision };
  }

  /**
   * Shows that a node is alive, provided that its entry is as it was when it was last looked at.
   *
   * @returns the entry's new revision; undefined when somebody else has written it
   */
  async alive({ id, incarnation }: NodeInfo, previousSeq: number): Promise<number | undefined> {
    return this.#putIf(`alive.${toToken(id)}`, incarnation, previousSeq);
  }

  /** Tells what a node says of itself. */
  async tell(node: NodeInfo): Promise<void> {
    await this.#kv.put(`node.${toToken(node.id)}`, JSON.stringify(node));
  }

  /** Takes a number, or keeps it. False when it is somebody else's. */
  async takeNumber(number: number, node: NodeInfo, fromDead: boolean): Promise<boolean> {
    const key = `number.${number}`;
    const text = `${toToken(node.id)} ${toToken(node.incarnation)}`;
    const entry = await this.#kv.get(key);
    const free = entry === null || entry.operation !== "PUT" || entry.string() === text || fromDead;
    return free && (await this.#putIf(key, text, entry?.revision ?? 0)) !== undefined;
  }

  /** Takes away all that a node has written. What has become another's stays. */
  async remove(node: NodeInfo, revision: number, number: number): Promise<void> {
    const mine = `${toToken(node.id)} ${toToken(node.incarnation)}`;
    const key = `number.${number}`;
    const entry = await this.#kv.get(key);
    if (entry?.operation === "PUT" && entry.string() === mine) {
      await this.#kv.delete(key, { previousSeq: entry.revision });
    }
    // With this the others see that it is gone: what it says of itself goes first, as nobody else may have written it until then.
    const { incarnation } = await this.holderOf(node.id);
    if (incarnation === node.incarnation) {
      await this.#kv.delete(`node.${toToken(node.id)}`);
      await this.#kv.delete(`alive.${toToken(node.id)}`, { previousSeq: revision });
    }
  }

  async #putIf(key: string, text: string, previousSeq: number): Promise<number | undefined> {
    try {
      return await this.#kv.put(key, text, { previousSeq });
    } catch (error) {
      if (isConflict(error)) {
        return undefined;
      }
      throw error;
    }
  }
}

/** What an entry says. Anybody who may write to the bucket can have written it. */
export function readEntry(entry: KvWatchEntry): BucketEvent {
  const { key, revision } = entry;
  const there = entry.operation === "PUT";
  const [kind, token = "", ...rest] = key.split(".");
  const id = fromToken(token);
  const stranger: BucketEvent = { kind: "stranger", key };
  if (id === undefined || id.length > longestNameLength || rest.length > 0) {
    return stranger;
  }
  if (kind === "alive") {
    const incarnation = there ? entry.string() : undefined;
    return incarnation === undefined || isName(incarnation)
      ? { kind, id, incarnation, revision, writtenAt: entry.created.getTime() }
      : stranger;
  }
  if (kind === "node") {
    return { kind, id, text: there ? entry.string() : "" };
  }
  if (kind === "number" && /^(?:0|[1-9]\d{0,3})$/.test(id)) {
    const [owner, incarnation] = there ? entry.string().split(" ").map(fromToken) : [];
    return {
      kind,
      number: Number(id),
      owner: owner === undefined || incarnation === undefined ? undefined : { id: owner, incarnation },
    };
  }
  return stranger;
}

/** How long NATS may take for one answer of JetStream. */
export function requestTimeoutMs({ memberTtlMs }: NatsSettings): number {
  return Math.max(500, Math.floor(memberTtlMs / 2));
}

/** Whether a text can be a node's incarnation. Anything can stand in the bucket. */
export function isName(text: string): boolean {
  return text.length > 0 && text.length <= longestNameLength;
}

const longestNameLength = 128;

function isConflict(error: unknown): boolean {
  return (
    error instanceof JetStreamApiError &&
    (error.code === JetStreamApiCodes.StreamWrongLastSequence ||
      error.code === JetStreamApiCodes.StreamWrongLastSequenceUnknown)
  );
}

function explained(error: unknown, connection: NatsConnection): unknown {
  const { name, message = "" } = Object(error) as { name?: unknown; message?: string };
  if (name === "JetStreamNotEnabled") {
    return new NanowireError(
      "cluster_failed",
      `NATS at ${connection.getServer()} has no JetStream, or the account may not use it: start it with \`nats-server -js\`, or allow JetStream for the account (${message})`,
      { cause: error, details: { reason: "no_jetstream" } },
    );
  }
  return error;
}
