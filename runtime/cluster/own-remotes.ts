import type { TraceContext } from "../base/call-observer.js";
import type { CancelTimer, Clock } from "../base/clock.js";
import { NanowireError } from "../base/error.js";
import type { Logger } from "../base/logger.js";
import { decodeErrorProtobuf, encodeErrorPayload } from "../protocol/error-payload.js";
import { protobufSerializer } from "../protocol/serializer.js";
import { answer } from "./answering.js";
import type { HostedRemotes } from "./hosted-remotes.js";
import { type AskOptions, canceledBy } from "./questions.js";

/**
 * What a node asks its own remotes: as if another node did. A message goes as bytes, later than its caller goes on, and no object is shared; of an error only that crosses which
 * would cross to another node.
 */
export class OwnRemotes {
  readonly #remotes: HostedRemotes;
  readonly #logger: Logger;
  readonly #clock: Clock;
  /** What gives up each call that waits. */
  readonly #waiting = new Set<(error: NanowireError) => void>();

  constructor(remotes: HostedRemotes, logger: Logger, clock: Clock) {
    this.#remotes = remotes;
    this.#logger = logger;
    this.#clock = clock;
  }

  /** How many calls wait for an answer. */
  get pending(): number {
    return this.#waiting.size;
  }

  /** Asks, and waits for the answer; rejected as {@link Questions.ask} is. */
  ask(
    caller: string,
    route: string,
    payload: Uint8Array,
    { timeoutMs, metadata = {}, signal, context }: AskOptions,
  ): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(canceledBy(route, signal));
        return;
      }
      const abort = new AbortController();
      let cancelTimer: CancelTimer | undefined;
      const settle = (): boolean => {
        cancelTimer?.();
        signal?.removeEventListener("abort", onAbort);
        return this.#waiting.delete(giveUp);
      };
      const giveUp = (error: NanowireError): void => {
        if (settle()) {
          abort.abort(error);
          reject(error);
        }
      };
      const onAbort = (): void => giveUp(canceledBy(route, signal as AbortSignal));
      this.#waiting.add(giveUp);
      signal?.addEventListener("abort", onAbort, { once: true });
      if (timeoutMs > 0) {
        const late = `${route} has not been answered within ${timeoutMs} ms`;
        cancelTimer = this.#clock.after(timeoutMs, () => giveUp(new NanowireError("deadline_exceeded", late)));
      }
      queueMicrotask(() => {
        if (!abort.signal.aborted) {
          const message = {
            caller,
            payload,
            metadata: { ...metadata },
            told: false,
            timeoutMs,
            signal: abort.signal,
            context,
          };
          this.#handle(
            route,
            message,
            (answer) => settle() && resolve(answer),
            (error) => settle() && reject(error),
          );
        }
      });
    });
  }

  /** Tells: nobody hears of what becomes of it. */
  tell(
    caller: string,
    route: string,
    payload: Uint8Array,
    metadata: Readonly<Record<string, string>>,
    context: TraceContext | undefined,
  ): void {
    const { signal } = new AbortController();
    const message = { caller, payload, metadata: { ...metadata }, told: true, timeoutMs: 0, signal, context };
    queueMicrotask(() => {
      this.#handle(
        route,
        message,
        () => {},
        () => {},
      );
    });
  }

  /** The node leaves its cluster: whoever waits is told. */
  giveUp(reason: NanowireError): void {
    for (const giveUp of [...this.#waiting]) {
      giveUp(reason);
    }
  }

  #handle(
    route: string,
    message: Parameters<HostedRemotes["handle"]>[1],
    succeeded: (payload: Uint8Array) => void,
    failed: (error: NanowireError) => void,
  ): void {
    const asked = { node: message.caller, route, called: "what this node asked of itself" };
    const toldOf = (error: NanowireError): void =>
      failed(decodeErrorProtobuf(encodeErrorPayload(error, protobufSerializer)));
    answer(() => this.#remotes.handle(route, message), asked, this.#logger, succeeded, toldOf);
  }
}
