// A hot file: most messages are read where they arrived and written where they leave.

import type { ByteBuffer } from "../base/byte-buffer.js";
import type { MessageCodec } from "./codec.js";
import { protobufSerializer, type Serializer } from "./serializer.js";
import { toldEncodeError } from "./told-error.js";
import { BinaryReader } from "./wire/binary-reader.js";
import { BinaryWriter } from "./wire/binary-writer.js";

/** A codec of messages that can be read and written where they lie. */
export type InPlaceCodec<T> = MessageCodec<T> & Required<Pick<MessageCodec<T>, "wire">>;

/** Whether a serializer's payloads of a codec's messages can be read and written in place. */
export function isInPlace<T>(serializer: Serializer, codec: MessageCodec<T>): codec is InPlaceCodec<T> {
  return serializer === protobufSerializer && codec.wire !== undefined;
}

/**
 * Reads a message out of an array. Throws as {@link Serializer.decode} does.
 *
 * @param lent whether the array is written again: what is kept of it is copied
 */
export function decodeInPlace<T>(
  { wire }: InPlaceCodec<T>,
  bytes: Uint8Array,
  start: number,
  end: number,
  lent: boolean,
): T {
  return wire.decode(new BinaryReader(bytes, start, end, lent));
}

/**
 * Writes a message's payload behind what is in `out`; nothing of it when that fails. What is written to the same place meanwhile, by a getter of the
 * message that pushes something, comes behind it.
 *
 * @returns where the payload ends
 * @throws NanowireError what {@link toldEncodeError} makes of a message that does not fit its type
 */
export function encodeInPlace<T>(codec: InPlaceCodec<T>, message: T, out: ByteBuffer): number {
  const start = out.end;
  const lent = lend(out);
  try {
    const writer = codec.wire.encode(message, new BinaryWriter(lent, start));
    takeBack(out, writer.written, start, writer.end);
    return writer.end;
  } catch (error) {
    takeBack(out, lent, start, start);
    throw toldEncodeError(codec, error);
  }
}

/** Takes bytes out of a buffer; what comes behind them moves up. */
export function cut(out: ByteBuffer, start: number, end: number): void {
  out.bytes.copyWithin(start, end, out.end);
  out.end -= end - start;
}

/** Lends a buffer's array to somebody who writes on from its end. What others write meanwhile is kept apart. */
function lend(out: ByteBuffer): Uint8Array<ArrayBuffer> {
  const { bytes } = out;
  out.bytes = lentOut;
  return bytes;
}

/**
 * Takes back what was lent.
 *
 * @param bytes the array, or one that took its place when it was full
 * @param lent where it was lent to be written on from
 * @param end where it is written to by now. What others wrote meanwhile comes behind
 */
function takeBack(out: ByteBuffer, bytes: Uint8Array<ArrayBuffer>, lent: number, end: number): void {
  const meanwhile = out.bytes === lentOut ? undefined : out.bytes.subarray(lent, out.end);
  out.bytes = bytes;
  out.end = end;
  if (meanwhile !== undefined) {
    out.append(meanwhile);
  }
}

/** Stands in for an array that is lent: it has no room, so that whoever writes meanwhile gets one of his own. */
const lentOut = new Uint8Array(0);
