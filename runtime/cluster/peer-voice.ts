import type { TraceContext } from "../base/call-observer.js";
import type { NanowireError } from "../base/error.js";
import type { InPlaceCodec } from "../protocol/in-place.js";
import type { AskRecord, Opening, PushRecord } from "./records.js";

/**
 * What is said to another node, in whatever way it understands: {@link PeerOut} writes records to a link; a driver that knows nodes of another kind says it in theirs. What
 * such a node cannot be told is left unsaid. None throws but where it says so.
 */
export interface PeerVoice {
  /** Nothing that was said before holds any more. */
  forget(): void;

  // as a gate, to a member: of a session that is known there by a number

  /** A session comes, and with it what is to be known of it. */
  open(visit: number, opening: Opening): void;
  /**
   * A message of it.
   *
   * @param flags `callFlags` of records.ts
   * @param bytes the payload is in them, from `start` to `end`; they may be written again afterwards
   * @param context what it carries for whoever traces it
   * @throws NanowireError `message_too_large`
   */
  call(
    visit: number,
    call: number,
    flags: number,
    route: string,
    bytes: Uint8Array,
    start: number,
    end: number,
    context?: TraceContext,
  ): void;
  /** It is bound; or not any more, if `uid` is empty. */
  uid(visit: number, uid: string): void;
  closed(visit: number, reason: NanowireError): void;
  suspended(visit: number, reason: NanowireError): void;
  resumed(visit: number): void;
  /** What has changed in its data, in JSON. */
  gateData(visit: number, changes: string): void;

  // as a member, to a gate: of a session that the gate has given a number

  /** @throws NanowireError `message_too_large` */
  answer(visit: number, call: number, payload: Uint8Array): void;
  /** An answer that is written where it leaves. Throws what encoding it throws; nothing is said then. */
  answerInPlace(visit: number, call: number, codec: InPlaceCodec<unknown>, value: unknown): void;
  failure(visit: number, call: number, error: NanowireError): void;
  /** A notify was handled. */
  done(visit: number, call: number): void;
  /**
   * @param visits whom it is for; one at least
   * @throws NanowireError `message_too_large`
   */
  push(push: PushRecord, visits: readonly number[]): void;
  /**
   * As {@link push}, to sessions of a gate that need not be known here. Nodes of another kind are never asked who is bound there, and so never told this.
   *
   * @param bindings what the gate knows them by; one at least
   * @throws NanowireError `message_too_large`
   */
  pushBound(push: PushRecord, bindings: readonly number[]): void;
  /** It is to be bound, or unbound, if `uid` is empty: answered by a reply or a refusal of `ask`. */
  bind(visit: number, ask: number, uid: string): void;
  kick(visit: number, reason: string): void;
  close(visit: number, reason: NanowireError): void;
  memberData(visit: number, changes: string): void;

  // as any node, to any other

  /** @throws NanowireError `message_too_large` */
  ask(ask: number, record: AskRecord): void;
  /** @throws NanowireError `message_too_large` */
  tell(record: Omit<AskRecord, "timeoutMs">): void;
  /** @throws NanowireError `message_too_large` */
  reply(ask: number, payload: Uint8Array): void;
  refusal(ask: number, error: NanowireError): void;
  cancel(ask: number): void;
}
