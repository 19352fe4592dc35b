// The messages of nano's package clusterpb (PROTOCOL.md, 5), and what our own nodes say beside: fields from 1000 on, which nano keeps and does not look at.

import { BinaryReader } from "../../protocol/wire/binary-reader.js";
import { BinaryWriter } from "../../protocol/wire/binary-writer.js";
import { readInt64, readUint64 } from "../../protocol/wire/read-varints.js";
import { writeInt64, writeUint64 } from "../../protocol/wire/write-varints.js";

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

/** Writes a message, and reads it. Reading throws what the wire's reader throws. */
export interface MessageCodec<T> {
  encode(message: T): Uint8Array;
  decode(bytes: Uint8Array): T;
}

export const memberInfo: MessageCodec<MemberInfo> = codec(writeMember, readMember);

export const registerRequest: MessageCodec<RegisterRequest> = codec(
  (writer, { member }) => memberField(writer, 1, member),
  (reader) => {
    let member: MemberInfo | undefined;
    eachField(reader, (field, wireType) => {
      if (field !== 1 || wireType !== bytesType) {
        return false;
      }
      member = readNested(reader);
      return true;
    });
    return { member };
  },
);

export const registerResponse: MessageCodec<MemberList> = codec(
  (writer, list) => {
    for (const member of list.members) {
      memberField(writer, 1, member);
    }
    listFields(writer, list);
  },
  (reader) => readList(reader, 1),
);

export const heartbeatRequest: MessageCodec<HeartbeatRequest> = codec((writer, { member, incarnation, version }) => {
  memberField(writer, 1, member);
  textField(writer, 1000, incarnation);
  numberField(writer, 1001, version);
}, readMemberAndVersion);

export const heartbeatResponse: MessageCodec<HeartbeatResponse> = codec(
  (writer, response) => {
    listFields(writer, response);
    for (const member of response.members) {
      memberField(writer, 1003, member);
    }
    numberField(writer, 1004, response.outcome);
  },
  (reader) => {
    let outcome = nothingSaid;
    const list = readList(reader, 1003, (field, wireType) => {
      if (field !== 1004 || wireType !== varintType) {
        return false;
      }
      outcome = reader.uint32();
      return true;
    });
    return { ...list, outcome };
  },
);

export const newMemberRequest: MessageCodec<NewMemberRequest> = codec((writer, { member, incarnation, version }) => {
  memberField(writer, 1, member);
  textField(writer, 1000, incarnation);
  numberField(writer, 1001, version);
}, readMemberAndVersion);

export const memberGone: MessageCodec<MemberGone> = codec(
  (writer, { serviceAddr, incarnation, version, reason }) => {
    textField(writer, 1, serviceAddr);
    textField(writer, 1000, incarnation);
    numberField(writer, 1001, version);
    textField(writer, 1002, reason);
  },
  (reader) => {
    const gone = { serviceAddr: "", incarnation: "", version: 0, reason: "" };
    eachField(reader, (field, wireType) => {
      if (field === 1 && wireType === bytesType) {
        gone.serviceAddr = reader.string();
      } else if (field === 1000 && wireType === bytesType) {
        gone.incarnation = reader.string();
      } else if (field === 1001 && wireType === varintType) {
        gone.version = reader.uint32();
      } else if (field === 1002 && wireType === bytesType) {
        gone.reason = reader.string();
      } else {
        return false;
      }
      return true;
    });
    return gone;
  },
);

export const requestMessage: MessageCodec<RequestMessage> = codec(
  (writer, { gateAddr, sessionId, id, route, data }) => {
    textField(writer, 1, gateAddr);
    int64Field(writer, 2, sessionId);
    uint64Field(writer, 3, id);
    textField(writer, 4, route);
    bytesField(writer, 5, data);
  },
  (reader) => {
    const message = { gateAddr: "", sessionId: 0n, id: 0n, route: "", data: noBytes };
    eachField(reader, (field, wireType) => {
      if (field === 1 && wireType === bytesType) {
        message.gateAddr = reader.string();
      } else if (field === 2 && wireType === varintType) {
        message.sessionId = readInt64(reader);
      } else if (field === 3 && wireType === varintType) {
        message.id = readUint64(reader);
      } else if (field === 4 && wireType === bytesType) {
        message.route = reader.string();
      } else if (field === 5 && wireType === bytesType) {
        message.data = reader.bytes();
      } else {
        return false;
      }
      return true;
    });
    return message;
  },
);

export const notifyMessage: MessageCodec<NotifyMessage> = codec(
  (writer, { gateAddr, sessionId, route, data }) => {
    textField(writer, 1, gateAddr);
    int64Field(writer, 2, sessionId);
    textField(writer, 3, route);
    bytesField(writer, 4, data);
  },
  (reader) => {
    const message = { gateAddr: "", sessionId: 0n, route: "", data: noBytes };
    eachField(reader, (field, wireType) => {
      if (field === 1 && wireType === bytesType) {
        message.gateAddr = reader.string();
      } else if (field === 2 && wireType === varintType) {
        message.sessionId = readInt64(reader);
      } else if (field === 3 && wireType === bytesType) {
        message.route = reader.string();
      } else if (field === 4 && wireType === bytesType) {
        message.data = reader.bytes();
      } else {
        return false;
      }
      return true;
    });
    return message;
  },
);

export const responseMessage: MessageCodec<ResponseMessage> = codec(
  (writer, { sessionId, id, data }) => {
    int64Field(writer, 1, sessionId);
    uint64Field(writer, 2, id);
    bytesField(writer, 3, data);
  },
  (reader) => {
    const message = { sessionId: 0n, id: 0n, data: noBytes };
    eachField(reader, (field, wireType) => {
      if (field === 1 && wireType === varintType) {
        message.sessionId = readInt64(reader);
      } else if (field === 2 && wireType === varintType) {
        message.id = readUint64(reader);
      } else if (field === 3 && wireType === bytesType) {
        message.data = reader.bytes();
      } else {
        return false;
      }
      return true;
    });
    return message;
  },
);

export const pushMessage: MessageCodec<PushMessage> = codec(
  (writer, { sessionId, route, data }) => {
    int64Field(writer, 1, sessionId);
    textField(writer, 2, route);
    bytesField(writer, 3, data);
  },
  (reader) => {
    const message = { sessionId: 0n, route: "", data: noBytes };
    eachField(reader, (field, wireType) => {
      if (field === 1 && wireType === varintType) {
        message.sessionId = readInt64(reader);
      } else if (field === 2 && wireType === bytesType) {
        message.route = reader.string();
      } else if (field === 3 && wireType === bytesType) {
        message.data = reader.bytes();
      } else {
        return false;
      }
      return true;
    });
    return message;
  },
);

export const sessionRequest: MessageCodec<SessionRequest> = codec(
  (writer, { sessionId }) => int64Field(writer, 1, sessionId),
  (reader) => {
    let sessionId = 0n;
    eachField(reader, (field, wireType) => {
      if (field !== 1 || wireType !== varintType) {
        return false;
      }
      sessionId = readInt64(reader);
      return true;
    });
    return { sessionId };
  },
);

/** The answers that say nothing. */
export const empty: MessageCodec<object> = codec(
  () => {},
  (reader) => {
    eachField(reader, () => false);
    return {};
  },
);

const varintType = 0;
const bytesType = 2;
const noBytes: Uint8Array = new Uint8Array(0);

function codec<T>(
  write: (writer: BinaryWriter, message: T) => void,
  read: (reader: BinaryReader) => T,
): MessageCodec<T> {
  return {
    encode: (message) => {
      const writer = new BinaryWriter();
      write(writer, message);
      return writer.finish();
    },
    decode: (bytes) => read(new BinaryReader(bytes)),
  };
}

/** Reads a message's fields; those that `read` does not take are skipped. */
function eachField(reader: BinaryReader, read: (field: number, wireType: number) => boolean): void {
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (!read(field, wireType)) {
      reader.skip(wireType, field);
    }
  }
}

function writeMember(writer: BinaryWriter, member: MemberInfo): void {
  textField(writer, 1, member.label);
  textField(writer, 2, member.serviceAddr);
  for (const service of member.services) {
    writer.uint32(tagOf(3, bytesType)).string(service);
  }
  bytesField(writer, 1000, member.node);
  numberField(writer, 1001, member.numberAndOne);
  numberField(writer, 1002, member.heartbeatIntervalMs);
}

function readMember(reader: BinaryReader): MemberInfo {
  const services: string[] = [];
  const member = { label: "", serviceAddr: "", services, node: noBytes, numberAndOne: 0, heartbeatIntervalMs: 0 };
  eachField(reader, (field, wireType) => {
    if (field === 1 && wireType === bytesType) {
      member.label = reader.string();
    } else if (field === 2 && wireType === bytesType) {
      member.serviceAddr = reader.string();
    } else if (field === 3 && wireType === bytesType) {
      services.push(reader.string());
    } else if (field === 1000 && wireType === bytesType) {
      member.node = reader.bytes();
    } else if (field === 1001 && wireType === varintType) {
      member.numberAndOne = reader.uint32();
    } else if (field === 1002 && wireType === varintType) {
      member.heartbeatIntervalMs = reader.uint32();
    } else {
      return false;
    }
    return true;
  });
  return member;
}

function readNested(reader: BinaryReader): MemberInfo {
  return readMember(new BinaryReader(reader.bytes()));
}

function readMemberAndVersion(reader: BinaryReader): HeartbeatRequest {
  let member: MemberInfo | undefined;
  let incarnation = "";
  let version = 0;
  eachField(reader, (field, wireType) => {
    if (field === 1 && wireType === bytesType) {
      member = readNested(reader);
    } else if (field === 1000 && wireType === bytesType) {
      incarnation = reader.string();
    } else if (field === 1001 && wireType === varintType) {
      version = reader.uint32();
    } else {
      return false;
    }
    return true;
  });
  return { member, incarnation, version };
}

function listFields(writer: BinaryWriter, { incarnation, version, numberAndOne }: MemberList): void {
  textField(writer, 1000, incarnation);
  numberField(writer, 1001, version);
  numberField(writer, 1002, numberAndOne);
}

function readList(
  reader: BinaryReader,
  membersField: number,
  readMore: (field: number, wireType: number) => boolean = () => false,
): MemberList {
  const members: MemberInfo[] = [];
  const list = { members, incarnation: "", version: 0, numberAndOne: 0 };
  eachField(reader, (field, wireType) => {
    if (field === membersField && wireType === bytesType) {
      members.push(readNested(reader));
    } else if (field === 1000 && wireType === bytesType) {
      list.incarnation = reader.string();
    } else if (field === 1001 && wireType === varintType) {
      list.version = reader.uint32();
    } else if (field === 1002 && wireType === varintType) {
      list.numberAndOne = reader.uint32();
    } else {
      return readMore(field, wireType);
    }
    return true;
  });
  return list;
}

// A field that has its type's empty value is left out, as proto3 asks.

function memberField(writer: BinaryWriter, field: number, member: MemberInfo | undefined): void {
  if (member !== undefined) {
    writer.uint32(tagOf(field, bytesType)).fork();
    writeMember(writer, member);
    writer.join();
  }
}

function textField(writer: BinaryWriter, field: number, text: string): void {
  if (text !== "") {
    writer.uint32(tagOf(field, bytesType)).string(text);
  }
}

function bytesField(writer: BinaryWriter, field: number, bytes: Uint8Array): void {
  if (bytes.length > 0) {
    writer.uint32(tagOf(field, bytesType)).bytes(bytes);
  }
}

function numberField(writer: BinaryWriter, field: number, value: number): void {
  if (value !== 0) {
    writer.uint32(tagOf(field, varintType)).uint32(value);
  }
}

function int64Field(writer: BinaryWriter, field: number, value: bigint): void {
  if (value !== 0n) {
    writer.uint32(tagOf(field, varintType));
    writeInt64(writer, value);
  }
}

function uint64Field(writer: BinaryWriter, field: number, value: bigint): void {
  if (value !== 0n) {
    writer.uint32(tagOf(field, varintType));
    writeUint64(writer, value);
  }
}

function tagOf(field: number, wireType: number): number {
  return ((field << 3) | wireType) >>> 0;
}
