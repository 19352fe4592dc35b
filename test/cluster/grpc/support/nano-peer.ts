import {
  Client,
  credentials,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceDefinition,
  type sendUnaryData,
} from "@grpc/grpc-js";
import { decodeAs, encodeAs } from "./clusterpb-schema.js";

/** A call that a nano node got. */
export interface NanoCall {
  readonly method: string;
  readonly request: Record<string, unknown>;
}

/** nano's own methods, each with its messages. */
const methods = {
  master: {
    Register: ["RegisterRequest", "RegisterResponse"],
    Unregister: ["UnregisterRequest", "UnregisterResponse"],
    Heartbeat: ["HeartbeatRequest", "HeartbeatResponse"],
  },
  member: {
    HandleRequest: ["RequestMessage", "MemberHandleResponse"],
    HandleNotify: ["NotifyMessage", "MemberHandleResponse"],
    HandlePush: ["PushMessage", "MemberHandleResponse"],
    HandleResponse: ["ResponseMessage", "MemberHandleResponse"],
    NewMember: ["NewMemberRequest", "NewMemberResponse"],
    DelMember: ["DelMemberRequest", "DelMemberResponse"],
    SessionClosed: ["SessionClosedRequest", "SessionClosedResponse"],
    CloseSession: ["CloseSessionRequest", "CloseSessionResponse"],
  },
} as const;

type Answer = (request: Record<string, unknown>) => object;

/**
 * A node as Go's nano is one, by hand: it knows nano's services and no others, and of messages only the fields that nano has. It shares no code with the driver.
 */
export class NanoPeer {
  /** What it was called with, in its order. */
  readonly calls: NanoCall[] = [];
  readonly #server = new Server();
  readonly #answers: Readonly<Record<string, Answer>>;
  address = "";

  /** @param answers what its methods answer; the others answer nothing */
  constructor(answers: Readonly<Record<string, Answer>> = {}) {
    this.#answers = answers;
  }

  /** Listens, as a member or as a master, too. */
  async start(roles: readonly ("master" | "member")[]): Promise<void> {
    for (const role of roles) {
      const handlers = Object.fromEntries(
        Object.keys(methods[role]).map((name) => [
          name,
          (call: ServerUnaryCall<Record<string, unknown>, object>, callback: sendUnaryData<object>) => {
            this.calls.push({ method: name, request: call.request });
            try {
              callback(null, this.#answers[name]?.(call.request) ?? {});
            } catch (error) {
              callback(error as Error);
            }
          },
        ]),
      );
      this.#server.addService(definitionOf(role), handlers);
    }
    const port = await new Promise<number>((resolve, reject) => {
      this.#server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      );
    });
    this.address = `127.0.0.1:${port}`;
  }

  /** Calls another node. */
  async call(
    address: string,
    role: "master" | "member",
    name: string,
    request: object,
  ): Promise<Record<string, unknown>> {
    const client = new Client(address, credentials.createInsecure());
    const method = definitionOf(role)[name];
    if (method === undefined) {
      throw new TypeError(`nano has no ${name}`);
    }
    try {
      return await new Promise((resolve, reject) => {
        client.makeUnaryRequest(
          method.path,
          method.requestSerialize,
          method.responseDeserialize,
          request,
          { deadline: Date.now() + 10_000 },
          (error, response) => (error === null ? resolve(response as Record<string, unknown>) : reject(error)),
        );
      });
    } finally {
      client.close();
    }
  }

  /** What it would register as. */
  info(services: readonly string[]): object {
    return { memberInfo: { label: "go", serviceAddr: this.address, services } };
  }

  /** The calls of one method. */
  callsOf(method: string): Record<string, unknown>[] {
    return this.calls.flatMap((call) => (call.method === method ? [call.request] : []));
  }

  stop(): void {
    this.#server.forceShutdown();
  }
}

function definitionOf(role: "master" | "member"): ServiceDefinition {
  return Object.fromEntries(
    Object.entries(methods[role]).map(([name, [request, response]]) => [
      name,
      {
        path: `/clusterpb.${role === "master" ? "Master" : "Member"}/${name}`,
        requestStream: false,
        responseStream: false,
        requestSerialize: (message: object) => Buffer.from(encodeAs(request, message)),
        requestDeserialize: (bytes: Buffer) => decodeAs(request, bytes),
        responseSerialize: (message: object) => Buffer.from(encodeAs(response, message)),
        responseDeserialize: (bytes: Buffer) => decodeAs(response, bytes),
      },
    ]),
  );
}
