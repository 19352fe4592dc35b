import protobuf from "protobufjs";

/** nano's package clusterpb as PROTOCOL.md has it, for protobufjs: what the tests know of it does not come from the driver. */
export const clusterpbSource = `
syntax = "proto3";
package clusterpb;
message MemberInfo { string label = 1; string serviceAddr = 2; repeated string services = 3; }
message RegisterRequest { MemberInfo memberInfo = 1; }
message RegisterResponse { repeated MemberInfo members = 1; }
message UnregisterRequest { string serviceAddr = 1; }
message UnregisterResponse {}
message HeartbeatRequest { MemberInfo memberInfo = 1; }
message HeartbeatResponse {}
message RequestMessage { string gateAddr = 1; int64 sessionId = 2; uint64 id = 3; string route = 4; bytes data = 5; }
message NotifyMessage { string gateAddr = 1; int64 sessionId = 2; string route = 3; bytes data = 4; }
message ResponseMessage { int64 sessionId = 1; uint64 id = 2; bytes data = 3; }
message PushMessage { int64 sessionId = 1; string route = 2; bytes data = 3; }
message MemberHandleResponse {}
message NewMemberRequest { MemberInfo memberInfo = 1; }
message NewMemberResponse {}
message DelMemberRequest { string serviceAddr = 1; }
message DelMemberResponse {}
message SessionClosedRequest { int64 sessionId = 1; }
message SessionClosedResponse {}
message CloseSessionRequest { int64 sessionId = 1; }
message CloseSessionResponse {}
`;

const root = protobuf.parse(clusterpbSource, { keepCase: true }).root;

/** A message's type. */
export function typeOf(name: string): protobuf.Type {
  return root.lookupType(`clusterpb.${name}`);
}

/** The bytes of a message. 64-bit integers are given as text. */
export function encodeAs(name: string, message: object): Uint8Array {
  const type = typeOf(name);
  return new Uint8Array(type.encode(type.fromObject(message)).finish());
}

/** A message, with 64-bit integers as text and every field filled in. */
export function decodeAs(name: string, bytes: Uint8Array): Record<string, unknown> {
  const type = typeOf(name);
  return type.toObject(type.decode(bytes), { longs: String, defaults: true, arrays: true });
}
