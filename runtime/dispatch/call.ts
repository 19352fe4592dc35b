// A hot file: one object a message, and no promise, timer or closure for a handler that returns no promise.

import { isPromise } from "../base/awaitable.js";
import type { CallObserver, TraceContext } from "../base/call-observer.js";
import { NanowireError } from "../base/error.js";
import { decodeInPlace, isInPlace } from "../protocol/in-place.js";
import type { MessageId } from "../protocol/message.js";
import type { Serializer } from "../protocol/serializer.js";
import type { Mailbox, MailboxTask } from "../schedule/mailbox.js";
import type { Timekeeper } from "../schedule/timekeeper.js";
import { WheelEntry } from "../schedule/timing-wheel.js";
import type { CallData } from "../session/call-data.js";
import type { Session } from "../session/session.js";
import type { Endpoint } from "./dispatcher.js";
import { callHooked } from "./hook-chain.js";

/** What a call needs of the connection that it came from. */
export interface Caller {
  readonly session: Session;
  /** Where the times are kept that handlers may take. */
  readonly deadlines: Timekeeper;
  /** Takes the message through the inbound steps. A promise is returned only when a step returned one. */
  inbound(call: Call): void | Promise<void>;
  /** Decodes the payload. */
  decode(call: Call): unknown;
  /** Decodes the payload as it came, before any inbound step, and leaves it as it is. */
  peek(call: Call): unknown;
  /** The handler is done: a request is answered with its value. */
  succeeded(call: Call, value: unknown): void;
  /** The call failed: a request is answered with the error. */
  failed(call: Call, error: unknown): void;
}

/** A call's place among those that wait. */
export interface WaitingPlace {
  /** The call has begun, or gave way. */
  end(): void;
}

/** One request or notify on its way through a component. It is settled exactly once, whatever its handler does. */
export class Call implements MailboxTask {
  readonly endpoint: Endpoint;
  /** Told what becomes of it. */
  readonly observer: CallObserver | undefined;
  /** 0 for a notify. */
  readonly id: MessageId;
  /** Whether the client compressed the payload. */
  readonly compressed: boolean;
  /** Its place among the calls of its method that wait, where there is a limit to them. */
  waits: WaitingPlace | undefined;
  readonly #caller: Caller;
  /** Where the payload lies: in what was read from the client, or in an array of its own. */
  #bytes: Uint8Array;
  #start: number;
  #end: number;
  /** Whether what was read is written again when all of it has been looked at. */
  #lent: boolean;
  #decoded = false;
  /** Made when it is asked for. */
  #payload: Uint8Array | undefined;
  #settled = false;
  /** Until when the handler may take, where it is not done at once. */
  #deadline: Deadline | undefined;
  /** The mailboxes to tell when it is settled later: its place in each is kept until then. */
  #sessionMailbox: Mailbox | undefined;
  #componentMailbox: Mailbox | undefined;
  #queueMailbox: Mailbox | undefined;
  #waitsIn: Place = Place.session;
  #data: Partial<CallData> | undefined;

  /**
   * @param bytes what was read from the client, with the payload from `start` to `end`
   * @param lent whether they are written again: {@link own} is to be called before that
   * @param context what came with it, of the node that forwarded it
   */
  constructor(
    caller: Caller,
    endpoint: Endpoint,
    id: MessageId,
    bytes: Uint8Array,
    start: number,
    end: number,
    lent: boolean,
    compressed: boolean,
    context?: TraceContext,
  ) {
    this.#caller = caller;
    this.endpoint = endpoint;
    this.id = id;
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
    this.#lent = lent;
    this.compressed = compressed;
    this.observer = endpoint.observer?.came(caller.session, context);
  }

  /** The message's bytes; an inbound step may put others in their place. */
  get payload(): Uint8Array {
    this.own();
    this.#payload ??= this.#bytes.subarray(this.#start, this.#end);
    return this.#payload;
  }

  set payload(payload: Uint8Array) {
    this.#payload = payload;
  }

  /** Keeps what is still needed of bytes that are lent. */
  own(): void {
    if (this.#lent) {
      this.#lent = false;
      if (!this.#decoded && this.#payload === undefined) {
        // A Buffer, which a transport may lend, has a slice() of its own, and that is no copy.
        this.#bytes = Uint8Array.prototype.slice.call(this.#bytes, this.#start, this.#end);
        this.#end -= this.#start;
        this.#start = 0;
      }
    }
  }

  /** Decodes the payload with a serializer; where it lies, if nobody has asked for it yet. */
  decodeWith(serializer: Serializer): unknown {
    const { request } = this.endpoint.method;
    if (this.#payload !== undefined || !isInPlace(serializer, request)) {
      return serializer.decode(request, this.payload);
    }
    const message = decodeInPlace(request, this.#bytes, this.#start, this.#end, this.#lent);
    this.#decoded = true;
    return message;
  }

  get session(): Session {
    return this.#caller.session;
  }

  get kind(): "request" | "notify" {
    return this.endpoint.method.kind;
  }

  get route(): string {
    return this.endpoint.method.route;
  }

  /** Whether it was settled while it waited. */
  get gaveWay(): boolean {
    return this.#settled;
  }

  /** Settles a call that has not begun: its turn does not come any more. */
  giveWay(error: NanowireError): void {
    this.#fail(error);
  }

  /** Its session is over before its turn has come. */
  forgotten(): void {
    if (!this.#settled) {
      this.#settled = true;
      this.observer?.failed("session_closed", undefined);
      this.observer?.ended();
    }
  }

  /**
   * The message, decoded for a look: it is decoded once more in its turn.
   *
   * @throws what decoding it throws
   */
  peek(): unknown {
    return this.#caller.peek(this);
  }

  /** What steps and hooks keep for one another. */
  get data(): Partial<CallData> {
    this.#data ??= {};
    return this.#data;
  }

  /**
   * One of the session at a time, then one of the component where the order says so, then one of the queue that the session
   * was handed to. It keeps its place in each until it is settled, and always takes them in this order: two calls never wait for each
   * other.
   */
  start(mailbox: Mailbox): boolean {
    if (this.waits !== undefined) {
      this.waits.end();
      this.waits = undefined;
    }
    const { order, mailbox: componentMailbox } = this.endpoint;
    const waitedIn = this.#waitsIn;
    if (waitedIn === Place.session && componentMailbox !== undefined) {
      this.#waitsIn = Place.component;
      componentMailbox.post(this);
      return this.#settled || this.#keepPlace(waitedIn, mailbox);
    }
    if (order !== "none") {
      const { session } = this;
      const queue = waitedIn === Place.queue ? session.handedTo : session.queue;
      if (queue !== undefined && queue.mailbox !== mailbox) {
        this.#waitsIn = Place.queue;
        queue.mailbox.post(this);
        // The session may have been handed on while this waited: then nothing is left to wait for here.
        return this.#settled || waitedIn === Place.queue || this.#keepPlace(waitedIn, mailbox);
      }
      if (queue === undefined && waitedIn === Place.queue) {
        this.#run();
        return true;
      }
    }
    this.#run();
    return this.#settled || this.#keepPlace(waitedIn, mailbox);
  }

  /** It is not done, and the mailbox is told when it is. */
  #keepPlace(place: Place, mailbox: Mailbox): false {
    if (place === Place.session) {
      this.#sessionMailbox = mailbox;
    } else if (place === Place.component) {
      this.#componentMailbox = mailbox;
    } else {
      this.#queueMailbox = mailbox;
    }
    return false;
  }

  /** Its turn has come. */
  #run(): void {
    this.observer?.began();
    if (this.session.closed) {
      this.#fail(new NanowireError("session_closed", "the session closed before its message was handled"));
      return;
    }
    const { method, timeoutMs } = this.endpoint;
    if (method.boundOnly === true && !this.session.bound) {
      this.#fail(new NanowireError("unauthenticated", `${method.route} is for bound sessions only`));
      return;
    }
    try {
      const trace = this.observer?.trace;
      const result = trace === undefined ? this.#handle() : trace.run(() => this.#handle());
      if (!isPromise(result)) {
        this.#succeed(result);
        return;
      }
      result.then(
        (value) => this.#succeed(value),
        (error: unknown) => this.#fail(error),
      );
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (timeoutMs > 0 && !this.#settled) {
      const { deadlines } = this.#caller;
      this.#deadline = new Deadline(this);
      deadlines.set(this.#deadline, deadlines.now() + timeoutMs);
    }
  }

  #handle(): unknown {
    const pending = this.#caller.inbound(this);
    return pending === undefined ? this.#hooked() : pending.then(() => (this.#settled ? undefined : this.#hooked()));
  }

  #hooked(): unknown {
    const { method, hooks } = this.endpoint;
    const request = this.#caller.decode(this);
    if (hooks === undefined) {
      return this.#invoke(request);
    }
    const { session, route, kind } = this;
    return callHooked(hooks, { session, route, kind, request, codec: method.request, data: this.data }, (message) =>
      this.#invoke(message),
    );
  }

  #invoke(request: unknown): unknown {
    const { method, component } = this.endpoint;
    const { session } = this;
    const trace = this.observer?.trace;
    return trace === undefined
      ? method.invoke(component, session, request)
      : trace.handle(() => method.invoke(component, session, request));
  }

  /** The handler has taken all of its time: whatever comes of it is forgotten. */
  timeOut(): void {
    const { method, timeoutMs } = this.endpoint;
    this.#fail(new NanowireError("deadline_exceeded", `${method.route} took longer than ${timeoutMs} ms`));
  }

  #succeed(value: unknown): void {
    if (!this.#settled) {
      this.#settled = true;
      this.#caller.succeeded(this, value);
      this.#finish();
    }
  }

  #fail(error: unknown): void {
    if (!this.#settled) {
      this.#settled = true;
      this.#caller.failed(this, error);
      this.#finish();
    }
  }

  /** It is settled: lets the next one begin, where this one was not done at once. */
  #finish(): void {
    this.observer?.ended();
    if (this.#deadline !== undefined) {
      this.#caller.deadlines.remove(this.#deadline);
    }
    this.#queueMailbox?.done();
    this.#componentMailbox?.done();
    this.#sessionMailbox?.done();
  }
}

/** When a call is over, whatever its handler does: one of all that wait on the server's wheel. */
class Deadline extends WheelEntry {
  readonly #call: Call;

  constructor(call: Call) {
    super();
    this.#call = call;
  }

  expired(): void {
    this.#call.timeOut();
  }
}

/** Where a call waits for its turn, in the order in which it comes to them. */
const Place = { session: 0, component: 1, queue: 2 } as const;
type Place = (typeof Place)[keyof typeof Place];
