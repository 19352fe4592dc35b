import fc, { type GeneratorValue } from "fast-check";

/** A tree of .proto files: path → text. */
export type ProtoTree = Readonly<Record<string, string>>;

/** What a random tree may hold. */
export interface TreeSettings {
  /** The folder of its files, and the beginning of its packages: trees of other prefixes can stand beside it. */
  readonly prefix: string;
  readonly services: boolean;
}

type Syntax = "proto2" | "proto3" | "2023" | "2024";

/** A type that a field can have. */
interface KnownType {
  readonly kind: "message" | "enum";
  readonly fullName: string;
  readonly file: string;
  /** Of an enum. */
  readonly isOpen: boolean;
  readonly values: readonly string[];
  /** Of an enum: whether its first value is 0. */
  readonly startsAtZero: boolean;
}

interface KnownFile {
  readonly path: string;
  /** This file, and what it imports publicly. */
  readonly exported: readonly string[];
}

const typeNames =
  "Room User Session Error Object Promise Component message_a fooBar FOO Foo_Bar Date Function Timestamp Empty Request Message BinaryWriter BinaryReader DeepPartial Foo1 User1 Foo Class constructor then toString Any type of Struct Value Symbol Kind Handler Dictionary Codec CallOptions Server Connection _1 A_ a__b hasOwnProperty prototype createBaseRoom fooFromJSON Proxy JSON Number Boolean RegExp Buffer Uint8Array1 async self window".split(
    " ",
  );
const fieldNames =
  "a id name class constructor __proto__ prototype foo_bar FOO_BAZ fooBar2 _x x_ x__y _1 then message writer reader length end tag value key await default toString to_json in case input object obj v i result delete new this undefined null NaN json_value a1b2 A aB_cD some_ID let static yield enum".split(
    " ",
  );
const methodNames =
  "Join Say init Init Shutdown Then constructor close Close on OnSay Connect toString ToJSON __proto__ valueOf class delete await Request notify push Dispose hasOwnProperty say_hello GetURL _1 prototype name length call apply bind arguments".split(
    " ",
  );
const folders = ["", "a/", "a/b/", "class/", "google/", "node_modules_/"];
const fileNames = ["room", "index", "types", "class", "con.fig", "a-b", "constructor", "__proto__", "json", "1"];
const subPackages = ["", ".v1", ".class", ".foo_bar.v2", ".constructor"];
const comments = [
  "",
  "",
  "",
  "// Plain.",
  "// */ \u0024{x} ` {{evil}}",
  "/* block * / */",
  "// @deprecated \u2028 x",
  "/** Java\n * doc\n */",
];
const scalars =
  "double float int32 int64 uint32 uint64 sint32 sint64 fixed32 fixed64 sfixed32 sfixed64 bool string bytes".split(" ");
const longs = new Set("int64 uint64 sint64 fixed64 sfixed64".split(" "));
const mapKeys = "int32 int64 uint32 uint64 sint32 sint64 fixed32 fixed64 sfixed32 sfixed64 bool string".split(" ");
const unpackable = new Set(["string", "bytes"]);
/** Google's messages that may be used with JSON codecs, by the file that has them. */
const googleTypes = new Map([
  ["Timestamp", "timestamp"],
  ["Struct", "struct"],
  ["Value", "struct"],
  ["ListValue", "struct"],
  ["StringValue", "wrappers"],
  ["Int64Value", "wrappers"],
  ["BoolValue", "wrappers"],
  ["DoubleValue", "wrappers"],
  ["FloatValue", "wrappers"],
  ["UInt64Value", "wrappers"],
  ["BytesValue", "wrappers"],
  ["Duration", "duration"],
  ["FieldMask", "field_mask"],
  ["Empty", "empty"],
]);
const numbers = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 100, 2047, 2048, 18999, 20000, 536870911];

/** A random tree that buf compiles. */
export function randomTree(settings: TreeSettings): fc.Arbitrary<ProtoTree> {
  return fc.gen().map((g) => new TreeWriter(g, settings).write());
}

class TreeWriter {
  readonly #g: GeneratorValue;
  readonly #settings: TreeSettings;
  readonly #types: KnownType[] = [];
  readonly #files: KnownFile[] = [];

  constructor(g: GeneratorValue, settings: TreeSettings) {
    this.#g = g;
    this.#settings = settings;
  }

  write(): ProtoTree {
    const tree: Record<string, string> = {};
    const count = this.#int(1, 4);
    for (let index = 0; index < count; index++) {
      const path = `${this.#settings.prefix}/${this.#pick(folders)}${this.#pick(fileNames)}${index}.proto`;
      tree[path] = this.#file(path, index);
    }
    return tree;
  }

  #int(min: number, max: number): number {
    return this.#g(fc.integer, { min, max });
  }

  #pick<T>(values: readonly T[]): T {
    const value = values[this.#int(0, values.length - 1)];
    if (value === undefined) {
      throw new Error("nothing to pick from");
    }
    return value;
  }

  #chance(percent: number): boolean {
    return this.#int(1, 100) <= percent;
  }

  /** Takes names that are not taken in a scope: protoc compares some of them without case and underscores. */
  #name(names: readonly string[], taken: Set<string>): string {
    const wanted = this.#pick(names);
    for (let number = 0; ; number++) {
      const name = number === 0 ? wanted : `${wanted}${String.fromCharCode(96 + number).repeat(2)}`;
      const folded = name.toLowerCase().replaceAll("_", "");
      if (!taken.has(folded) && folded !== "") {
        taken.add(folded);
        return name;
      }
    }
  }

  #file(path: string, index: number): string {
    const syntax = this.#pick<Syntax>(["proto3", "proto3", "proto2", "2023", "2024"]);
    const packageName = `${this.#settings.prefix}.f${index}${this.#pick(subPackages)}`;
    const imported = this.#files.filter(() => this.#chance(60));
    const exported = new Set([path]);
    const imports = imported.map((file) => {
      const isPublic = this.#chance(30);
      for (const name of isPublic ? file.exported : []) {
        exported.add(name);
      }
      return `import ${isPublic ? "public " : ""}"${file.path}";`;
    });
    const visible = new Set([path, ...imported.flatMap((file) => file.exported)]);
    const file: FileContext = {
      path,
      syntax,
      packageName,
      visible,
      taken: new Set(),
      google: new Set(),
      implicit: false,
    };
    const isEdition = syntax === "2023" || syntax === "2024";
    const options: string[] = [];
    if (isEdition && this.#chance(25)) {
      options.push("option features.field_presence = IMPLICIT;");
      file.implicit = true;
    }
    if (isEdition && this.#chance(20)) {
      options.push("option features.repeated_field_encoding = EXPANDED;");
    }
    if (isEdition && this.#chance(20)) {
      options.push("option features.utf8_validation = NONE;");
    }
    if (syntax === "2024") {
      options.push("option features.enforce_naming_style = STYLE_LEGACY;");
      options.push("option features.default_symbol_visibility = EXPORT_ALL;");
    }
    if (this.#chance(5)) {
      options.push("option deprecated = true;");
    }
    const body: string[] = [];
    const enums = this.#int(0, 2);
    for (let count = 0; count < enums; count++) {
      body.push(...this.#enum(file, packageName, file.taken, ""));
    }
    const messages = this.#int(1, 4);
    for (let count = 0; count < messages; count++) {
      body.push(...this.#message(file, packageName, file.taken, 0, ""));
    }
    const services = this.#settings.services ? this.#int(0, 2) : 0;
    for (let count = 0; count < services; count++) {
      body.push(...this.#service(file, count));
    }
    this.#files.push({ path, exported: [...exported] });
    const google = [...file.google].map((name) => `import "google/protobuf/${name}.proto";`);
    return [
      ...this.#comment(""),
      isEdition ? `edition = "${syntax}";` : `syntax = "${syntax}";`,
      `package ${packageName};`,
      ...imports,
      ...google,
      ...(services > 0 ? ['import "nanowire/options.proto";'] : []),
      ...[...new Set(options)],
      ...body,
      "",
    ].join("\n");
  }

  #comment(indent: string): string[] {
    const comment = this.#pick(comments);
    return comment === "" ? [] : comment.split("\n").map((line) => indent + line);
  }

  #enum(file: FileContext, scope: string, taken: Set<string>, indent: string): string[] {
    const name = this.#name(typeNames, taken);
    const isEdition = file.syntax === "2023" || file.syntax === "2024";
    const saysClosed = isEdition && this.#chance(20);
    const isOpen = file.syntax === "proto3" || (isEdition && !saysClosed);
    const startsAtZero = isOpen || this.#chance(60);
    const count = this.#int(1, 4);
    const values: string[] = [];
    const lines: string[] = [];
    const pool = ["UNSPECIFIED", "RED", "green", "delete", "string", "2D", "None", "name", "class", "A", "type"];
    const hasPrefix = this.#chance(70);
    const ends = new Set<string>();
    const prefix = name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toUpperCase();
    for (let index = 0; index < count; index++) {
      const end = this.#name(pool, ends);
      // Values share the scope of their enum.
      const value = hasPrefix ? `${prefix}_${end}` : /^\d/.test(end) ? `N${end}` : end;
      if (taken.has(value.toLowerCase().replaceAll("_", ""))) {
        continue;
      }
      taken.add(value.toLowerCase().replaceAll("_", ""));
      values.push(value);
      const number = values.length === 1 ? (startsAtZero ? 0 : 3) : this.#pick([10, 100, -100, 2147483000]) + index;
      lines.push(...this.#comment(`${indent}  `), `${indent}  ${value} = ${number}${this.#deprecated()};`);
    }
    if (values.length === 0) {
      const value = `${prefix}_VALUE_${taken.size}`;
      taken.add(value.toLowerCase().replaceAll("_", ""));
      values.push(value);
      lines.push(`${indent}  ${value} = ${startsAtZero ? 0 : 3};`);
    }
    const fullName = `${scope}.${name}`;
    this.#types.push({ kind: "enum", fullName, file: file.path, isOpen, values, startsAtZero });
    const closed = saysClosed ? [`${indent}  option features.enum_type = CLOSED;`] : [];
    return [...this.#comment(indent), `${indent}enum ${name} {`, ...closed, ...lines, `${indent}}`];
  }

  #deprecated(): string {
    return this.#chance(8) ? " [deprecated = true]" : "";
  }

  #message(file: FileContext, scope: string, outer: Set<string>, depth: number, indent: string): string[] {
    const name = this.#name(typeNames, outer);
    const fullName = `${scope}.${name}`;
    this.#types.push(messageType(fullName, file.path));
    const inner = `${indent}  `;
    const lines: string[] = [];
    const context: MessageContext = { file, fullName, taken: new Set(), free: [...numbers], inner, depth };
    if (this.#chance(5)) {
      lines.push(`${inner}option deprecated = true;`);
    }
    if (depth < 2 && this.#chance(25)) {
      lines.push(...this.#message(file, fullName, context.taken, depth + 1, inner));
    }
    if (depth < 2 && this.#chance(20)) {
      lines.push(...this.#enum(file, fullName, context.taken, inner));
    }
    const fields = this.#int(0, 6);
    for (let count = 0; count < fields; count++) {
      lines.push(...this.#comment(inner), ...this.#field(context));
    }
    if (this.#chance(30)) {
      const oneof = this.#name(fieldNames, context.taken);
      lines.push(`${inner}oneof ${oneof} {`);
      const members = this.#int(1, 3);
      for (let count = 0; count < members; count++) {
        lines.push(...this.#comment(`${inner}  `), ...this.#oneofMember(context));
      }
      lines.push(`${inner}}`);
    }
    if (file.syntax !== "proto3" && this.#chance(15)) {
      lines.push(`${inner}extensions 30000 to 30099;`);
    }
    return [...this.#comment(indent), `${indent}message ${name} {`, ...lines, `${indent}}`];
  }

  #number(context: MessageContext): number {
    return context.free.splice(this.#int(0, context.free.length - 1), 1)[0] ?? 1000 + context.taken.size;
  }

  #field(context: MessageContext): string[] {
    const { file, inner } = context;
    const isEdition = file.syntax === "2023" || file.syntax === "2024";
    const shape = this.#pick(["single", "single", "single", "optional", "repeated", "map"] as const);
    if (shape === "map") {
      return [this.#map(context)];
    }
    if (file.syntax === "proto2" && context.depth < 2 && this.#chance(12)) {
      return this.#group(context, shape === "repeated" ? "repeated" : "optional", inner);
    }
    const type = this.#fieldType(context);
    const name = this.#name(fieldNames, context.taken);
    const options: string[] = [];
    let label = "";
    if (shape === "repeated") {
      label = "repeated ";
      if (type.isPackable && this.#chance(30)) {
        options.push(
          isEdition
            ? `features.repeated_field_encoding = ${this.#pick(["PACKED", "EXPANDED"])}`
            : `packed = ${this.#pick(["true", "false"])}`,
        );
      }
    } else if (file.syntax === "proto2") {
      label = !type.isMessage && this.#chance(15) ? "required " : "optional ";
    } else if (file.syntax === "proto3" && shape === "optional") {
      label = "optional ";
    }
    let isExplicit = file.syntax === "proto2" || (isEdition && !file.implicit);
    if (isEdition && shape !== "repeated" && !type.isMessage) {
      if (type.isClosed && file.implicit) {
        options.push("features.field_presence = EXPLICIT");
      } else if (this.#chance(30)) {
        const presence = this.#pick(type.isClosed ? ["EXPLICIT"] : ["EXPLICIT", "IMPLICIT", "LEGACY_REQUIRED"]);
        options.push(`features.field_presence = ${presence}`);
        isExplicit = presence !== "IMPLICIT";
      }
    }
    if (isExplicit && shape !== "repeated" && type.default !== undefined && this.#chance(25)) {
      options.push(`default = ${type.default}`);
    }
    if (isEdition && type.isMessage && !type.isGoogles && this.#chance(25)) {
      options.push("features.message_encoding = DELIMITED");
    }
    if (longs.has(type.text) && this.#chance(20)) {
      options.push(`jstype = ${this.#pick(["JS_STRING", "JS_NUMBER", "JS_NORMAL"])}`);
    }
    if (this.#chance(8)) {
      options.push("deprecated = true");
    }
    const suffix = options.length === 0 ? "" : ` [${options.join(", ")}]`;
    return [`${inner}${label}${type.text} ${name} = ${this.#number(context)}${suffix};`];
  }

  #oneofMember(context: MessageContext): string[] {
    const { file, inner } = context;
    if (file.syntax === "proto2" && context.depth < 2 && this.#chance(20)) {
      return this.#group(context, "", `${inner}  `);
    }
    const isEdition = file.syntax === "2023" || file.syntax === "2024";
    const type = this.#fieldType(context);
    const name = this.#name(fieldNames, context.taken);
    const options: string[] = [];
    if (isEdition && type.isMessage && !type.isGoogles && this.#chance(25)) {
      options.push("features.message_encoding = DELIMITED");
    }
    if (longs.has(type.text) && this.#chance(20)) {
      options.push(`jstype = ${this.#pick(["JS_STRING", "JS_NUMBER"])}`);
    }
    if (this.#chance(8)) {
      options.push("deprecated = true");
    }
    const suffix = options.length === 0 ? "" : ` [${options.join(", ")}]`;
    return [`${inner}  ${type.text} ${name} = ${this.#number(context)}${suffix};`];
  }

  #group(context: MessageContext, label: string, indent: string): string[] {
    const name = `Group${String.fromCharCode(65 + (context.taken.size % 26))}${context.taken.size}x`;
    context.taken.add(name.toLowerCase());
    const inside: MessageContext = {
      ...context,
      fullName: `${context.fullName}.${name}`,
      taken: new Set(),
      free: [...numbers],
      inner: `${indent}  `,
      depth: context.depth + 1,
    };
    const number = this.#number(context);
    const fields = this.#int(0, 2);
    const lines: string[] = [];
    for (let count = 0; count < fields; count++) {
      lines.push(...this.#field(inside));
    }
    return [`${indent}${label} group ${name} = ${number} {`, ...lines, `${indent}}`];
  }

  #map(context: MessageContext): string {
    const type = this.#fieldType(context, true);
    const name = this.#name(fieldNames, context.taken);
    // The entry is a message of its own, in the scope of the fields.
    context.taken.add(`${name.toLowerCase().replaceAll("_", "")}entry`);
    return `${context.inner}map<${this.#pick(mapKeys)}, ${type.text}> ${name} = ${this.#number(context)}${this.#deprecated()};`;
  }

  #fieldType({ file }: MessageContext, inMap = false): FieldType {
    const draw = this.#int(1, 100);
    if (draw <= 12) {
      const [name, module] = this.#pick([...googleTypes]);
      file.google.add(module);
      return { text: `.google.protobuf.${name}`, isMessage: true, isGoogles: true, isPackable: false, isClosed: false };
    }
    const known = this.#types.filter(
      (type) =>
        file.visible.has(type.file) &&
        (type.kind === "message" || ((type.isOpen || file.syntax !== "proto3") && (!inMap || type.startsAtZero))),
    );
    if (draw <= 50 && known.length > 0) {
      const type = this.#pick(known);
      const [value] = type.values;
      return {
        text: `.${type.fullName}`,
        isMessage: type.kind === "message",
        isGoogles: false,
        isPackable: type.kind === "enum",
        isClosed: type.kind === "enum" && !type.isOpen,
        ...(value === undefined ? {} : { default: value }),
      };
    }
    const text = this.#pick(scalars);
    return {
      text,
      isMessage: false,
      isGoogles: false,
      isPackable: !unpackable.has(text),
      isClosed: false,
      default: defaults[text] ?? "1",
    };
  }

  #service(file: FileContext, index: number): string[] {
    const name = this.#name(typeNames, file.taken);
    const isPush = this.#chance(40);
    const lines = [`  option (nanowire.service).route = "${file.packageName}.${index}";`];
    if (isPush) {
      lines.push("  option (nanowire.service).kind = PUSH;");
    }
    const messages = this.#types.filter((type) => type.kind === "message" && file.visible.has(type.file));
    const taken = new Set<string>();
    const count = this.#int(0, 4);
    for (let method = 0; method < count; method++) {
      const request = this.#type(file, messages);
      const isNotify = !isPush && this.#chance(25);
      if (isPush || isNotify) {
        file.google.add("empty");
      }
      const response = isPush || isNotify ? ".google.protobuf.Empty" : this.#type(file, messages);
      const options = [
        ...(isNotify ? ["option (nanowire.method).notify = true;"] : []),
        ...(this.#chance(10) ? ["option deprecated = true;"] : []),
      ];
      lines.push(
        ...this.#comment("  "),
        `  rpc ${this.#name(methodNames, taken)}(${request}) returns (${response}) { ${options.join(" ")} }`,
      );
    }
    return [...this.#comment(""), `service ${name} {`, ...lines, "}"];
  }

  #type(file: FileContext, messages: readonly KnownType[]): string {
    if (this.#chance(15) || messages.length === 0) {
      const [name, module] = this.#chance(50) ? this.#pick([...googleTypes]) : (["Empty", "empty"] as const);
      file.google.add(module);
      return `.google.protobuf.${name}`;
    }
    return `.${this.#pick(messages).fullName}`;
  }
}

interface FileContext {
  readonly path: string;
  readonly syntax: Syntax;
  readonly packageName: string;
  readonly visible: ReadonlySet<string>;
  readonly taken: Set<string>;
  readonly google: Set<string>;
  implicit: boolean;
}

interface MessageContext {
  readonly file: FileContext;
  readonly fullName: string;
  readonly taken: Set<string>;
  readonly free: number[];
  readonly inner: string;
  readonly depth: number;
}

interface FieldType {
  readonly text: string;
  readonly isMessage: boolean;
  readonly isGoogles: boolean;
  readonly isPackable: boolean;
  readonly isClosed: boolean;
  readonly default?: string;
}

const defaults: Readonly<Record<string, string>> = {
  bool: "true",
  string: '"a \\"quoted\\" */ `\u0024{x}`\\nline"',
  bytes: '"\\001\\377*/"',
  double: "-inf",
  float: "1.5",
  int64: "-9223372036854775808",
  uint64: "18446744073709551615",
};

function messageType(fullName: string, file: string): KnownType {
  return { kind: "message", fullName, file, isOpen: true, values: [], startsAtZero: true };
}
