import { formatPlace, type Place } from "../error.js";
import { didYouMean } from "../near.js";
import { type Declaration, readDeclarations } from "./declarations.js";
import { optionsFileName, type ProtoFile } from "./proto-files.js";

/** Google's types that services and messages use, and where they are. */
const googleTypes: Readonly<Record<string, string>> = {
  Any: "any",
  Duration: "duration",
  Empty: "empty",
  FieldMask: "field_mask",
  ListValue: "struct",
  NullValue: "struct",
  Struct: "struct",
  Timestamp: "timestamp",
  Value: "struct",
  ...Object.fromEntries(
    ["Bool", "Bytes", "Double", "Float", "Int32", "Int64", "String", "UInt32", "UInt64"].map((name) => [
      `${name}Value`,
      "wrappers",
    ]),
  ),
};

const scalarTypes =
  "bool bytes double fixed32 fixed64 float int32 int64 sfixed32 sfixed64 sint32 sint64 string uint32 uint64".split(" ");

/** Says what to write instead, where the compiler says only what is wrong. */
export class CompileHints {
  readonly #files: readonly ProtoFile[];
  readonly #optionsProto: Uint8Array;
  #declared: readonly Declaration[] | undefined;

  /** @param files what was compiled, beside nanowire's own options */
  constructor(files: readonly ProtoFile[], optionsProto: Uint8Array) {
    this.#files = files.filter(({ name }) => name !== optionsFileName);
    this.#optionsProto = optionsProto;
  }

  /**
   * What to add to what the compiler says, or "".
   *
   * @param place where, at the user's own path
   */
  of(message: string, place: Place): string {
    const [, twice] = /^`([\w.]+)` declared multiple times$/.exec(message) ?? [];
    const [, field, fieldOf] = /^cannot find message field `(\w+)` in `([\w.]+)`$/.exec(message) ?? [];
    const [, textOf] = /^cannot resolve message field name for `([\w.]+)`$/.exec(message) ?? [];
    const [, missing] = /^cannot find `\.?([\w.]+)` in this scope$/.exec(message) ?? [];
    if (twice !== undefined) {
      return this.#otherPlace(twice, place);
    }
    if (field !== undefined && fieldOf !== undefined) {
      return this.#nearField(field, fieldOf);
    }
    if (textOf !== undefined) {
      return this.#nearField(this.#textAt(place, /^(\w+)/), textOf);
    }
    if (message.startsWith("imported file does not exist")) {
      return this.#nearFile(this.#textAt(place, /"([^"\n]+)"|'([^'\n]+)'/));
    }
    return missing === undefined ? "" : this.#whereIs(missing);
  }

  get #all(): readonly Declaration[] {
    const own = { name: optionsFileName, path: optionsFileName, bytes: this.#optionsProto };
    this.#declared ??= [...this.#files, own].flatMap(readDeclarations);
    return this.#declared;
  }

  /** Of two things of one name the compiler tells one place. */
  #otherPlace(name: string, at: Place): string {
    const told = this.#all
      .filter(({ place, name: full }) => place.file === at.file && place.line === at.line && lastOf(full) === name)
      .sort((a, b) => Math.abs(a.place.column - at.column) - Math.abs(b.place.column - at.column))[0];
    const other = this.#all.find((declaration) => declaration !== told && declaration.name === told?.name);
    return other === undefined ? "" : `, also at ${formatPlace(other.place)}: rename one of them`;
  }

  #nearField(field: string, message: string): string {
    const fields = this.#all
      .filter(({ kind, name }) => kind === "field" && name === `${message}.${lastOf(name)}`)
      .map(({ name }) => lastOf(name));
    const known = fields.length === 0 ? "" : ` (known: ${fields.join(", ")})`;
    return didYouMean(field, fields) + known;
  }

  /** A name that is declared and not seen lacks an import, or its package; any other may be mistyped. */
  #whereIs(name: string): string {
    const types = this.#all.filter(({ kind }) => kind === "type");
    const google = /^google\.protobuf\.(\w+)$/.exec(name)?.[1] ?? "";
    const isOwnOption = name === "nanowire.method" || name === "nanowire.service";
    const file = Object.hasOwn(googleTypes, google)
      ? `google/protobuf/${googleTypes[google]}.proto`
      : isOwnOption
        ? optionsFileName
        : types.find((type) => type.name === name)?.file;
    if (file !== undefined) {
      return `: write \`import "${file}";\` above, if it is not there`;
    }
    const elsewhere = types.find((type) => type.name.endsWith(`.${name}`));
    if (elsewhere !== undefined) {
      return `: write \`${elsewhere.name}\`, and \`import "${elsewhere.file}";\` above, if it is not there`;
    }
    const ownValues = this.#all.filter(({ kind, file: of }) => kind === "value" && of === optionsFileName);
    const known = name.includes(".")
      ? [
          ...types.map((type) => type.name),
          ...Object.keys(googleTypes).map((type) => `google.protobuf.${type}`),
          "nanowire.method",
          "nanowire.service",
        ]
      : [...[...types, ...ownValues].map((declaration) => lastOf(declaration.name)), ...scalarTypes];
    return didYouMean(name, [...new Set(known)]);
  }

  #nearFile(name: string): string {
    const google = Object.values(googleTypes).map((file) => `google/protobuf/${file}.proto`);
    return didYouMean(name, [...new Set([...this.#files.map((file) => file.name), optionsFileName, ...google])]);
  }

  /** What stands at a place: the first group of the pattern that is there. */
  #textAt({ file, line, column }: Place, pattern: RegExp): string {
    const found = this.#files.find(({ path }) => path === file);
    const text = new TextDecoder().decode(found?.bytes).split("\n")[line - 1] ?? "";
    return (
      pattern
        .exec(text.slice(column - 1))
        ?.slice(1)
        .find((group) => group !== undefined) ?? ""
    );
  }
}

function lastOf(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1);
}
