import {
  type DescriptorProto,
  type FieldDescriptorProto,
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type as Type,
} from "@bufbuild/protobuf/wkt";
import type { Place } from "../error.js";
import { walkTypes } from "../model/messages.js";
import type { ServiceDeclaration, SourceFile } from "../model/services.js";
import { inMessage, type SourceIndex, type SourcePath } from "../model/source.js";
import { type Bounds, parseDirectives } from "./directives.js";
import { type LintRuleName, lintRules, mtuBytes } from "./rules.js";
import { estimateSize, headerBytes, type SizeSource } from "./size.js";

/** Something that a rule does not like. */
export interface Finding {
  /** One of nanowire's own rules, or of buf's. */
  readonly rule: string;
  readonly place: Place;
  readonly message: string;
}

/** A message of the user's, and where it stands. */
interface LintedMessage {
  /** With a dot before it. */
  readonly fullName: string;
  readonly descriptor: DescriptorProto;
  readonly source: SourceIndex;
  readonly path: SourcePath;
}

const fieldName = 1;
const inFile = { service: 6 } as const;
const inService = { method: 2 } as const;
const enumLike = /^(?:.*_)?(?:kind|type|state|status|mode)$/;
/** Where buf and protoc put messages that no one wrote: the entries of maps. */
const isMapEntry = (message: DescriptorProto): boolean => message.options?.mapEntry === true;

/**
 * Holds .proto files against nanowire's own rules.
 *
 * @param files the user's files
 * @param services the services of each, in the same order
 */
export function lintFiles(
  files: readonly SourceFile[],
  services: readonly (readonly ServiceDeclaration[])[],
): Finding[] {
  return new Linter(files, services).run();
}

class Linter {
  readonly #files: readonly SourceFile[];
  readonly #services: readonly (readonly ServiceDeclaration[])[];
  readonly #messages = new Map<string, LintedMessage>();
  readonly #byDescriptor = new Map<DescriptorProto, LintedMessage>();
  readonly #findings: Finding[] = [];

  constructor(files: readonly SourceFile[], services: readonly (readonly ServiceDeclaration[])[]) {
    this.#files = files;
    this.#services = services;
    for (const { descriptor, source } of files) {
      const prefix = descriptor.package === "" ? "" : `.${descriptor.package}`;
      walkTypes(descriptor, (names, type, path) => {
        if ("field" in type) {
          const fullName = `${prefix}.${names.join(".")}`;
          const message = { fullName, descriptor: type, source, path };
          this.#messages.set(fullName, message);
          this.#byDescriptor.set(type, message);
        }
      });
    }
  }

  run(): Finding[] {
    for (const [index, { source }] of this.#files.entries()) {
      this.#checkDirectives(source);
      for (const [serviceIndex, service] of (this.#services[index] ?? []).entries()) {
        this.#checkService(source, service, serviceIndex);
      }
    }
    const pushed = this.#pushedMessages();
    for (const message of this.#messages.values()) {
      if (!isMapEntry(message.descriptor)) {
        this.#checkGaps(message);
        this.#checkFields(message, pushed.has(message.fullName));
      }
    }
    return this.#findings;
  }

  #checkDirectives(source: SourceIndex): void {
    for (const { path, lines } of source.allDirectives()) {
      for (const fault of parseDirectives(lines).faults) {
        this.#tell("LINT_DIRECTIVE", source, path, path, fault);
      }
    }
  }

  #checkService(source: SourceIndex, service: ServiceDeclaration, serviceIndex: number): void {
    for (const [methodIndex, method] of service.methods.entries()) {
      const path = [inFile.service, serviceIndex, inService.method, methodIndex];
      const response = method.response === undefined ? undefined : this.#messages.get(method.response);
      if (service.kind !== "PUSH" && response?.descriptor.field.length === 0) {
        const message = `${method.name} returns ${response.fullName.slice(1)}, which has no field`;
        this.#tell("EMPTY_RESPONSE", source, path, [...path, 3], message);
      }
      if (service.kind === "PUSH" && method.request !== undefined) {
        const size = estimateSize(method.request, this.#sizes());
        const bytes = headerBytes + size.bytes;
        if (bytes > mtuBytes) {
          const largest = [...size.fields].sort((a, b) => b.bytes - a.bytes)[0];
          const most = largest === undefined ? "" : `, ${largest.bytes} of them ${largest.name}`;
          this.#tell(
            "PUSH_OVER_MTU",
            source,
            path,
            [...path, fieldName],
            `${method.name} is about ${bytes} bytes${most}`,
          );
        }
      }
    }
  }

  /** Every message that a push holds, at any depth. */
  #pushedMessages(): ReadonlySet<string> {
    const pushes = this.#services.flat().filter(({ kind }) => kind === "PUSH");
    const reached = new Set<string>();
    const open = pushes.flatMap(({ methods }) => methods.flatMap(({ request }) => request ?? []));
    for (let name = open.pop(); name !== undefined; name = open.pop()) {
      const message = this.#messages.get(name);
      if (message !== undefined && !reached.has(name)) {
        reached.add(name);
        open.push(...message.descriptor.field.map(({ typeName }) => typeName));
      }
    }
    return reached;
  }

  #checkGaps({ descriptor, source, path }: LintedMessage): void {
    const numbers = new Set(descriptor.field.map(({ number }) => number));
    const kept = [...descriptor.reservedRange, ...descriptor.extensionRange];
    const gaps: [number, number][] = [];
    let next = 1;
    for (const number of [...numbers].sort((a, b) => a - b)) {
      for (let from = next; from < number; from++) {
        const range = kept.find(({ start, end }) => start <= from && from < end);
        if (range !== undefined) {
          from = range.end - 1;
          continue;
        }
        const ends = kept.map(({ start }) => start).filter((start) => start > from);
        const to = Math.min(number, ...ends) - 1;
        gaps.push([from, to]);
        from = to;
      }
      next = number + 1;
    }
    if (gaps.length > 0) {
      const text = gaps.map(([from, to]) => (from === to ? `${from}` : `${from} to ${to}`)).join(", ");
      this.#tell(
        "FIELD_NUMBER_GAP",
        source,
        path,
        [...path, inMessage.name],
        `${descriptor.name} leaves out ${text}: write \`reserved ${text};\``,
      );
    }
  }

  #checkFields(message: LintedMessage, isPushed: boolean): void {
    for (const [index, field] of message.descriptor.field.entries()) {
      const path = [...message.path, inMessage.field, index];
      const tell = (rule: LintRuleName, text: string): void =>
        this.#tell(rule, message.source, path, [...path, fieldName], text);
      const holds = this.#contents(field);
      if (field.type === Type.STRING && enumLike.test(field.name)) {
        tell("STRING_FOR_ENUM", `${field.name} is a string`);
      }
      if (isPushed && holds === Type.DOUBLE) {
        tell("PUSH_DOUBLE", `${field.name} is a double, in a message that is pushed`);
      }
      const isRepeated = field.label === FieldDescriptorProto_Label.REPEATED;
      const isUnbounded = isRepeated || field.type === Type.STRING || field.type === Type.BYTES;
      if (isPushed && isUnbounded && this.#bounds(message, index) === undefined) {
        const what = isRepeated ? "any number of items" : "any number of bytes";
        tell("PUSH_UNBOUNDED", `${field.name} may hold ${what}, in a message that is pushed`);
      }
    }
  }

  /** The type of a field, or of the values of a map. */
  #contents(field: FieldDescriptorProto): Type {
    const entry = this.#messages.get(field.typeName)?.descriptor;
    const value = entry !== undefined && isMapEntry(entry) ? entry.field.find(({ number }) => number === 2) : undefined;
    return (value ?? field).type;
  }

  #bounds({ source, path }: LintedMessage, index: number): Bounds | undefined {
    return parseDirectives(source.directives([...path, inMessage.field, index])).bounds;
  }

  #sizes(): SizeSource {
    return {
      message: (typeName) => this.#messages.get(typeName)?.descriptor,
      bounds: (descriptor, field) => {
        const message = this.#byDescriptor.get(descriptor);
        return message === undefined ? undefined : this.#bounds(message, descriptor.field.indexOf(field));
      },
    };
  }

  /** A finding, unless a comment on the thing, or on what it stands in, says to ignore it. */
  #tell(rule: LintRuleName, source: SourceIndex, path: SourcePath, at: SourcePath, message: string): void {
    for (let length = path.length; length > 0; length--) {
      if (parseDirectives(source.directives(path.slice(0, length))).ignored.has(rule)) {
        return;
      }
    }
    const { why, instead } = lintRules[rule];
    this.#findings.push({ rule, place: source.place(at), message: `${message}. ${why} ${instead}` });
  }
}
