import { type DescEnum, type DescField, type DescMessage, type FileRegistry, ScalarType } from "@bufbuild/protobuf";
import { isAnswered, type ProtocolModel } from "./protocol.js";

/** What the dissector's template is given. */
export interface DissectorModel {
  readonly dictVersion: string;
  /** The ports that are the protocol's in any case. */
  readonly ports: readonly number[];
  readonly routes: readonly DissectedRoute[];
  readonly messages: readonly DissectedMessage[];
  readonly enums: readonly DissectedEnum[];
}

/** A route of the dictionary. */
export interface DissectedRoute {
  readonly route: string;
  readonly code: number;
  /** The full name of what is sent, */
  readonly request: string;
  /** and of what is answered; empty where nothing is. */
  readonly response: string;
}

/** A message, and those that stand for the entries of its maps. */
export interface DissectedMessage {
  readonly name: string;
  readonly fields: readonly DissectedField[];
}

/** A field, as it is found on the wire. */
export interface DissectedField {
  readonly number: number;
  readonly name: string;
  /** What filters call it: `nanowire.chat.v1.JoinRequest.name`. */
  readonly filter: string;
  /** `string`, `sint32`, `message`, `group`, `enum`. */
  readonly kind: string;
  /** The full name of its message or enum; empty for another. */
  readonly type: string;
}

/** An enum. */
export interface DissectedEnum {
  readonly name: string;
  readonly values: readonly { readonly number: number; readonly name: string }[];
}

/** Makes of what is spoken what a dissector needs: the routes of clients, and every type that they reach. */
export function buildDissector(
  protocol: ProtocolModel,
  registry: FileRegistry,
  ports: readonly number[],
): DissectorModel {
  const routes = protocol.services
    .filter(({ kind }) => kind !== "REMOTE")
    .flatMap(({ methods }) => methods)
    .map((method): DissectedRoute => {
      const { route, code = 0, request, response } = method;
      return { route, code, request, response: isAnswered(method) ? response : "" };
    })
    .sort((a, b) => a.code - b.code);
  const types = new ReachedTypes();
  for (const name of routes.flatMap(({ request, response }) => [request, response])) {
    types.reach(registry.getMessage(name));
  }
  return { dictVersion: protocol.dictVersion, ports, routes, messages: types.messages, enums: types.enums };
}

class ReachedTypes {
  readonly #messages = new Map<string, DissectedMessage>();
  readonly #enums = new Map<string, DissectedEnum>();

  get messages(): readonly DissectedMessage[] {
    return sorted(this.#messages);
  }

  get enums(): readonly DissectedEnum[] {
    return sorted(this.#enums);
  }

  reach(message: DescMessage | undefined): void {
    if (message === undefined || this.#messages.has(message.typeName)) {
      return;
    }
    const fields: DissectedField[] = [];
    this.#messages.set(message.typeName, { name: message.typeName, fields });
    fields.push(...message.fields.map((field) => this.#fieldOf(message, field)));
  }

  #fieldOf(message: DescMessage, field: DescField): DissectedField {
    const about = { number: field.number, name: field.name, filter: `nanowire.${message.typeName}.${field.name}` };
    if (field.fieldKind === "map") {
      const entry = `${message.typeName}.${field.name} (entry)`;
      const filter = `${about.filter}.`;
      this.#messages.set(entry, {
        name: entry,
        fields: [
          { number: 1, name: "key", filter: `${filter}key`, kind: scalarNames[field.mapKey], type: "" },
          { number: 2, name: "value", filter: `${filter}value`, ...this.#kindOf(field) },
        ],
      });
      return { ...about, kind: "message", type: entry };
    }
    return { ...about, ...this.#kindOf(field) };
  }

  #kindOf({ message, enum: named, scalar, ...field }: DescField): Pick<DissectedField, "kind" | "type"> {
    if (message !== undefined) {
      this.reach(message);
      const isGroup = "delimitedEncoding" in field && field.delimitedEncoding;
      return { kind: isGroup ? "group" : "message", type: message.typeName };
    }
    if (named !== undefined) {
      this.#reachEnum(named);
      return { kind: "enum", type: named.typeName };
    }
    return { kind: scalarNames[scalar as ScalarType], type: "" };
  }

  #reachEnum({ typeName, values }: DescEnum): void {
    this.#enums.set(typeName, { name: typeName, values: values.map(({ number, name }) => ({ number, name })) });
  }
}

function sorted<T>(types: ReadonlyMap<string, T>): readonly T[] {
  return [...types].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, type]) => type);
}

const scalarNames: Readonly<Record<ScalarType, string>> = {
  [ScalarType.DOUBLE]: "double",
  [ScalarType.FLOAT]: "float",
  [ScalarType.INT64]: "int64",
  [ScalarType.UINT64]: "uint64",
  [ScalarType.INT32]: "int32",
  [ScalarType.FIXED64]: "fixed64",
  [ScalarType.FIXED32]: "fixed32",
  [ScalarType.BOOL]: "bool",
  [ScalarType.STRING]: "string",
  [ScalarType.BYTES]: "bytes",
  [ScalarType.UINT32]: "uint32",
  [ScalarType.SFIXED32]: "sfixed32",
  [ScalarType.SFIXED64]: "sfixed64",
  [ScalarType.SINT32]: "sint32",
  [ScalarType.SINT64]: "sint64",
};
