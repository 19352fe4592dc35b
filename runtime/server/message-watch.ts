// What is called for every message asks `on` and nothing else, while nobody watches.

import type { Clock } from "../base/clock.js";
import type { Logger } from "../base/logger.js";
import type { MessageCodec } from "../protocol/codec.js";
import type { MessageId } from "../protocol/message.js";
import type { Serializer } from "../protocol/serializer.js";
import type { OutgoingPush } from "../session/push.js";
import type { Session } from "../session/session.js";
import type { MessageWatcher, SeenKind, SeenMessage } from "./inspector.js";

/** Shows messages, as they come and go, to whoever watches. */
export class MessageWatch {
  /** Whether anybody does. Where nobody does nothing else is called. */
  on = false;
  readonly #clock: Clock;
  readonly #logger: Logger;
  /** Replaced, never changed. */
  #watchers: readonly MessageWatcher[] = [];
  /** When the requests came that are not answered yet, of those that were seen. */
  #asked = new WeakMap<Session, Map<MessageId, number>>();

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Returns what ends it. */
  add(watcher: MessageWatcher): () => void {
    const entry: MessageWatcher = {
      wants: (...message) => watcher.wants(...message),
      saw: (seen) => watcher.saw(seen),
    };
    this.#watchers = [...this.#watchers, entry];
    this.on = true;
    return () => {
      this.#watchers = this.#watchers.filter((other) => other !== entry);
      this.on = this.#watchers.length > 0;
      if (!this.on) {
        this.#asked = new WeakMap();
      }
    };
  }

  /**
   * A client's message came, with its payload from `start` to `end`.
   *
   * @param codec undefined: the server does not have the route
   */
  arrived(
    session: Session,
    kind: "request" | "notify",
    route: string,
    id: MessageId,
    codec: MessageCodec<unknown> | undefined,
    bytes: Uint8Array,
    start: number,
    end: number,
    compressed: boolean,
    serializer: Serializer,
  ): void {
    if (kind === "request") {
      this.#remember(session, id);
    }
    this.#show(session, route, kind, () => ({
      direction: "in",
      id,
      code: "",
      bytes: end - start,
      durationMs: undefined,
      serializer: serializer.name,
      compressed,
      secret: codec === undefined || codec.redaction !== undefined,
      // A Buffer, which a transport may lend, has a slice() of its own, and that is no copy.
      payload: () => Uint8Array.prototype.slice.call(bytes, start, end),
    }));
  }

  /**
   * A request was answered.
   *
   * @param code of the error that is the answer; empty: it is none
   * @param codec of what is answered; undefined where it is an error
   */
  answered(
    session: Session,
    route: string,
    id: MessageId,
    code: string,
    codec: MessageCodec<unknown> | undefined,
    payload: Uint8Array,
    serializer: Serializer,
  ): void {
    const durationMs = this.#recall(session, id);
    this.#show(session, route, "response", () => ({
      direction: "out",
      id,
      code,
      bytes: payload.length,
      durationMs,
      serializer: serializer.name,
      compressed: false,
      secret: codec?.redaction !== undefined,
      payload: () => payload.slice(),
    }));
  }

  /** A message failed, and that is told to nobody. */
  failed(session: Session, route: string, id: MessageId, code: string): void {
    const durationMs = id === 0 ? undefined : this.#recall(session, id);
    this.#show(session, route, "failure", () => ({
      direction: "out",
      id,
      code,
      bytes: 0,
      durationMs,
      serializer: "",
      compressed: false,
      secret: false,
      payload: () => new Uint8Array(),
    }));
  }

  /**
   * A push was sent to a session, or dropped.
   *
   * @param payload what outbound steps left; undefined where there are none
   */
  pushed(
    session: Session,
    push: OutgoingPush,
    payload: Uint8Array | undefined,
    serializer: Serializer,
    isQueued: boolean,
  ): void {
    this.#show(session, push.route, "push", () => {
      const sent = payload ?? push.payload(serializer);
      return {
        direction: "out",
        id: 0,
        code: isQueued ? "" : "dropped",
        bytes: sent.length,
        durationMs: undefined,
        serializer: serializer.name,
        compressed: false,
        secret: push.secret,
        payload: () => sent.slice(),
      };
    });
  }

  #show(
    session: Session,
    route: string,
    kind: SeenKind,
    rest: () => Omit<SeenMessage, "atMs" | "session" | "route" | "kind">,
  ): void {
    let message: SeenMessage | undefined;
    for (const watcher of this.#watchers) {
      try {
        if (watcher.wants(session, route, kind)) {
          message ??= { atMs: this.#clock.now(), session, route, kind, ...rest() };
          watcher.saw(message);
        }
      } catch (error) {
        this.#logger.error({ error, route, session: session.id }, "a message could not be shown to who watches");
      }
    }
  }

  #remember(session: Session, id: MessageId): void {
    let asked = this.#asked.get(session);
    if (asked === undefined || asked.size >= mostAsked) {
      asked = new Map();
      this.#asked.set(session, asked);
    }
    asked.set(id, this.#clock.steady());
  }

  #recall(session: Session, id: MessageId): number | undefined {
    const asked = this.#asked.get(session);
    const at = asked?.get(id);
    asked?.delete(id);
    return at === undefined ? undefined : this.#clock.steady() - at;
  }
}

/** How many requests of a session are remembered until they are answered: more than may wait, where options are what they mostly are. */
const mostAsked = 1_024;
