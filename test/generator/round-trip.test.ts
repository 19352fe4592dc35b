import {
  type DescMessage,
  fromBinary,
  fromJson,
  type JsonValue,
  type Message,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { GeneratorError } from "../../generator/error.js";
import { type Choices, defaultChoices } from "../../generator/model/choices.js";
import { type LoadedCodec, type LoadedCodecs, loadCodecs } from "./support/generated-codecs.js";
import { type MessageSettings, randomMessage } from "./support/random-message.js";
import { type ProtoTree, randomTree } from "./support/random-schema.js";
import { draw, drawMany } from "./support/trees.js";

/** How many trees of .proto files, and messages of each type. `NANOWIRE_TREES=300 NANOWIRE_SEED=2` draws more, and others. */
const count = Number(process.env["NANOWIRE_TREES"] ?? 15);
const seed = Number(process.env["NANOWIRE_SEED"] ?? 1) * 1_000_000;
const messagesOfType = 15;

/** What 64-bit integers are, tree by tree. */
const int64s = ["bigint", "string", "number"] as const;

/** A tree that is not refused for its names. Every other one keeps unknown fields, of which there are none. */
async function loadTree(index: number, int64: Choices["int64"]): Promise<LoadedCodecs> {
  for (let attempt = 0; ; attempt++) {
    const tree: ProtoTree = draw(randomTree({ prefix: "t", services: true }), seed + index + attempt * 1_000);
    try {
      return await loadCodecs(tree, { ...defaultChoices, int64, unknownFields: index % 2 === 1 });
    } catch (error) {
      if (!(error instanceof GeneratorError) || attempt > 20) {
        throw error;
      }
    }
  }
}

/** Every message type that the tree declares, nested ones too. */
function typesOf({ registry }: LoadedCodecs): DescMessage[] {
  const withNested = (type: DescMessage): DescMessage[] => [type, ...type.nestedMessages.flatMap(withNested)];
  return [...registry.files]
    .filter((file) => file.proto.package.startsWith("t."))
    .flatMap((file) => file.messages.flatMap(withNested));
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

/** What protobuf's own implementation makes of bytes, as bytes: the same for the same message. */
function theirs(type: DescMessage, bytes: Uint8Array): string {
  return hexOf(toBinary(type, fromBinary(type, bytes)));
}

interface Case {
  readonly type: DescMessage;
  readonly codec: LoadedCodec;
  readonly message: Message;
}

async function cases(settings: MessageSettings): Promise<Case[]> {
  const all: Case[] = [];
  for (let index = 0; index < count; index++) {
    const int64 = int64s[index % int64s.length] ?? "bigint";
    const codecs = await loadTree(index, int64);
    for (const type of typesOf(codecs)) {
      const codec = codecs.codec(type.typeName);
      for (const message of drawMany(
        randomMessage(type, { ...settings, safeIntegers: int64 === "number" }),
        seed + index,
        messagesOfType,
      )) {
        all.push({ type, codec, message });
      }
    }
  }
  return all;
}

describe("random messages of random types, beside protobuf's own implementation", () => {
  const timeout = 60_000 + count * 2_000;

  test(
    "are read and written alike, unknown values of open enums and all",
    async () => {
      const drawn = await cases({ unknownEnumValues: true, minusZero: true });
      expect(drawn.length).toBeGreaterThan(count * messagesOfType);
      for (const { type, codec, message } of drawn) {
        const bytes = toBinary(type, message);
        expect(theirs(type, codec.encode(codec.decode(bytes)).finish()), type.typeName).toBe(hexOf(bytes));
      }
    },
    timeout,
  );

  test(
    "are read and written alike as JSON",
    async () => {
      const drawn = await cases({ unknownEnumValues: true, minusZero: false });
      const spoken = drawn.flatMap(({ type, codec, message }) =>
        codec.json === undefined ? [] : [{ type, codec, message, json: codec.json }],
      );
      expect(spoken.length).toBeGreaterThan(count * 3);
      for (const { type, codec, message, json } of spoken) {
        const bytes = hexOf(toBinary(type, message));
        expect(theirs(type, codec.encode(json.fromJSON(toJson(type, message))).finish()), type.typeName).toBe(bytes);
        const ours: JsonValue = JSON.parse(JSON.stringify(json.toJSON(codec.decode(toBinary(type, message)))));
        expect(hexOf(toBinary(type, fromJson(type, ours))), type.typeName).toBe(bytes);
      }
    },
    timeout,
  );
});

describe("what is kept and what is lost", () => {
  const files = {
    "a.proto": [
      'edition = "2023";',
      "package a;",
      'import "google/protobuf/timestamp.proto";',
      "enum Open { OPEN_NONE = 0; }",
      "enum Closed { option features.enum_type = CLOSED; CLOSED_ONE = 1; }",
      "message New { int32 known = 1; int32 unknown = 2; }",
      "message Old { int32 known = 1; extensions 100 to 200; }",
      "message Enums { Open open = 1; Closed closed = 2; repeated Closed list = 3; map<int32, Open> map = 4; }",
      "message Numbers { int32 open = 1; int32 closed = 2; repeated int32 list = 3; map<int32, int32> map = 4; }",
      "message Outer { Old old = 1; google.protobuf.Timestamp at = 2; }",
      "service S { rpc A(Enums) returns (Enums); }",
      "",
    ].join("\n"),
  };
  const codecsOf = async (...names: string[]): Promise<{ type: DescMessage; codec: LoadedCodec }[]> => {
    const codecs = await loadCodecs(files);
    return names.map((name) => {
      const type = codecs.registry.getMessage(`a.${name}`);
      if (type === undefined) {
        throw new Error(`there is no ${name}`);
      }
      return { type, codec: codecs.codec(`a.${name}`) };
    });
  };

  test("a field that the message does not know is skipped, and lost", async () => {
    const [old] = await codecsOf("Old");
    const bytes = Buffer.from("0805" + "1007" + "a20603010203", "hex");
    expect(hexOf(old?.codec.encode(old.codec.decode(bytes)).finish() ?? new Uint8Array())).toBe("0805");
  });

  test("a value that an enum does not name is kept, of a closed enum too, and is a number in JSON", async () => {
    const [enums] = await codecsOf("Enums");
    const bytes = "0863" + "1063" + "1a020163" + "220408011063";
    const message = enums?.codec.decode(Buffer.from(bytes, "hex"));
    expect(message).toEqual({ open: 99, closed: 99, list: [1, 99], map: new Map([[1, 99]]) });
    expect(hexOf(enums?.codec.encode(message ?? {}).finish() ?? new Uint8Array())).toBe(bytes);
    const json: unknown = JSON.parse(JSON.stringify(enums?.codec.json?.toJSON(message ?? {})));
    expect(json).toEqual({ open: 99, closed: 99, list: ["CLOSED_ONE", 99], map: { "1": 99 } });
    expect(enums?.codec.json?.fromJSON(json)).toEqual(message);
    expect(() => enums?.codec.json?.fromJSON({ open: "OPEN_UNHEARD" })).toThrow(
      'open: a value of a.Open was expected, not "OPEN_UNHEARD"',
    );
  });

  test("of a message that stands twice, the second counts; a time keeps its milliseconds", async () => {
    const [outer] = await codecsOf("Outer");
    expect(outer?.codec.decode(Buffer.from("0a020805" + "0a00", "hex"))).toEqual({
      old: { known: undefined },
      at: undefined,
    });
    // 999,999 nanoseconds after 1970.
    expect(outer?.codec.decode(Buffer.from("120410bf843d", "hex"))).toEqual({ old: undefined, at: new Date(0) });
  });
});
