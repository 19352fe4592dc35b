import type { Logger, LogLevel } from "../base/logger.js";
import type { MessageCodec } from "../protocol/codec.js";
import { messageText } from "../protocol/message-text.js";
import type { OutgoingPush } from "../session/push.js";
import type { Session } from "../session/session.js";

/** A logger that says what it writes. */
type SayingLogger = Logger & { isLevelEnabled(level: LogLevel): boolean };

/** Writes what messages hold to the level `debug` of a log, without what is secret, and bounded: see `messageText`. */
export class PayloadLog {
  readonly #logger: SayingLogger;

  private constructor(logger: SayingLogger) {
    this.#logger = logger;
  }

  /** Undefined where a logger does not say what it writes: a text that nobody reads would be made for each message. */
  static of(logger: Logger): PayloadLog | undefined {
    return logger.isLevelEnabled === undefined ? undefined : new PayloadLog(logger as SayingLogger);
  }

  /** Whether it writes now; a logger's level may change. */
  get on(): boolean {
    return this.#logger.isLevelEnabled("debug");
  }

  /** @param id of a request; 0 for a notify */
  received(session: Session, route: string, id: number | bigint, codec: MessageCodec<unknown>, message: unknown): void {
    const fields = { ...fieldsOf(session, route, id), payload: messageText(codec, message) };
    this.#logger.debug(fields, id === 0 ? "a notify came in" : "a request came in");
  }

  answered(session: Session, route: string, id: number | bigint, codec: MessageCodec<unknown>, message: unknown): void {
    this.#logger.debug(
      { ...fieldsOf(session, route, id), payload: messageText(codec, message) },
      "a response goes out",
    );
  }

  pushed(session: Session, push: OutgoingPush): void {
    this.#logger.debug({ ...fieldsOf(session, push.route, 0), payload: push.text }, "a push goes out");
  }
}

function fieldsOf({ id: session, uid }: Session, route: string, id: number | bigint): object {
  return {
    session,
    ...(uid === "" ? {} : { uid }),
    route,
    ...(id === 0 ? {} : { id: typeof id === "bigint" ? String(id) : id }),
  };
}
