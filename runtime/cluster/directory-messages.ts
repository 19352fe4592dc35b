/*
 * What is said about who is bound where, in the payloads of questions (records.ts draws numbers and texts):
 *
 *     put      bindings, until the end: number, uid, session, serializer, at, suspended (0, 1)
 *     remove   numbers, until the end
 *     view     the digest of the gates that the sender sees: all that it has to tell of its own is told
 *     claim    digest, second (0 allow, 1 refuse, 2 kick), a binding → at, how many others
 *     find     digest, uids, until the end → found
 *     kick     reason, numbers, until the end → how many
 *
 *     found    until the end: uid, gate, number, session, serializer, suspended; uid, gate and serializer as words
 *     word     its index among those that came before; behind the index that follows them all, the new word as a text
 */

import { ByteBuffer } from "../base/byte-buffer.js";
import { NanowireError } from "../base/error.js";
import type { SecondSession } from "../session/session-registry.js";
import type { Binding } from "./directory.js";
import { RecordReader } from "./record-reader.js";
import { writeNumber, writeText } from "./record-writer.js";

/** By what it is asked, and told. No method's route has three parts. */
export const directoryRoute = {
  /** Nothing: whoever answers has begun anew with the sender, as the sender has with him. */
  hello: "nanowire.users.hello",
  put: "nanowire.users.put",
  remove: "nanowire.users.remove",
  view: "nanowire.users.view",
  claim: "nanowire.users.claim",
  find: "nanowire.users.find",
  kick: "nanowire.users.kick",
} as const;

/** A session that is about to be bound. */
export interface ClaimRequest {
  /** Of the gates that the asker sees. */
  readonly digest: number;
  readonly second: SecondSession;
  readonly binding: Binding;
}

/** Where a session is. */
export interface FoundBinding {
  readonly uid: string;
  /** The id of the gate that holds the client. */
  readonly gate: string;
  readonly number: number;
  readonly session: string;
  readonly serializer: string;
  readonly suspended: boolean;
}

/** What a claim was granted with. */
export interface ClaimAnswer {
  /** When the session counts as bound: later than all others of the user. */
  readonly at: number;
  /** How many other sessions the user has. */
  readonly others: number;
}

export function encodeBindings(bindings: readonly Binding[]): Uint8Array {
  const out = new ByteBuffer();
  for (const binding of bindings) {
    writeBinding(out, binding);
  }
  return out.view();
}

export function decodeBindings(payload: Uint8Array): Binding[] {
  return readAll(payload, readBinding);
}

export function encodeNumbers(numbers: readonly number[]): Uint8Array {
  const out = new ByteBuffer();
  for (const number of numbers) {
    writeNumber(out, number);
  }
  return out.view();
}

export function decodeNumbers(payload: Uint8Array): number[] {
  return readAll(payload, (reader) => reader.number());
}

export function encodeClaim({ digest, second, binding }: ClaimRequest): Uint8Array {
  const out = new ByteBuffer();
  writeNumber(out, digest);
  writeNumber(out, seconds.indexOf(second));
  writeBinding(out, binding);
  return out.view();
}

export function decodeClaim(payload: Uint8Array): ClaimRequest {
  const reader = readerOf(payload);
  const digest = reader.number();
  const index = reader.number();
  const second = seconds[index];
  if (second === undefined) {
    throw new NanowireError("invalid_message", `a claim says ${index} of a second session, which means nothing`);
  }
  return { digest, second, binding: readBinding(reader) };
}

export function encodeFind(digest: number, uids: readonly string[]): Uint8Array {
  const out = new ByteBuffer();
  writeNumber(out, digest);
  for (const uid of uids) {
    writeText(out, uid);
  }
  return out.view();
}

export function decodeFind(payload: Uint8Array): { readonly digest: number; readonly uids: string[] } {
  const reader = readerOf(payload);
  return { digest: reader.number(), uids: restOf(reader, () => reader.text()) };
}

export function encodeFound(found: readonly FoundBinding[]): Uint8Array {
  const out = new ByteBuffer();
  writeFound(out, found);
  return out.view();
}

export function decodeFound(payload: Uint8Array): FoundBinding[] {
  return readFound(readerOf(payload));
}

export function encodeKick(reason: string, numbers: readonly number[]): Uint8Array {
  const out = new ByteBuffer();
  writeText(out, reason);
  for (const number of numbers) {
    writeNumber(out, number);
  }
  return out.view();
}

export function decodeKick(payload: Uint8Array): { readonly reason: string; readonly numbers: number[] } {
  const reader = readerOf(payload);
  return { reason: reader.text(), numbers: restOf(reader, () => reader.number()) };
}

/** Of three sessions, which becomes what: `second` in a claim. */
const seconds: readonly SecondSession[] = ["allow", "refuse", "kick"];

function writeBinding(out: ByteBuffer, { number, uid, session, serializer, at, suspended }: Binding): void {
  writeNumber(out, number);
  writeText(out, uid);
  writeText(out, session);
  writeText(out, serializer);
  writeNumber(out, at);
  writeNumber(out, suspended ? 1 : 0);
}

function readBinding(reader: RecordReader): Binding {
  return {
    number: reader.number(),
    uid: reader.text(),
    session: reader.text(),
    serializer: reader.text(),
    at: reader.number(),
    suspended: reader.number() === 1,
  };
}

function writeFound(out: ByteBuffer, found: readonly FoundBinding[]): void {
  const words = new Map<string, number>();
  for (const { uid, gate, number, session, serializer, suspended } of found) {
    writeWord(out, words, uid);
    writeWord(out, words, gate);
    writeNumber(out, number);
    writeText(out, session);
    writeWord(out, words, serializer);
    writeNumber(out, suspended ? 1 : 0);
  }
}

function readFound(reader: RecordReader): FoundBinding[] {
  const words: string[] = [];
  return restOf(reader, () => ({
    uid: readWord(reader, words),
    gate: readWord(reader, words),
    number: reader.number(),
    session: reader.text(),
    serializer: readWord(reader, words),
    suspended: reader.number() === 1,
  }));
}

function writeWord(out: ByteBuffer, words: Map<string, number>, word: string): void {
  const index = words.get(word);
  writeNumber(out, index ?? words.size);
  if (index === undefined) {
    words.set(word, words.size);
    writeText(out, word);
  }
}

function readWord(reader: RecordReader, words: string[]): string {
  const index = reader.number();
  if (index === words.length) {
    words.push(reader.text());
  }
  const word = words[index];
  if (word === undefined) {
    throw new NanowireError("invalid_message", `word ${index} of ${words.length} is not there`);
  }
  return word;
}

function readerOf(payload: Uint8Array): RecordReader {
  const reader = new RecordReader();
  reader.bytes = payload;
  reader.end = payload.length;
  return reader;
}

function readAll<T>(payload: Uint8Array, read: (reader: RecordReader) => T): T[] {
  const reader = readerOf(payload);
  return restOf(reader, () => read(reader));
}

function restOf<T>(reader: RecordReader, read: () => T): T[] {
  const all: T[] = [];
  while (reader.at < reader.end) {
    all.push(read());
  }
  return all;
}
