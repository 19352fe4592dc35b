// A hot file: every message of a client passes through a mailbox. An idle mailbox costs no queue and no promise.

import type { EndOfTurn, Turn } from "../base/turn.js";
import { TurnBudget } from "./turn-budget.js";

/** Something to be done in its turn. */
export interface MailboxTask {
  /**
   * Begins.
   *
   * @returns whether it is done; if not, it calls `mailbox.done()` once when it is
   */
  start(mailbox: Mailbox): boolean;
  /** Whether it is settled before its turn has come, and is not to be begun; its mailbox is told by {@link Mailbox.forgot}. Absent: never. */
  readonly gaveWay?: boolean;
  /** It was forgotten before its turn has come: {@link Mailbox.clear}. */
  forgotten?(): void;
}

/** Told when a mailbox has room, each time that a task of it is done or a turn begins, whether or not it was full. */
export interface MailboxOwner {
  mailboxHasRoom(): void;
}

/** Where messages wait for their turn. */
export interface Mailbox {
  /** How many wait or run. */
  readonly length: number;
  /** Begins a task now, or when it is its turn. */
  post(task: MailboxTask): void;
  /** Called by a task that was not done at once. */
  done(): void;
  /** One of the tasks that wait here gave way: it counts no more. */
  forgot(): void;
  /** Forgets the tasks that have not begun. */
  clear(): void;
}

/** One task at a time, in the order in which they came, and no more in one turn of the event loop than its budget has. */
export class OrderedMailbox implements Mailbox, EndOfTurn {
  readonly #turn: Turn;
  readonly #owner: MailboxOwner | undefined;
  readonly #roomBelow: number;
  #busy = false;
  /** The next turn goes on with the queue. */
  #postponed = false;
  #queue: MailboxTask[] = [];
  #first = 0;
  /** How many in the queue gave way. */
  #gone = 0;
  readonly #budget: TurnBudget;

  /**
   * @param owner told when fewer than `roomBelow` tasks wait or run
   */
  constructor(turn: Turn, owner?: MailboxOwner, roomBelow = 0) {
    this.#turn = turn;
    this.#budget = new TurnBudget(turn);
    this.#owner = owner;
    this.#roomBelow = roomBelow;
  }

  get length(): number {
    return this.#queue.length - this.#first - this.#gone + (this.#busy ? 1 : 0);
  }

  post(task: MailboxTask): void {
    if (this.#busy || this.#postponed || this.#queue.length > 0) {
      this.#queue.push(task);
    } else if (!this.#budget.take()) {
      this.#queue.push(task);
      this.#postpone();
    } else {
      this.#begin(task);
      this.#goOn();
    }
  }

  /** Begins a task in the next turn, or when it is its turn then: never before the caller goes on. */
  postLater(task: MailboxTask): void {
    this.#queue.push(task);
    if (!this.#busy && !this.#postponed) {
      this.#postpone();
    }
  }

  done(): void {
    this.#busy = false;
    this.#goOn();
    this.#tellOfRoom();
  }

  forgot(): void {
    if (this.#gone === this.#queue.length - this.#first) {
      // What heard of it has had the mailbox cleared.
      return;
    }
    this.#gone++;
    // So that a queue of which most gave way takes no more memory than what is left: each is moved once for one that is gone.
    if (this.#gone > fewGone && this.#gone * 2 > this.#queue.length - this.#first) {
      this.#queue = this.#queue.slice(this.#first).filter(({ gaveWay }) => gaveWay !== true);
      this.#first = 0;
      this.#gone = 0;
    }
  }

  clear(): void {
    const waiting = this.#queue;
    const first = this.#first;
    this.#queue = [];
    this.#first = 0;
    this.#gone = 0;
    for (let index = first; index < waiting.length; index++) {
      waiting[index]?.forgotten?.();
    }
  }

  endOfTurn(): void {
    this.#postponed = false;
    this.#goOn();
    this.#tellOfRoom();
  }

  #begin(task: MailboxTask): void {
    this.#busy = true;
    if (task.start(this)) {
      this.#busy = false;
    }
  }

  #goOn(): void {
    while (this.#first < this.#queue.length && !this.#busy && !this.#postponed) {
      if (this.#gone > 0 && this.#queue[this.#first]?.gaveWay === true) {
        this.#gone--;
        this.#shift();
      } else if (this.#budget.take()) {
        this.#begin(this.#shift());
      } else {
        this.#postpone();
      }
    }
  }

  #shift(): MailboxTask {
    const task = this.#queue[this.#first] as MailboxTask;
    this.#first++;
    if (this.#first === this.#queue.length) {
      this.#queue = [];
      this.#first = 0;
    } else if (this.#first === compactAt) {
      this.#queue = this.#queue.slice(this.#first);
      this.#first = 0;
    }
    return task;
  }

  /** Not while a task is being taken from the queue: what the owner then posts may not begin before it. */
  #tellOfRoom(): void {
    if (this.#owner !== undefined && this.length < this.#roomBelow) {
      this.#owner.mailboxHasRoom();
    }
  }

  #postpone(): void {
    this.#postponed = true;
    this.#turn.next(this);
  }
}

/**
 * Every task at once when it comes, but no more in one turn of the event loop than its budget has; the others wait for the next. It
 * counts them, so that a client cannot begin without end.
 */
export class UnorderedMailbox implements Mailbox, EndOfTurn {
  readonly #turn: Turn;
  readonly #budget: TurnBudget;
  readonly #owner: MailboxOwner;
  readonly #roomBelow: number;
  #running = 0;
  /** Those for whom the turn's budget had nothing left. */
  #waiting: MailboxTask[] = [];
  /** How many of those have begun, while that goes on. */
  #begun = 0;

  /**
   * @param owner told when fewer than `roomBelow` tasks wait or run
   */
  constructor(turn: Turn, owner: MailboxOwner, roomBelow: number) {
    this.#turn = turn;
    this.#budget = new TurnBudget(turn);
    this.#owner = owner;
    this.#roomBelow = roomBelow;
  }

  get length(): number {
    return this.#running + this.#waiting.length;
  }

  post(task: MailboxTask): void {
    if (this.#waiting.length === 0 && this.#budget.take()) {
      this.#begin(task);
      return;
    }
    this.#waiting.push(task);
    if (this.#waiting.length === 1) {
      this.#turn.next(this);
    }
  }

  done(): void {
    this.#running--;
    this.#tellOfRoom();
  }

  forgot(): void {}

  clear(): void {
    const waiting = this.#waiting;
    const begun = this.#begun;
    this.#waiting = [];
    this.#begun = 0;
    for (let index = begun; index < waiting.length; index++) {
      waiting[index]?.forgotten?.();
    }
  }

  endOfTurn(): void {
    const waiting = this.#waiting;
    // What one that begins here posts waits behind the others; it may also have the mailbox cleared.
    while (this.#waiting === waiting && this.#begun < waiting.length && this.#budget.take()) {
      this.#begin(waiting[this.#begun++] as MailboxTask);
    }
    waiting.splice(0, this.#begun);
    this.#begun = 0;
    if (this.#waiting.length > 0) {
      this.#turn.next(this);
    }
    this.#tellOfRoom();
  }

  #begin(task: MailboxTask): void {
    this.#running++;
    if (task.start(this)) {
      this.#running--;
    }
  }

  #tellOfRoom(): void {
    if (this.length < this.#roomBelow) {
      this.#owner.mailboxHasRoom();
    }
  }
}

/** So many that gave way are left where they are. */
const fewGone = 32;

/** A queue that is never empty is moved to its front when so many have left it. */
const compactAt = 1_024;
