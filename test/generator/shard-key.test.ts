// What the generator says of shard keys, beside what the codecs that it makes read.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  createFileRegistry,
  type DescMessage,
  type FileRegistry,
  fromBinary,
  type JsonValue,
  type Message,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { NanowireError } from "../../runtime/base/error.js";
import type { AnyMethod, ServiceDefinition } from "../../runtime/component/service.js";
import { readJsonShardKey } from "../../runtime/protocol/json-shard-key.js";
import { readShardKey, type ShardKey } from "../../runtime/protocol/shard-key.js";
import { encodeJson } from "../../runtime/protocol/utf8.js";
import { MatchComponent, ScoreRemote } from "./scenarios/sharded/expected/generated/game/v1/match.server.js";
import { OldsComponent } from "./scenarios/sharded/expected/generated/old.server.js";
import { compileTexts } from "./support/compile.js";
import { randomMessage } from "./support/random-message.js";

const scenario = fileURLToPath(new URL("./scenarios/sharded/proto/", import.meta.url));
const protos = ["game/v1/match.proto", "old.proto"];
const services: readonly ServiceDefinition<never>[] = [MatchComponent.service, OldsComponent.service];

interface Sharded {
  readonly name: string;
  readonly key: ShardKey;
  readonly codec: AnyMethod<never>["request"];
}

const sharded = services.flatMap(({ protoName, methods }) =>
  methods.flatMap(({ name, shardKey, request }): Sharded[] =>
    shardKey === undefined ? [] : [{ name: `${protoName}.${name}`, key: shardKey, codec: request }],
  ),
);

let registry: FileRegistry;

beforeAll(async () => {
  const files = Object.fromEntries(protos.map((name) => [name, readFileSync(join(scenario, name), "utf8")]));
  registry = createFileRegistry(await compileTexts(files));
}, 60_000);

/** What a method takes, for protobuf's own implementation. */
function requestOf(method: string): DescMessage {
  const [, service = "", name = ""] = /^(.*)\.(\w+)$/.exec(method) ?? [];
  const found = registry.getService(service)?.methods.find((candidate) => candidate.name === name);
  if (found === undefined) {
    throw new Error(`there is no ${method}`);
  }
  return found.input;
}

/** The key as a handler finds it: of what our codec has made of a request, said in protobuf's own implementation. */
function expected({ name, key, codec }: Sharded, request: unknown): string {
  const type = requestOf(name);
  let message = reflect(type, fromBinary(type, codec.protobuf.encode(request).finish()));
  for (const { tag } of key.path) {
    const field = message.desc.fields.find(({ number }) => number === tag >>> 3);
    if (field?.fieldKind === "message") {
      // One that is not there is empty.
      message = message.get(field);
    } else if (field !== undefined) {
      return textOf(message.get(field));
    }
  }
  throw new Error(`${name} has no key`);
}

function textOf(value: unknown): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString("hex") : String(value);
}

function read(key: ShardKey, payload: Uint8Array): string {
  return readShardKey(payload, 0, payload.length, key);
}

function readJson(key: ShardKey, json: unknown): string {
  const payload = encodeJson(json);
  return readJsonShardKey(payload, 0, payload.length, key);
}

const settings = { unknownEnumValues: true, minusZero: false };
const request = (name: string): fc.Arbitrary<Message> => randomMessage(requestOf(name), settings);
/** Fields that no message here has: a group in a group, and one of each other kind. */
const unknownFields = [
  "c33e c33e 08ff7f c43e 120161 c43e",
  "c03e ffffffffffffffffff01",
  "c13e 0102030405060708",
  "c23e 03 010203",
  "c53e 01020304",
].map((hex) => Buffer.from(hex.replaceAll(" ", ""), "hex"));

describe("a shard key", () => {
  test("is generated of every type, and a path of every kind", () => {
    expect(new Set(sharded.map(({ key }) => key.type)).size).toBe(14);
    expect(sharded.filter(({ key }) => key.path.length > 1).length).toBeGreaterThan(5);
    expect(MatchComponent.service.methods.find(({ name }) => name === "ByNothing")).not.toHaveProperty("shardKey");
  });

  test.each(sharded)("of $name is the same in protobuf, in JSON, and for the handler", (method) => {
    const { name, key, codec } = method;
    fc.assert(
      fc.property(
        fc.array(request(name), { minLength: 1, maxLength: 3 }),
        fc.subarray(unknownFields),
        (messages, unknown) => {
          const type = requestOf(name);
          const bytes = Buffer.concat(messages.flatMap((message) => [toBinary(type, message), ...unknown]));
          const decoded = codec.protobuf.decode(bytes);
          expect(read(key, bytes)).toBe(expected(method, decoded));
          expect(readJson(key, codec.json?.toJSON(decoded))).toBe(read(key, bytes));
        },
      ),
      { numRuns: 25 },
    );
  });

  test.each(sharded)("of $name is found in whatever JSON the codec takes", (method) => {
    const { name, key, codec } = method;
    const forms = fc.record({
      useProtoFieldName: fc.boolean(),
      enumAsInteger: fc.boolean(),
      alwaysEmitImplicit: fc.boolean(),
    });
    fc.assert(
      fc.property(request(name), forms, fc.boolean(), (message, form, loose) => {
        const strict = toJson(requestOf(name), message, { ...form, registry });
        const json = loose ? loosely(strict) : strict;
        expect(readJson(key, json)).toBe(expected(method, codec.json?.fromJSON(json)));
      }),
      { numRuns: 25 },
    );
  });

  // Protobuf's own implementation hides the numbers that a closed enum has no name for; a handler sees them.
  const open = sharded.filter(({ name, key }) => key.type !== "enum" || !name.startsWith("old."));

  test.each(open)("of $name is the handler's in mutilated bytes too, or they are refused", (method) => {
    const { name, key, codec } = method;
    const mutation = fc.record({ at: fc.nat(), byte: fc.nat(255), cut: fc.nat(4) });
    const seen = { refused: 0, agreed: 0 };
    const property = fc.property(
      request(name),
      fc.array(mutation, { minLength: 1, maxLength: 3 }),
      (message, mutations) => {
        const bytes = Buffer.from(toBinary(requestOf(name), message));
        const mutilated = mutations.reduce((left, { at, byte, cut }) => {
          const place = at % (left.length + 1);
          return Buffer.concat([left.subarray(0, place), Buffer.of(byte), left.subarray(place + cut)]);
        }, bytes);
        const outcome = attempt(() => read(key, mutilated));
        // What is protobuf for everybody has one key; but what the codecs let pass, a field beyond the end of its message, may be refused.
        const isSound = attemptAny(() => {
          fromBinary(requestOf(name), mutilated);
          walk(new BinaryReader(mutilated), requestOf(name));
          return true;
        });
        const decoded = attemptAny(() => codec.protobuf.decode(mutilated));
        const handlers =
          isSound === true && decoded !== undefined ? attemptAny(() => expected(method, decoded)) : undefined;
        expect([undefined, handlers ?? outcome]).toContain(outcome);
        seen.refused += outcome === undefined ? 1 : 0;
        seen.agreed += outcome !== undefined && outcome === handlers ? 1 : 0;
      },
    );
    // Of some methods hardly any bytes are refused: as many as it takes to have seen both.
    for (let batch = 0; batch === 0 || (batch < 40 && Math.min(seen.refused, seen.agreed) === 0); batch++) {
      fc.assert(property, { numRuns: 50 });
    }
    expect(Math.min(seen.refused, seen.agreed)).toBeGreaterThan(0);
  });

  test("of what nodes send each other has no JSON", () => {
    const definition = ScoreRemote.definition;
    const [add, note, reset] = definition.handlers.map(({ method }) => method);
    expect(add?.shardKey).toEqual({ path: [{ tag: 8 }], type: "uint64" });
    expect(note?.shardKey).toEqual({ path: [{ tag: 112 }], type: "enum" });
    expect(reset).not.toHaveProperty("shardKey");
  });
});

/** Fields whose numbers stay numbers. */
const enums = new Set(["region", "level", "said"]);

/** Numbers as texts and texts as numbers, the other alphabet of base64, and nulls: all that the JSON of protobuf lets a sender write. */
function loosely(json: JsonValue): JsonValue {
  if (typeof json === "number" && Number.isInteger(json)) {
    return String(json);
  }
  if (typeof json === "string") {
    return /^-?\d{1,15}$/.test(json)
      ? Number(json)
      : /^[A-Za-z0-9+/]+={0,2}$/.test(json) && /[+/=]/.test(json)
        ? json.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")
        : json;
  }
  if (typeof json === "object" && json !== null && !Array.isArray(json)) {
    const loose = ([name, value]: [string, JsonValue]): [string, JsonValue] => [
      name,
      name === "orders" ? null : enums.has(name) ? value : loosely(value),
    ];
    return Object.fromEntries(Object.entries(json).map(loose));
  }
  return json;
}

/** Undefined when it is refused as it should be; whatever else is thrown fails the test. */
function attempt(action: () => string): string | undefined {
  try {
    return action();
  } catch (error) {
    expect(error).toBeInstanceOf(NanowireError);
    expect(error).toMatchObject({ code: "invalid_payload" });
    return undefined;
  }
}

/** Reads the messages in a message, each by itself: throws where a field is longer than the message that it is in, which no codec looks at. */
function walk(reader: BinaryReader, type: DescMessage | undefined, group?: number): void {
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    if (wireType === WireType.EndGroup) {
      expect(number).toBe(group);
      return;
    }
    const field = type?.fields.find((candidate) => candidate.number === number);
    if (wireType === WireType.StartGroup) {
      walk(reader, field?.message, number);
    } else if (wireType !== WireType.LengthDelimited || field === undefined) {
      reader.skip(wireType, number);
    } else if (field.fieldKind === "map") {
      walkEntry(new BinaryReader(reader.bytes()), field.message);
    } else if (field.message === undefined) {
      reader.bytes();
    } else {
      walk(new BinaryReader(reader.bytes()), field.message);
    }
  }
  expect(group).toBe(undefined);
}

function walkEntry(reader: BinaryReader, type: DescMessage | undefined): void {
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    if (number === 2 && wireType === WireType.LengthDelimited && type !== undefined) {
      walk(new BinaryReader(reader.bytes()), type);
    } else {
      reader.skip(wireType, number);
    }
  }
}

function attemptAny<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
