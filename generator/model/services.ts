import type { FileDescriptorProto, MethodDescriptorProto, ServiceDescriptorProto } from "@bufbuild/protobuf/wkt";
import { formatPlace, type Place, type Problem } from "../error.js";
import { methodName } from "./names.js";
import {
  type HandlingOptions,
  type MethodChoices,
  type OptionReader,
  type Order,
  type OverflowChoice,
  type OverloadChoice,
  optionField,
  type RateLimit,
  type ServiceChoices,
  type ServiceKind,
} from "./options.js";
import { routeFault } from "./route-fault.js";
import type { FormerRoute } from "./routes-lock.js";
import { readShardKey, type ShardKeyDeclaration } from "./shard-key.js";
import type { SourceIndex, SourcePath } from "./source.js";
import {
  checkOverflow,
  checkOverload,
  type KeyField,
  keyField,
  type OverflowDeclaration,
  type OverloadDeclaration,
} from "./waiting-policies.js";

/** A service as the .proto declares it, checked. */
export interface ServiceDeclaration {
  readonly kind: ServiceKind;
  /** `Room`. */
  readonly name: string;
  /** `chat.v1.Room`. */
  readonly protoName: string;
  /** The first part of its routes. */
  readonly route: string;
  readonly comment: readonly string[];
  readonly deprecated: boolean;
  readonly place: Place;
  readonly methods: readonly MethodDeclaration[];
}

/** A method as the .proto declares it, its options laid over those of its service. */
export interface MethodDeclaration {
  /** `Join`. */
  readonly name: string;
  /** The method that is generated for it: `join`. */
  readonly localName: string;
  readonly route: string;
  /** Routes that it had, those that its service's `was` makes included. */
  readonly was: readonly FormerRoute[];
  readonly explicitCode: number | undefined;
  readonly notify: boolean;
  /** Whether the call can be made a job. */
  readonly reliable: boolean;
  /** The full name of the message, with a dot before it, or undefined for google.protobuf.Empty. */
  readonly request: string | undefined;
  /** As `request`. */
  readonly response: string | undefined;
  readonly order: Order | undefined;
  readonly timeoutMs: number | undefined;
  readonly rateLimit: RateLimit | undefined;
  readonly boundOnly: boolean;
  /** Undefined: as much as the server takes. */
  readonly maxPayloadBytes: number | undefined;
  /** Undefined: every call waits. */
  readonly overload: OverloadDeclaration | undefined;
  /** Of a push. Undefined: it waits, and a client for whom too much waits is closed. */
  readonly overflow: OverflowDeclaration | undefined;
  /** Undefined: a session stays with one node. */
  readonly shardKey: ShardKeyDeclaration | undefined;
  readonly comment: readonly string[];
  readonly deprecated: boolean;
  /** Where its name stands. */
  readonly place: Place;
  /** Where the type of its request stands. */
  readonly requestPlace: Place;
  readonly responsePlace: Place;
  /** Where its code is written, or else its name. */
  readonly codePlace: Place;
}

/** A .proto file and where its things stand. */
export interface SourceFile {
  readonly descriptor: FileDescriptorProto;
  readonly source: SourceIndex;
}

const empty = ".google.protobuf.Empty";
/** Field numbers of descriptor.proto, of which source paths are made. */
const inFile = { service: 6 } as const;
const inService = { name: 1, method: 2, options: 3 } as const;
const inMethod = { name: 1, input: 2, output: 3, options: 4, clientStreaming: 5, serverStreaming: 6 } as const;

/** Reads the services of a file. What cannot be generated goes to `problems`. */
export function readServices(file: SourceFile, reader: OptionReader, problems: Problem[]): ServiceDeclaration[] {
  return file.descriptor.service.flatMap((service, index) => readService(file, service, index, reader, problems));
}

/** Refuses routes that are declared twice. */
export function checkRoutes(services: readonly ServiceDeclaration[], problems: Problem[]): void {
  const first = new Map<string, { readonly service: ServiceDeclaration; readonly method: MethodDeclaration }>();
  for (const service of services) {
    for (const method of service.methods) {
      const other = first.get(method.route);
      if (other === undefined) {
        first.set(method.route, { service, method });
        continue;
      }
      const advice =
        other.service.route === service.route && other.service !== service
          ? `give one of the services another route: \`option (nanowire.service).route = "${service.protoName}";\``
          : `give one of them another route: \`option (nanowire.method).route = "…";\``;
      problems.push({
        message: `route ${method.route} of ${service.protoName}.${method.name} is that of ${other.service.protoName}.${other.method.name} at ${formatPlace(other.method.place)}: ${advice}`,
        place: method.place,
      });
    }
  }
}

/**
 * Refuses a REMOTE service that has the name of another service: nodes tell each other by these names what they host.
 */
export function checkRemoteNames(services: readonly ServiceDeclaration[], problems: Problem[]): void {
  const first = new Map<string, ServiceDeclaration>();
  for (const service of services) {
    const other = first.get(service.route);
    first.set(service.route, other ?? service);
    if (other !== undefined && (service.kind === "REMOTE" || other.kind === "REMOTE")) {
      problems.push({
        message: `service ${service.protoName} and service ${other.protoName} at ${formatPlace(other.place)} are both called ${service.route} in the cluster: give one of them another name there: \`option (nanowire.service).route = "${service.protoName}";\``,
        place: service.place,
      });
    }
  }
}

function readService(
  file: SourceFile,
  service: ServiceDescriptorProto,
  index: number,
  reader: OptionReader,
  problems: Problem[],
): ServiceDeclaration[] {
  const { source } = file;
  const path = [inFile.service, index];
  const place = source.place([...path, inService.name]);
  const protoName = file.descriptor.package === "" ? service.name : `${file.descriptor.package}.${service.name}`;
  const choices = reader.service(service.options);
  const optionPlace = (...field: number[]): Place =>
    source.place([...path, inService.options, optionField.extension, ...field]);

  const isSaid = (field: number): boolean => source.has([...path, inService.options, optionField.extension, field]);
  refuseOptions(choices.kind, `service ${protoName} is of kind ${choices.kind}`, choices, optionField.service, {
    isSaid,
    placeOf: optionPlace,
    problems,
  });
  if (choices.rateLimit?.messages === 0) {
    problems.push({ message: noMessages, place: optionPlace(optionField.service.rateLimit) });
  }
  checkWaiting(choices, optionField.service, `service ${protoName}`, optionPlace, problems);
  const route = choices.route ?? service.name;
  const fault = choices.route === undefined ? undefined : routeFault(route);
  if (fault !== undefined) {
    problems.push({
      message: `route ${JSON.stringify(route)} of service ${protoName} ${fault}`,
      place: optionPlace(optionField.service.route),
    });
  }
  const formerPrefixes = choices.was.map((former, wasIndex): FormerPrefix => {
    const wasPlace = source.place([
      ...path,
      inService.options,
      optionField.extension,
      optionField.service.was,
      wasIndex,
    ]);
    const message = formerFault(former, `service ${protoName}`, choices.kind, "service");
    if (message !== undefined) {
      problems.push({ message, place: wasPlace });
    }
    return { prefix: former, place: wasPlace, isFaulty: message !== undefined };
  });
  const isDeprecated = file.descriptor.options?.deprecated === true || service.options?.deprecated === true;
  const methods = service.method.map((method, methodIndex) =>
    readMethod(
      {
        source,
        path: [...path, inService.method, methodIndex],
        protoName,
        choices,
        route,
        routeIsFaulty: fault !== undefined,
        formerPrefixes: formerPrefixes.filter(({ isFaulty }) => !isFaulty),
        isDeprecated,
      },
      method,
      reader,
      problems,
    ),
  );
  checkMethodNames(methods, protoName, problems);
  return [
    {
      kind: choices.kind,
      name: service.name,
      protoName,
      route,
      comment: source.comment(path),
      deprecated: isDeprecated,
      place,
      methods,
    },
  ];
}

/** What a method knows of its service. */
interface MethodContext {
  readonly source: SourceIndex;
  readonly path: SourcePath;
  readonly protoName: string;
  readonly choices: ServiceChoices;
  readonly route: string;
  readonly routeIsFaulty: boolean;
  readonly formerPrefixes: readonly FormerPrefix[];
  /** Whether the service or its file is deprecated, and so all that is in it. */
  readonly isDeprecated: boolean;
}

/** What the first part of a service's routes was. */
interface FormerPrefix {
  readonly prefix: string;
  readonly place: Place;
  readonly isFaulty: boolean;
}

function readMethod(
  context: MethodContext,
  method: MethodDescriptorProto,
  reader: OptionReader,
  problems: Problem[],
): MethodDeclaration {
  const { source, path, choices: ofService } = context;
  const place = source.place([...path, inMethod.name]);
  const choices = reader.method(method.options);
  const optionPath = (...field: number[]): number[] => [...path, inMethod.options, optionField.extension, ...field];
  const optionPlace = (...field: number[]): Place => source.place(optionPath(...field));
  const name = `${context.protoName}.${method.name}`;

  checkShape(context, method, choices, name, problems);
  const isSaid = (field: number): boolean => source.has(optionPath(field));
  const what = `${name} is a ${callNames[ofService.kind]}`;
  refuseOptions(ofService.kind, what, choices, optionField.method, { isSaid, placeOf: optionPlace, problems });
  if (choices.rateLimit?.messages === 0) {
    problems.push({ message: noMessages, place: optionPlace(optionField.method.rateLimit) });
  }
  checkWaiting(choices, optionField.method, name, optionPlace, problems);
  const request = method.inputType === empty ? undefined : method.inputType;
  const order = choices.order ?? ofService.order;
  if (choices.overload !== undefined && order === "none") {
    problems.push({
      message: `${name} is of the order NONE, and waits for nothing: leave \`overload\` out`,
      place: optionPlace(optionField.method.overload),
    });
  }
  const isPush = ofService.kind === "PUSH";
  const waits = ofService.kind === "HANDLER" && order !== "none";
  const requestPlace = source.place([...path, inMethod.input]);
  /** The key of a method's own policy, or of its service's: that stands elsewhere, and this method does not fit it. */
  const readKey = (option: "overload" | "overflow"): KeyField | undefined => {
    const own = choices[option];
    const key = (own ?? ofService[option])?.key ?? "";
    const place = own === undefined ? requestPlace : optionPlace(optionField.method[option], optionField[option].key);
    return keyField(key, request, reader.types, `the ${option} of ${name}`, place, problems);
  };
  /** As `readKey`. */
  const shardKeyOf = (): ShardKeyDeclaration | undefined => {
    const path = choices.shardKey ?? ofService.shardKey ?? "";
    const isOwn = choices.shardKey !== undefined;
    const place = isOwn ? optionPlace(optionField.method.shardKey) : requestPlace;
    const without = isOwn ? "leave `shard_key` out" : 'write `option (nanowire.method).shard_key = "";`';
    return path === ""
      ? undefined
      : readShardKey(path, { request, types: reader.types, what: name, place, without }, problems);
  };
  const route = choices.route ?? `${context.route}.${method.name}`;
  const fault = choices.route === undefined && context.routeIsFaulty ? undefined : routeFault(route, true);
  if (fault !== undefined) {
    const routePlace = choices.route === undefined ? place : optionPlace(optionField.method.route);
    problems.push({ message: `route ${JSON.stringify(route)} of ${name} ${fault}`, place: routePlace });
  }
  // A zero that is written is a mistake; one that is not written is no code.
  const writesZero = choices.code === undefined && source.has(optionPath(optionField.method.code));
  const explicitCode = writesZero ? 0 : choices.code === 0 ? undefined : choices.code;
  return {
    name: method.name,
    localName: methodName(method.name),
    route,
    was: readFormerRoutes(context, choices, method.name, problems),
    explicitCode,
    notify: choices.notify,
    reliable: choices.reliable,
    request,
    response: method.outputType === empty ? undefined : method.outputType,
    order,
    timeoutMs: choices.timeoutMs ?? ofService.timeoutMs,
    rateLimit: choices.rateLimit ?? ofService.rateLimit,
    boundOnly: choices.boundOnly ?? ofService.boundOnly ?? false,
    maxPayloadBytes: (choices.maxPayloadBytes ?? ofService.maxPayloadBytes) || undefined,
    overload: waits ? declareOverload(choices.overload ?? ofService.overload, () => readKey("overload")) : undefined,
    overflow: isPush ? declareOverflow(choices.overflow ?? ofService.overflow, () => readKey("overflow")) : undefined,
    shardKey: isPush ? undefined : shardKeyOf(),
    comment: source.comment(path),
    deprecated: context.isDeprecated || method.options?.deprecated === true,
    place,
    requestPlace,
    responsePlace: source.place([...path, inMethod.output]),
    codePlace: explicitCode === undefined ? place : optionPlace(optionField.method.code),
  };
}

/** What is wrong with policies, whatever their method. */
function checkWaiting(
  { overload, overflow }: HandlingOptions,
  fields: typeof optionField.service | typeof optionField.method,
  what: string,
  optionPlace: (...field: number[]) => Place,
  problems: Problem[],
): void {
  if (overload !== undefined) {
    const placeOf = (field: number): Place => optionPlace(fields.overload, field);
    checkOverload({ choice: overload, placeOf }, what, problems);
  }
  if (overflow !== undefined) {
    const placeOf = (field: number): Place => optionPlace(fields.overflow, field);
    checkOverflow({ choice: overflow, placeOf }, what, problems);
  }
}

function declareOverload(
  choice: OverloadChoice | undefined,
  readKey: () => KeyField | undefined,
): OverloadDeclaration | undefined {
  switch (choice?.policy) {
    case "CONFLATE":
      return { policy: "conflate", maxWaiting: undefined, key: readKey() };
    case "REFUSE":
      return { policy: "refuse", maxWaiting: choice.maxWaiting, key: undefined };
    case "DROP_OLDEST":
      return { policy: "dropOldest", maxWaiting: choice.maxWaiting, key: undefined };
    default:
      return undefined;
  }
}

function declareOverflow(
  choice: OverflowChoice | undefined,
  readKey: () => KeyField | undefined,
): OverflowDeclaration | undefined {
  switch (choice?.policy) {
    case "CONFLATE":
      return { policy: "conflate", key: readKey() };
    case "DROP":
      return { policy: "drop", key: undefined };
    default:
      return undefined;
  }
}

/** The routes that a method had: those it names, and those that follow from its service's earlier names. */
function readFormerRoutes(
  { source, path, protoName, choices: ofService, formerPrefixes }: MethodContext,
  choices: MethodChoices,
  methodName: string,
  problems: Problem[],
): FormerRoute[] {
  const own = choices.was.flatMap((route, index): FormerRoute[] => {
    const place = source.place([...path, inMethod.options, optionField.extension, optionField.method.was, index]);
    const message = formerFault(route, `${protoName}.${methodName}`, ofService.kind, "method");
    if (message === undefined) {
      return [{ route, place, ofService: undefined }];
    }
    problems.push({ message, place });
    return [];
  });
  const named = new Set(choices.was);
  const ofServices = formerPrefixes
    .map(({ prefix, place }): FormerRoute => ({ route: `${prefix}.${methodName}`, place, ofService: prefix }))
    .filter(({ route }) => choices.route === undefined && !named.has(route));
  return [...own, ...ofServices];
}

/** What is wrong with a `was`, or undefined. */
function formerFault(route: string, what: string, kind: ServiceKind, level: "service" | "method"): string | undefined {
  if (kind === "PUSH") {
    return `${what} is a push, and clients listen for its route: keep that one, write \`option (nanowire.${level}).route = ${JSON.stringify(route)};\` instead of \`was\``;
  }
  if (kind === "REMOTE") {
    return `${what} is of kind REMOTE, and other nodes call it by the name that it has: leave \`was\` out; a service keeps its old name there with \`option (nanowire.service).route\``;
  }
  const fault = routeFault(route, level === "method");
  return fault === undefined ? undefined : `route ${JSON.stringify(route)}, which ${what} was, ${fault}`;
}

/** What the kind of a call does not allow. */
function checkShape(
  { source, path, choices: ofService }: MethodContext,
  method: MethodDescriptorProto,
  choices: MethodChoices,
  name: string,
  problems: Problem[],
): void {
  if (method.clientStreaming || method.serverStreaming) {
    const field = method.clientStreaming ? inMethod.clientStreaming : inMethod.serverStreaming;
    problems.push({
      message: `${name} is a streaming rpc, and there are none here: leave \`stream\` out; what ${
        ofService.kind === "REMOTE"
          ? "a node tells on its own goes into a method with `notify = true`"
          : "the server tells on its own goes into a service of kind PUSH"
      }`,
      place: source.place([...path, field]),
    });
  }
  const outputPlace = source.place([...path, inMethod.output]);
  if (ofService.kind === "PUSH") {
    if (choices.notify) {
      const notifyPlace = source.place([...path, inMethod.options, optionField.extension, optionField.method.notify]);
      problems.push({
        message: `${name} is a push, and a notify goes to the server: leave \`notify\` out`,
        place: notifyPlace,
      });
    }
    if (method.outputType !== empty) {
      problems.push({
        message: `${name} is a push, and nobody answers a push: write \`returns (google.protobuf.Empty)\` instead of ${withoutDot(method.outputType)}`,
        place: outputPlace,
      });
    }
  } else if (choices.notify && method.outputType !== empty) {
    problems.push({
      message: `${name} is a notify, and a notify is not answered: write \`returns (google.protobuf.Empty)\` instead of ${withoutDot(method.outputType)}, or leave \`notify\` out`,
      place: outputPlace,
    });
  } else if (choices.reliable && method.outputType !== empty) {
    problems.push({
      message: `${name} is reliable, and nobody waits for the answer of a job: write \`returns (google.protobuf.Empty)\` instead of ${withoutDot(method.outputType)}, or leave \`reliable\` out`,
      place: outputPlace,
    });
  }
}

/** What a method of each kind is. */
const callNames = { HANDLER: "call of a client", PUSH: "push", REMOTE: "remote call" } as const;

const noMessages =
  "a rate limit of 0 messages lets nothing through: write `messages: 1` or more, or leave `rate_limit` out";

const ofHandling = "says how the server handles a call";
const ofClients = "is for the calls of clients";
const ofPushes = "is for pushes";
const ofForwarding = "says which node handles a call";
const ofNodes = "is for the calls of nodes";

/**
 * The options that a kind has no use for, and why: they would be silently without effect. The order SESSION is refused by
 * {@link refuseOptions} itself, for the others are of use.
 */
const uselessOptions: Readonly<Record<ServiceKind, readonly (readonly [name: UselessOption, why: string])[]>> = {
  HANDLER: [
    ["overflow", ofPushes],
    ["reliable", ofNodes],
  ],
  PUSH: [
    ["order", ofHandling],
    ["timeout_ms", ofHandling],
    ["rate_limit", ofHandling],
    ["bound_only", ofHandling],
    ["max_payload_bytes", ofHandling],
    ["overload", ofHandling],
    ["shard_key", ofForwarding],
    ["reliable", ofNodes],
  ],
  REMOTE: [
    ["rate_limit", ofClients],
    ["bound_only", ofClients],
    ["max_payload_bytes", ofClients],
    ["overload", ofClients],
    ["overflow", ofPushes],
    ["code", "is for the dictionary of clients, which has no remote calls"],
  ],
};

type UselessOption =
  | "order"
  | "timeout_ms"
  | "rate_limit"
  | "bound_only"
  | "max_payload_bytes"
  | "overload"
  | "overflow"
  | "shard_key"
  | "reliable"
  | "code";

/** Where options stand, and where what is wrong with them goes. */
interface OptionSources {
  readonly isSaid: (field: number) => boolean;
  readonly placeOf: (field: number) => Place;
  readonly problems: Problem[];
}

/** Refuses the options that a service, or a method of it, has no use for. */
function refuseOptions(
  kind: ServiceKind,
  what: string,
  choices: ServiceChoices | MethodChoices,
  fields: typeof optionField.service | typeof optionField.method,
  { isSaid, placeOf, problems }: OptionSources,
): void {
  const [code, reliable] = "code" in fields ? [fields.code, fields.reliable] : [];
  const said: Readonly<Record<UselessOption, readonly [value: unknown, field: number | undefined]>> = {
    order: [choices.order, fields.order],
    timeout_ms: [choices.timeoutMs, fields.timeoutMs],
    rate_limit: [choices.rateLimit, fields.rateLimit],
    bound_only: [choices.boundOnly, fields.boundOnly],
    max_payload_bytes: [choices.maxPayloadBytes, fields.maxPayloadBytes],
    overload: [choices.overload, fields.overload],
    overflow: [choices.overflow, fields.overflow],
    shard_key: [choices.shardKey, fields.shardKey],
    reliable: ["reliable" in choices && choices.reliable ? true : undefined, reliable],
    code: ["code" in choices ? choices.code : undefined, code],
  };
  for (const [name, why] of uselessOptions[kind]) {
    const [value, field] = said[name];
    // What is false or zero may be told by the source alone.
    if (field !== undefined && (value !== undefined || isSaid(field))) {
      problems.push({ message: `${what}, and \`${name}\` ${why}: leave it out`, place: placeOf(field) });
    }
  }
  // SESSION is what a service's order is when nothing is said: only the source tells.
  if (kind === "REMOTE" && (choices.order === "session" || (choices.order === undefined && isSaid(fields.order)))) {
    problems.push({
      message: `${what}, and it belongs to no session: write \`order = SERVICE\` or \`order = NONE\`, or leave \`order\` out`,
      place: placeOf(fields.order),
    });
  }
  if (kind === "REMOTE" && code !== undefined && choices.route !== undefined) {
    problems.push({
      message: `${what}, and the nodes that host it are found by the first part of its route: leave \`route\` out, or write it at the service`,
      place: placeOf(fields.route),
    });
  }
}

function checkMethodNames(methods: readonly MethodDeclaration[], protoName: string, problems: Problem[]): void {
  const first = new Map<string, MethodDeclaration>();
  for (const method of methods) {
    const other = first.get(method.localName);
    if (other === undefined) {
      first.set(method.localName, method);
    } else {
      problems.push({
        message: `${protoName}.${method.name} and ${protoName}.${other.name} at ${formatPlace(other.place)} are both generated as ${method.localName}: rename one of them`,
        place: method.place,
      });
    }
  }
}

function withoutDot(typeName: string): string {
  return typeName.replace(/^\./, "");
}
