import type { NanowireError } from "../base/error.js";
import type { Logger } from "../base/logger.js";
import type { ClusterNode } from "../cluster/cluster-node.js";
import type { FoundBinding } from "../cluster/directory-messages.js";
import { pushRecord } from "../cluster/peer.js";
import { inPieces, type UserDirectory } from "../cluster/user-directory.js";
import { serializers } from "../protocol/serializer.js";
import { OutgoingPush, type PushDefinition } from "../session/push.js";
import { pushToEach } from "../session/send-push.js";
import type { Session } from "../session/session.js";
import type { SessionRegistry } from "../session/session-registry.js";
import type { Tracing } from "../tracing/tracing.js";
import { serializerNamed, type TermsOptions } from "./terms.js";

/** What pushes to users need of their node. */
export interface UserPushesHost {
  readonly logger: Logger;
  readonly node: ClusterNode;
  readonly users: UserDirectory;
  readonly sessions: SessionRegistry;
  readonly terms: Pick<TermsOptions, "serializers">;
  readonly tracing: Tracing | undefined;
}

/** A push that waits until it is known where its users are. */
interface WaitingPush {
  /** To these it went at once. */
  readonly direct: ReadonlySet<Session>;
  /** Resolved when it went to all. */
  readonly sent: Promise<void>;
}

/** Pushes to users, whichever gates hold their clients. What one user is told from here arrives in the order in which it was told. */
export class UserPushes {
  readonly #host: UserPushesHost;
  /** The last that waits, for each uid that one waits for. */
  readonly #waiting = new Map<string, WaitingPush>();
  #waitingCount = 0;

  constructor(host: UserPushesHost) {
    this.#host = host;
  }

  /** How many pushes wait until it is known where their users are. */
  get waiting(): number {
    return this.#waitingCount;
  }

  /**
   * Sends a push to all sessions of users. Those that this node knows have it at once; where the others are is asked, and they get it then.
   *
   * @returns for how many sessions it was queued at once
   */
  push<T>(uids: readonly string[], method: PushDefinition<T>, message: T): number {
    const push = this.#newPush(method, message);
    const before = new Set<WaitingPush>();
    const direct = new Set<Session>();
    for (const uid of uids) {
      const last = this.#waiting.get(uid);
      if (last !== undefined) {
        before.add(last);
      }
      for (const session of this.#host.sessions.byUid(uid)) {
        // Who has come to be known meanwhile may still get what was pushed before.
        if (last === undefined || last.direct.has(session)) {
          direct.add(session);
        }
      }
    }
    const found = before.size === 0 ? this.#host.users.findHere(uids) : undefined;
    let failure: { readonly error: unknown } | undefined;
    let queued = 0;
    try {
      queued = pushToEach(direct, push);
    } catch (error) {
      failure = { error };
    }
    if (found !== undefined) {
      queued += this.#sendTo(push, found, direct);
    } else if (this.#waitingCount < mostWaiting) {
      this.#wait(push, uids, before, direct);
    } else {
      this.#host.logger.error(
        { route: push.route, uids: uids.length },
        `a push goes to the users that are known here only: ${mostWaiting} wait already`,
      );
    }
    if (failure !== undefined) {
      throw failure.error;
    }
    return queued;
  }

  /** Sends a push to sessions where they were found. Returns how many there were that are not gone for all that is known. */
  pushTo<T>(found: readonly FoundBinding[], method: PushDefinition<T>, message: T): number {
    return this.#sendTo(this.#newPush(method, message), found, none);
  }

  #newPush<T>(method: PushDefinition<T>, message: T): OutgoingPush {
    const push = new OutgoingPush(method, message, true) as OutgoingPush;
    const { tracing } = this.#host;
    if (tracing !== undefined && push.leaves()) {
      // Now, and not when it is known where they are: it is a child of what pushes.
      tracing.push(push.route);
    }
    return push;
  }

  #wait(
    push: OutgoingPush,
    uids: readonly string[],
    before: ReadonlySet<WaitingPush>,
    direct: ReadonlySet<Session>,
  ): void {
    this.#encodeAll(push);
    const lookup = this.#host.users.find(uids);
    const send = async (): Promise<void> => {
      const { found, unknown, error } = await lookup;
      for (const { sent } of before) {
        await sent;
      }
      if (error !== undefined) {
        this.#lost(push, unknown, error);
      }
      this.#sendTo(push, found, direct);
    };
    const waiting: WaitingPush = {
      direct,
      sent: send()
        .catch((error: unknown) => this.#host.logger.error({ error, route: push.route }, "a push to users failed"))
        .then(() => this.#done(uids, waiting)),
    };
    this.#waitingCount++;
    for (const uid of uids) {
      this.#waiting.set(uid, waiting);
    }
  }

  #done(uids: readonly string[], waiting: WaitingPush): void {
    this.#waitingCount--;
    for (const uid of uids) {
      if (this.#waiting.get(uid) === waiting) {
        this.#waiting.delete(uid);
      }
    }
  }

  /** What is pushed is the message as it is now: in what it is to be written is not known yet. */
  #encodeAll(push: OutgoingPush): void {
    push.fix([...Object.values(serializers), ...this.#host.terms.serializers]);
  }

  #sendTo(push: OutgoingPush, found: readonly FoundBinding[], but: ReadonlySet<Session>): number {
    const { node, users } = this.#host;
    const done = new Set<string>();
    for (const { id } of but) {
      done.add(id);
    }
    const byGate = new Map<string, FoundBinding[]>();
    const here: Session[] = [];
    for (const one of found) {
      if (done.has(one.session)) {
        continue;
      }
      done.add(one.session);
      if (one.gate === node.info?.id) {
        const session = users.own.boundSession(one.number);
        if (session !== undefined) {
          here.push(session);
        }
      } else {
        // One message a gate and serializer.
        const key = `${one.gate} ${one.serializer}`;
        const part = byGate.get(key) ?? [];
        byGate.set(key, part);
        part.push(one);
      }
    }
    let queued = this.#attempt(push, () => pushToEach(here, push));
    for (const part of byGate.values()) {
      queued += this.#attempt(push, () => this.#sendToGate(push, part));
    }
    return queued;
  }

  #sendToGate(push: OutgoingPush, part: readonly FoundBinding[]): number {
    const { gate, serializer: name } = part[0] as FoundBinding;
    const peer = this.#host.node.peer(gate);
    const serializer = serializerNamed(name, this.#host.terms);
    if (peer === undefined) {
      return 0;
    }
    if (serializer === undefined) {
      this.#host.logger.error({ node: gate, route: push.route, serializer: name }, noSerializer);
      return 0;
    }
    const record = pushRecord(push, serializer, push.payload(serializer));
    const numbers = part.map(({ number }) => number);
    inPieces(numbers, (piece) => peer.out.pushBound(record, piece));
    return numbers.length;
  }

  #attempt(push: OutgoingPush, send: () => number): number {
    try {
      return send();
    } catch (error) {
      this.#host.logger.error({ error, route: push.route }, "a push was not sent to some of its users");
      return 0;
    }
  }

  #lost({ route }: OutgoingPush, uids: readonly string[], error: NanowireError): void {
    this.#host.logger.warn(
      { error, route, users: uids.length },
      "a push did not reach users who could not be looked up",
    );
  }
}

const none: ReadonlySet<Session> = new Set();

/** So many pushes may wait until it is known where their users are. */
const mostWaiting = 16_384;

const noSerializer = "a client speaks a serializer that this node has not: it gets no push";
