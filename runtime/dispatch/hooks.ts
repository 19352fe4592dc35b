import { assertFunction } from "../base/assert-options.js";
import type { Awaitable } from "../base/awaitable.js";
import { NanowireError } from "../base/error.js";
import { Component } from "../component/component.js";
import { handlerName } from "../component/service.js";
import type { Session } from "../session/session.js";
import type { Endpoint } from "./dispatcher.js";
import type { AfterHook, BeforeHook } from "./hook-chain.js";

/** The names of a component's handlers. */
export type HandlerName<C extends Component> = Exclude<
  { [Name in keyof C]: C[Name] extends (...args: never[]) => unknown ? Name : never }[keyof C],
  keyof Component
> &
  string;

/** What a handler takes. */
export type RequestOf<C, Name extends keyof C> = C[Name] extends (session: Session, ...rest: infer Rest) => unknown
  ? Rest extends readonly [infer Req]
    ? Req
    : undefined
  : never;

/** What a handler returns. */
export type ResponseOf<C, Name extends keyof C> = C[Name] extends (...args: never[]) => Awaitable<infer Res>
  ? Res
  : never;

/**
 * Where hooks are added: for every handler, for those of a component, or for one. They are added before the server starts. What is no function is refused with
 * `invalid_option`.
 */
export interface Hooks<Req = unknown, Res = unknown> {
  /** Adds a hook that runs before those that there are. */
  beforeFirst(hook: BeforeHook<Req>): this;
  /** Adds a hook that runs after those that there are, and before the handler. */
  before(hook: BeforeHook<Req>): this;
  /** Adds a hook that runs right after the handler, before those that there are. */
  afterFirst(hook: AfterHook<Req, Res>): this;
  /** Adds a hook that runs after the handler and those that there are. */
  after(hook: AfterHook<Req, Res>): this;
}

/** The hooks of one handler. */
export class HandlerHooks implements Hooks {
  #before: readonly BeforeHook[] = [];
  #after: readonly AfterHook[] = [];
  #changed: () => void;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** @internal Those of this layer, in their order. */
  get beforeHooks(): readonly BeforeHook[] {
    return this.#before;
  }

  /** @internal Likewise. */
  get afterHooks(): readonly AfterHook[] {
    return this.#after;
  }

  beforeFirst(hook: BeforeHook): this {
    assertFunction("hook", hook);
    this.#before = [hook, ...this.#before];
    return this.#done();
  }

  before(hook: BeforeHook): this {
    assertFunction("hook", hook);
    this.#before = [...this.#before, hook];
    return this.#done();
  }

  afterFirst(hook: AfterHook): this {
    assertFunction("hook", hook);
    this.#after = [hook, ...this.#after];
    return this.#done();
  }

  after(hook: AfterHook): this {
    assertFunction("hook", hook);
    this.#after = [...this.#after, hook];
    return this.#done();
  }

  #done(): this {
    this.#changed();
    return this;
  }
}

/** The hooks of a server: of all handlers, of components, of single handlers. */
export class ServerHooks extends HandlerHooks {
  readonly #endpoints: Iterable<Endpoint>;
  readonly #ofComponents = new Map<Component, HandlerHooks>();
  readonly #ofEndpoints = new Map<Endpoint, HandlerHooks>();

  /** @internal A server makes it. */
  constructor(endpoints: Iterable<Endpoint>) {
    super(() => this.#chain());
    this.#endpoints = endpoints;
  }

  /**
   * The hooks of a component's handlers, or of one of them: `server.hooks.of(room, "join").before(({ request }) => …)`.
   *
   * @throws NanowireError `invalid_option` for a component that is not the server's, or a name that is no handler's
   */
  of<C extends Component>(component: C): Hooks;
  of<C extends Component, Name extends HandlerName<C>>(
    component: C,
    handler: Name,
  ): Hooks<RequestOf<C, Name>, ResponseOf<C, Name>>;
  of(component: Component, handler?: string): Hooks {
    const endpoints = [...this.#endpoints].filter((endpoint) => endpoint.component === component);
    if (endpoints.length === 0) {
      throw new NanowireError("invalid_option", `${component.constructor.name} is no component of this server`);
    }
    if (handler === undefined) {
      return this.#remembered(this.#ofComponents, component);
    }
    const endpoint = endpoints.find(({ method }) => handlerName(method) === handler);
    if (endpoint === undefined) {
      const known = endpoints.map(({ method }) => handlerName(method)).join(", ");
      throw new NanowireError(
        "invalid_option",
        `${handler} is no handler of ${Component.serviceOf(component).protoName}; there are ${known}`,
      );
    }
    return this.#remembered(this.#ofEndpoints, endpoint);
  }

  #remembered<K>(hooks: Map<K, HandlerHooks>, key: K): HandlerHooks {
    const known = hooks.get(key) ?? new HandlerHooks(() => this.#chain());
    hooks.set(key, known);
    return known;
  }

  /** An endpoint's chain is made when hooks are added, not when it is called. */
  #chain(): void {
    for (const endpoint of this.#endpoints) {
      const inner = [this.#ofComponents.get(endpoint.component), this.#ofEndpoints.get(endpoint)];
      const layers = [this, ...inner].filter((layer) => layer !== undefined);
      endpoint.hooks = {
        before: layers.flatMap((layer) => layer.beforeHooks),
        after: layers.toReversed().flatMap((layer) => layer.afterHooks),
      };
    }
  }
}
