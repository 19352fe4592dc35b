import type { RouteObserver } from "../base/call-observer.js";
import { NanowireError } from "../base/error.js";
import type { Turn } from "../base/turn.js";
import { type AnyService, Component } from "../component/component.js";
import type { AnyMethod, HandlingOrder } from "../component/service.js";
import { assertRoute, Dictionary, type RouteDictionary } from "../protocol/dictionary.js";
import type { MessageHeader } from "../protocol/message-decoder.js";
import { type Mailbox, OrderedMailbox } from "../schedule/mailbox.js";
import type { HookChain } from "./hook-chain.js";

/** One method of one component, ready to be called. */
export interface Endpoint {
  readonly component: Component;
  readonly method: AnyMethod<Component>;
  readonly order: HandlingOrder;
  /** Milliseconds that the handler may take; 0: for ever. */
  readonly timeoutMs: number;
  /** The component's own mailbox, where the order is `service`. */
  readonly mailbox: Mailbox | undefined;
  /** What runs before and after the handler; undefined for nothing. */
  hooks: HookChain | undefined;
  /** Told of its calls; undefined where there are neither metrics nor tracing. */
  observer: RouteObserver | undefined;
}

/** One method of a service that other nodes of the cluster host. */
export interface ForwardedEndpoint {
  readonly component: undefined;
  /** The service's name: `Room`. */
  readonly service: string;
  readonly method: AnyMethod<never>;
  /** Told of its calls; undefined where there are neither metrics nor tracing. */
  observer: RouteObserver | undefined;
}

/**
 * Knows which component has which route: a table indexed by code for a compressed route, a map for one in full.
 */
export class Dispatcher {
  /** The routes and codes of everything that was generated with the components. */
  readonly dictionary: Dictionary;
  /** In the order of the components and their methods; what is forwarded comes behind. */
  readonly #endpoints: (Endpoint | ForwardedEndpoint)[] = [];
  /** Code → 1 + the place in `#endpoints`, 0 for none. Codes may lie far apart: as an array of endpoints this would be a slow one. */
  readonly #places: Uint16Array;
  readonly #mailboxes = new Map<Component, OrderedMailbox>();
  /** Routes that methods had before they were renamed, too. */
  readonly #byRoute = new Map<string, Endpoint | ForwardedEndpoint>();

  /**
   * @param requestTimeoutMs for methods that name no time-out of their own
   * @param forwarded services that other nodes host; one that a component implements is answered here
   * @throws NanowireError `invalid_route` (startup) when two components have one route, two dictionaries do not agree, or
   * a method's code is not the one of its dictionary
   */
  constructor(
    components: readonly Component[],
    turn: Turn,
    requestTimeoutMs: number,
    forwarded: readonly AnyService[] = [],
  ) {
    const dictionaries = new Set<RouteDictionary | undefined>();
    for (const component of components) {
      const service = Component.serviceOf(component);
      dictionaries.add(service.dictionary);
      const mailbox = new OrderedMailbox(turn);
      for (const method of service.methods as readonly AnyMethod<Component>[]) {
        const order = method.order ?? "session";
        if (order === "service") {
          this.#mailboxes.set(component, mailbox);
        }
        this.#add({
          component,
          method,
          order,
          timeoutMs: method.timeoutMs ?? requestTimeoutMs,
          mailbox: order === "service" ? mailbox : undefined,
          hooks: undefined,
          observer: undefined,
        });
        assertCode(method, service.dictionary);
      }
    }
    const hosted = new Set(components.map((component) => Component.serviceOf(component).protoName));
    for (const service of forwarded.filter(({ protoName }) => !hosted.has(protoName))) {
      dictionaries.add(service.dictionary);
      for (const method of service.methods as readonly AnyMethod<never>[]) {
        this.#add({ component: undefined, service: service.name, method, observer: undefined });
        assertCode(method, service.dictionary);
      }
    }
    this.dictionary = mergeDictionaries([...dictionaries].filter((dictionary) => dictionary !== undefined));
    this.#places = placesByCode(this.#endpoints);
  }

  /** Every endpoint of a component, in the order of the components and their methods. */
  get endpoints(): readonly Endpoint[] {
    return this.#endpoints.filter((endpoint) => endpoint.component !== undefined);
  }

  /** Every method that is forwarded, in the order of the services and their methods. */
  get forwarded(): readonly ForwardedEndpoint[] {
    return this.#endpoints.filter((endpoint) => endpoint.component === undefined);
  }

  /** The endpoint of a component that has a route, where a gate forwarded its message; undefined when there is none. */
  hosted(route: string): Endpoint | undefined {
    const endpoint = this.#byRoute.get(route);
    return endpoint?.component === undefined ? undefined : endpoint;
  }

  /**
   * The endpoint that a message is for, or undefined when no component has its route.
   *
   * @throws NanowireError `unknown_code` for a code that is not in the dictionary
   */
  find(header: MessageHeader): Endpoint | ForwardedEndpoint | undefined {
    if (header.code === 0) {
      return this.#byRoute.get(header.route);
    }
    const place = this.#places[header.code] ?? 0;
    const endpoint = place === 0 ? undefined : this.#endpoints[place - 1];
    if (endpoint === undefined && this.dictionary.routeOf(header.code) === undefined) {
      throw new NanowireError("unknown_code", `route code ${header.code} is not in the dictionary`);
    }
    return endpoint;
  }

  /** Where a component's messages of the order `service` take their turn; undefined when it has no method of that order. */
  mailboxOf(component: Component): OrderedMailbox | undefined {
    return this.#mailboxes.get(component);
  }

  #add(endpoint: Endpoint | ForwardedEndpoint): void {
    const { route, was = [] } = endpoint.method;
    for (const name of [route, ...was]) {
      assertRoute(name);
      const other = this.#byRoute.get(name);
      if (other !== undefined) {
        throw new NanowireError(
          "invalid_route",
          `two components have the route ${name}: ${nameOf(other)} and ${nameOf(endpoint)}`,
        );
      }
      this.#byRoute.set(name, endpoint);
    }
    this.#endpoints.push(endpoint);
  }
}

/** As long as the greatest code; no code is beyond 65535, which the dictionary has seen to. */
function placesByCode(endpoints: readonly (Endpoint | ForwardedEndpoint)[]): Uint16Array {
  const greatest = endpoints.reduce((most, { method }) => Math.max(most, method.code), 0);
  const places = new Uint16Array(greatest + 1);
  for (const [index, { method }] of endpoints.entries()) {
    // Without a code it is found by its route alone.
    if (method.code !== 0) {
      places[method.code] = index + 1;
    }
  }
  return places;
}

function nameOf(endpoint: Endpoint | ForwardedEndpoint): string {
  return endpoint.component === undefined ? endpoint.service : endpoint.component.constructor.name;
}

/** A stub and a `routes.ts` of different age would answer one route's calls with another's method. */
function assertCode(
  { route, code }: { readonly route: string; readonly code: number },
  dictionary: RouteDictionary | undefined,
): void {
  if (dictionary === undefined) {
    if (code !== 0) {
      throw new NanowireError("invalid_route", `${route} has code ${code}, but its service has no dictionary`);
    }
    return;
  }
  const { routes } = dictionary;
  if (routes[route] !== code) {
    const known = Object.hasOwn(routes, route) ? `code ${routes[route]}` : "no code";
    throw new NanowireError(
      "invalid_route",
      `${route} has code ${code}, but ${known} in its dictionary: generate anew`,
    );
  }
}

/** Components that were generated apart bring a dictionary each. */
function mergeDictionaries(sources: readonly RouteDictionary[]): Dictionary {
  const routes: Record<string, number> = {};
  for (const source of sources) {
    for (const [route, code] of Object.entries(source.routes)) {
      if (Object.hasOwn(routes, route) && routes[route] !== code) {
        throw new NanowireError("invalid_route", `route ${route} has two codes: ${routes[route]} and ${code}`);
      }
      routes[route] = code;
    }
  }
  const versions = [...new Set(sources.map((source) => source.version))].sort();
  return new Dictionary({ version: versions.join("+"), routes });
}
