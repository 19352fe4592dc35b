import { clientNote, docLines, serviceNote } from "./doc.js";
import { type ImportModel, Imports } from "./imports.js";
import type { TypeNames } from "./messages.js";
import { lowerCamel, type Names, upperCamel } from "./names.js";
import type { MethodDeclaration, ServiceDeclaration } from "./services.js";

/** `room.client.ts`: proxies to call and to listen with. */
export interface ClientFileModel {
  readonly imports: readonly ImportModel[];
  /** In the order of the .proto. */
  readonly services: readonly ClientServiceModel[];
  /** What the file calls things of the runtime that its text names; "" for one that it does not use. */
  readonly runtime: {
    readonly connection: string;
    readonly method: string;
    readonly push: string;
    readonly unsubscribe: string;
  };
}

/** A proxy. */
export interface ClientServiceModel {
  readonly isPush: boolean;
  readonly doc: readonly string[];
  /** `RoomClient`. */
  readonly exportedName: string;
  readonly methods: readonly ClientMethodModel[];
}

/** A method of a proxy. */
export interface ClientMethodModel {
  readonly doc: readonly string[];
  /** `join`, or `onJoined` for a push. */
  readonly localName: string;
  /** The constant that describes it. */
  readonly definitionName: string;
  readonly route: string;
  readonly code: number;
  readonly isNotify: boolean;
  /** `request: JoinRequest, options?: CallOptions`, or for a push what its listener takes: `message: UserJoined`. */
  readonly parameters: string;
  /** What goes to the connection: `request`, or `undefined` for google.protobuf.Empty. */
  readonly passed: string;
  readonly requestType: string;
  readonly responseType: string;
  readonly requestCodec: string;
  readonly responseCodec: string;
}

/** `RoomClient`. */
export function clientExport(service: ServiceDeclaration): string {
  return `${upperCamel(service.name)}Client`;
}

/**
 * Decides what stands in a `.client.ts`.
 *
 * @param services those that a client knows of: none of kind REMOTE
 * @param names the file's names, its exports among them already
 * @param codes route → code
 * @param suffix what stands after the name of an imported file
 */
export function buildClientFile(
  output: string,
  services: readonly ServiceDeclaration[],
  names: Names,
  typeNames: TypeNames,
  codes: ReadonlyMap<string, number>,
  suffix: string,
): ClientFileModel {
  const imports = new Imports(names, output, suffix);
  const fromRuntime = (name: string, isUsed: boolean, isType: boolean): string =>
    isUsed ? imports.runtime("nanowire/client", name, isType) : "";
  const called = services.flatMap((service) => (service.kind === "HANDLER" ? service.methods : []));
  const pushed = services.flatMap((service) => (service.kind === "PUSH" ? service.methods : []));
  const hasEmpty =
    called.some((method) => method.request === undefined || method.response === undefined) ||
    pushed.some((method) => method.request === undefined);
  const callOptions = fromRuntime(
    "CallOptions",
    called.some((method) => !method.notify),
    true,
  );
  const emptyCodec = fromRuntime("emptyCodec", hasEmpty, false);
  const runtime = {
    connection: fromRuntime("ClientConnection", true, true),
    method: fromRuntime("ClientMethod", called.length > 0, true),
    push: fromRuntime("ClientPush", pushed.length > 0, true),
    unsubscribe: fromRuntime("Unsubscribe", pushed.length > 0, true),
  };
  const typeOf = (typeName: string | undefined): string => {
    const type = typeName === undefined ? undefined : typeNames.get(typeName);
    return type === undefined ? "void" : imports.message(type);
  };
  const codecOf = (typeName: string | undefined): string => (typeName === undefined ? emptyCodec : typeOf(typeName));
  // Types first: a message keeps its name before a constant gets one.
  for (const service of services) {
    for (const method of service.methods) {
      typeOf(method.request);
      if (service.kind === "HANDLER") {
        typeOf(method.response);
      }
    }
  }

  const buildMethod = (service: ServiceDeclaration, method: MethodDeclaration): ClientMethodModel => {
    const isPush = service.kind === "PUSH";
    const argument = isPush || method.notify ? "message" : "request";
    const parameters: string[] = [];
    if (method.request !== undefined) {
      parameters.push(`${argument}: ${typeOf(method.request)}`);
    }
    if (!isPush && !method.notify) {
      parameters.push(`options?: ${callOptions}`);
    }
    const note = isPush
      ? `Push \`${method.route}\`. The function that is returned ends the listening.`
      : clientNote(method);
    return {
      doc: docLines(method.comment, [note], method.deprecated),
      localName: isPush ? `on${upperCamel(method.name)}` : method.localName,
      definitionName: names.claim(lowerCamel(service.name) + upperCamel(method.name)),
      route: method.route,
      code: codes.get(method.route) ?? 0,
      isNotify: method.notify,
      parameters: parameters.join(", "),
      passed: method.request === undefined ? "undefined" : argument,
      requestType: typeOf(method.request),
      responseType: typeOf(method.response),
      requestCodec: codecOf(method.request),
      responseCodec: codecOf(method.response),
    };
  };

  const models = services.map((service): ClientServiceModel => {
    const isPush = service.kind === "PUSH";
    return {
      isPush,
      doc: docLines(service.comment, [serviceNote(service, isPush ? "Listens to" : "Calls")], service.deprecated),
      exportedName: clientExport(service),
      methods: service.methods.map((method) => buildMethod(service, method)),
    };
  });
  return { imports: imports.toModel(), services: models, runtime };
}
