import type { NanowireError } from "../base/error.js";
import { emptyCodec, emptyMessage, type JsonCodec, type MessageCodec, type ProtobufCodec } from "../protocol/codec.js";
import { decodeErrorPayload } from "../protocol/error-payload.js";
import type { Serializer } from "../protocol/serializer.js";
import type { ClientMethod, ClientPush } from "./method.js";

/** A serializer as a client speaks it: made by {@link clientSerializer}, handed to `connect`. */
export interface ClientSerializer {
  /** What the handshake calls it. */
  readonly name: string;
  /** The method, its messages in this serializer. */
  method<Req, Res>(method: ClientMethod<Req, Res>): ClientMethod<Req, Res>;
  /** The push, its message in this serializer. */
  push<T>(push: ClientPush<T>): ClientPush<T>;
  /** The error of an error payload. A payload that cannot be read becomes `invalid_response`. */
  error(payload: Uint8Array): NanowireError;
}

/**
 * A generated module of messages (`room.js`) and the one with their JSON codecs (`room.json.js`): each exports the same
 * names.
 */
export type CodecModules = readonly [messages: object, json: object];

/**
 * Makes a client speak a serializer that is not protobuf: `connect(url, { serializers: [clientSerializer(jsonSerializer, [[room,
 * roomJson]])] })`.
 *
 * @param modules the messages' JSON codecs, for a serializer that works with them. A message that is in none of the modules
 * cannot be sent (`invalid_payload`) or read (`invalid_response`) by such a one
 */
export function clientSerializer(serializer: Serializer, modules: readonly CodecModules[] = []): ClientSerializer {
  return new SpokenSerializer(serializer, modules);
}

/**
 * What generated clients hand over are protobuf's codecs. They are stood in for by codecs that speak the serializer; each
 * is made once.
 */
class SpokenSerializer implements ClientSerializer {
  readonly name: string;
  readonly #serializer: Serializer;
  /** By the protobuf codecs of the same messages. */
  readonly #json = new Map<unknown, JsonCodec<never>>();
  readonly #spoken = new Map<unknown, ProtobufCodec<never>>();

  constructor(serializer: Serializer, modules: readonly CodecModules[]) {
    this.name = serializer.name;
    this.#serializer = serializer;
    this.#json.set(emptyCodec, emptyMessage.json as JsonCodec<never>);
    for (const [messages, json] of modules) {
      const codecs = new Map(Object.entries(json));
      for (const [name, message] of Object.entries(messages)) {
        if (codecs.has(name)) {
          this.#json.set(message, codecs.get(name));
        }
      }
    }
  }

  method<Req, Res>({ route, code, request, response }: ClientMethod<Req, Res>): ClientMethod<Req, Res> {
    return { route, code, request: this.#codec(request), response: this.#codec(response) };
  }

  push<T>({ route, code, message }: ClientPush<T>): ClientPush<T> {
    return { route, code, message: this.#codec(message) };
  }

  error(payload: Uint8Array): NanowireError {
    return decodeErrorPayload(payload, this.#serializer);
  }

  #codec<T>(protobuf: ProtobufCodec<T>): ProtobufCodec<T> {
    let spoken = this.#spoken.get(protobuf) as ProtobufCodec<T> | undefined;
    if (spoken === undefined) {
      const serializer = this.#serializer;
      const json = this.#json.get(protobuf) as JsonCodec<T> | undefined;
      const codec: MessageCodec<T> = json === undefined ? { protobuf } : { protobuf, json };
      spoken = {
        encode: (message) => ({ finish: () => serializer.encode(codec, message) }),
        decode: (payload) => serializer.decode(codec, payload),
      };
      this.#spoken.set(protobuf, spoken as ProtobufCodec<never>);
    }
    return spoken;
  }
}
