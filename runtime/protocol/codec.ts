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
 * The codecs of one message type, by the name of the serializer.
 *
 * @typeParam T the message
 */
export interface MessageCodec<T> {
  /** Its bytes in protobuf. */
  readonly protobuf: ProtobufCodec<T>;
  /** Absent when the project was generated without JSON: a client that wants JSON is then refused. */
  readonly json?: JsonCodec<T>;
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
export const emptyMessage: Required<MessageCodec<void>> = {
  protobuf: emptyCodec,
  json: {
    fromJSON: () => undefined,
    toJSON: () => ({}),
  },
};
