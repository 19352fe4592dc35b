import type { MethodDefinition } from "@grpc/grpc-js";
import type { MessageCodec } from "../message-fields.js";
import * as pb from "./clusterpb.js";

/** A method of a gRPC service. */
export type Method<Request, Response> = MethodDefinition<Request, Response>;

/** nano's service of the master. */
export const masterService = {
  Register: unary("clusterpb.Master", "Register", pb.registerRequest, pb.registerResponse),
  Unregister: unary("clusterpb.Master", "Unregister", pb.memberGone, pb.empty),
  Heartbeat: unary("clusterpb.Master", "Heartbeat", pb.heartbeatRequest, pb.heartbeatResponse),
} as const;

/** nano's service of every member. */
export const memberService = {
  HandleRequest: unary("clusterpb.Member", "HandleRequest", pb.requestMessage, pb.empty),
  HandleNotify: unary("clusterpb.Member", "HandleNotify", pb.notifyMessage, pb.empty),
  HandlePush: unary("clusterpb.Member", "HandlePush", pb.pushMessage, pb.empty),
  HandleResponse: unary("clusterpb.Member", "HandleResponse", pb.responseMessage, pb.empty),
  NewMember: unary("clusterpb.Member", "NewMember", pb.newMemberRequest, pb.empty),
  DelMember: unary("clusterpb.Member", "DelMember", pb.memberGone, pb.empty),
  SessionClosed: unary("clusterpb.Member", "SessionClosed", pb.sessionRequest, pb.empty),
  CloseSession: unary("clusterpb.Member", "CloseSession", pb.sessionRequest, pb.empty),
} as const;

/** Messages are bytes as they are: what a frame holds is the cluster's, and what a node says of itself is JSON. */
const bytes: MessageCodec<Uint8Array> = { encode: (message) => message, decode: (message) => message };

/** Our own service, beside nano's. */
export const nodeService = {
  /** What the node says of itself. */
  Describe: unary("nanowire.cluster.v1.Node", "Describe", pb.empty, bytes),
  /** The stream of a pair of nodes: a frame is a message. {@link frameHeaders} tells who opens it, and to whom. */
  Frames: { ...unary("nanowire.cluster.v1.Node", "Frames", bytes, bytes), requestStream: true, responseStream: true },
} as const;

/** The headers of a stream of frames. */
export const frameHeaders = {
  from: "nanowire-from",
  fromIncarnation: "nanowire-from-incarnation",
  to: "nanowire-to",
  toIncarnation: "nanowire-to-incarnation",
} as const;

function unary<Request, Response>(
  service: string,
  name: string,
  request: MessageCodec<Request>,
  response: MessageCodec<Response>,
): Method<Request, Response> {
  return {
    path: `/${service}/${name}`,
    requestStream: false,
    responseStream: false,
    requestSerialize: (message) => bufferOf(request.encode(message)),
    requestDeserialize: (message) => request.decode(ownBytes(message)),
    responseSerialize: (message) => bufferOf(response.encode(message)),
    responseDeserialize: (message) => response.decode(ownBytes(message)),
  };
}

/** The same bytes, as grpc-js takes them. */
function bufferOf(message: Uint8Array): Buffer {
  return Buffer.from(message.buffer, message.byteOffset, message.length);
}

/** The same bytes, as everybody else takes them: `slice` of a Buffer is no copy. */
function ownBytes(message: Buffer): Uint8Array {
  return new Uint8Array(message.buffer, message.byteOffset, message.length);
}
