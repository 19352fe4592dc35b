import { docLines, pushNote, remoteNote, serverNote, serviceNote } from "./doc.js";
import { type ImportModel, Imports } from "./imports.js";
import { jsonName } from "./json-file.js";
import type { TypeNames } from "./messages.js";
import { lowerCamel, type Names, upperCamel } from "./names.js";
import { optional } from "./optional.js";
import type { Order, RateLimit } from "./options.js";
import { propertyAccess } from "./property-key.js";
import type { RedactionModel, Redactions } from "./redactions.js";
import type { MethodDeclaration, ServiceDeclaration } from "./services.js";
import type { ShardKeyDeclaration } from "./shard-key.js";
import type { OverflowDeclaration, OverloadDeclaration } from "./waiting-policies.js";

/** `room.server.ts`: stubs to implement and senders of pushes. */
export interface ServerFileModel {
  readonly imports: readonly ImportModel[];
  /** In the order of the .proto. */
  readonly services: readonly ServerServiceModel[];
  /** The codecs that the definitions name, each once. */
  readonly codecs: readonly CodecModel[];
  /** What logs leave out of messages, each once. */
  readonly redactions: readonly RedactionModel[];
  /** What the file calls things of the runtime that its text names. */
  readonly runtime: ServerRuntimeNames;
}

/** The local names of imported things; "" for one that the file does not use. */
export interface ServerRuntimeNames {
  readonly component: string;
  readonly defineMethod: string;
  readonly serviceDefinition: string;
  readonly pushDefinition: string;
  readonly sendPush: string;
  readonly messageCodec: string;
  readonly redaction: string;
  readonly dictionary: string;
  readonly remote: string;
  readonly remoteCaller: string;
  readonly remoteDefinition: string;
  readonly remoteMethod: string;
  readonly reliableMethod: string;
  readonly defineRemoteHandler: string;
}

/** `const joinRequest: MessageCodec<JoinRequest> = { protobuf: JoinRequest, wire: JoinRequest, json: JoinRequestJson };` */
export interface CodecModel {
  readonly name: string;
  readonly type: string;
  readonly json?: string;
  /** The constant that tells what logs leave out of it; absent when that is nothing. */
  readonly redaction?: string;
}

/** A stub or an object of senders. */
export interface ServerServiceModel {
  readonly isPush: boolean;
  readonly isRemote: boolean;
  readonly doc: readonly string[];
  /** `RoomComponent`, or `RoomEvents` for pushes. */
  readonly exportedName: string;
  /** `roomService`. */
  readonly definitionName: string;
  readonly routeName: string;
  readonly protoName: string;
  readonly methods: readonly ServerMethodModel[];
  /** Of a REMOTE service: the classes that call it. */
  readonly callers: readonly RemoteClientModel[];
}

/** A class that calls a REMOTE service: `LedgerRemoteClient` one node, `LedgerRemoteAll` every node that hosts it, `LedgerRemoteJobs` has it called by jobs. */
export interface RemoteClientModel {
  readonly exportedName: string;
  readonly doc: readonly string[];
  readonly methods: readonly RemoteClientMethodModel[];
}

/** A method of such a class. */
export interface RemoteClientMethodModel {
  readonly doc: readonly string[];
  readonly localName: string;
  readonly definitionName: string;
  /** `request: AddRequest, options?: RemoteCallOptions`. */
  readonly parameters: string;
  /** The method of the caller that is called: `call`, `tell`, `callAll`, `tellAll`, `enqueue`. */
  readonly verb: string;
  /** What is sent: `request`, or `undefined` for google.protobuf.Empty. */
  readonly passed: string;
  /** `Promise<AddResponse>`, or `void` when there is no answer. */
  readonly result: string;
  readonly isAnswered: boolean;
}

/** A method of a stub, or a sender. */
export interface ServerMethodModel {
  readonly doc: readonly string[];
  readonly name: string;
  readonly localName: string;
  /** The local name, when it is another one than the name with its first letter in lower case; else absent. */
  readonly alias?: string;
  readonly route: string;
  readonly code: number;
  /** Routes that it had and is still called by; absent when there are none. */
  readonly was?: readonly string[];
  readonly isNotify: boolean;
  /** Of a remote: whether jobs may call it. */
  readonly isReliable: boolean;
  /** What its argument is called and its type; absent when the message is google.protobuf.Empty. */
  readonly argument?: { readonly name: "request" | "message"; readonly type: string };
  /** `session: Session, request: JoinRequest`. */
  readonly parameters: string;
  /** `session, request`. */
  readonly passed: string;
  /** `Awaitable<JoinResponse>`; of a sender `number`, for how many sessions it was queued. */
  readonly result: string;
  /** Of a sender or a remote: the constant that describes the push, or the method. */
  readonly definitionName: string;
  readonly requestType: string;
  readonly responseType: string;
  readonly requestCodec: string;
  readonly responseCodec: string;
  readonly order?: Order;
  readonly timeoutMs?: number;
  readonly rateLimit?: RateLimit;
  readonly boundOnly: boolean;
  readonly maxPayloadBytes?: number;
  readonly overload?: WaitingModel;
  /** Of a push. */
  readonly overflow?: WaitingModel;
  /** By what a gate chooses the node that handles it; absent: it chooses one for the session. */
  readonly shardKey?: ShardKeyModel;
  /** `1a2b3c4d`: whoever has the same reads its calls alike. Absent for a push. */
  readonly fingerprint?: string;
}

/** Who gives way when something waits. */
export interface WaitingModel {
  /** `refuse`, `dropOldest`, `conflate`; of a push `drop`, `conflate`. */
  readonly policy: string;
  /** How many may wait; absent for those that say it otherwise. */
  readonly maxWaiting?: number;
  /** What stands after the message where its key is read: `.unitId`; absent for no key. */
  readonly key?: string;
}

/** How a gate reads the field by which it chooses a node. */
export interface ShardKeyModel {
  /** The fields that lead to it, the request's own first. */
  readonly path: readonly ShardKeyStepModel[];
  /** `int32`, `string`, `enum` … */
  readonly type: string;
  /** What a request without it has; absent for what is zero or empty. */
  readonly default?: string;
  /** Where it stands in JSON; absent without JSON codecs, and between nodes. */
  readonly json?: ShardKeyJsonModel;
}

/** A field of its path. */
export interface ShardKeyStepModel {
  /** What stands before it in the bytes: 8 times its number, and the wire type. */
  readonly tag: number;
  /** The tags of the other fields of its oneof; absent when there are none. */
  readonly rivals?: readonly number[];
}

/** Its place in JSON. */
export interface ShardKeyJsonModel {
  /** What each field of the path is called there: `"id"`, or `["matchId", "match_id"]` when it is another name than in the .proto. */
  readonly path: readonly string[];
  /** The JSON codec of its enum; absent for another type. */
  readonly enumeration?: string;
}

/** What stubs are made of, beside the services. */
export interface ServerFileInput {
  readonly typeNames: TypeNames;
  /** Route → code. */
  readonly codes: ReadonlyMap<string, number>;
  /** Every route that became another one. */
  readonly renamed: ReadonlyMap<string, number> | undefined;
  /** Whether the codecs speak JSON too. */
  readonly json: boolean;
  /** What stands after the name of an imported file. */
  readonly suffix: string;
  /** Which fields logs leave out. */
  readonly redactions: Redactions;
  readonly fingerprints: ReadonlyMap<MethodDeclaration, string>;
}

/** `RoomComponent`; `RoomEvents` for pushes; `LedgerRemote` and its callers for remotes. */
export function serverExports(service: ServiceDeclaration): [string, ...string[]] {
  const name = upperCamel(service.name);
  switch (service.kind) {
    case "HANDLER":
      return [`${name}Component`];
    case "PUSH":
      return [name];
    case "REMOTE":
      return [
        `${name}Remote`,
        `${name}RemoteClient`,
        `${name}RemoteAll`,
        ...(service.methods.some(({ reliable }) => reliable) ? [`${name}RemoteJobs`] : []),
      ];
  }
}

/**
 * Decides what stands in a `.server.ts`.
 *
 * @param names the file's names, its exports among them already
 */
export function buildServerFile(
  output: string,
  services: readonly ServiceDeclaration[],
  names: Names,
  { typeNames, codes, renamed, json, suffix, redactions: redacted, fingerprints }: ServerFileInput,
): ServerFileModel {
  const imports = new Imports(names, output, suffix);
  const redactions = redacted.inFile(names);
  const fromRuntime = (name: string, isUsed: boolean, isType: boolean): string =>
    isUsed ? imports.runtime("nanowire", name, isType) : "";
  const methodsOf = (kind: ServiceDeclaration["kind"]): MethodDeclaration[] =>
    services.flatMap((service) => (service.kind === kind ? service.methods : []));
  const handled = methodsOf("HANDLER");
  const pushed = methodsOf("PUSH");
  const remote = methodsOf("REMOTE");
  const hasHandlers = services.some((service) => service.kind === "HANDLER");
  const hasRemotes = services.some((service) => service.kind === "REMOTE");
  const [isHandling, isPushing, isRemote] = [handled.length > 0, pushed.length > 0, remote.length > 0];
  const takesEmpty = ({ request }: MethodDeclaration): boolean => request === undefined;
  const takesOrReturnsEmpty = (method: MethodDeclaration): boolean =>
    takesEmpty(method) || method.response === undefined;

  const isRedacted = ({ request, response }: MethodDeclaration): boolean =>
    [request, response].some((typeName) => typeName !== undefined && redacted.has(typeName));

  const awaitable = fromRuntime("Awaitable", isHandling || isRemote, true);
  const session = fromRuntime("Session", isHandling, true);
  const pushTarget = fromRuntime("PushTarget", isPushing, true);
  const emptyMessage = fromRuntime("emptyMessage", pushed.some(takesEmpty) || handled.some(takesOrReturnsEmpty), false);
  const emptyCodec = fromRuntime("emptyCodec", remote.some(takesOrReturnsEmpty), false);
  const isCalling = remote.some(({ notify }) => !notify);
  const isTelling = remote.some(({ notify }) => notify);
  const isReliable = remote.some(({ reliable }) => reliable);
  const remoteContext = fromRuntime("RemoteContext", isRemote, true);
  const remoteAnswer = fromRuntime("RemoteAnswer", isCalling, true);
  const callOptions = {
    call: fromRuntime("RemoteCallOptions", isCalling, true),
    callAll: fromRuntime("RemoteCallAllOptions", isCalling, true),
    tell: fromRuntime("RemoteTellOptions", isTelling, true),
    tellAll: fromRuntime("RemoteTellAllOptions", isTelling, true),
    enqueue: fromRuntime("EnqueueOptions", isReliable, true),
  };
  const enqueuedJob = fromRuntime("EnqueuedJob", isReliable, true);
  const runtime: ServerRuntimeNames = {
    component: fromRuntime("Component", hasHandlers, false),
    defineMethod: fromRuntime("defineMethod", isHandling, false),
    serviceDefinition: fromRuntime("ServiceDefinition", hasHandlers, true),
    pushDefinition: fromRuntime("PushDefinition", isPushing, true),
    sendPush: fromRuntime("sendPush", isPushing, false),
    messageCodec: fromRuntime(
      "MessageCodec",
      [...handled, ...pushed].some(({ request, response }) => request !== undefined || response !== undefined),
      true,
    ),
    redaction: fromRuntime("Redaction", [...handled, ...pushed].some(isRedacted), true),
    dictionary: hasHandlers ? imports.routes("dictionary") : "",
    remote: fromRuntime("Remote", hasRemotes, false),
    remoteCaller: fromRuntime("RemoteCaller", hasRemotes, true),
    remoteDefinition: fromRuntime("RemoteDefinition", hasRemotes, true),
    remoteMethod: fromRuntime(
      "RemoteMethod",
      remote.some(({ reliable }) => !reliable),
      true,
    ),
    reliableMethod: fromRuntime("ReliableMethod", isReliable, true),
    defineRemoteHandler: fromRuntime("defineRemoteHandler", isRemote, false),
  };

  const codecs = new Map<string, CodecModel>();
  const typeOf = (typeName: string | undefined): string => {
    const type = typeName === undefined ? undefined : typeNames.get(typeName);
    return type === undefined ? "void" : imports.message(type);
  };
  // Types first: a message keeps its name before a constant gets one.
  for (const method of services.flatMap((service) => service.methods)) {
    typeOf(method.request);
    typeOf(method.response);
  }
  const codecOf = (typeName: string | undefined): string => {
    const type = typeName === undefined ? undefined : typeNames.get(typeName);
    if (typeName === undefined || type === undefined) {
      return emptyMessage;
    }
    const local = imports.message(type);
    const known = codecs.get(typeName);
    if (known !== undefined) {
      return known.name;
    }
    const jsonCodec = json ? imports.jsonCodec(type, local) : undefined;
    const redaction = redactions.of(typeName);
    const codec = {
      name: names.claim(lowerCamel(local)),
      type: local,
      ...optional("json", jsonCodec),
      ...optional("redaction", redaction),
    };
    codecs.set(typeName, codec);
    return codec.name;
  };

  /** A remote speaks protobuf only, and a message's own codec is all that it needs. */
  const remoteCodecOf = (typeName: string | undefined): string =>
    typeName === undefined ? emptyCodec : typeOf(typeName);

  const shardKeyOf = (kind: ServiceDeclaration["kind"], key: ShardKeyDeclaration): ShardKeyModel => {
    const { steps, type, jsonPath, enumName } = key;
    const enumType = typeNames.get(enumName ?? "");
    const inJson = (): ShardKeyJsonModel => ({
      path: jsonPath.map(jsonName),
      ...optional("enumeration", enumType && imports.jsonCodec(enumType, enumType.name)),
    });
    return {
      path: steps.map(({ tag, rivals }) => ({ tag, ...optional("rivals", rivals.length === 0 ? undefined : rivals) })),
      type,
      ...optional("default", key.default),
      ...optional("json", json && kind === "HANDLER" ? inJson() : undefined),
    };
  };

  const buildMethod = ({ kind, name }: ServiceDeclaration, method: MethodDeclaration): ServerMethodModel => {
    const isPush = kind === "PUSH";
    const code = codes.get(method.route) ?? 0;
    const was = method.was.map(({ route }) => route).filter((route) => renamed?.has(route) === true);
    const requestType = typeOf(method.request);
    const argument =
      method.request === undefined
        ? undefined
        : ({ name: isPush || method.notify ? "message" : "request", type: requestType } as const);
    const first = {
      HANDLER: { name: "session", type: session },
      PUSH: { name: "target", type: pushTarget },
      REMOTE: { name: "context", type: remoteContext },
    }[kind];
    const parameters = [first, ...(argument === undefined ? [] : [argument])];
    const note = {
      HANDLER: () => serverNote(method, code),
      PUSH: () => pushNote(method, code),
      REMOTE: () => remoteNote(method),
    }[kind]();
    // The default order is left out: a session's for what clients send, none for what nodes send.
    const order = method.order === (kind === "REMOTE" ? "none" : "session") ? undefined : method.order;
    return {
      doc: docLines(method.comment, [note], method.deprecated),
      name: method.name,
      localName: method.localName,
      ...optional("alias", method.localName === uncapitalized(method.name) ? undefined : method.localName),
      route: method.route,
      code,
      ...optional("was", was.length === 0 ? undefined : was),
      isNotify: method.notify,
      isReliable: method.reliable,
      ...optional("argument", argument),
      parameters: parameters.map((parameter) => `${parameter.name}: ${parameter.type}`).join(", "),
      passed: parameters.map((parameter) => parameter.name).join(", "),
      result: isPush ? "number" : `${awaitable}<${typeOf(method.response)}>`,
      definitionName: kind === "HANDLER" ? "" : names.claim(lowerCamel(name) + upperCamel(method.name)),
      requestType,
      responseType: typeOf(method.response),
      requestCodec: kind === "REMOTE" ? remoteCodecOf(method.request) : codecOf(method.request),
      responseCodec: { HANDLER: codecOf, PUSH: () => "", REMOTE: remoteCodecOf }[kind](method.response),
      ...optional("order", order),
      ...optional("timeoutMs", method.timeoutMs),
      ...optional("rateLimit", method.rateLimit),
      boundOnly: method.boundOnly,
      ...optional("maxPayloadBytes", method.maxPayloadBytes),
      ...optional("overload", method.overload && waitingOf(method.overload, method.request, typeNames)),
      ...optional("overflow", method.overflow && waitingOf(method.overflow, method.request, typeNames)),
      ...optional("shardKey", method.shardKey && shardKeyOf(kind, method.shardKey)),
      ...optional("fingerprint", fingerprints.get(method)),
    };
  };

  /** A class that calls methods of a service, each with one verb of the caller. */
  const buildCaller = (
    exportedName: string,
    { comment, deprecated }: ServiceDeclaration,
    note: string,
    methods: readonly ServerMethodModel[],
    verbOf: (method: ServerMethodModel) => keyof typeof callOptions,
  ): RemoteClientModel => ({
    exportedName,
    doc: docLines(comment, [note], deprecated),
    methods: methods.map((method) => {
      const { doc, localName, definitionName, argument, responseType } = method;
      const verb = verbOf(method);
      const options = `options?: ${callOptions[verb]}`;
      const result = {
        call: `Promise<${responseType}>`,
        tell: "void",
        callAll: `Promise<readonly ${remoteAnswer}<${responseType}>[]>`,
        tellAll: "void",
        enqueue: `Promise<${enqueuedJob}>`,
      }[verb];
      return {
        doc,
        localName,
        definitionName,
        parameters: argument === undefined ? options : `${argument.name}: ${argument.type}, ${options}`,
        verb,
        passed: argument?.name ?? "undefined",
        result,
        isAnswered: result !== "void",
      };
    }),
  });

  const buildCallers = (service: ServiceDeclaration, methods: readonly ServerMethodModel[]): RemoteClientModel[] => {
    const { protoName } = service;
    const [, one = "", all = "", jobs] = serverExports(service);
    const toOne = `Calls service ${protoName} on one node: the named one, or one that the cluster chooses.`;
    const toAll = `Calls service ${protoName} on every node that hosts it.`;
    const byJobs = `Has service ${protoName} called by jobs, which are kept until they are done: at least once each.`;
    const reliable = methods.filter(({ isReliable }) => isReliable);
    return [
      buildCaller(one, service, toOne, methods, ({ isNotify }) => (isNotify ? "tell" : "call")),
      buildCaller(all, service, toAll, methods, ({ isNotify }) => (isNotify ? "tellAll" : "callAll")),
      ...(jobs === undefined ? [] : [buildCaller(jobs, service, byJobs, reliable, () => "enqueue")]),
    ];
  };

  const models = services.map((service): ServerServiceModel => {
    const [exportedName] = serverExports(service);
    const ending = { HANDLER: "Service", PUSH: "", REMOTE: "Definition" }[service.kind];
    const definitionName = ending === "" ? "" : names.claim(lowerCamel(service.name) + ending);
    const methods = service.methods.map((method) => buildMethod(service, method));
    return {
      isPush: service.kind === "PUSH",
      isRemote: service.kind === "REMOTE",
      doc: docLines(service.comment, stubNotes(service), service.deprecated),
      exportedName,
      definitionName,
      routeName: service.route,
      protoName: service.protoName,
      methods,
      callers: service.kind === "REMOTE" ? buildCallers(service, methods) : [],
    };
  });
  return {
    imports: imports.toModel(),
    services: models,
    codecs: [...codecs.values()],
    redactions: redactions.toModel(),
    runtime,
  };
}

function waitingOf(
  { policy, key, ...counted }: OverloadDeclaration | OverflowDeclaration,
  typeName: string | undefined,
  typeNames: TypeNames,
): WaitingModel {
  const property = key && typeNames.get(typeName ?? "")?.fields[key.index];
  return {
    policy,
    ...optional("maxWaiting", "maxWaiting" in counted ? counted.maxWaiting : undefined),
    ...optional("key", property && propertyAccess(property)),
  };
}

function uncapitalized(name: string): string {
  return name.slice(0, 1).toLowerCase() + name.slice(1);
}

/** What the generator says of a stub, or of an object of senders. */
function stubNotes(service: ServiceDeclaration): string[] {
  const origin = serviceNote(service, "Generated from");
  switch (service.kind) {
    case "HANDLER":
      return ["Extend it and hand an instance to `createServer({ components: [...] })`.", origin];
    case "PUSH":
      return [
        origin.replace(/\.$/, ": pushes, each to a session, a group, a part of one, or any sessions."),
        "Each returns for how many it was queued.",
      ];
    case "REMOTE":
      return ["Extend it, and other nodes of the cluster can call it; no client can.", origin];
  }
}
