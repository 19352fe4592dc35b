import {
  create,
  createFileRegistry,
  type DescExtension,
  getExtension,
  hasExtension,
  type JsonObject,
  type JsonValue,
  type Registry,
  toJson,
} from "@bufbuild/protobuf";
import {
  type FileDescriptorProto,
  FileDescriptorSetSchema,
  type MethodOptions,
  type ServiceOptions,
} from "@bufbuild/protobuf/wkt";
import { optional } from "./optional.js";
import { TypeIndex } from "./type-index.js";

/** Where `nanowire/options.proto` puts its options, and the numbers of their fields: for their places in the source. */
export const optionField = {
  extension: 51217,
  service: {
    kind: 1,
    route: 2,
    order: 3,
    timeoutMs: 4,
    rateLimit: 5,
    boundOnly: 6,
    was: 7,
    maxPayloadBytes: 8,
    overload: 9,
    overflow: 10,
    shardKey: 11,
  },
  method: {
    notify: 1,
    route: 2,
    code: 3,
    order: 4,
    timeoutMs: 5,
    rateLimit: 6,
    boundOnly: 7,
    was: 8,
    maxPayloadBytes: 9,
    overload: 10,
    overflow: 11,
    shardKey: 12,
    reliable: 13,
  },
  overload: { policy: 1, maxWaiting: 2, key: 3 },
  overflow: { policy: 1, key: 2 },
} as const;

/** Who calls whom. */
export type ServiceKind = "HANDLER" | "PUSH" | "REMOTE";

/** What waits for what, as the runtime names it. */
export type Order = "session" | "service" | "none";

/** A token bucket: `messages` at once, filled again at the rate of `messages` in `perMs` milliseconds. */
export interface RateLimit {
  readonly messages: number;
  readonly perMs: number;
}

/** Who gives way when calls wait, as the .proto says it. What was not said is 0 or "". */
export interface OverloadChoice {
  readonly policy: "QUEUE" | "REFUSE" | "DROP_OLDEST" | "CONFLATE";
  readonly maxWaiting: number;
  /** As in the .proto: `unit_id`. */
  readonly key: string;
}

/** Who pays for a push that a client does not take, as the .proto says it. What was not said is "". */
export interface OverflowChoice {
  readonly policy: "CLOSE" | "DROP" | "CONFLATE";
  readonly key: string;
}

/** What a service's or a method's options have in common. What is absent was not said. */
export interface HandlingOptions {
  readonly route?: string;
  readonly order?: Order;
  readonly timeoutMs?: number;
  readonly rateLimit?: RateLimit;
  readonly boundOnly?: boolean;
  /** 0: as much as the server takes. */
  readonly maxPayloadBytes?: number;
  readonly overload?: OverloadChoice;
  readonly overflow?: OverflowChoice;
  /** As in the .proto: `match.id`. "": none. */
  readonly shardKey?: string;
  /** Earlier routes: whole ones of a method, first parts of a service. */
  readonly was: readonly string[];
}

/** `(nanowire.service)`. */
export interface ServiceChoices extends HandlingOptions {
  readonly kind: ServiceKind;
}

/** `(nanowire.method)`. */
export interface MethodChoices extends HandlingOptions {
  readonly notify: boolean;
  /** Absent or 0: not said. */
  readonly code?: number;
  readonly reliable: boolean;
}

const defaultPerMs = 1000;
const descriptorFile = "google/protobuf/descriptor.proto";
const optionsFile = "nanowire/options.proto";

/** Reads nanowire's options off descriptors. No generated code is needed: options.proto is among the compiled files. */
export class OptionReader {
  readonly #registry: Registry | undefined;
  readonly #service: DescExtension | undefined;
  readonly #method: DescExtension | undefined;
  /** The messages and enums of all files: options name their fields. */
  readonly types: TypeIndex;

  /**
   * @param files all compiled files; when none of them imports nanowire/options.proto, no option can be there
   */
  constructor(files: readonly FileDescriptorProto[]) {
    this.types = new TypeIndex(files);
    const needed = [descriptorFile, optionsFile].flatMap((name) => files.find((file) => file.name === name) ?? []);
    if (needed.some((file) => file.name === optionsFile)) {
      this.#registry = createFileRegistry(create(FileDescriptorSetSchema, { file: needed }));
      this.#service = this.#registry.getExtension("nanowire.service");
      this.#method = this.#registry.getExtension("nanowire.method");
    }
  }

  /** The options of a service. */
  service(options: ServiceOptions | undefined): ServiceChoices {
    const said = this.#read(options, this.#service);
    const kind = said["kind"];
    return { ...handling(said), kind: kind === "PUSH" || kind === "REMOTE" ? kind : "HANDLER" };
  }

  /** The options of a method. */
  method(options: MethodOptions | undefined): MethodChoices {
    const said = this.#read(options, this.#method);
    return {
      ...handling(said),
      notify: said["notify"] === true,
      ...optional("code", numberOf(said["code"])),
      reliable: said["reliable"] === true,
    };
  }

  /** The option's message as JSON: what is not said is not there. */
  #read(options: ServiceOptions | MethodOptions | undefined, extension: DescExtension | undefined): JsonObject {
    if (options === undefined || extension?.message === undefined || !hasExtension(options, extension)) {
      return {};
    }
    const value: unknown = getExtension(options, extension);
    return isMessage(value) ? objectOf(toJson(extension.message, value)) : {};
  }
}

function handling(said: JsonObject): HandlingOptions {
  const limit = said["rateLimit"];
  const rateLimit = limit === undefined ? undefined : objectOf(limit);
  return {
    ...optional("route", typeof said["route"] === "string" ? said["route"] : undefined),
    ...optional("order", orderOf(said["order"])),
    ...optional("timeoutMs", numberOf(said["timeoutMs"])),
    ...optional(
      "rateLimit",
      rateLimit && {
        messages: numberOf(rateLimit["messages"]) ?? 0,
        perMs: numberOf(rateLimit["perMs"]) ?? defaultPerMs,
      },
    ),
    ...optional("boundOnly", typeof said["boundOnly"] === "boolean" ? said["boundOnly"] : undefined),
    ...optional("maxPayloadBytes", numberOf(said["maxPayloadBytes"])),
    ...optional("overload", overloadOf(said["overload"])),
    ...optional("overflow", overflowOf(said["overflow"])),
    ...optional("shardKey", typeof said["shardKey"] === "string" ? said["shardKey"] : undefined),
    was: stringsOf(said["was"]),
  };
}

function orderOf(value: JsonValue | undefined): Order | undefined {
  switch (value) {
    case "SESSION":
      return "session";
    case "SERVICE":
      return "service";
    case "NONE":
      return "none";
    default:
      return undefined;
  }
}

function overloadOf(said: JsonValue | undefined): OverloadChoice | undefined {
  if (said === undefined) {
    return undefined;
  }
  const { policy, maxWaiting, key } = objectOf(said);
  return {
    policy: policy === "REFUSE" || policy === "DROP_OLDEST" || policy === "CONFLATE" ? policy : "QUEUE",
    maxWaiting: numberOf(maxWaiting ?? 0) ?? 0,
    key: textOf(key),
  };
}

function overflowOf(said: JsonValue | undefined): OverflowChoice | undefined {
  if (said === undefined) {
    return undefined;
  }
  const { policy, key } = objectOf(said);
  return { policy: policy === "DROP" || policy === "CONFLATE" ? policy : "CLOSE", key: textOf(key) };
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : "";
}

function numberOf(value: JsonValue | undefined): number | undefined {
  return typeof value === "number" ? value : undefined;
}

function stringsOf(value: JsonValue | undefined): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

function objectOf(value: JsonValue): JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
}

function isMessage(value: unknown): value is Parameters<typeof toJson>[1] {
  return typeof value === "object" && value !== null && "$typeName" in value;
}
