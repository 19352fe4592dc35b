import {
  createFileRegistry,
  type DescEnum,
  type DescFile,
  type DescMessage,
  type FileRegistry,
  fromBinary,
} from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { NanowireError } from "../base/error.js";
import { noSuchName } from "../base/known-names.js";
import {
  type DescribedRoute,
  type Descriptors,
  type DescriptorsFile,
  readDescriptorsFile,
} from "../protocol/descriptors-file.js";

/** What a route is for. */
export type RouteKind = DescribedRoute["kind"];

/** What is known of what a server speaks: its routes, and the types of their messages. Either may be unknown. */
export class ProtocolBook {
  readonly registry: FileRegistry;
  /** Those that descriptors tell. */
  readonly #described: ReadonlyMap<string, DescribedRoute>;
  /** Those that somebody declared: they count more. */
  readonly #declared = new Map<string, DescribedRoute>();

  constructor(registry: FileRegistry = createFileRegistry(), routes: readonly DescribedRoute[] = []) {
    this.registry = registry;
    this.#described = new Map(routes.map((route) => [route.route, route]));
  }

  /**
   * Reads what `nanowire generate --descriptors FILE` writes, or the bytes of a google.protobuf.FileDescriptorSet, which tells types alone.
   *
   * @throws NanowireError `invalid_option`
   */
  static read(descriptors: Descriptors): ProtocolBook {
    if (descriptors instanceof Uint8Array && descriptors[0] === fileField) {
      return ProtocolBook.of({ dictVersion: "", routes: [], descriptorSet: descriptors });
    }
    return ProtocolBook.of(readDescriptorsFile(descriptors));
  }

  /** @throws NanowireError `invalid_option` for a descriptor set that is none */
  static of({ routes, descriptorSet }: DescriptorsFile): ProtocolBook {
    try {
      return new ProtocolBook(createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptorSet)), routes);
    } catch (cause) {
      const message = `the descriptors are no FileDescriptorSet: ${cause instanceof Error ? cause.message : cause}`;
      throw new NanowireError("invalid_option", message, { cause });
    }
  }

  /** The routes, sorted by name. */
  get routes(): readonly DescribedRoute[] {
    return [...new Map([...this.#described, ...this.#declared]).values()].sort((a, b) => (a.route < b.route ? -1 : 1));
  }

  /** The messages and enums of the files that were given, without Google's own. */
  get types(): readonly (DescMessage | DescEnum)[] {
    return [...this.registry.files].filter(({ name }) => !isGoogles(name)).flatMap(typesIn);
  }

  /** The route of that name; undefined when it is not known. */
  find(route: string): DescribedRoute | undefined {
    return this.#declared.get(route) ?? this.#described.get(route);
  }

  /**
   * Refuses a route that is not one of a kind. Where no descriptors tell routes, one that is not declared may be of any.
   *
   * @throws NanowireError `invalid_command`
   */
  assertKind(route: string, kind: RouteKind): void {
    const found = this.find(route);
    if (found === undefined && this.#described.size > 0) {
      const known = this.routes.filter((other) => other.kind === kind).map((other) => other.route);
      const what = noSuchName(`${kind} ${route}`, route, known);
      throw new NanowireError("invalid_command", `${what}; what the descriptors do not tell, declare tells`);
    }
    if (found !== undefined && found.kind !== kind) {
      throw new NanowireError("invalid_command", `${route} is ${kindWords[found.kind]}, no ${kind}`);
    }
  }

  /** @throws NanowireError `invalid_command` when there is none of that name */
  message(name: string): DescMessage {
    const message = this.registry.getMessage(name);
    if (message === undefined) {
      const known = this.types.filter(({ kind }) => kind === "message").map(({ typeName }) => typeName);
      throw new NanowireError("invalid_command", noSuchName(`message ${name}`, name, known));
    }
    return message;
  }

  /** Takes over what was declared to another book, as far as its types are known here, too. */
  takeDeclared(other: ProtocolBook): this {
    for (const [name, route] of other.#declared) {
      if ([route.request, route.response].every((type) => type === emptyType || this.registry.getMessage(type))) {
        this.#declared.set(name, route);
      }
    }
    return this;
  }

  /**
   * Takes in a route that nothing was known of, or something else.
   *
   * @throws NanowireError `invalid_command` when there is no such type
   */
  declare(route: string, kind: RouteKind, request: string, response: string): void {
    const names = [request, response].map((name) => (name === emptyType ? name : this.message(name).typeName));
    this.#declared.set(route, {
      route,
      kind,
      code: 0,
      request: names[0] as string,
      response: names[1] as string,
      boundOnly: false,
      deprecated: false,
      comment: "",
    });
  }
}

const kindWords: Readonly<Record<RouteKind, string>> = {
  request: "a request, which is answered (request ROUTE)",
  notify: "a notify, which is never answered (notify ROUTE)",
  push: "a push, which servers send (listen ROUTE)",
};

/** What stands for no value. Where no file imports it, it is not in the registry. */
export const emptyType = "google.protobuf.Empty";

/** Every FileDescriptorSet begins with it: field 1, length-delimited. JSON does not. */
const fileField = 0x0a;

function isGoogles(file: string): boolean {
  return /^(google|nanowire|buf)\//.test(file);
}

function typesIn(file: DescFile): (DescMessage | DescEnum)[] {
  const inside = (message: DescMessage): (DescMessage | DescEnum)[] => [
    message,
    ...message.nestedEnums,
    ...message.nestedMessages.filter(({ proto }) => proto.options?.mapEntry !== true).flatMap(inside),
  ];
  return [...file.messages.flatMap(inside), ...file.enums];
}
