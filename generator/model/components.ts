import type { Place } from "../error.js";
import type { TypeName, TypeNames } from "./messages.js";
import { methodName, upperCamel } from "./names.js";
import { optional } from "./optional.js";
import type { RoutesLock } from "./routes-lock.js";
import { serverExports } from "./server-file.js";
import type { ServiceDeclaration } from "./services.js";

/** A service that a class stands for: one of clients, or one between nodes. */
export type ComponentKind = "HANDLER" | "REMOTE";

/** What the class of a HANDLER or REMOTE service has to have: `nanowire sync` holds the user's classes against it. */
export interface ComponentModel {
  readonly kind: ComponentKind;
  /** `chat.v1.Room`. */
  readonly protoName: string;
  /** Where the service's name stands. */
  readonly place: Place;
  /** The class to extend: `RoomComponent`, or `RoomRemote`. */
  readonly baseName: string;
  /** The class that there would be to extend if the service were of the other kind. */
  readonly otherBaseName: string;
  /** The module that exports it: `chat/v1/room.server`, relative to the folder of generated files, without ending. */
  readonly baseModule: string;
  /** What a new class is called: `Room`. */
  readonly className: string;
  /** The file of a new class: `room.ts`. */
  readonly fileName: string;
  readonly comment: readonly string[];
  /** In the order of the .proto. */
  readonly methods: readonly ComponentMethodModel[];
  /** Methods of rpcs that the lock remembers and the .proto has no more: method → route. It remembers none of a remote's. */
  readonly removed: readonly { readonly localName: string; readonly route: string }[];
}

/** Where a message is generated, and what it is called there. */
export type TypeReference = Pick<TypeName, "module" | "name">;

/** A method of a component. */
export interface ComponentMethodModel {
  /** `Join`. */
  readonly name: string;
  /** `join`. */
  readonly localName: string;
  readonly route: string;
  /** Where the rpc's name stands. */
  readonly place: Place;
  /** Absent when the request is google.protobuf.Empty. */
  readonly argument?: { readonly name: "request" | "message"; readonly type: TypeReference };
  /** Absent when the response is google.protobuf.Empty. */
  readonly response?: TypeReference;
}

/** The other kind of services that a class stands for. */
export function otherKind(kind: ComponentKind): ComponentKind {
  return kind === "HANDLER" ? "REMOTE" : "HANDLER";
}

/**
 * Decides what the classes of the HANDLER and REMOTE services of one file have to have.
 *
 * @param baseModule the module of their stubs: `chat/v1/room.server`
 */
export function buildComponents(
  baseModule: string,
  services: readonly ServiceDeclaration[],
  typeNames: TypeNames,
  lock: RoutesLock,
): ComponentModel[] {
  const typeOf = (name: string | undefined): TypeReference | undefined => {
    const type = name === undefined ? undefined : typeNames.get(name);
    return type && { module: type.module, name: type.name };
  };
  return services.flatMap((service): ComponentModel[] => {
    const { kind } = service;
    if (kind === "PUSH") {
      return [];
    }
    const component: ComponentModel = {
      kind,
      protoName: service.protoName,
      place: service.place,
      baseName: serverExports(service)[0],
      otherBaseName: serverExports({ ...service, kind: otherKind(kind) })[0],
      baseModule,
      className: upperCamel(service.name),
      fileName: `${kebabCase(service.name)}.ts`,
      comment: service.comment,
      methods: service.methods.map((method) => {
        const type = typeOf(method.request);
        const argument = type && { name: method.notify ? ("message" as const) : ("request" as const), type };
        return {
          name: method.name,
          localName: method.localName,
          route: method.route,
          place: method.place,
          ...optional("argument", argument),
          ...optional("response", typeOf(method.response)),
        };
      }),
      removed: removedMethods(service, lock),
    };
    return [component];
  });
}

/** Gives services of one name, in several packages, files of different names: `chat-v1-room.ts`. */
export function separateFileNames(components: readonly ComponentModel[]): ComponentModel[] {
  const counts = new Map<string, number>();
  for (const { fileName } of components) {
    counts.set(fileName, (counts.get(fileName) ?? 0) + 1);
  }
  return components.map((component) =>
    counts.get(component.fileName) === 1
      ? component
      : { ...component, fileName: `${kebabCase(component.protoName)}.ts` },
  );
}

function removedMethods(service: ServiceDeclaration, lock: RoutesLock): ComponentModel["removed"] {
  const declared = new Set(service.methods.map(({ route }) => route));
  const taken = new Set(service.methods.map(({ localName }) => localName));
  const prefix = `${service.route}.`;
  return [...lock.routes.keys(), ...lock.removed.keys()]
    .filter((route) => route.startsWith(prefix) && !route.slice(prefix.length).includes(".") && !declared.has(route))
    .map((route) => ({ localName: methodName(route.slice(prefix.length)), route }))
    .filter(({ localName }) => !taken.has(localName))
    .sort((a, b) => (a.route < b.route ? -1 : 1));
}

/** `RoomEvents`, `room_events`, `chat.v1.HTTPGate` → `room-events`, `room-events`, `chat-v1-http-gate`. */
export function kebabCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1-$2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1-$2")
    .replace(/[^A-Za-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .toLowerCase();
}
