import { type Awaitable, isPromise } from "../base/awaitable.js";
import type { CallObserver, RouteObserver, TraceContext } from "../base/call-observer.js";
import { codeOf, NanowireError } from "../base/error.js";
import type { AnyRemoteHandler, Remote, RemoteContext } from "../component/remote.js";
import type { Mailbox, MailboxTask } from "../schedule/mailbox.js";
import type { Timekeeper } from "../schedule/timekeeper.js";
import { WheelEntry } from "../schedule/timing-wheel.js";
import { readJobAttempt } from "./job-attempt.js";

/** One method of one remote, ready to be called. */
export interface RemoteEndpoint {
  readonly remote: Remote;
  readonly handler: AnyRemoteHandler<Remote>;
  /** Milliseconds that a tell may take; 0: for ever. */
  readonly tellTimeoutMs: number;
  /** The remote's own mailbox, where the order is `service`. */
  readonly mailbox: Mailbox | undefined;
  /** Told of its calls; undefined where there is no tracing. */
  readonly observer: RouteObserver | undefined;
}

/** What came for a remote. */
export interface RemoteMessage {
  /** The id of the node that calls. */
  readonly caller: string;
  readonly payload: Uint8Array;
  readonly metadata: Readonly<Record<string, string>>;
  /** Whether nobody waits for an answer. */
  readonly told: boolean;
  /** Milliseconds that the caller waits; 0: for ever, or it does not wait. */
  readonly timeoutMs: number;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  /** What came with it for whoever traces it. */
  readonly context?: TraceContext | undefined;
}

/** What a run needs of those who begin it. */
export interface RemoteRunHost {
  readonly deadlines: Timekeeper;
  /** Unix time in milliseconds. */
  now(): number;
  /** The run is over; `code` is that of the error that it failed with. */
  ended(run: RemoteRun, code: string | undefined): void;
}

/**
 * One call or tell on its way through a remote. It is over once: with the handler's answer or error, with its time, or when nobody waits for it any more before it has
 * begun. A handler that goes on when nobody waits any more keeps its turn until it is done or its time is over: the next message of its remote may rely on being alone.
 */
export class RemoteRun extends WheelEntry implements MailboxTask {
  readonly #endpoint: RemoteEndpoint;
  readonly #message: RemoteMessage;
  readonly #host: RemoteRunHost;
  readonly #timeoutMs: number;
  /** When it came, in steady time and by the clock on the wall. */
  readonly #cameAt: number;
  readonly #cameAtMs: number;
  /** Of a tell, which nobody but its own time gives up. */
  readonly #abort: AbortController | undefined;
  readonly #observer: CallObserver | undefined;
  #state: "waiting" | "running" | "over" = "waiting";
  /** To be told when the handler is done. */
  #mailbox: Mailbox | undefined;
  #outcome: Outcome | undefined;
  #settle: ((outcome: Outcome) => void) | undefined;

  constructor(endpoint: RemoteEndpoint, message: RemoteMessage, host: RemoteRunHost) {
    super();
    this.#endpoint = endpoint;
    this.#message = message;
    this.#host = host;
    this.#timeoutMs = message.told ? endpoint.tellTimeoutMs : message.timeoutMs;
    this.#cameAt = host.deadlines.now();
    this.#cameAtMs = host.now();
    this.#abort = message.told ? new AbortController() : undefined;
    this.#observer = endpoint.observer?.came(undefined, message.context);
  }

  get gaveWay(): boolean {
    return this.#state === "over";
  }

  /** Begins, now or in its turn. Returns the answer's payload; it throws, or is rejected, with whatever the handler throws. */
  begin(): Awaitable<Uint8Array> {
    const { mailbox } = this.#endpoint;
    const done = mailbox === undefined ? this.#run() : this.#wait(mailbox);
    if (!done && this.#timeoutMs > 0) {
      this.#host.deadlines.set(this, this.#cameAt + this.#timeoutMs);
    }
    if (this.#outcome === undefined) {
      return new Promise((resolve, reject) => {
        this.#settle = (outcome) => (outcome.ok ? resolve(outcome.payload) : reject(outcome.error));
      });
    }
    if (!this.#outcome.ok) {
      throw this.#outcome.error;
    }
    return this.#outcome.payload;
  }

  start(mailbox: Mailbox): boolean {
    if (this.#isLate) {
      // The time of the one before it is over in the same moment.
      this.#end({ ok: false, error: this.#tooLate() });
      return true;
    }
    if (this.#run()) {
      return true;
    }
    this.#mailbox = mailbox;
    return false;
  }

  /** Its time is over: whatever comes of it is forgotten. */
  expired(): void {
    this.giveUp(this.#tooLate());
  }

  /** It is over, whatever its handler does. */
  giveUp(error: NanowireError): void {
    const waited = this.#state === "waiting";
    this.#abort?.abort(error);
    this.#end({ ok: false, error });
    if (waited) {
      this.#endpoint.mailbox?.forgot();
    }
    this.#leave();
  }

  #wait(mailbox: Mailbox): boolean {
    mailbox.post(this);
    if (this.#state !== "waiting") {
      return this.#state === "over";
    }
    this.#message.signal.addEventListener("abort", this, { once: true });
    return false;
  }

  /** Nobody waits for the answer any more. */
  handleEvent(): void {
    if (this.#state === "waiting") {
      this.giveUp(this.#message.signal.reason as NanowireError);
    }
  }

  /** Returns whether the handler is done. */
  #run(): boolean {
    this.#state = "running";
    this.#message.signal.removeEventListener("abort", this);
    try {
      this.#observer?.began();
      const answer = this.#invoke();
      if (isPromise(answer)) {
        answer.then(
          (value) => this.#finish(value),
          (error: unknown) => this.#fail(error),
        );
        return false;
      }
      this.#finish(answer);
    } catch (error) {
      this.#fail(error);
    }
    return true;
  }

  #invoke(): Awaitable<unknown> {
    const { remote, handler } = this.#endpoint;
    const context = this.#context();
    const request = this.#request();
    const trace = this.#observer?.trace;
    return trace === undefined
      ? handler.invoke(remote, context, request)
      : trace.run(() => trace.handle(() => handler.invoke(remote, context, request)));
  }

  #context(): RemoteContext {
    const { caller, metadata, signal, timeoutMs, told } = this.#message;
    return {
      ...readJobAttempt(metadata),
      caller,
      deadlineMs: told || timeoutMs === 0 ? undefined : this.#cameAtMs + timeoutMs,
      signal: this.#abort?.signal ?? signal,
    };
  }

  #request(): unknown {
    const { method } = this.#endpoint.handler;
    const { payload } = this.#message;
    try {
      return method.request.decode(payload);
    } catch (error) {
      const message = `the payload of ${payload.length} bytes is no message of ${method.route}`;
      throw new NanowireError("invalid_payload", message, { cause: error });
    }
  }

  #finish(value: unknown): void {
    if (this.#state === "over") {
      this.#leave();
      return;
    }
    try {
      const payload = this.#message.told ? nothing : this.#endpoint.handler.method.response.encode(value).finish();
      this.#end({ ok: true, payload });
    } catch (error) {
      this.#end({ ok: false, error });
    }
    this.#leave();
  }

  #fail(error: unknown): void {
    const { signal } = this.#message;
    this.#end({ ok: false, error: signal.aborted ? stopped(signal, error) : error });
    this.#leave();
  }

  #end(outcome: Outcome): void {
    if (this.#state !== "over") {
      this.#state = "over";
      this.#host.deadlines.remove(this);
      this.#message.signal.removeEventListener("abort", this);
      this.#outcome = outcome;
      this.#settle?.(outcome);
      const code = outcome.ok ? undefined : codeOf(outcome.error);
      if (code !== undefined) {
        this.#observer?.failed(code, outcome.ok ? undefined : outcome.error);
      }
      this.#observer?.ended();
      this.#host.ended(this, code);
    }
  }

  get #isLate(): boolean {
    return this.#timeoutMs > 0 && this.#host.deadlines.now() >= this.#cameAt + this.#timeoutMs;
  }

  #tooLate(): NanowireError {
    const { route } = this.#endpoint.handler.method;
    return new NanowireError("deadline_exceeded", `${route} took longer than ${this.#timeoutMs} ms`);
  }

  /** The next one's turn. */
  #leave(): void {
    const mailbox = this.#mailbox;
    this.#mailbox = undefined;
    mailbox?.done();
  }
}

/** What became of a run. */
type Outcome = { readonly ok: true; readonly payload: Uint8Array } | { readonly ok: false; readonly error: unknown };

/** Why a handler failed whose signal was aborted: mostly because it was. */
function stopped({ reason }: AbortSignal, error: unknown): unknown {
  return reason instanceof NanowireError && !(error instanceof NanowireError)
    ? new NanowireError(reason.code, reason.message, { cause: error })
    : error;
}

const nothing = new Uint8Array(0);
