// A hot file, where metrics or tracing are on.

/** What goes with a message for whoever traces it further: `traceparent` and the like, as names and values. */
export type TraceContext = Readonly<Record<string, string>>;

/** Whose call it is, as far as an observer cares: a session. */
export interface CallOrigin {
  /** The session's id. */
  readonly id: string;
  /** What its client said of itself; anything that JSON can say. */
  readonly handshake: { readonly user: unknown };
}

/** Told of each call that comes for one route. */
export interface RouteObserver {
  /**
   * A call came.
   *
   * @param origin undefined: another node's program calls
   * @param context what came with it, of the node that forwarded it
   * @returns undefined: nobody cares what becomes of it
   */
  came(origin: CallOrigin | undefined, context: TraceContext | undefined): CallObserver | undefined;
}

/** Told what becomes of one call. Nothing of it throws. */
export interface CallObserver {
  /** What its handler runs in; undefined: it is not traced. */
  readonly trace: CallTrace | undefined;
  /** Its turn has come. */
  began(): void;
  /** It failed; told at most once, before it ends. `error` is what was thrown, undefined where nothing was. */
  failed(code: string, error: unknown): void;
  /** It is over: told once. */
  ended(): void;
}

/** What the parts of a call run in, so that whatever they begin is known to be of it. Nothing of it throws but what it runs. */
export interface CallTrace {
  /** Runs what the program does about the call: steps, hooks, the handler. */
  run<T>(work: () => T): T;
  /** Runs the handler. */
  handle<T>(handler: () => T): T;
  /** The call goes on to another node, of that id; returns what goes with it, undefined for nothing. */
  forward(node: string): TraceContext | undefined;
}

/** Tells two of each call; undefined where there is nobody to tell. */
export function bothOf(one: RouteObserver | undefined, other: RouteObserver | undefined): RouteObserver | undefined {
  return one === undefined ? other : other === undefined ? one : new BothOfRoute(one, other);
}

class BothOfRoute implements RouteObserver {
  readonly #one: RouteObserver;
  readonly #other: RouteObserver;

  constructor(one: RouteObserver, other: RouteObserver) {
    this.#one = one;
    this.#other = other;
  }

  came(origin: CallOrigin | undefined, context: TraceContext | undefined): CallObserver | undefined {
    const one = this.#one.came(origin, context);
    const other = this.#other.came(origin, context);
    return one === undefined ? other : other === undefined ? one : new BothOfCall(one, other);
  }
}

class BothOfCall implements CallObserver {
  readonly #one: CallObserver;
  readonly #other: CallObserver;

  constructor(one: CallObserver, other: CallObserver) {
    this.#one = one;
    this.#other = other;
  }

  get trace(): CallTrace | undefined {
    return this.#one.trace ?? this.#other.trace;
  }

  began(): void {
    this.#one.began();
    this.#other.began();
  }

  failed(code: string, error: unknown): void {
    this.#one.failed(code, error);
    this.#other.failed(code, error);
  }

  ended(): void {
    this.#one.ended();
    this.#other.ended();
  }
}
