import { type Context, type Link, propagation, ROOT_CONTEXT, type TextMapGetter, trace } from "@opentelemetry/api";
import type { CallOrigin } from "../../base/call-observer.js";

/** What becomes of the context that a client sends: {@link OpenTelemetryTracingOptions.clients}. */
export type ClientContextUse = "parent" | "link" | "ignore";

/** What the span of a client's message begins with. */
export interface ClientContext {
  /** Its parent is in it, if it has one. */
  readonly context: Context;
  readonly links: Link[];
}

/** The contexts that clients have sent in their handshakes: `traceparent` and `tracestate` in `user`. Each is read once, and forgotten with its session. */
export class ClientContexts {
  readonly #use: ClientContextUse;
  readonly #known = new WeakMap<CallOrigin, ClientContext>();

  constructor(use: ClientContextUse) {
    this.#use = use;
  }

  of(origin: CallOrigin | undefined): ClientContext {
    const user = origin?.handshake.user;
    if (origin === undefined || this.#use === "ignore" || !isCarrier(user)) {
      return none;
    }
    let known = this.#known.get(origin);
    if (known === undefined) {
      known = this.#read(user);
      this.#known.set(origin, known);
    }
    return known;
  }

  #read(user: object): ClientContext {
    const context = propagation.extract(ROOT_CONTEXT, user, ofStranger);
    const remote = trace.getSpanContext(context);
    if (remote === undefined) {
      return none;
    }
    return this.#use === "parent" ? { context, links: [] } : { context: ROOT_CONTEXT, links: [{ context: remote }] };
  }
}

const none: ClientContext = { context: ROOT_CONTEXT, links: [] };

function isCarrier(user: unknown): user is object {
  return typeof user === "object" && user !== null && Object.hasOwn(user, traceparent);
}

const traceparent = "traceparent";

/** What W3C's Trace Context has; of baggage, which would go along to every node, a stranger puts nothing in. */
const strangersMaySend = [traceparent, "tracestate"];

/** W3C: a tracestate of so many characters is to be handed on at least. */
const mostCharacters = 512;

const ofStranger: TextMapGetter<object> = {
  keys: () => strangersMaySend,
  get(user, key) {
    const value: unknown = strangersMaySend.includes(key) ? Reflect.get(user, key) : undefined;
    return typeof value === "string" && value.length <= mostCharacters ? value : undefined;
  },
};
