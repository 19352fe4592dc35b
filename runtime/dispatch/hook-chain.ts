import { type Awaitable, isPromise } from "../base/awaitable.js";
import type { MessageCodec } from "../protocol/codec.js";
import type { CallData } from "../session/call-data.js";
import type { Session } from "../session/session.js";

/**
 * One call of a handler, as its hooks see it.
 *
 * @typeParam Req what the client sent; `undefined` for google.protobuf.Empty
 */
export interface HandlerCall<Req = unknown> {
  /** Whose call it is. */
  readonly session: Session;
  /** `Room.Join`. */
  readonly route: string;
  /** Whether it is answered. */
  readonly kind: "request" | "notify";
  /** The decoded message. A hook before the handler may put another in its place. */
  request: Req;
  /** Writes and reads the message. */
  readonly codec: MessageCodec<Req>;
  /** What steps and hooks keep for one another. It starts empty, or with what the inbound steps put there. */
  readonly data: Partial<CallData>;
}

/**
 * What a handler made of a call. A hook after it may change either.
 *
 * @typeParam Res what the handler returned
 */
export interface HandlerOutcome<Res = unknown> {
  /** What the client gets; nothing while there is an error. */
  value: Res | undefined;
  /** What the handler, or a hook, threw; undefined when nothing. Set to undefined, the client gets the value. */
  error: unknown;
}

/** Is called before the handler. An error that it throws is the answer, and the handler is not called. */
export type BeforeHook<Req = unknown> = (call: HandlerCall<Req>) => Awaitable<void>;

/** Is called after the handler, also when that failed or was not called. An error that it throws takes the place of the outcome. */
export type AfterHook<Req = unknown, Res = unknown> = (
  call: HandlerCall<Req>,
  outcome: HandlerOutcome<Res>,
) => Awaitable<void>;

/** The hooks that a call of one handler goes through: the server's are outermost, the handler's own innermost. */
export interface HookChain {
  readonly before: readonly BeforeHook[];
  readonly after: readonly AfterHook[];
}

/**
 * Calls a handler between its hooks. A promise is returned only when a hook or the handler returned one.
 *
 * @param invoke calls the handler with the request
 * @throws what the handler or a hook threw last
 */
export function callHooked(chain: HookChain, call: HandlerCall, invoke: (request: unknown) => unknown): unknown {
  const steps = walk(chain, call, invoke);
  let step = steps.next();
  while (step.done !== true) {
    if (isPromise(step.value)) {
      return goOn(steps, step.value);
    }
    step = steps.next(step.value);
  }
  return step.value;
}

/** Yields what each hook and the handler returned, and is given what became of it. */
function* walk(
  { before, after }: HookChain,
  call: HandlerCall,
  invoke: (request: unknown) => unknown,
): Generator<unknown, unknown, unknown> {
  const outcome: HandlerOutcome = { value: undefined, error: undefined };
  try {
    for (const hook of before) {
      yield hook(call);
    }
    outcome.value = yield invoke(call.request);
  } catch (error) {
    outcome.error = thrown(error);
  }
  for (const hook of after) {
    try {
      yield hook(call, outcome);
    } catch (error) {
      outcome.error = thrown(error);
    }
  }
  if (outcome.error !== undefined) {
    throw outcome.error;
  }
  return outcome.value;
}

async function goOn(steps: Generator<unknown, unknown, unknown>, pending: unknown): Promise<unknown> {
  for (let waiting = pending; ; ) {
    const settled = await Promise.resolve(waiting).then(
      (value) => ({ value, failed: false }),
      (error: unknown) => ({ value: error, failed: true }),
    );
    const step = settled.failed ? steps.throw(settled.value) : steps.next(settled.value);
    if (step.done === true) {
      return step.value;
    }
    waiting = step.value;
  }
}

/** `throw undefined` is an error all the same. */
function thrown(error: unknown): unknown {
  return error === undefined ? new Error("undefined was thrown") : error;
}
