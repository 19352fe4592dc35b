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
  readonly #routes: Map<string, DescribedRoute>;

  constructor(registry: FileRegistry = createFileRegistry(), routes: readonly DescribedRoute[] = []) {
    this.registry = registry;
    this.#routes = new Map(routes.map((route) => [route.route, route]));
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
    return [...this.#routes.values()].sort((a, b) => (a.route < b.route ? -1 : 1));
  }

  /** The messages and enums of the files that were given, without Google's own. */
  get types(): readonly (DescMessage | DescEnum)[] {
    return [...this.registry.files].filter(({ name }) => !isGoogles(name)).flatMap(typesIn);
  }

  /** The route of that name; undefined when it is not known. */
  find(route: string): DescribedRoute | undefined {
    return this.#routes.get(route);
  }

  /** @throws NanowireError `invalid_command` when there are types, and none of that name */
  message(name: string): DescMessage {
    const message = this.registry.getMessage(name);
    if (message === undefined) {
      const known = this.types.filter(({ kind }) => kind === "message").map(({ typeName }) => typeName);
      throw new NanowireError("invalid_command", noSuchName(`message ${name}`, name, known));
    }
    return message;
  }

  /**
   * Takes in a route that nothing was known of, or something else.
   *
   * @throws NanowireError `invalid_command` when there is no such type
   */
  declare(route: string, kind: RouteKind, request: string, response: string): void {
    const names = [request, response].map((name) => (name === emptyType ? name : this.message(name).typeName));
    this.#routes.set(route, {
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
