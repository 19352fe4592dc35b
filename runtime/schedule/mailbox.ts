// A hot file: every message of a client passes through a mailbox. An idle mailbox costs no queue and no promise.

import type { EndOfTurn, Turn } from "../base/turn.js";

/** Something to be done in its turn. */
export interface MailboxTask {
  /**
   * Begins.
   *
   * @returns whether it is done; if not, it calls `mailbox.done()` once when it is
   */
  start(mailbox: Mailbox): boolean;
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
  /** Forgets the tasks that have not begun. */
  clear(): void;
}

/**
 * One task at a time, in the order in which they came. In one turn of the event loop it begins at most
 * `messagesPerTurn`, so that a client that sends thousands at once does not hold up the others.
 */
export class OrderedMailbox implements Mailbox, EndOfTurn {
  readonly #turn: Turn;
  readonly #owner: MailboxOwner | undefined;
  readonly #roomBelow: number;
  #busy = false;
  /** The next turn goes on with the queue. */
  #postponed = false;
  #queue: MailboxTask[] = [];
  #first = 0;
  #turnNumber = -1;
  #begunInTurn = 0;

  /**
   * @param owner told when fewer than `roomBelow` tasks wait or run
   */
  constructor(turn: Turn, owner?: MailboxOwner, roomBelow = 0) {
    this.#turn = turn;
    this.#owner = owner;
    this.#roomBelow = roomBelow;
  }

  get length(): number {
    return this.#queue.length - this.#first + (this.#busy ? 1 : 0);
  }

  post(task: MailboxTask): void {
    if (this.#busy || this.#postponed || this.#queue.length > 0) {
      this.#queue.push(task);
    } else if (!this.#mayBegin()) {
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

  clear(): void {
    this.#queue = [];
    this.#first = 0;
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
      if (!this.#mayBegin()) {
        this.#postpone();
        return;
      }
      this.#begin(this.#shift());
    }
  }

  #shift(): MailboxTask {
    const task = this.#queue[this.#first] as MailboxTask;
    this.#first++;
    if (this.#first === this.#queue.length) {
      this.clear();
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

  #mayBegin(): boolean {
    if (this.#turnNumber !== this.#turn.number) {
      this.#turnNumber = this.#turn.number;
      this.#begunInTurn = 0;
      this.#turn.touch();
    }
    return this.#begunInTurn++ < messagesPerTurn;
  }

  #postpone(): void {
    this.#postponed = true;
    this.#turn.next(this);
  }
}

/** Every task at once when it comes. It only counts them, so that a client cannot begin without end. */
export class UnorderedMailbox implements Mailbox {
  readonly #owner: MailboxOwner;
  readonly #roomBelow: number;
  #running = 0;

  constructor(owner: MailboxOwner, roomBelow: number) {
    this.#owner = owner;
    this.#roomBelow = roomBelow;
  }

  get length(): number {
    return this.#running;
  }

  post(task: MailboxTask): void {
    this.#running++;
    if (task.start(this)) {
      this.#running--;
    }
  }

  done(): void {
    this.#running--;
    if (this.#running < this.#roomBelow) {
      this.#owner.mailboxHasRoom();
    }
  }

  clear(): void {}
}

/** How many messages of one session are handled in a turn of the event loop. */
const messagesPerTurn = 64;

/** A queue that is never empty is moved to its front when so many have left it. */
const compactAt = 1_024;
