import { NanowireError } from "../base/error.js";
import { noSuchName } from "../base/known-names.js";
import type { ClientConnection } from "../client/client-connection.js";
import { bytesCodec } from "./bytes-codec.js";
import { type PayloadForm, showPayload } from "./message-json.js";
import type { Screen } from "./screen.js";

/** Takes the pushes of one connection after another: shows them as they come, and keeps those that somebody may still wait for. */
export class PushPost {
  readonly #screen: Screen;
  readonly #formOf: (route: string) => PayloadForm;
  readonly #timeoutMs: number;
  #connection: ClientConnection | undefined;
  /** The routes that are listened to on this connection. */
  readonly #routes = new Set<string>();
  /** The routes that are shown; undefined: all. */
  #shown: ReadonlySet<string> | undefined;
  /** The routes of those that came, and that nobody has waited for yet; the oldest first. */
  #untaken: string[] = [];
  #waiting: Waiting | undefined;

  /** @param timeoutMs how long {@link wait} waits; 0: for ever */
  constructor(screen: Screen, formOf: (route: string) => PayloadForm, timeoutMs: number) {
    this.#screen = screen;
    this.#formOf = formOf;
    this.#timeoutMs = timeoutMs;
  }

  /** The routes that are shown; undefined: all. */
  get shown(): ReadonlySet<string> | undefined {
    return this.#shown;
  }

  /** @param routes undefined: all */
  show(routes: Iterable<string> | undefined): void {
    this.#shown = routes === undefined ? undefined : new Set(routes);
  }

  /** A connection is there. What came before it is forgotten. */
  open(connection: ClientConnection): void {
    this.#connection = connection;
    this.#untaken = [];
    this.#routes.clear();
  }

  /** It is gone. */
  close(reason: NanowireError): void {
    this.#connection = undefined;
    this.#waiting?.fail(new NanowireError("unavailable", `the connection was closed: ${reason.message}`));
  }

  /** A push comes: from here on its route is listened to. */
  expect(route: string): void {
    if (this.#routes.has(route) || this.#connection === undefined) {
      return;
    }
    if (this.#routes.size === mostRoutes) {
      this.#routes.add(route);
      this.#screen.complain(`pushes came with more than ${mostRoutes} routes: those with others are not shown`);
    } else if (this.#routes.size < mostRoutes) {
      this.#routes.add(route);
      this.#connection.on({ route, code: 0, message: bytesCodec }, (payload) => this.#take(route, payload));
    }
  }

  /**
   * Waits for a push, if none has come that nobody waited for.
   *
   * @throws NanowireError `deadline_exceeded`, `canceled`, `unavailable`
   */
  async wait(route: string, signal: AbortSignal): Promise<void> {
    const came = this.#untaken.indexOf(route);
    if (came >= 0) {
      this.#untaken.splice(came, 1);
      return;
    }
    if (this.#connection === undefined) {
      throw new NanowireError("unavailable", `no push ${route} can come: there is no connection`);
    }
    await new Promise<void>((resolve, reject) => {
      const onAbort = (): void => fail(new NanowireError("canceled", `nobody waits for ${route} any more`));
      const timer = this.#timeoutMs === 0 ? undefined : setTimeout(() => fail(this.#late(route)), this.#timeoutMs);
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", onAbort);
        this.#waiting = undefined;
      };
      const fail = (error: NanowireError): void => {
        end();
        reject(error);
      };
      signal.addEventListener("abort", onAbort);
      this.#waiting = {
        route,
        fail,
        done: () => {
          end();
          resolve();
        },
      };
    });
  }

  #take(route: string, payload: Uint8Array): void {
    if (this.#shown === undefined || this.#shown.has(route)) {
      this.#show(route, payload);
    }
    if (this.#waiting?.route === route) {
      this.#waiting.done();
    } else {
      this.#untaken.push(route);
      if (this.#untaken.length > mostUntaken) {
        this.#untaken.shift();
      }
    }
  }

  #show(route: string, payload: Uint8Array): void {
    const head = [["name", `push ${route}`], " "] as const;
    try {
      this.#screen.saySpontaneously(head, showPayload(payload, this.#formOf(route), this.#screen.width));
    } catch (error) {
      this.#screen.complain(`push ${route}: ${error instanceof Error ? error.message : error}`);
    }
  }

  #late(route: string): NanowireError {
    const others = new Set(this.#untaken);
    const came = others.size === 0 ? "" : `; ${noSuchName("such push", route, others)}`;
    return new NanowireError("deadline_exceeded", `no push ${route} came within ${this.#timeoutMs} ms${came}`);
  }
}

/** Who waits for a push. */
interface Waiting {
  readonly route: string;
  readonly done: () => void;
  readonly fail: (error: NanowireError) => void;
}

/** A server may send any number of routes. */
const mostRoutes = 10_000;

/** How many pushes are remembered for who waits later. */
const mostUntaken = 1_000;
