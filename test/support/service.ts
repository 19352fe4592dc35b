import type { Awaitable } from "../../runtime/base/awaitable.js";
import { Component } from "../../runtime/component/component.js";
import {
  type AnyMethod,
  defineMethod,
  type HandlingOrder,
  type Overload,
  type RateLimit,
} from "../../runtime/component/service.js";
import type { MessageCodec } from "../../runtime/protocol/codec.js";
import type { RouteDictionary } from "../../runtime/protocol/dictionary.js";
import type { ShardKey } from "../../runtime/protocol/shard-key.js";
import type { Overflow, PushDefinition } from "../../runtime/session/push.js";
import type { Session } from "../../runtime/session/session.js";

/** A message that is a text, and no more. Its bytes are the text's; as JSON it is `{"text": …}`. */
export const textCodec: Required<Omit<MessageCodec<string>, "redaction" | "wire">> = {
  protobuf: {
    encode: (text) => ({ finish: () => new TextEncoder().encode(text) }),
    decode: (bytes) => new TextDecoder("utf-8", { fatal: true }).decode(bytes),
  },
  json: {
    fromJSON(value) {
      const { text = "" } = value as { text?: unknown };
      if (typeof text !== "string") {
        throw new TypeError("text is not a string");
      }
      return text;
    },
    toJSON: (text) => ({ text }),
  },
};

/** The same, in a project that was generated without JSON. */
export const textWithoutJson: MessageCodec<string> = { protobuf: textCodec.protobuf };

/** A method for a test; what is left out is as the generator leaves it out. */
export interface MethodSpec {
  readonly handle: (session: Session, text: string) => Awaitable<string>;
  readonly kind?: "request" | "notify";
  readonly order?: HandlingOrder;
  readonly timeoutMs?: number;
  readonly rateLimit?: RateLimit;
  readonly boundOnly?: boolean;
  readonly maxPayloadBytes?: number;
  readonly overload?: Overload<string>;
  readonly was?: readonly string[];
  readonly fingerprint?: string;
  readonly shardKey?: ShardKey;
  readonly request?: MessageCodec<string>;
  readonly response?: MessageCodec<string>;
}

/** The parts of a component's life, to be listened in on. */
export interface Life {
  readonly init?: () => Awaitable<void>;
  readonly afterInit?: () => Awaitable<void>;
  readonly beforeShutdown?: () => Awaitable<void>;
  readonly shutdown?: () => Awaitable<void>;
}

/** A component as the generator would have made its stub, and a user its subclass. */
export class TestComponent extends Component {
  readonly #life: Life;

  constructor(
    name: string,
    methods: readonly AnyMethod<TestComponent>[],
    dictionary: RouteDictionary,
    life: Life = {},
  ) {
    super({ name, protoName: `test.v1.${name}`, dictionary, methods });
    this.#life = life;
  }

  override init(): Awaitable<void> {
    return this.#life.init?.();
  }

  override afterInit(): Awaitable<void> {
    return this.#life.afterInit?.();
  }

  override beforeShutdown(): Awaitable<void> {
    return this.#life.beforeShutdown?.();
  }

  override shutdown(): Awaitable<void> {
    return this.#life.shutdown?.();
  }
}

/** Services by name, their methods by name: a function alone is a request. */
export type Services = Readonly<Record<string, Readonly<Record<string, MethodSpec | MethodSpec["handle"]>>>>;

/**
 * Components for services that were generated together: one dictionary, the codes from 1 in the order of the methods.
 *
 * @param extraRoutes routes of the dictionary that no component here has, after all others
 */
export function components(services: Services, extraRoutes: readonly string[] = [], version = "v1"): TestComponent[] {
  const names = Object.entries(services).flatMap(([service, methods]) =>
    Object.keys(methods).map((method) => `${service}.${method}`),
  );
  const routes = Object.fromEntries([...names, ...extraRoutes].map((route, index) => [route, index + 1]));
  const dictionary = { version, routes };
  return Object.entries(services).map(([service, methods]) => {
    const defined = Object.entries(methods).map(([name, given]) => {
      const route = `${service}.${name}`;
      return method(route, routes[route] as number, typeof given === "function" ? { handle: given } : given);
    });
    return new TestComponent(service, defined, dictionary);
  });
}

/** One method, as the generator describes it. */
export function method(route: string, code: number, spec: MethodSpec): AnyMethod<TestComponent> {
  const { handle, kind = "request", request = textCodec, response = textCodec, ...rest } = spec;
  return defineMethod<TestComponent, string, string>({
    name: route.slice(route.lastIndexOf(".") + 1),
    route,
    code,
    kind,
    request,
    response,
    invoke: (_component, session, text) => handle(session, text),
    ...rest,
  });
}

/** A push of a text. */
export function pushOf(route: string, code: number, message: MessageCodec<string> = textCodec): PushDefinition<string> {
  return { route, code, message };
}

/** A push of a text that need not reach everybody. */
export function pushWith(overflow: Overflow<string>, route: string, code: number, message = textCodec) {
  return { route, code, message, overflow } satisfies PushDefinition<string>;
}

/** A codec that counts how often each serializer encodes. */
export function countingCodec(): {
  codec: Required<Omit<MessageCodec<string>, "redaction" | "wire">>;
  encoded: { protobuf: number; json: number };
} {
  const encoded = { protobuf: 0, json: 0 };
  const codec: Required<Omit<MessageCodec<string>, "redaction" | "wire">> = {
    protobuf: {
      encode(text) {
        encoded.protobuf++;
        return textCodec.protobuf.encode(text);
      },
      decode: textCodec.protobuf.decode,
    },
    json: {
      fromJSON: textCodec.json.fromJSON,
      toJSON(text) {
        encoded.json++;
        return textCodec.json.toJSON(text);
      },
    },
  };
  return { codec, encoded };
}

/** A service that answers what it was asked. */
export const echo: Services = { Echo: { Say: (_session, text) => text } };
