import type { Awaitable } from "../base/awaitable.js";
import type { TraceContext } from "../base/call-observer.js";
import type { CancelTimer, Clock } from "../base/clock.js";
import { NanowireError, toNanowireError } from "../base/error.js";
import type { Logger } from "../base/logger.js";
import { answer } from "./answering.js";
import type { Peer } from "./peer.js";
import type { AskRecord } from "./records.js";

/** What another node asks, or tells. */
export interface Question {
  /** Who asks. */
  readonly peer: Peer;
  readonly route: string;
  readonly payload: Uint8Array;
  readonly metadata: Readonly<Record<string, string>>;
  /** Milliseconds that the other node waits for the answer; 0: for ever, or it does not wait. */
  readonly timeoutMs: number;
  /** Whether it only tells: nobody waits. */
  readonly told: boolean;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  /** What came with it for whoever traces it. */
  readonly context?: TraceContext | undefined;
}

/** Answers what other nodes ask by a route; what it answers to what was only told is forgotten. A NanowireError that it throws crosses to the other node; anything else becomes `internal`. */
export type Answerer = (question: Question) => Awaitable<Uint8Array>;

/** What a question may say. */
export interface AskOptions {
  /** Milliseconds; 0: for ever. */
  readonly timeoutMs: number;
  readonly metadata?: Readonly<Record<string, string>>;
  /** Gives the question up. */
  readonly signal?: AbortSignal | undefined;
  /** What goes with it for whoever traces it. */
  readonly context?: TraceContext | undefined;
}

/** What nodes ask each other besides what is about a session: by routes, each question answered once. */
export class Questions {
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #answerers = new Map<string, Answerer>();
  /** The questions of other nodes that are being answered. */
  readonly #open = new Map<Peer, Map<number, AbortController>>();

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger;
    this.#clock = clock;
  }

  /** Has what is asked by a route answered. */
  answer(route: string, answerer: Answerer): void {
    this.#answerers.set(route, answerer);
  }

  /** How many questions of other nodes are being answered. */
  get open(): number {
    return [...this.#open.values()].reduce((sum, { size }) => sum + size, 0);
  }

  /**
   * Asks another node, and waits for its answer. It is rejected with the other node's error; `unavailable` when the node is gone before it answered;
   * `deadline_exceeded`; `canceled`; `message_too_large`.
   */
  ask(
    peer: Peer,
    route: string,
    payload: Uint8Array,
    { timeoutMs, metadata = {}, signal, context }: AskOptions,
  ): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(canceledBy(route, signal));
        return;
      }
      let cancelTimer: CancelTimer | undefined;
      const settle = (): void => {
        cancelTimer?.();
        signal?.removeEventListener("abort", onAbort);
      };
      const ask = peer.addAsk({
        replied: (answer) => {
          settle();
          resolve(answer);
        },
        refused: (error) => {
          settle();
          reject(error);
        },
      });
      const giveUp = (error: NanowireError): void => {
        if (peer.removeAsk(ask)) {
          settle();
          peer.out.cancel(ask);
          reject(error);
        }
      };
      const onAbort = (): void => giveUp(canceledBy(route, signal as AbortSignal));
      try {
        peer.out.ask(ask, { route, timeoutMs, metadata, payload, context });
      } catch (error) {
        peer.removeAsk(ask);
        reject(error);
        return;
      }
      signal?.addEventListener("abort", onAbort, { once: true });
      if (timeoutMs > 0) {
        const late = `node ${peer.id} has not answered ${route} within ${timeoutMs} ms`;
        cancelTimer = this.#clock.after(timeoutMs, () => giveUp(new NanowireError("deadline_exceeded", late)));
      }
    });
  }

  // what other nodes ask

  asked(peer: Peer, ask: number, record: AskRecord): void {
    const abort = new AbortController();
    const open = this.#open.get(peer) ?? new Map<number, AbortController>();
    this.#open.set(peer, open.set(ask, abort));
    const { timeoutMs } = record;
    const late = new NanowireError("deadline_exceeded", `${record.route} took longer than ${timeoutMs} ms`);
    let cancelTimer: CancelTimer | undefined;
    // Who is not waited for any more is not answered: the number may have been given up with the link.
    const settle = (tell: () => void): void => {
      cancelTimer?.();
      if (open.delete(ask)) {
        tell();
      }
    };
    if (timeoutMs > 0) {
      cancelTimer = this.#clock.after(timeoutMs, () => {
        abort.abort(late);
        settle(() => peer.out.refusal(ask, late));
      });
    }
    this.#call(
      { peer, ...record, told: false, signal: abort.signal },
      (payload) => settle(() => this.#reply(peer, ask, payload)),
      (error) => settle(() => peer.out.refusal(ask, error)),
    );
  }

  told(peer: Peer, record: AskRecord): void {
    const abort = new AbortController();
    this.#call(
      { peer, ...record, told: true, signal: abort.signal },
      () => {},
      () => {},
    );
  }

  canceled(peer: Peer, ask: number): void {
    const open = this.#open.get(peer);
    const abort = open?.get(ask);
    open?.delete(ask);
    abort?.abort(new NanowireError("canceled", `node ${peer.id} has given the call up`));
  }

  /** The link to a node broke: what it asked is not waited for. */
  broken(peer: Peer, reason: NanowireError): void {
    const open = this.#open.get(peer);
    this.#open.delete(peer);
    for (const [ask, abort] of open ?? []) {
      open?.delete(ask);
      abort.abort(reason);
    }
  }

  #reply(peer: Peer, ask: number, payload: Uint8Array): void {
    try {
      peer.out.reply(ask, payload);
    } catch (error) {
      peer.out.refusal(ask, toNanowireError(error, "internal", "the answer could not be sent"));
    }
  }

  #call(question: Question, succeeded: (payload: Uint8Array) => void, failed: (error: NanowireError) => void): void {
    const { peer, route } = question;
    const asked = { node: peer.id, route, called: "what another node asked" };
    answer(() => this.#answererOf(route)(question), asked, this.#logger, succeeded, failed);
  }

  /** @throws NanowireError `unavailable` where there is none */
  #answererOf(route: string): Answerer {
    const answerer = this.#answerers.get(route);
    if (answerer === undefined) {
      throw new NanowireError("unavailable", `nobody answers ${route} here`);
    }
    return answerer;
  }
}

/** Why a call fails that its signal gave up. */
export function canceledBy(route: string, signal: AbortSignal): NanowireError {
  return new NanowireError("canceled", `the call of ${route} was given up`, { cause: signal.reason });
}
