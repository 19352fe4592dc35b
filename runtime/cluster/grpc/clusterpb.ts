// The messages of nano's package clusterpb (PROTOCOL.md, 5), and what our own nodes say beside: fields from 1000 on, which nano keeps and does not look at.

import {
  bytes,
  int64,
  type MessageCodec,
  message,
  nested,
  nestedList,
  text,
  texts,
  uint32,
  uint64,
} from "../message-fields.js";

/** A member of the cluster, as members and master tell each other of it. */
export interface MemberInfo {
  /** 1: what the program calls it. */
  readonly label: string;
  /** 2: where its gRPC server is reached. A member is known by it. */
  readonly serviceAddr: string;
  /** 3: the names of the services that it hosts. */
  readonly services: readonly string[];
  /** 1000: what the node says of itself, as JSON. Empty for one that speaks nano's protocol alone. */
  readonly node: Uint8Array;
  /** 1001: the node's number and 1; 0: it has none yet. */
  readonly numberAndOne: number;
  /** 1002: the milliseconds between its heartbeats; 0: it does not say. */
  readonly heartbeatIntervalMs: number;
}

/** Which members a master knows. It says so in its answers to our nodes. */
export interface MemberList {
  /** 1 in a RegisterResponse, 1003 in a HeartbeatResponse. */
  readonly members: readonly MemberInfo[];
  /** 1000: made anew each time that the master starts. Empty: it speaks nano's protocol alone. */
  readonly incarnation: string;
  /** 1001: how often its list had changed. */
  readonly version: number;
  /** 1002: the number that the node got, and 1; 0: none. */
  readonly numberAndOne: number;
}

/** A member is there. */
export interface RegisterRequest {
  /** 1 */
  readonly member: MemberInfo | undefined;
}

/** A member is there still. */
export interface HeartbeatRequest {
  /** 1 */
  readonly member: MemberInfo | undefined;
  /** 1000: of the list that the member has. */
  readonly incarnation: string;
  /** 1001: of the list that the member has. */
  readonly version: number;
}

/** What a master answers to a heartbeat. nano's answers nothing. */
export interface HeartbeatResponse extends MemberList {
  /** 1004: what became of the member: {@link unknownMember}, {@link sameList}, {@link otherList}. */
  readonly outcome: number;
}

/** A master that speaks nano's protocol alone has not said anything. */
export const nothingSaid = 0;
/** The master does not know the member: it is to register. */
export const unknownMember = 1;
/** The member has the master's list. */
export const sameList = 2;
/** The master's list comes with the answer. */
export const otherList = 3;

/** A member came, or says something else of itself. */
export interface NewMemberRequest {
  /** 1 */
  readonly member: MemberInfo | undefined;
  /** 1000: of the master that says so. */
  readonly incarnation: string;
  /** 1001: of its list, with this change. */
  readonly version: number;
}

/** A member went: told to the master (Unregister) and by it (DelMember). */
export interface MemberGone {
  /** 1 */
  readonly serviceAddr: string;
  /** 1000: to the master: of the node that goes; by the master: of the master. */
  readonly incarnation: string;
  /** 1001: of the master's list, with this change. */
  readonly version: number;
  /** 1002: why. */
  readonly reason: string;
}

/** A client's request, from the gate that holds it to the member that hosts its service. */
export interface RequestMessage {
  readonly gateAddr: string;
  readonly sessionId: bigint;
  readonly id: bigint;
  readonly route: string;
  readonly data: Uint8Array;
}

/** A client's notify, from the gate that holds it to the member that hosts its service. */
export interface NotifyMessage {
  readonly gateAddr: string;
  readonly sessionId: bigint;
  readonly route: string;
  readonly data: Uint8Array;
}

/** What a member answers to a client's request, to the gate. */
export interface ResponseMessage {
  readonly sessionId: bigint;
  readonly id: bigint;
  readonly data: Uint8Array;
}

/** What a member tells a client, to the gate. */
export interface PushMessage {
  readonly sessionId: bigint;
  readonly route: string;
  readonly data: Uint8Array;
}

/** A session is closed (SessionClosed), or is to be (CloseSession). */
export interface SessionRequest {
  readonly sessionId: bigint;
}

export const memberInfo: MessageCodec<MemberInfo> = message({
  label: text(1),
  serviceAddr: text(2),
  services: texts(3),
  node: bytes(1000),
  numberAndOne: uint32(1001),
  heartbeatIntervalMs: uint32(1002),
});

export const registerRequest: MessageCodec<RegisterRequest> = message({ member: nested(1, memberInfo) });

const listState = {
  incarnation: text(1000),
  version: uint32(1001),
  numberAndOne: uint32(1002),
};

export const registerResponse: MessageCodec<MemberList> = message({
  members: nestedList(1, memberInfo),
  ...listState,
});

const memberAndVersion = {
  member: nested(1, memberInfo),
  incarnation: text(1000),
  version: uint32(1001),
};

export const heartbeatRequest: MessageCodec<HeartbeatRequest> = message(memberAndVersion);

export const heartbeatResponse: MessageCodec<HeartbeatResponse> = message({
  ...listState,
  members: nestedList(1003, memberInfo),
  outcome: uint32(1004),
});

export const newMemberRequest: MessageCodec<NewMemberRequest> = message(memberAndVersion);

export const memberGone: MessageCodec<MemberGone> = message({
  serviceAddr: text(1),
  incarnation: text(1000),
  version: uint32(1001),
  reason: text(1002),
});

export const requestMessage: MessageCodec<RequestMessage> = message({
  gateAddr: text(1),
  sessionId: int64(2),
  id: uint64(3),
  route: text(4),
  data: bytes(5),
});

export const notifyMessage: MessageCodec<NotifyMessage> = message({
  gateAddr: text(1),
  sessionId: int64(2),
  route: text(3),
  data: bytes(4),
});

export const responseMessage: MessageCodec<ResponseMessage> = message({
  sessionId: int64(1),
  id: uint64(2),
  data: bytes(3),
});

export const pushMessage: MessageCodec<PushMessage> = message({
  sessionId: int64(1),
  route: text(2),
  data: bytes(3),
});

export const sessionRequest: MessageCodec<SessionRequest> = message({ sessionId: int64(1) });

/** The answers that say nothing. */
export const empty: MessageCodec<object> = message({});
