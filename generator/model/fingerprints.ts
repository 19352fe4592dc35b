import {
  type FieldDescriptorProto,
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
} from "@bufbuild/protobuf/wkt";
import { fieldForm, isInOneof } from "./features.js";
import type { ServiceKind } from "./options.js";
import type { MethodDeclaration } from "./services.js";
import type { IndexedMessage, TypeIndex } from "./type-index.js";

/** What of a method shows in its fingerprint. */
export type FingerprintedMethod = Pick<MethodDeclaration, "notify" | "request" | "response">;

const fingerprintDigits = 8;
/** Of the hashes inside of it. */
const shapeDigits = 32;
const empty = ".google.protobuf.Empty";

/**
 * Says in 8 hex digits how a method's calls are written: whoever has the same reads them alike. It is a hash of the kind of call and of the shapes
 * of its messages and all that these lead to: numbers, types, lists, maps, packing, and which fields exclude each other. What things are called,
 * where and in which order they are declared, does not matter; but for what JSON calls them, where clients may speak JSON.
 */
export class Fingerprints {
  readonly #hash: (text: string) => string;
  readonly #ofNodes: Shapes;
  readonly #ofClients: Shapes;

  /**
   * @param sha256Hex SHA-256 of a text's UTF-8, as hex digits
   * @param json whether clients may speak JSON
   */
  constructor(types: TypeIndex, sha256Hex: (text: string) => string, json: boolean) {
    this.#hash = sha256Hex;
    this.#ofNodes = new Shapes(types, sha256Hex, false);
    this.#ofClients = json ? new Shapes(types, sha256Hex, true) : this.#ofNodes;
  }

  /** A method's fingerprint; undefined for a push, which nobody forwards. */
  of(kind: ServiceKind, { notify, request, response }: FingerprintedMethod): string | undefined {
    if (kind === "PUSH") {
      return undefined;
    }
    const isClients = kind === "HANDLER";
    const shapes = isClients ? this.#ofClients : this.#ofNodes;
    const call = isClients ? (notify ? "notify" : "request") : notify ? "tell" : "call";
    const text = [call, shapes.of(request ?? empty), shapes.of(response ?? empty)].join("\n");
    return this.#hash(text).slice(0, fingerprintDigits);
  }
}

/** The shapes of messages, each a hash that is reckoned once. */
class Shapes {
  readonly #types: TypeIndex;
  readonly #hash: (text: string) => string;
  readonly #withNames: boolean;
  readonly #known = new Map<string, string>();
  readonly #enums = new Map<string, string>();
  /** The messages that are being looked at, in the order in which they were found, and the place of each in it. */
  readonly #open: string[] = [];
  readonly #places = new Map<string, number>();

  constructor(types: TypeIndex, sha256Hex: (text: string) => string, withNames: boolean) {
    this.#types = types;
    this.#hash = (text) => sha256Hex(text).slice(0, shapeDigits);
    this.#withNames = withNames;
  }

  /** @param typeName the full name of a message, with a dot before it */
  of(typeName: string): string {
    if (!this.#known.has(typeName)) {
      this.#visit(typeName);
    }
    return this.#known.get(typeName) ?? "";
  }

  /**
   * Tarjan's way to find the messages that lead to each other: all that a message leads to is known before it is.
   *
   * @returns the earliest of the open messages that it leads to
   */
  #visit(typeName: string): number {
    const place = this.#open.length;
    this.#places.set(typeName, place);
    this.#open.push(typeName);
    let earliest = place;
    for (const field of this.#types.message(typeName)?.descriptor.field ?? []) {
      if (isMessage(field) && !this.#known.has(field.typeName)) {
        earliest = Math.min(earliest, this.#places.get(field.typeName) ?? this.#visit(field.typeName));
      }
    }
    if (earliest === place) {
      this.#close(this.#open.splice(place));
    }
    return earliest;
  }

  /** Reckons the shapes of messages that all lead to each other, or of one that leads to itself or to none. */
  #close(circle: readonly string[]): void {
    const [first = ""] = circle;
    if (circle.length === 1) {
      this.#known.set(first, this.#hash(this.#text(first, noShapes)));
      this.#places.delete(first);
      return;
    }
    // At first they are all alike. Each round tells those apart whose fields are, and then those that lead to such.
    let shapes = noShapes;
    let texts = new Map<string, string>();
    let different = 0;
    let before: number;
    do {
      before = different;
      texts = new Map(circle.map((name) => [name, this.#text(name, shapes)]));
      shapes = new Map([...texts].map(([name, text]) => [name, this.#hash(text)]));
      different = new Set(shapes.values()).size;
    } while (different > before);
    // Rounds end before every one has heard of every other: all of them together make the difference.
    const whole = [...new Set(texts.values())].sort().join("\n");
    for (const [name, shape] of shapes) {
      this.#known.set(name, this.#hash(`${shape}\n${whole}`));
      this.#places.delete(name);
    }
  }

  /**
   * What a message's bytes may hold, a line a field.
   *
   * @param shapes those of the messages in its circle, as far as they are known
   */
  #text(typeName: string, shapes: ReadonlyMap<string, string>): string {
    const message = this.#types.message(typeName);
    // Google's own have a JSON of their own.
    let text = this.#withNames && isGoogles(typeName) ? `${typeName}\n` : "";
    for (const field of byNumber(message?.descriptor.field ?? [])) {
      text += message === undefined ? "" : `${this.#fieldText(field, message, typeName, shapes)}\n`;
    }
    return text;
  }

  #fieldText(
    field: FieldDescriptorProto,
    { descriptor, features }: IndexedMessage,
    typeName: string,
    shapes: ReadonlyMap<string, string>,
  ): string {
    const { isPacked, isDelimited, presence } = fieldForm(field, descriptor, typeName, features);
    const isList = field.label === FieldDescriptorProto_Label.REPEATED;
    let text = `${field.number} ${isList ? "list" : presence === "required" ? "required" : "one"}`;
    if (isMessage(field)) {
      const isMap = isList && this.#types.message(field.typeName)?.descriptor.options?.mapEntry === true;
      const shape = this.#known.get(field.typeName) ?? shapes.get(field.typeName) ?? "";
      text += ` ${isMap ? "map" : isDelimited ? "group" : "message"} ${shape}`;
    } else {
      text += ` ${field.type}${isList && isPacked && isPackable(field) ? " packed" : ""}`;
    }
    const first = firstOfOneof(field, descriptor.field);
    if (first !== undefined) {
      text += ` or ${first}`;
    }
    return this.#withNames ? `${text} as ${JSON.stringify(field.jsonName)}${this.#enumText(field.typeName)}` : text;
  }

  /** What JSON calls the values of an enum. */
  #enumText(typeName: string): string {
    const known = this.#enums.get(typeName);
    if (known !== undefined) {
      return known;
    }
    const values = (this.#types.enum(typeName)?.value ?? []).map(({ name, number }) => `${name}=${number}`).sort();
    const text = [...(isGoogles(typeName) ? [typeName] : []), ...values].map((word) => ` ${word}`).join("");
    this.#enums.set(typeName, text);
    return text;
  }
}

const noShapes: ReadonlyMap<string, string> = new Map();

/** Nearly all are declared in that order. */
function byNumber(fields: readonly FieldDescriptorProto[]): readonly FieldDescriptorProto[] {
  const isSorted = fields.every(({ number }, index) => index === 0 || (fields[index - 1]?.number ?? 0) < number);
  return isSorted ? fields : [...fields].sort((a, b) => a.number - b.number);
}

function isMessage({ type }: FieldDescriptorProto): boolean {
  return type === FieldDescriptorProto_Type.MESSAGE || type === FieldDescriptorProto_Type.GROUP;
}

function isPackable({ type }: FieldDescriptorProto): boolean {
  return type !== FieldDescriptorProto_Type.STRING && type !== FieldDescriptorProto_Type.BYTES;
}

/** The least number of the fields that a field excludes and is excluded by; undefined when there are none. */
function firstOfOneof(field: FieldDescriptorProto, fields: readonly FieldDescriptorProto[]): number | undefined {
  if (!isInOneof(field)) {
    return undefined;
  }
  const members = fields.filter((other) => isInOneof(other) && other.oneofIndex === field.oneofIndex);
  return members.length < 2 ? undefined : Math.min(...members.map(({ number }) => number));
}

function isGoogles(typeName: string): boolean {
  return typeName.startsWith(".google.protobuf.");
}
