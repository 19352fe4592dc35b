// A hot file: whom each push of another node goes to is found here.

import { Buffer } from "node:buffer";
import type { Session } from "../session/session.js";
import type { RecordReader } from "./record-reader.js";

/** Who is known by numbers. */
export type NumberedSessions = ReadonlyMap<number, { readonly session: Session }>;

/** A list of targets, as it came, and who that is. */
interface KnownList {
  /** How many targets it has, those who are gone with them. */
  readonly count: number;
  readonly bytes: Buffer;
  readonly sessions: readonly Session[];
}

/**
 * Whom a node's pushes go to. A group is told again and again, and its members are the same most of the time: where a list of targets is byte by byte what
 * it was, nobody is looked up once more. Numbers of sessions are not given again while a link lives, so that a list means the same as long as none of them goes.
 */
export class PushTargets {
  /** By how many they are, and the first: the newest of those that share both. The list that was asked for last is the last. */
  readonly #lists = new Map<number, KnownList>();
  #count = 0;

  /** How many targets are in the lists that are known. */
  get count(): number {
    return this.#count;
  }

  /**
   * Reads a list of targets: how many, the first, each other's distance from the one before. Who is gone is left out.
   *
   * @param visits who they are, by their numbers
   * @throws NanowireError `invalid_message` when it does not end
   */
  read(reader: RecordReader, visits: NumberedSessions): readonly Session[] {
    const count = reader.number();
    if (count < leastCount || count > mostCount) {
      return resolve(reader, count, visits);
    }
    const start = reader.at;
    const key = count * firsts + (reader.distance() % firsts);
    const known = this.#lists.get(key);
    if (known !== undefined) {
      this.#lists.delete(key);
      const end = start + known.bytes.length;
      if (end <= reader.end && known.bytes.compare(reader.bytes, start, end) === 0) {
        this.#lists.set(key, known);
        reader.at = end;
        return known.sessions;
      }
      this.#count -= known.count;
    }
    reader.at = start;
    const sessions = resolve(reader, count, visits);
    // A copy: what came may be a frame with much else in it.
    this.#remember(key, { count, bytes: Buffer.from(reader.bytes.subarray(start, reader.at)), sessions });
    return sessions;
  }

  /** A session is over, or all are: nobody is kept who is gone. */
  forget(): void {
    if (this.#lists.size > 0) {
      this.#lists.clear();
      this.#count = 0;
    }
  }

  #remember(key: number, list: KnownList): void {
    this.#lists.set(key, list);
    this.#count += list.count;
    for (const [oldest, { count }] of this.#lists) {
      if (this.#lists.size <= mostLists && this.#count <= mostCount) {
        break;
      }
      this.#lists.delete(oldest);
      this.#count -= count;
    }
  }
}

function resolve(reader: RecordReader, count: number, visits: NumberedSessions): readonly Session[] {
  const sessions: Session[] = [];
  let number = 0;
  for (let index = 0; index < count; index++) {
    number += reader.distance();
    const visit = visits.get(number);
    if (visit !== undefined) {
      sessions.push(visit.session);
    }
  }
  return sessions;
}

/** Fewer are looked up as fast. */
const leastCount = 8;
/** How many targets the lists of a node may have, all together: of more, the oldest lists are forgotten. */
const mostCount = 262_144;
const mostLists = 1_024;
/** More than there are numbers of visits, mostly: for a key of one number. */
const firsts = 0x400_0000;
