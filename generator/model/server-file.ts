import { docLines, serverNote, serviceNote } from "./doc.js";
import { type ImportModel, Imports } from "./imports.js";
import type { TypeNames } from "./messages.js";
import { lowerCamel, type Names, upperCamel } from "./names.js";
import { type Order, optional, type RateLimit } from "./options.js";
import type { MethodDeclaration, ServiceDeclaration } from "./services.js";

/** `room.server.ts`: stubs to implement and senders of pushes. */
export interface ServerFileModel {
  readonly imports: readonly ImportModel[];
  /** In the order of the .proto. */
  readonly services: readonly ServerServiceModel[];
  /** The codecs that the definitions name, each once. */
  readonly codecs: readonly CodecModel[];
  /** What the file calls things of the runtime that its text names. */
  readonly runtime: ServerRuntimeNames;
}

/** The local names of imported things; "" for one that the file does not use. */
export interface ServerRuntimeNames {
  readonly component: string;
  readonly defineMethod: string;
  readonly serviceDefinition: string;
  readonly pushDefinition: string;
  readonly messageCodec: string;
  readonly dictionary: string;
}

/** `const joinRequest: MessageCodec<JoinRequest> = { protobuf: JoinRequest, json: JoinRequestJson };` */
export interface CodecModel {
  readonly name: string;
  readonly type: string;
  readonly json?: string;
}

/** A stub or an object of senders. */
export interface ServerServiceModel {
  readonly isPush: boolean;
  readonly doc: readonly string[];
  /** `RoomComponent`, or `RoomEvents` for pushes. */
  readonly exportedName: string;
  /** `roomService`. */
  readonly definitionName: string;
  readonly routeName: string;
  readonly protoName: string;
  readonly methods: readonly ServerMethodModel[];
}

/** A method of a stub, or a sender. */
export interface ServerMethodModel {
  readonly doc: readonly string[];
  readonly name: string;
  readonly localName: string;
  readonly route: string;
  readonly code: number;
  readonly isNotify: boolean;
  /** What its argument is called and its type; absent when the message is google.protobuf.Empty. */
  readonly argument?: { readonly name: "request" | "message"; readonly type: string };
  /** `session: Session, request: JoinRequest`. */
  readonly parameters: string;
  /** `session, request`. */
  readonly passed: string;
  /** `Awaitable<JoinResponse>`, or `void` for a sender. */
  readonly result: string;
  /** Of a sender: the constant that describes the push, and what it sends. */
  readonly definitionName: string;
  readonly requestType: string;
  readonly requestCodec: string;
  readonly responseCodec: string;
  readonly order?: Order;
  readonly timeoutMs?: number;
  readonly rateLimit?: RateLimit;
  readonly boundOnly: boolean;
}

/** `RoomComponent`, or `RoomEvents` for pushes. */
export function serverExport(service: ServiceDeclaration): string {
  return service.kind === "PUSH" ? upperCamel(service.name) : `${upperCamel(service.name)}Component`;
}

/**
 * Decides what stands in a `.server.ts`.
 *
 * @param names the file's names, its exports among them already
 * @param codes route → code
 * @param json whether the codecs speak JSON too
 */
export function buildServerFile(
  output: string,
  services: readonly ServiceDeclaration[],
  names: Names,
  typeNames: TypeNames,
  codes: ReadonlyMap<string, number>,
  json: boolean,
): ServerFileModel {
  const imports = new Imports(names, output);
  const fromRuntime = (name: string, isUsed: boolean, isType: boolean): string =>
    isUsed ? imports.runtime("nanowire", name, isType) : "";
  const methods = services.flatMap((service) => service.methods);
  const handled = services.flatMap((service) => (service.kind === "HANDLER" ? service.methods : []));
  const hasHandlers = services.some((service) => service.kind === "HANDLER");
  const isHandling = handled.length > 0;
  const isPushing = methods.length > handled.length;
  const hasEmpty =
    methods.some((method) => method.request === undefined) || handled.some((method) => method.response === undefined);
  const hasMessage = methods.some((method) => method.request !== undefined || method.response !== undefined);

  const awaitable = fromRuntime("Awaitable", isHandling, true);
  const session = fromRuntime("Session", isHandling, true);
  const pushTarget = fromRuntime("PushTarget", isPushing, true);
  const emptyMessage = fromRuntime("emptyMessage", hasEmpty, false);
  const runtime: ServerRuntimeNames = {
    component: fromRuntime("Component", hasHandlers, false),
    defineMethod: fromRuntime("defineMethod", isHandling, false),
    serviceDefinition: fromRuntime("ServiceDefinition", hasHandlers, true),
    pushDefinition: fromRuntime("PushDefinition", isPushing, true),
    messageCodec: fromRuntime("MessageCodec", hasMessage, true),
    dictionary: hasHandlers ? imports.routes("dictionary") : "",
  };

  const codecs = new Map<string, CodecModel>();
  const typeOf = (typeName: string | undefined): string => {
    const type = typeName === undefined ? undefined : typeNames.get(typeName);
    return type === undefined ? "void" : imports.message(type);
  };
  // Types first: a message keeps its name before a constant gets one.
  for (const method of methods) {
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
    const codec = { name: names.claim(lowerCamel(local)), type: local, ...optional("json", jsonCodec) };
    codecs.set(typeName, codec);
    return codec.name;
  };

  const buildMethod = (service: ServiceDeclaration, method: MethodDeclaration): ServerMethodModel => {
    const isPush = service.kind === "PUSH";
    const code = codes.get(method.route) ?? 0;
    const requestType = typeOf(method.request);
    const argument =
      method.request === undefined
        ? undefined
        : ({ name: isPush || method.notify ? "message" : "request", type: requestType } as const);
    const first = isPush ? `target: ${pushTarget}` : `session: ${session}`;
    const note = isPush ? `Push \`${method.route}\`, code ${code}.` : serverNote(method, code);
    return {
      doc: docLines(method.comment, [note], method.deprecated),
      name: method.name,
      localName: method.localName,
      route: method.route,
      code,
      isNotify: method.notify,
      ...optional("argument", argument),
      parameters: argument === undefined ? first : `${first}, ${argument.name}: ${argument.type}`,
      passed: argument === undefined ? "session" : `session, ${argument.name}`,
      result: isPush ? "void" : `${awaitable}<${typeOf(method.response)}>`,
      definitionName: isPush ? names.claim(lowerCamel(service.name) + upperCamel(method.name)) : "",
      requestType,
      requestCodec: codecOf(method.request),
      responseCodec: isPush ? "" : codecOf(method.response),
      // The default order is left out.
      ...optional("order", method.order === "session" ? undefined : method.order),
      ...optional("timeoutMs", method.timeoutMs),
      ...optional("rateLimit", method.rateLimit),
      boundOnly: method.boundOnly,
    };
  };

  const models = services.map((service): ServerServiceModel => {
    const isPush = service.kind === "PUSH";
    const notes = isPush
      ? [`${serviceNote(service, "Generated from")}`.replace(/\.$/, ": pushes, each to a session or a group.")]
      : [
          "Extend it and hand an instance to `createServer({ components: [...] })`.",
          serviceNote(service, "Generated from"),
        ];
    return {
      isPush,
      doc: docLines(service.comment, notes, service.deprecated),
      exportedName: serverExport(service),
      definitionName: isPush ? "" : names.claim(`${lowerCamel(service.name)}Service`),
      routeName: service.route,
      protoName: service.protoName,
      methods: service.methods.map((method) => buildMethod(service, method)),
    };
  });
  return { imports: imports.toModel(), services: models, codecs: [...codecs.values()], runtime };
}
