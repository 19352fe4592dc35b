import { createHash } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import {
  Edition,
  FeatureSet_MessageEncoding,
  FeatureSet_RepeatedFieldEncoding,
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
} from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { Fingerprints } from "../../generator/model/fingerprints.js";
import { TypeIndex } from "../../generator/model/type-index.js";
import { compileTexts } from "./support/compile.js";
import { Project, proto } from "./support/project.js";

const sha256Hex = (text: string): string => createHash("sha256").update(text).digest("hex");

/** The fingerprint of a request that takes a message and answers with it. */
function fingerprintOf(files: readonly FileDescriptorProto[], typeName: string, json = false): string {
  const fingerprints = new Fingerprints(new TypeIndex(files), sha256Hex, json);
  return fingerprints.of("HANDLER", { notify: false, request: typeName, response: typeName }) ?? "";
}

// Schemas as numbers: their messages have no names until they are rendered.

interface Field {
  readonly number: number;
  /** A scalar's type, or the message of an index. */
  readonly type:
    | { readonly scalar: FieldDescriptorProto_Type }
    | { readonly message: number; readonly isDelimited: boolean };
  readonly isList: boolean;
  readonly isPacked: boolean;
  /** Which oneof it is in; -1 for none. */
  readonly oneof: number;
}

/** The fields of each message; the first is the one that is sent. */
type Schema = readonly (readonly Field[])[];

const scalarTypes = [
  FieldDescriptorProto_Type.INT32,
  FieldDescriptorProto_Type.SINT32,
  FieldDescriptorProto_Type.FIXED32,
  FieldDescriptorProto_Type.INT64,
  FieldDescriptorProto_Type.DOUBLE,
  FieldDescriptorProto_Type.BOOL,
];

const schemas = (most: number): fc.Arbitrary<Schema> =>
  fc.integer({ min: 1, max: most }).chain((count) => {
    const field = fc.record<Field>({
      number: fc.integer({ min: 1, max: 8 }),
      type: fc.oneof(
        fc.record({ scalar: fc.constantFrom(...scalarTypes) }),
        fc.record({ message: fc.nat(count - 1), isDelimited: fc.boolean() }),
      ),
      isList: fc.boolean(),
      isPacked: fc.boolean(),
      oneof: fc.integer({ min: -1, max: 1 }),
    });
    const fields = fc.uniqueArray(field, { maxLength: 4, selector: ({ number }) => number });
    return fc.array(fields, { minLength: count, maxLength: count });
  });

/** What does not matter: names, and in which file and which order things stand. */
interface Rendering {
  readonly prefix: string;
  /** The file of each message. */
  readonly files: readonly number[];
  /** By what messages and fields are ordered. */
  readonly order: number;
}

const renderings = fc.record<Rendering>({
  prefix: fc.constantFrom("M", "Other", "_x"),
  files: fc.array(fc.nat(2), { minLength: 8, maxLength: 8 }),
  order: fc.nat(),
});

function render(schema: Schema, { prefix, files, order }: Rendering): FileDescriptorProto[] {
  const fileOf = (message: number): number => files[message % files.length] ?? 0;
  const nameOf = (message: number): string => `.p${fileOf(message)}.${prefix}${message}`;
  const shuffled = <T>(items: readonly T[]): T[] =>
    items
      .map((item, index) => ({ item, key: sha256Hex(`${order} ${index}`) }))
      .sort((a, b) => (a.key < b.key ? -1 : 1))
      .map(({ item }) => item);
  const rendered = schema.map((fields, index) => ({
    name: `${prefix}${index}`,
    oneofDecl: [{ name: "a" }, { name: "b" }],
    field: shuffled(fields).map(({ number, type, isList, isPacked, oneof }) => ({
      name: `${prefix}_${number}`,
      number,
      label: isList ? FieldDescriptorProto_Label.REPEATED : FieldDescriptorProto_Label.OPTIONAL,
      ...("scalar" in type
        ? { type: type.scalar }
        : { type: FieldDescriptorProto_Type.MESSAGE, typeName: nameOf(type.message) }),
      ...(oneof < 0 || isList ? {} : { oneofIndex: oneof }),
      options: {
        features: {
          repeatedFieldEncoding: FeatureSet_RepeatedFieldEncoding[isPacked ? "PACKED" : "EXPANDED"],
          messageEncoding:
            FeatureSet_MessageEncoding["message" in type && type.isDelimited ? "DELIMITED" : "LENGTH_PREFIXED"],
        },
      },
    })),
  }));
  return [0, 1, 2].map((file) =>
    create(FileDescriptorProtoSchema, {
      name: `${file}.proto`,
      package: `p${file}`,
      syntax: "editions",
      edition: Edition.EDITION_2023,
      messageType: shuffled(rendered.filter((_, index) => fileOf(index) === file)),
    }),
  );
}

function rootOf({ prefix, files }: Rendering): string {
  return `.p${files[0]}.${prefix}0`;
}

/** What the bytes of a message may hold, so many messages deep: what a fingerprint is a hash of, written out. */
function unfold(schema: Schema, message: number, depth: number): string {
  const fields = schema[message] ?? [];
  const lines = [...fields]
    .sort((a, b) => a.number - b.number)
    .map(({ number, type, isList, isPacked, oneof }) => {
      const rivals = fields.filter((other) => !isList && !other.isList && oneof >= 0 && other.oneof === oneof);
      const value =
        "scalar" in type
          ? `${type.scalar}${isList && isPacked ? "p" : ""}`
          : `${type.isDelimited}${depth === 0 ? "" : unfold(schema, type.message, depth - 1)}`;
      return [number, isList, value, rivals.length > 1 ? Math.min(...rivals.map((rival) => rival.number)) : ""].join(
        ":",
      );
    });
  return `{${lines.join(",")}}`;
}

const plain: Rendering = { prefix: "M", files: [0], order: 0 };

describe("the shape of messages", () => {
  test("does not hang on names, nor on files, nor on the order of what is declared", () => {
    fc.assert(
      fc.property(schemas(6), renderings, renderings, (schema, one, other) => {
        expect(fingerprintOf(render(schema, one), rootOf(one))).toBe(
          fingerprintOf(render(schema, other), rootOf(other)),
        );
      }),
      { numRuns: 300 },
    );
  });

  test("is another one for whatever is written otherwise, however messages lead to each other", () => {
    /** A schema, and the same with one message declared otherwise, which the others still lead to. */
    const changed = schemas(4).chain((schema) =>
      fc.tuple(fc.nat(schema.length - 1), schemas(4), fc.constant(schema)).map(([index, [fields = []], before]) => ({
        before,
        after: before.with(
          index,
          fields.map((field) =>
            "message" in field.type
              ? { ...field, type: { ...field.type, message: field.type.message % before.length } }
              : field,
          ),
        ),
      })),
    );
    const seen = { same: 0, different: 0 };
    fc.assert(
      fc.property(changed, ({ before, after }) => {
        const isSame = unfold(before, 0, 6) === unfold(after, 0, 6);
        seen[isSame ? "same" : "different"]++;
        const [one, other] = [before, after].map((schema) => fingerprintOf(render(schema, plain), ".p0.M0"));
        // Four messages that are alike six messages deep are alike for ever.
        expect(isSame || one !== other).toBe(true);
      }),
      { numRuns: 1_000 },
    );
    expect(Math.min(seen.same, seen.different)).toBeGreaterThan(20);
  });

  test("tells apart circles that look alike from where one enters them", () => {
    const to = (number: number, message: number): Field => ({
      number,
      type: { message, isDelimited: false },
      isList: false,
      isPacked: false,
      oneof: -1,
    });
    const int: Field = {
      number: 3,
      type: { scalar: FieldDescriptorProto_Type.INT32 },
      isList: false,
      isPacked: false,
      oneof: -1,
    };
    const back: Schema = [
      [to(1, 1), to(2, 1)],
      [to(1, 0), to(2, 1), int],
    ];
    const on: Schema = [
      [to(1, 1), to(2, 1)],
      [to(1, 1), to(2, 0), int],
    ];
    expect(unfold(back, 0, 1)).toBe(unfold(on, 0, 1));
    expect(fingerprintOf(render(back, plain), ".p0.M0")).not.toBe(fingerprintOf(render(on, plain), ".p0.M0"));
  });

  test("of a thousand messages in one circle, and of as many in a chain, takes no time to speak of", () => {
    const count = 1_000;
    const chain = (last: number): Schema =>
      Array.from({ length: count }, (_, index) => [
        {
          number: 1,
          type: { message: index + 1 < count ? index + 1 : last, isDelimited: false },
          isList: false,
          isPacked: false,
          oneof: -1,
        },
      ]);
    expect(fingerprintOf(render(chain(0), plain), ".p0.M0")).toBe(fingerprintOf(render(chain(0), plain), ".p0.M500"));
    expect(fingerprintOf(render(chain(count - 1), plain), ".p0.M0")).toMatch(/^[0-9a-f]{8}$/);
  });
});

/** Bodies of two messages M, what else is declared beside them, and whether protobuf, or JSON, tells them apart. */
const pairs: Readonly<Record<string, readonly [one: string, other: string, inProtobuf: boolean, inJson: boolean]>> = {
  "a field of another number": ["int32 a = 1;", "int32 a = 2;", true, true],
  "a field of another type": ["int32 a = 1;", "uint32 a = 1;", true, true],
  "a field of another type that is written alike": ["bytes a = 1;", "string a = 1;", true, true],
  "an enum instead of its number": ["E a = 1;", "int32 a = 1;", true, true],
  "a list": ["int32 a = 1;", "repeated int32 a = 1;", true, true],
  "a list that is not packed": ["repeated int32 a = 1;", "repeated int32 a = 1 [packed = false];", true, true],
  "a list of texts": ["repeated string a = 1;", "repeated string a = 1;", false, false],
  "a field more": ["int32 a = 1;", "int32 a = 1; int32 b = 2;", true, true],
  "a message in it": ["In a = 1;", "In2 a = 1;", true, true],
  "a message in a message in it": ["Out a = 1;", "Out2 a = 1;", true, true],
  "a map": ["map<string, int32> a = 1;", "map<string, uint32> a = 1;", true, true],
  "a map, and a list of its entries": ["map<string, int32> a = 1;", "repeated Entry a = 1;", true, true],
  "fields that exclude each other": ["int32 a = 1; int32 b = 2;", "oneof c { int32 a = 1; int32 b = 2; }", true, true],
  "a field that excludes none": ["int32 a = 1;", "oneof c { int32 a = 1; }", false, false],
  "a field that may be absent": ["int32 a = 1;", "optional int32 a = 1;", false, false],
  "the order of declaration": ["int32 a = 1; int32 b = 2;", "int32 b = 2; int32 a = 1;", false, false],
  "comments, and what is reserved": [
    "int32 a = 1;",
    "// Text.\n reserved 9;\n int32 a = 1 [deprecated = true];",
    false,
    false,
  ],
  "a field's name": ["int32 a = 1;", "int32 b = 1;", false, true],
  "a field's name, where JSON has the old one": ["int32 a = 1;", 'int32 b = 1 [json_name = "a"];', false, false],
  "an enum with other names": ["E a = 1;", "E2 a = 1;", false, true],
  "a message of another name": ["In a = 1;", "In3 a = 1;", false, false],
  "a time, and a message that is written like one": ["google.protobuf.Timestamp a = 1;", "Like a = 1;", false, true],
};

describe("a fingerprint", () => {
  let files: FileDescriptorProto[];

  beforeAll(async () => {
    const texts = Object.values(pairs).flatMap((pair, index) =>
      [0, 1].map((side): [string, string] => [
        `p${index}_${side}.proto`,
        `syntax = "proto3"; package p${index}.s${side}; import "google/protobuf/timestamp.proto";
        message M { ${pair[side]} }
        message In { int32 a = 1; } message In2 { int64 a = 1; } message In3 { int32 a = 1; }
        message Out { In a = 1; } message Out2 { In2 a = 1; }
        message Entry { string key = 1; int32 value = 2; }
        message Like { int64 seconds = 1; int32 nanos = 2; }
        enum E { E_A = 0; E_B = 1; } enum E2 { E2_A = 0; E2_B = 1; }`,
      ]),
    );
    ({ file: files } = await compileTexts(Object.fromEntries(texts)));
  });

  test.each(Object.entries(pairs))("%s", (what, [, , inProtobuf, inJson]) => {
    const index = Object.keys(pairs).indexOf(what);
    for (const [json, isDifferent] of [
      [false, inProtobuf],
      [true, inJson],
    ] as const) {
      const [one, other] = [0, 1].map((side) => fingerprintOf(files, `.p${index}.s${side}.M`, json));
      expect(one).toMatch(/^[0-9a-f]{8}$/);
      expect(one !== other).toBe(isDifferent);
    }
  });

  test("tells the kinds of calls apart, and which message is which; a push has none", () => {
    const fingerprints = new Fingerprints(new TypeIndex(files), sha256Hex, false);
    const method = { notify: false, request: ".p0.s0.In", response: ".p0.s0.In2" };
    const all = [
      fingerprints.of("HANDLER", method),
      fingerprints.of("HANDLER", { ...method, notify: true }),
      fingerprints.of("REMOTE", method),
      fingerprints.of("REMOTE", { ...method, notify: true }),
      fingerprints.of("HANDLER", { ...method, request: method.response, response: method.request }),
      fingerprints.of("HANDLER", { ...method, request: undefined }),
      fingerprints.of("HANDLER", { ...method, response: undefined }),
    ];
    expect(new Set(all).size).toBe(all.length);
    expect(fingerprints.of("PUSH", method)).toBeUndefined();
  });

  test("of what nodes send each other does not hang on JSON, of which they speak none", () => {
    const method = { notify: false, request: ".p0.s0.In", response: undefined };
    const [without, withJson] = [false, true].map((json) => new Fingerprints(new TypeIndex(files), sha256Hex, json));
    expect(without?.of("REMOTE", method)).toBe(withJson?.of("REMOTE", method));
    expect(without?.of("HANDLER", method)).not.toBe(withJson?.of("HANDLER", method));
  });

  test("stands in the definition, and is the same when nothing that is sent has changed", async () => {
    const room = (name: string, field: string): string =>
      proto(
        `message ${name} { ${field} reserved 7; }`,
        "service Room {",
        `  rpc Join(${name}) returns (Text);`,
        "}",
        "service RoomEvents {",
        "  option (nanowire.service).kind = PUSH;",
        "  rpc Joined(Text) returns (google.protobuf.Empty);",
        "}",
      );
    const project = new Project({ "proto/a.proto": room("Name", "Text a = 1;") });
    const fingerprints = async (): Promise<readonly string[]> => {
      await project.generate();
      return [...project.read("generated/a.server.ts").matchAll(/fingerprint: "([0-9a-f]{8})",/g)].map(
        ([, is = ""]) => is,
      );
    };
    const before = await fingerprints();
    expect(before).toHaveLength(1);
    project.write({ "proto/a.proto": `// Another comment.\n${room("Renamed", "Text a = 1;")}` });
    expect(await fingerprints()).toEqual(before);
    project.write({ "proto/a.proto": room("Name", "Other a = 1;") });
    expect(await fingerprints()).not.toEqual(before);
  });
});
