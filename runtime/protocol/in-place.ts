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

/** Reads a message out of an array. Throws as {@link Serializer.decode} does. */
export function decodeInPlace<T>({ wire }: InPlaceCodec<T>, bytes: Uint8Array, start: number, end: number): T {
  return wire.decode(new BinaryReader(bytes, start, end));
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
  const lent = out.lend();
  try {
    const writer = codec.wire.encode(message, new BinaryWriter(lent, start));
    out.takeBack(writer.written, start, writer.end);
    return writer.end;
  } catch (error) {
    out.takeBack(lent, start, start);
    throw toldEncodeError(codec, error);
  }
}
