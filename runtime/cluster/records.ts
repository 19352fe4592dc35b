/*
 * What two nodes say to each other, one record after the other in the link between them (docs/cluster-protocol.md):
 *
 *     | length: 4 bytes, little endian | type: 1 byte | fields |
 *
 * The length counts what follows it. A number is a varint of up to 53 bits, a text is its length in bytes and its UTF-8, the last field
 * of some records is whatever is left. A reader leaves alone what comes behind the fields that it knows, and a record of a type that it does not.
 */

import type { TraceContext } from "../base/call-observer.js";

/** What a record is. */
export const recordType = {
  /** Both ways: `number`, `route`: from here on the number stands for the route. */
  route: 1,

  // A gate to a member.
  /** `visit`, and {@link Opening}: a session's first message to the member follows. */
  open: 2,
  /** `visit`, `call`, `flags`, `route`, the payload. */
  call: 3,
  /** `visit`, `uid`: empty for none. */
  uid: 4,
  /** `visit`, `code`, `message`: the session is over. */
  closed: 5,
  /** `visit`, `code`, `message`: the client's connection broke, and it may come back. */
  suspended: 6,
  /** `visit`: it is back. */
  resumed: 7,

  // A member to a gate.
  /** `visit`, `call`, the payload. */
  answer: 8,
  /** `visit`, `call`, the error's payload (PROTOCOL.md, 2), in protobuf. */
  failure: 9,
  /** `visit`, `call`: a notify has been handled. */
  done: 10,
  /** `flags`, `route`, `serializer`, `key`, how many visits, the first, each other's distance from the one before, the payload. */
  push: 11,
  /** `visit`, `ask`, `uid`: the session is to be bound; empty: to be unbound. It is answered by {@link reply} or {@link refusal}. */
  bind: 12,
  /** `visit`, `reason`: the client is to go. */
  kick: 13,
  /** `visit`, `code`, `message`: the session is to be closed. */
  close: 14,

  /** `visit`, what has changed in the session's data, in JSON. */
  memberData: 15,

  // A gate to a member, once more.
  /** `visit`, what has changed in the session's data, in JSON. */
  gateData: 16,

  // Both ways.
  /** `ask`, `route`, `timeout`, how many words of metadata, the words, the payload: a call of a REMOTE service. A time-out of 0: none. */
  ask: 17,
  /** `route`, how many words of metadata, the words, the payload: never answered. */
  tell: 18,
  /** `ask`, the payload. */
  reply: 19,
  /** `ask`, the error's payload, in protobuf. */
  refusal: 20,
  /** `ask`: nobody waits for the answer any more. */
  cancel: 21,

  // Any node to a gate.
  /** As {@link push}, with the numbers of bindings instead of those of visits: whom the gate had bound to a uid when it told of them. */
  pushBound: 22,

  // Both ways.
  /** How many words, the words: what the {@link call}, {@link ask} or {@link tell} that follows carries for whoever traces it. */
  context: 23,
} as const;

/** The flags of {@link recordType.call}. */
export const callFlags = {
  /** The payload is a zlib stream. */
  compressed: 1,
  /** Nobody waits for an answer. */
  notify: 2,
} as const;

/** The flags of {@link recordType.push}: what becomes of it where it has to wait. */
export const pushFlags = {
  /** It may be dropped. */
  drop: 1,
  /** Only the newest of its `key` waits. */
  conflate: 2,
} as const;

/** What a member is told of a session that comes to it. In the record: each as a text. */
export interface Opening {
  /** The session's id. */
  readonly id: string;
  /** Empty: it is not bound. */
  readonly uid: string;
  readonly transport: string;
  readonly remoteAddress: string;
  /** Empty: the client came by itself. */
  readonly proxyAddress: string;
  /** What the client's payloads are written in: the serializer's name. */
  readonly serializer: string;
  /** What the client said of itself, in JSON. */
  readonly handshake: string;
}

/** A push, as it is told to a gate. */
export interface PushRecord {
  readonly route: string;
  /** {@link pushFlags} */
  readonly flags: number;
  /** The name of the serializer that the payload is written with. */
  readonly serializer: string;
  /** What it is told apart by from others of its route, where only the newest waits. */
  readonly key: string;
  readonly payload: Uint8Array;
}

/** A call of a REMOTE service, as it is told to another node. */
export interface AskRecord {
  readonly route: string;
  /** Milliseconds; 0: for ever. */
  readonly timeoutMs: number;
  readonly metadata: Readonly<Record<string, string>>;
  readonly payload: Uint8Array;
  /** What it carries for whoever traces it. */
  readonly context?: TraceContext | undefined;
}
