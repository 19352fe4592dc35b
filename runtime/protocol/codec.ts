import type { BinaryReader } from "./wire/binary-reader.js";
import type { BinaryWriter } from "./wire/binary-writer.js";

/**
 * Writes and reads one message type as protobuf. What ts-proto generates fits as it is.
 *
 * @typeParam T the message
 */
export interface ProtobufCodec<T> {
  /** Encodes the message; `finish()` returns the bytes, which the caller owns. */
  encode(message: T): { finish(): Uint8Array };
  /**
   * Decodes the message. Throws on bytes that are no such message. A `bytes` field, and an unknown one that is kept, may be
   * a view into `input`.
   */
  decode(input: Uint8Array): T;
}

/**
 * Writes and reads one message type as protobuf where its bytes lie, with the classes of `nanowire/wire`: into what is to be sent, out of
 * what came. What the generator makes can do it.
 *
 * @typeParam T the message
 */
export interface WireCodec<T> {
  /** Writes the message behind what the writer has written. */
  encode(message: T, writer: BinaryWriter): BinaryWriter;
  /** Reads the message up to where the reader's bytes end. Throws on bytes that are no such message; a `bytes` field is a view into them. */
  decode(input: BinaryReader): T;
}

/**
 * Writes and reads one message type as protobuf's JSON (https://protobuf.dev/programming-guides/json/).
 *
 * @typeParam T the message
 */
export interface JsonCodec<T> {
  /** Makes the message from a parsed JSON value; absent fields take their default. Throws where a field cannot. */
  fromJSON(value: unknown): T;
  /** Makes a value for JSON.stringify; fields that hold their default are left out. */
  toJSON(message: T): unknown;
}

/**
 * What logs leave out of a message, because its .proto marks it `debug_redact`: the property of such a field is `true`, that of a field whose
 * messages have such fields (a list or a map of them, too) leads to their redaction. The fields of a oneof stand among the others.
 */
export interface Redaction {
  readonly [property: string]: true | (() => Redaction);
}

/**
 * The codecs of one message type, by the name of the serializer.
 *
 * @typeParam T the message
 */
export interface MessageCodec<T> {
  /** Its bytes in protobuf. */
  readonly protobuf: ProtobufCodec<T>;
  /** The same, in place. Default: payloads are made, and copied to where they go. */
  readonly wire?: WireCodec<T>;
  /** Absent when the project was generated without JSON: a client that wants JSON is then refused. */
  readonly json?: JsonCodec<T>;
  /** What logs leave out. Absent when there is nothing. */
  readonly redaction?: Redaction;
}

const noBytes = new Uint8Array(0);

/**
 * The protobuf codec of `google.protobuf.Empty`, which the generated code shows as no argument and `void`. A constant of its
 * own, so that a bundler sees that a method that names it does nothing by being there.
 */
export const emptyCodec: ProtobufCodec<void> = {
  encode: () => ({ finish: () => noBytes }),
  decode: () => undefined,
};

/** Both codecs of `google.protobuf.Empty`. */
export const emptyMessage: Required<Omit<MessageCodec<void>, "redaction" | "wire">> = {
  protobuf: emptyCodec,
  json: {
    fromJSON: () => undefined,
    toJSON: () => ({}),
  },
};
