import { type ErrorCode, NanowireError } from "../base/error.js";
import type { Overload } from "../component/service.js";
import type { Mailbox } from "../schedule/mailbox.js";
import type { Call, WaitingPlace } from "./call.js";

/** Sees to it that no more calls of a method wait, in one session, than its policy lets. */
export class Overloads {
  readonly #mailbox: Mailbox;
  /** The calls that wait, by their method's policy, in the order in which they came. */
  readonly #waiting = new Map<Overload<unknown>, Map<unknown, Call>>();

  /** @param mailbox where the session's calls wait */
  constructor(mailbox: Mailbox) {
    this.#mailbox = mailbox;
  }

  /**
   * Posts a call. One for which there is no room is settled with an error: this one, or one that waits. Those that are left keep the
   * order in which they came.
   *
   * @param overload its method's policy. It is one method's: the object tells which
   */
  post(call: Call, overload: Overload<unknown>): void {
    if (this.#mailbox.length === 0 || this.#admit(call, overload)) {
      this.#mailbox.post(call);
    }
  }

  /** Whether a call may wait. If so, it is known to those that come after it. */
  #admit(call: Call, overload: Overload<unknown>): boolean {
    const waiting = this.#waiting.get(overload) ?? new Map<unknown, Call>();
    this.#waiting.set(overload, waiting);
    let key: unknown = call;
    if (overload.policy === "conflate") {
      key = keyOf(call, overload.key);
      this.#giveWay(waiting.get(key), "replaced", `a newer message of ${call.route} came while it waited`);
    } else if (waiting.size >= overload.maxWaiting) {
      const message = `${waiting.size} messages of ${call.route} wait, and no more may`;
      if (overload.policy === "refuse") {
        call.giveWay(new NanowireError("overloaded", message));
        return false;
      }
      const [oldest] = waiting.values();
      this.#giveWay(oldest, "overloaded", message);
    }
    waiting.set(key, call);
    call.waits = new KeyedPlace(waiting, key);
    return true;
  }

  #giveWay(older: Call | undefined, code: ErrorCode, message: string): void {
    if (older !== undefined) {
      older.waits?.end();
      older.giveWay(new NanowireError(code, message));
      this.#mailbox.forgot();
    }
  }
}

/** The place of a call that is known by a key. */
class KeyedPlace implements WaitingPlace {
  readonly #waiting: Map<unknown, Call>;
  readonly #key: unknown;

  constructor(waiting: Map<unknown, Call>, key: unknown) {
    this.#waiting = waiting;
    this.#key = key;
  }

  end(): void {
    this.#waiting.delete(this.#key);
  }
}

/** What a call is told apart by. One that cannot be read is like no other: it is refused in its turn. */
function keyOf(call: Call, key: ((request: unknown) => unknown) | undefined): unknown {
  if (key === undefined) {
    return wholeMethod;
  }
  try {
    return key(call.peek());
  } catch {
    return call;
  }
}

/** The one key of a method whose messages are all alike. */
const wholeMethod = "";
