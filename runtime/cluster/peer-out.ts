// A hot file: what a node says to another, a record each, written where it leaves.

import type { ByteBuffer } from "../base/byte-buffer.js";
import type { TraceContext } from "../base/call-observer.js";
import { type NanowireError, toNanowireError } from "../base/error.js";
import { encodeErrorPayload } from "../protocol/error-payload.js";
import { cut, encodeInPlace, type InPlaceCodec } from "../protocol/in-place.js";
import { protobufSerializer } from "../protocol/serializer.js";
import type { PeerVoice } from "./peer-voice.js";
import { beginRecord, endRecord, writeNumber, writeText } from "./record-writer.js";
import { type AskRecord, type Opening, type PushRecord, recordType } from "./records.js";

/** Where records are written: a link. */
export interface RecordSink {
  readonly buffer: ByteBuffer;
  /** A record was written. */
  wrote(): void;
}

/** All that is said to one node, in the order in which it is said. */
export class PeerOut implements PeerVoice {
  readonly #sink: RecordSink;
  readonly #routes = new Map<string, number>();

  constructor(sink: RecordSink) {
    this.#sink = sink;
  }

  /** Begins anew: the other node knows nothing any more. */
  forget(): void {
    this.#routes.clear();
  }

  // as a gate, to a member

  open(visit: number, opening: Opening): void {
    const start = this.#begin(recordType.open, visit);
    const { buffer } = this.#sink;
    writeText(buffer, opening.id);
    writeText(buffer, opening.uid);
    writeText(buffer, opening.transport);
    writeText(buffer, opening.remoteAddress);
    writeText(buffer, opening.proxyAddress);
    writeText(buffer, opening.serializer);
    writeText(buffer, opening.handshake);
    this.#end(start);
  }

  /** @param bytes the payload is in them, from `start` to `end` */
  call(
    visit: number,
    call: number,
    flags: number,
    route: string,
    bytes: Uint8Array,
    start: number,
    end: number,
    context?: TraceContext,
  ): void {
    const number = this.#numberOf(route);
    this.#context(context);
    const record = this.#begin(recordType.call, visit);
    const { buffer } = this.#sink;
    writeNumber(buffer, call);
    writeNumber(buffer, flags);
    writeNumber(buffer, number);
    const at = buffer.reserve(end - start);
    const out = buffer.bytes;
    if (end - start > shortPayloadBytes) {
      out.set(bytes.subarray(start, end), at);
    } else {
      for (let index = start; index < end; index++) {
        out[at + index - start] = bytes[index] as number;
      }
    }
    this.#end(record);
  }

  uid(visit: number, uid: string): void {
    this.#texts(recordType.uid, visit, uid);
  }

  closed(visit: number, { code, message }: NanowireError): void {
    this.#texts(recordType.closed, visit, code, message);
  }

  suspended(visit: number, { code, message }: NanowireError): void {
    this.#texts(recordType.suspended, visit, code, message);
  }

  resumed(visit: number): void {
    this.#texts(recordType.resumed, visit);
  }

  gateData(visit: number, changes: string): void {
    this.#texts(recordType.gateData, visit, changes);
  }

  // as a member, to a gate

  answer(visit: number, call: number, payload: Uint8Array): void {
    const start = this.#begin(recordType.answer, visit);
    writeNumber(this.#sink.buffer, call);
    this.#sink.buffer.append(payload);
    this.#end(start);
  }

  /**
   * An answer that is written where it leaves.
   *
   * @throws NanowireError what {@link encodeInPlace} throws; nothing is said then
   */
  answerInPlace(visit: number, call: number, codec: InPlaceCodec<unknown>, value: unknown): void {
    const { buffer } = this.#sink;
    const start = this.#begin(recordType.answer, visit);
    writeNumber(buffer, call);
    let end = buffer.end;
    try {
      end = encodeInPlace(codec, value, buffer);
    } catch (error) {
      cut(buffer, start, end);
      throw error;
    }
    if (end === buffer.end) {
      this.#end(start);
    } else {
      // A getter of the message said something meanwhile: that stands behind.
      endBefore(buffer, start, end);
      this.#sink.wrote();
    }
  }

  failure(visit: number, call: number, error: NanowireError): void {
    this.#tellError(error, (payload) => {
      const start = this.#begin(recordType.failure, visit);
      writeNumber(this.#sink.buffer, call);
      this.#sink.buffer.append(payload);
      this.#end(start);
    });
  }

  done(visit: number, call: number): void {
    const start = this.#begin(recordType.done, visit);
    writeNumber(this.#sink.buffer, call);
    this.#end(start);
  }

  /** @param visits whom it is for, ascending or not; one at least */
  push(push: PushRecord, visits: readonly number[]): void {
    this.#push(recordType.push, push, visits);
  }

  /** @param bindings whom it is for, ascending or not; one at least */
  pushBound(push: PushRecord, bindings: readonly number[]): void {
    this.#push(recordType.pushBound, push, bindings);
  }

  #push(type: number, { route, flags, serializer, key, payload }: PushRecord, targets: readonly number[]): void {
    const number = this.#numberOf(route);
    const { buffer } = this.#sink;
    const start = beginRecord(buffer, type);
    writeNumber(buffer, flags);
    writeNumber(buffer, number);
    writeText(buffer, serializer);
    writeText(buffer, key);
    writeNumber(buffer, targets.length);
    let last = 0;
    for (const target of targets) {
      const distance = target - last;
      writeNumber(buffer, distance < 0 ? -2 * distance - 1 : 2 * distance);
      last = target;
    }
    buffer.append(payload);
    this.#end(start);
  }

  bind(visit: number, ask: number, uid: string): void {
    const start = this.#begin(recordType.bind, visit);
    writeNumber(this.#sink.buffer, ask);
    writeText(this.#sink.buffer, uid);
    this.#end(start);
  }

  kick(visit: number, reason: string): void {
    this.#texts(recordType.kick, visit, reason);
  }

  close(visit: number, { code, message }: NanowireError): void {
    this.#texts(recordType.close, visit, code, message);
  }

  memberData(visit: number, changes: string): void {
    this.#texts(recordType.memberData, visit, changes);
  }

  // as any node, to any other

  ask(ask: number, { route, timeoutMs, metadata, payload, context }: AskRecord): void {
    const number = this.#numberOf(route);
    this.#context(context);
    const start = this.#begin(recordType.ask, ask);
    const { buffer } = this.#sink;
    writeNumber(buffer, number);
    writeNumber(buffer, timeoutMs);
    writeMetadata(buffer, metadata);
    buffer.append(payload);
    this.#end(start);
  }

  tell({ route, metadata, payload, context }: Omit<AskRecord, "timeoutMs">): void {
    const number = this.#numberOf(route);
    this.#context(context);
    const start = this.#begin(recordType.tell, number);
    writeMetadata(this.#sink.buffer, metadata);
    this.#sink.buffer.append(payload);
    this.#end(start);
  }

  reply(ask: number, payload: Uint8Array): void {
    const start = this.#begin(recordType.reply, ask);
    this.#sink.buffer.append(payload);
    this.#end(start);
  }

  refusal(ask: number, error: NanowireError): void {
    this.#tellError(error, (payload) => {
      const start = this.#begin(recordType.refusal, ask);
      this.#sink.buffer.append(payload);
      this.#end(start);
    });
  }

  cancel(ask: number): void {
    this.#end(this.#begin(recordType.cancel, ask));
  }

  /** An error may be a program's own, and too long: then that is told, for somebody waits. */
  #tellError(error: NanowireError, write: (payload: Uint8Array) => void): void {
    try {
      write(encodeErrorPayload(error, protobufSerializer));
    } catch (cause) {
      const untold = toNanowireError(cause, "internal", "the error could not be told");
      write(encodeErrorPayload(untold, protobufSerializer));
    }
  }

  #texts(type: number, visit: number, ...texts: readonly string[]): void {
    const start = this.#begin(type, visit);
    for (const text of texts) {
      writeText(this.#sink.buffer, text);
    }
    this.#end(start);
  }

  /** Goes before a record, and with it: what is too long takes both back. */
  #context(context: TraceContext | undefined): void {
    if (context !== undefined) {
      const { buffer } = this.#sink;
      const start = beginRecord(buffer, recordType.context);
      writeMetadata(buffer, context);
      endRecord(buffer, start);
    }
  }

  /** What stands for a route from here on. */
  #numberOf(route: string): number {
    const known = this.#routes.get(route);
    if (known !== undefined) {
      return known;
    }
    const number = this.#routes.size;
    this.#routes.set(route, number);
    this.#texts(recordType.route, number, route);
    return number;
  }

  #begin(type: number, first: number): number {
    const { buffer } = this.#sink;
    const start = beginRecord(buffer, type);
    writeNumber(buffer, first);
    return start;
  }

  #end(start: number): void {
    endRecord(this.#sink.buffer, start);
    this.#sink.wrote();
  }
}

function writeMetadata(buffer: ByteBuffer, metadata: Readonly<Record<string, string>>): void {
  const entries = Object.entries(metadata);
  writeNumber(buffer, entries.length * 2);
  for (const [key, value] of entries) {
    writeText(buffer, key);
    writeText(buffer, value);
  }
}

function endBefore(buffer: ByteBuffer, start: number, end: number): void {
  const behind = buffer.end;
  buffer.end = end;
  endRecord(buffer, start);
  buffer.end = behind;
}

/** What is so short is copied faster byte by byte than by a call. */
const shortPayloadBytes = 48;
