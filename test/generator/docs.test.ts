import { fileURLToPath } from "node:url";
import { Parser } from "@asyncapi/parser";
import {
  create,
  createFileRegistry,
  type DescMessage,
  type FileRegistry,
  fromBinary,
  fromJson,
  type JsonValue,
  toBinary,
} from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "vitest";
import { readModel } from "../../generator/generate.js";
import { buildDocs, type DocsFrame, type DocsMethod, type DocsModel } from "../../generator/model/docs.js";
import { exampleJson } from "../../generator/model/example.js";
import { compileProject } from "../../generator/project.js";
import { readSettings } from "../../generator/read/config.js";
import { readOwnPackage } from "../../generator/read/package-root.js";
import { findPeers } from "../../generator/read/peers.js";
import { ByteBuffer } from "../../runtime/base/byte-buffer.js";
import { decodeMessageHeader, MessageHeader } from "../../runtime/protocol/message-decoder.js";
import { writeNotify, writePush, writeRequest, writeResponse } from "../../runtime/protocol/message-encoder.js";
import { PacketDecoder } from "../../runtime/protocol/packet-decoder.js";
import type { PacketType } from "../../runtime/protocol/packet-type.js";
import * as packetType from "../../runtime/protocol/packet-type.js";
import { Project, proto } from "./support/project.js";

const scenarios = fileURLToPath(new URL("scenarios", import.meta.url));
const withServices = [
  "chat",
  "client-only",
  "codes",
  "empty",
  "hostile",
  "int64-number",
  "messages",
  "names",
  "no-json",
  "options",
  "packages",
  "proto2",
  "remote",
];
const outputs = ["asyncapi.json", "protocol.html", "protocol.md"];

/** The pages' model of a project, and the registry of its messages. */
async function docsOf(project: Project): Promise<{ readonly docs: DocsModel; readonly registry: FileRegistry }> {
  const own = readOwnPackage();
  const settings = readSettings(project.directory, {});
  const [requireBuf, requireTsProto] = findPeers(own, own.root, ["@bufbuild/buf", "ts-proto"]);
  const read = readModel(await compileProject(project.directory, settings, own, { requireBuf, requireTsProto }));
  const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: [...read.descriptors] }));
  return { docs: buildDocs(read.model, read.descriptors, registry, "Test"), registry };
}

/** A project of a scenario, generated. */
async function scenario(name: string): Promise<Project> {
  const project = Project.copyOf(`${scenarios}/${name}`);
  project.remove("expected");
  await project.generate();
  return project;
}

function bytesOf(frame: DocsFrame): Uint8Array {
  return Uint8Array.from(Buffer.from(frame.parts.map(({ hex }) => hex.replaceAll(" ", "")).join(""), "hex"));
}

/** What a kind of method shows. */
const kindsOfFrames: Readonly<Record<DocsMethod["kind"], readonly string[]>> = {
  request: ["request", "response"],
  notify: ["notify"],
  push: ["push"],
  call: [],
  tell: [],
};

/** What the runtime writes for a frame of the pages. */
function encodedByRuntime({ kind }: DocsFrame, { route, code = 0 }: DocsMethod, payload: Uint8Array): Uint8Array {
  const out = new ByteBuffer();
  const write = {
    request: () => writeRequest(out, 1, route, code, payload),
    notify: () => writeNotify(out, route, code, payload),
    push: () => writePush(out, route, code, payload),
    response: () => writeResponse(out, 1, payload, false),
  };
  write[kind]();
  return out.view();
}

function messageOf(registry: FileRegistry, type: string): DescMessage {
  const message = registry.getMessage(type);
  if (message === undefined) {
    throw new Error(`there is no message ${type}`);
  }
  return message;
}

describe("the example frames", () => {
  test.each(withServices)("of %s are what the runtime writes and reads", async (name) => {
    const { docs, registry } = await docsOf(await scenario(name));
    const methods = docs.services.flatMap((service) => service.methods);
    expect(methods.length).toBeGreaterThan(0);
    for (const method of methods) {
      expect(method.frames.map(({ kind }) => kind)).toEqual(kindsOfFrames[method.kind]);
      for (const frame of method.frames) {
        const message = messageOf(registry, frame.type);
        const payload = toBinary(message, fromJson(message, frame.json, { registry }));
        const bytes = bytesOf(frame);
        expect(bytes).toEqual(encodedByRuntime(frame, method, payload));
        expect(frame.bytes).toBe(bytes.length);

        const header = new MessageHeader();
        const packets: PacketType[] = [];
        new PacketDecoder(65536).decode(bytes, {
          packet(type, body, start, end) {
            packets.push(type);
            decodeMessageHeader(body, start, end, header);
            return true;
          },
        });
        expect(packets).toEqual([packetType.data]);
        expect(header.code).toBe(frame.kind === "response" ? 0 : method.code);
        expect(bytes.subarray(header.payloadStart)).toEqual(payload);
      }
    }
  });

  test("name every part", async () => {
    const { docs } = await docsOf(await scenario("chat"));
    const [join] = docs.services.flatMap((service) => service.methods);
    expect(join?.frames[0]).toEqual({
      kind: "request",
      type: "chat.v1.JoinRequest",
      bytes: 13,
      json: { name: "ada" },
      parts: [
        { name: "packet type", hex: "04", meaning: "data" },
        { name: "length", hex: "00 00 09", meaning: "9 bytes follow" },
        { name: "flag", hex: "01", meaning: "request, its route as a code" },
        { name: "id", hex: "01", meaning: "1: the response bears it too" },
        { name: "route code", hex: "00 01", meaning: "1: Room.Join" },
        { name: "payload", hex: "0a 03 61 64 61", meaning: "chat.v1.JoinRequest as protobuf" },
      ],
    });
  });
});

describe("the example messages", () => {
  async function exampleOf(lines: readonly string[], message = "test.v1.A"): Promise<JsonValue> {
    const { registry } = await docsOf(new Project({ "proto/a.proto": proto(...lines) }));
    const type = messageOf(registry, message);
    const json = exampleJson(type);
    expect(fromBinary(type, toBinary(type, fromJson(type, json)))).toEqual(fromJson(type, json));
    return json;
  }

  test("have values that their names and types suggest", async () => {
    const lines = [
      "message A {",
      "  string user_name = 1; string motto = 2; repeated string tags = 3; bool ready = 4; bytes blob = 5;",
      "  int32 level = 6; int64 at_ms = 7; uint32 seen_at = 8; sint64 big = 9; double x = 10; float ratio = 11;",
      "  map<string, Text> texts = 12; map<bool, int32> flags = 13; Mood mood = 14; optional int32 left = 15;",
      "  oneof pick { string one = 16; int32 two = 17; }",
      "  repeated Text more = 18; repeated Mood moods = 19; repeated fixed64 ids = 20; map<int32, Mood> by = 21;",
      "}",
      "enum Mood { MOOD_UNSPECIFIED = 0; MOOD_GOOD = 1; }",
    ];
    expect(await exampleOf(lines)).toEqual({
      userName: "ada",
      motto: "motto",
      tags: ["tags", "tags 2"],
      ready: true,
      blob: "AQIDBA==",
      level: 7,
      atMs: "1767323045000",
      seenAt: 1_767_323_045,
      big: "9",
      x: 12.5,
      ratio: 11.5,
      texts: { key: { text: "hello" } },
      flags: { true: 13 },
      mood: "MOOD_GOOD",
      left: 15,
      one: "one",
      more: [{ text: "hello" }],
      moods: ["MOOD_GOOD"],
      ids: ["20", "21"],
      by: { "1": "MOOD_GOOD" },
    });
  });

  test("end where a message leads back to itself, and stay small where it is wide and deep", async () => {
    expect(await exampleOf(["message A { A a = 1; B b = 2; }", "message B { A a = 1; int32 n = 2; }"])).toEqual({
      b: { n: 2 },
    });
    const wide = (name: string, of: string): string =>
      `message ${name} { ${Array.from({ length: 30 }, (_, index) => `${of} f${index} = ${index + 1};`).join(" ")} }`;
    const json = await exampleOf([wide("A", "B"), wide("B", "C"), wide("C", "D"), wide("D", "E"), wide("E", "int32")]);
    expect(JSON.stringify(json).length).toBeLessThan(1500);
  });
});

/** Errors and warnings of the parser; less than that is advice, as that there is a newer version of AsyncAPI. */
const warning = 1;

describe("asyncapi.json", () => {
  test.each(withServices)("of %s is accepted by the official parser, without a warning", async (name) => {
    const project = await scenario(name);
    await project.run("docs");
    const { document, diagnostics } = await new Parser().parse(project.read("docs/protocol/asyncapi.json"));
    expect(diagnostics.filter(({ severity }) => severity <= warning)).toEqual([]);
    const { docs } = await docsOf(project);
    const ofClients = docs.services.filter(({ kind }) => kind !== "REMOTE");
    const methods = ofClients.flatMap(({ name, methods }) =>
      methods.map((method) => ({ id: `${name}.${method.name}`, method })),
    );
    expect(methods.length).toBeGreaterThan(0);
    expect(document?.version()).toBe("3.0.0");
    expect(
      document
        ?.channels()
        .all()
        .map((channel) => [channel.id(), channel.address()]),
    ).toEqual(methods.map(({ id, method }) => [id, method.route]));
    expect(
      document
        ?.operations()
        .all()
        .map((operation) => ({
          id: operation.id(),
          action: operation.action(),
          messages: operation
            .messages()
            .all()
            .map((message) => message.name()),
          reply: operation
            .reply()
            ?.messages()
            .all()
            .map((message) => message.name()),
        })),
    ).toEqual(
      methods.map(({ id, method }) => ({
        id,
        action: method.kind === "push" ? "receive" : "send",
        messages: [method.request],
        reply: method.kind === "request" ? [method.response] : undefined,
      })),
    );
  });

  test("describes messages as protobuf's JSON", async () => {
    const project = new Project({
      "proto/a.proto": proto(
        'import "google/protobuf/timestamp.proto";',
        'import "google/protobuf/wrappers.proto";',
        "// Says *what*.",
        "message A {",
        "  // How `many`.",
        "  int32 count = 1; uint64 big_id = 2 [deprecated = true]; bytes blob = 3; double x = 4;",
        "  repeated A inner = 5; map<string, Mood> moods = 6;",
        "  oneof pick { Text one = 7; bool two = 8; }",
        "  google.protobuf.Timestamp at = 9; google.protobuf.Int64Value maybe = 10;",
        "}",
        "enum Mood { MOOD_UNSPECIFIED = 0; MOOD_GOOD = 1; }",
        "service S { rpc X(A) returns (google.protobuf.Empty); }",
      ),
    });
    await project.generate();
    await project.run("docs");
    const { components } = JSON.parse(project.read("docs/protocol/asyncapi.json"));
    const int32 = { type: "integer", minimum: -2147483648, maximum: 2147483647 };
    expect(components.schemas["test.v1.A"]).toEqual({
      title: "test.v1.A",
      description: "Says \\*what\\*.",
      type: "object",
      properties: {
        count: { ...int32, description: "How `many`." },
        bigId: { type: ["string", "integer"], pattern: "^[0-9]+$", deprecated: true },
        blob: { type: "string", contentEncoding: "base64" },
        x: { anyOf: [{ type: "number" }, { type: "string", enum: ["NaN", "Infinity", "-Infinity"] }] },
        inner: { type: "array", items: { $ref: "#/components/schemas/test.v1.A" } },
        moods: { type: "object", additionalProperties: { $ref: "#/components/schemas/test.v1.Mood" } },
        one: { allOf: [{ $ref: "#/components/schemas/test.v1.Text" }], "x-oneof": "pick" },
        two: { type: "boolean", "x-oneof": "pick" },
        at: { type: "string", format: "date-time" },
        maybe: { type: ["string", "integer"], pattern: "^-?[0-9]+$" },
      },
    });
    expect(components.schemas["test.v1.Mood"]).toEqual({
      title: "test.v1.Mood",
      anyOf: [{ type: "string", enum: ["MOOD_UNSPECIFIED", "MOOD_GOOD"] }, int32],
    });
    expect(components.messages["test.v1.A"].payload).toEqual({ $ref: "#/components/schemas/test.v1.A" });
    expect(components.messages["google.protobuf.Empty"].payload).toEqual({ type: "object", maxProperties: 0 });
  });
});

describe("what becomes of what is too much", () => {
  test("stands in every page", async () => {
    const project = await scenario("policies");
    await project.run("docs");
    const { operations } = JSON.parse(project.read("docs/protocol/asyncapi.json"));
    const policies = ["Arena.Steer", "Arena.Find", "ArenaEvents.Moved", "ArenaEvents.Sparkled"].map(
      (method) => operations[`arena.v1.${method}`]["x-policies"],
    );
    expect(policies).toEqual([
      {
        boundOnly: false,
        order: "session",
        maxPayloadBytes: 4096,
        overload: { policy: "conflate", key: "unit_id" },
      },
      { boundOnly: false, order: "session", maxPayloadBytes: 1024, overload: { policy: "refuse", maxWaiting: 2 } },
      { boundOnly: false, overflow: { policy: "conflate", key: "unit_id" } },
      { boundOnly: false, overflow: { policy: "drop" } },
    ]);
    expect(project.read("docs/protocol/protocol.md")).toContain(
      "- payloads of at most 4096 bytes\n- only the newest of each unit_id waits\n",
    );
    const html = project.read("docs/protocol/protocol.html");
    expect(html).toContain("<li>at most 2 of a session wait, the oldest gives way</li>");
    expect(html).toContain("<li>not sent to a client that falls behind</li>");
  });
});

describe("by what a node is chosen", () => {
  test("stands in every page", async () => {
    const project = await scenario("sharded");
    await project.run("docs");
    const { operations } = JSON.parse(project.read("docs/protocol/asyncapi.json"));
    expect(operations["game.v1.Match.ByService"]["x-policies"]).toEqual({
      boundOnly: false,
      order: "session",
      shardKey: "place.match_id",
    });
    expect(operations["game.v1.Match.ByNothing"]["x-policies"]).not.toHaveProperty("shardKey");
    expect(operations["game.v1.Match.ByRegion"].summary).toMatch(/; sharded by region$/);
    expect(project.read("docs/protocol/protocol.md")).toContain("- sharded by place.inner.inner.match_id\n");
    expect(project.read("docs/protocol/protocol.html")).toContain("<li>sharded by target_place.match_id</li>");
  });
});

describe("protocol.md", () => {
  test("tells services, routes, policies, messages, enums and comments", async () => {
    const project = new Project({
      "proto/a.proto": proto(
        "// A table.",
        "service Table {",
        '  option (nanowire.service).route = "ta|ble";',
        "  // Plays.",
        "  rpc Play(Card) returns (Text) {",
        "    option (nanowire.method) = { order: SERVICE, timeout_ms: 50, bound_only: true };",
        "    option (nanowire.method).rate_limit = { messages: 5 };",
        "    option deprecated = true;",
        "  }",
        "}",
        "// A card.",
        "message Card {",
        "  // What it is worth:",
        "  // - much",
        "  // - or `a | b`",
        "  optional uint32 card_value = 1 [deprecated = true];",
        "  Suit suit = 2;",
        "}",
        "enum Suit {",
        "  SUIT_NONE = 0; // None.",
        "  SUIT_RED = 1 [deprecated = true];",
        "}",
      ),
    });
    await project.generate();
    await project.run("docs", "--title", "Cards *of* <mine>");
    const page = project.read("docs/protocol/protocol.md");
    expect(page.split("\n").slice(0, 3)).toEqual([
      "<!-- Generated by nanowire. Do not edit. -->",
      "",
      "# Cards \\*of\\* \\<mine\\>",
    ]);
    expect(page).toContain("1 service, 3 messages, 1 enum.");
    expect(page).toContain(
      "| 1 | [`ta\\|ble.Play`](#test.v1.Table.Play) | request | client → server | [`test.v1.Card`](#test.v1.Card) | [`test.v1.Text`](#test.v1.Text) |",
    );
    expect(page).toContain(
      [
        '<a id="test.v1.Table.Play"></a>',
        "",
        "#### `Play`",
        "",
        "**Deprecated.**",
        "",
        "Plays.",
        "",
        "- request: answered exactly once, with the response or an error",
        "- client → server",
        "- route `ta|ble.Play`, code 1",
        "- message [`test.v1.Card`](#test.v1.Card)",
        "- answer [`test.v1.Text`](#test.v1.Text)",
        "- bound sessions only",
        "- at most 5 messages in 1000 ms from one session",
        "- time-out 50 ms",
        "- one at a time for the whole service",
      ].join("\n"),
    );
    expect(page).toContain(
      "| 1 | `card_value` | `optional uint32` | **Deprecated.**<br>as JSON `cardValue`<br>What it is worth:<br>\\- much<br>\\- or `a \\| b` |",
    );
    expect(page).toContain("| 2 | `suit` | [`test.v1.Suit`](#test.v1.Suit) |  |");
    expect(page).toContain("| 0 | `SUIT_NONE` | None. |\n| 1 | `SUIT_RED` | **Deprecated.** |");
  });

  test("tells what nodes ask of each other without a code and without frames, after all else", async () => {
    const project = await scenario("remote");
    await project.run("docs");
    const page = project.read("docs/protocol/protocol.md");
    const routes = page.slice(page.indexOf("## Routes"), page.indexOf("## Frames")).trim().split("\n").slice(4);
    expect(routes.map((row) => row.split(" | ").slice(0, 4).join(" "))).toEqual([
      "| 1 [`Account.Balance`](#bank.v1.Account.Balance) request client → server",
      "|  [`Ledger.Add`](#bank.v1.Ledger.Add) call server → server",
      "|  [`Ledger.Note`](#bank.v1.Ledger.Note) tell server → server",
      "|  [`Ledger.Close`](#bank.v1.Ledger.Close) call server → server",
      "|  [`Ledger.LastAt`](#bank.v1.Ledger.LastAt) call server → server",
      "|  [`Ledger.Then`](#bank.v1.Ledger.Then) call server → server",
      "|  [`Ledger.Wake`](#bank.v1.Ledger.Wake) tell server → server",
      "|  [`Audit.Check`](#bank.inside.Audit.Check) call server → server",
      "|  [`Audit.Definition`](#bank.inside.Audit.Definition) call server → server",
    ]);
    expect(page).toContain("One node of a cluster calls, another handles. No client can. Declared in `bank.proto`.");
    expect(page).toContain(
      [
        "#### `Add`",
        "",
        "Adds to an account.",
        "",
        "- call: another node answers, with the response or an error",
        "- server → server",
        "- route `Ledger.Add`",
        "- message [`bank.v1.AddRequest`](#bank.v1.AddRequest)",
        "- answer [`bank.v1.AddResponse`](#bank.v1.AddResponse)",
        "- time-out 2000 ms",
        "- one at a time for the whole service",
        "",
        '<a id="bank.v1.Ledger.Note"></a>',
      ].join("\n"),
    );
    const html = project.read("docs/protocol/protocol.html");
    const add = /<article class="card" id="bank\.v1\.Ledger\.Add".*?<\/article>/s.exec(html)?.[0];
    expect(add).toContain('<li class="kind call">call</li><li>server → server</li><li>time-out 2000 ms</li>');
    expect(add).not.toMatch(/code \d|frame|undefined/);
    expect(project.read("docs/protocol/asyncapi.json")).not.toMatch(/"(Ledger|Audit|bank\.idle)/);
  });

  test("hostile comments stay text", async () => {
    const project = await scenario("hostile");
    await project.run("docs");
    const page = project.read("docs/protocol/protocol.md");
    expect(page).toContain("\\<script\\>alert(1)\\</script\\> \\& \\&amp;");
    // In a code span everything is text: `map<string, string>`.
    const unescaped =
      page
        .replace(/\\./g, "")
        .replace(/`[^`\n]*`/g, "")
        .match(/<[^>]*>/g) ?? [];
    expect(new Set(unescaped.map((tag) => tag.replace(/"[\w.]+"/, '""')))).toEqual(
      new Set(["<!-- Generated by nanowire. Do not edit. -->", '<a id="">', "</a>", "<br>"]),
    );
  });
});

describe("nanowire docs", () => {
  const room = proto("service Room {", "  rpc Join(Text) returns (Other);", "}");

  test("writes three files, and the second time none", async () => {
    const project = new Project({ "proto/a.proto": room, "package.json": '{ "name": "my-game" }' });
    await project.generate();
    const first = await project.run("docs");
    expect(first).toEqual({
      exitCode: 0,
      printed: [...outputs.map((name) => `wrote docs/protocol/${name}`), "3 written, 0 unchanged"],
      errors: [],
    });
    expect(project.read("docs/protocol/protocol.md")).toContain("# my-game\n");
    expect((await project.run("docs")).printed).toEqual(["0 written, 3 unchanged"]);
  });

  test("writes where it is told to", async () => {
    const project = new Project({ "proto/a.proto": room, "nanowire.config.json": '{ "docs": "pages" }' });
    await project.generate();
    await project.run("docs");
    await project.run("docs", "--out", ".");
    expect(project.list("pages")).toEqual(outputs);
    expect(project.list()).toEqual(expect.arrayContaining(outputs));
    expect(project.read("protocol.html")).toContain("<title>Protocol</title>");
  });

  test("--check writes nothing and tells what is stale", async () => {
    const project = new Project({ "proto/a.proto": room });
    await project.generate();
    const stale = await project.run("docs", "--check");
    expect(stale).toEqual({
      exitCode: 1,
      printed: [],
      errors: [
        ...outputs.map((name) => `docs/protocol/${name} is stale`),
        "run nanowire docs, and commit what it writes",
      ],
    });
    expect(project.list()).not.toContain("docs/protocol/protocol.md");
    await project.run("docs");
    expect(await project.run("docs", "--check")).toEqual({
      exitCode: 0,
      printed: ["3 files are up to date"],
      errors: [],
    });
    project.write({ "proto/a.proto": room.replace("service Room {", "// News.\nservice Room {") });
    expect((await project.run("docs", "--check")).exitCode).toBe(1);
  });

  test("the same files give the same bytes, wherever they lie", async () => {
    const other = 'syntax = "proto3";\nmessage Z { int32 z = 1; }\n';
    const one = new Project({ "proto/a.proto": room, "proto/z.proto": other });
    const two = new Project({ "wire/z.proto": other, "more/a.proto": room, "proto/.keep": "" });
    await one.generate();
    await two.generate("--proto", "wire", "--proto", "more", "--lock", "lock.json");
    await one.run("docs");
    await two.run("docs", "--proto", "wire", "--proto", "more", "--lock", "lock.json");
    for (const name of outputs) {
      expect(two.read(`docs/protocol/${name}`), name).toBe(one.read(`docs/protocol/${name}`));
    }
  });

  test("wants the codes to be kept first", async () => {
    const project = new Project({ "proto/a.proto": room });
    const { exitCode, errors } = await project.run("docs");
    expect(exitCode).toBe(1);
    expect(errors).toEqual([
      "proto/routes.lock.json does not keep the codes of Room.Join yet: run nanowire generate first",
      "nothing was written",
    ]);
    expect(project.list()).toEqual(["proto/a.proto"]);
    const rpcs = Array.from(
      { length: 40 },
      (_, index) => `rpc R${index + 10}(google.protobuf.Empty) returns (google.protobuf.Empty);`,
    );
    project.write({ "proto/a.proto": proto(`service Room { ${rpcs.join(" ")} }`) });
    expect((await project.run("docs")).errors[0]).toBe(
      "proto/routes.lock.json does not keep the codes of Room.R10, Room.R11, Room.R12, Room.R13, Room.R14 and 35 more yet: run nanowire generate first",
    );
  });

  test("does not go among the .proto files", async () => {
    const project = new Project({ "proto/a.proto": room });
    await project.generate();
    const { exitCode, errors } = await project.run("docs", "--out", "proto/pages");
    expect(exitCode).toBe(1);
    expect(errors[0]).toBe(
      "the folder for the pages is proto/pages, among the .proto files of proto: name another one with --out DIR",
    );
    expect(project.list("proto")).toEqual(["a.proto", "routes.lock.json"]);
  });

  test("overwrites no file of the user's own", async () => {
    const mine = { "docs/protocol/protocol.md": "# Mine\n", "docs/protocol/asyncapi.json": "{}" };
    const project = new Project({ "proto/a.proto": room, ...mine });
    await project.generate();
    const { errors } = await project.run("docs");
    expect(errors).toEqual([
      "docs/protocol/asyncapi.json is not a generated file, and would be overwritten: move it, or name another folder with --out DIR",
      "docs/protocol/protocol.md is not a generated file, and would be overwritten: move it, or name another folder with --out DIR",
      "2 errors; nothing was written",
    ]);
    expect(project.list("docs/protocol")).toEqual(["asyncapi.json", "protocol.md"]);
  });

  test.each([
    [["--titel", "x"], "there is no flag --titel; did you mean --title? (nanowire docs --help lists them)"],
    [["--out"], "--out wants a value: --out DIR"],
    [["--title="], "--title wants a value: --title TEXT"],
    [["--check=yes"], "--check takes no value: write --check or leave it out"],
  ])("%j is refused", async (args, error) => {
    const { exitCode, errors } = await new Project({ "proto/a.proto": room }).run("docs", ...args);
    expect(exitCode).toBe(1);
    expect(errors[0]).toBe(error);
  });

  test("a project without a service has pages too", async () => {
    const project = new Project({ "proto/a.proto": 'syntax = "proto3";\nmessage Point { int32 x = 1; }\n' });
    await project.generate();
    expect((await project.run("docs")).exitCode).toBe(0);
    expect(project.read("docs/protocol/protocol.md")).toContain("0 services, 1 message, 0 enums.");
    const { diagnostics } = await new Parser().parse(project.read("docs/protocol/asyncapi.json"));
    expect(diagnostics.filter(({ severity }) => severity <= warning)).toEqual([]);
  });

  test("--help tells its flags", async () => {
    const { exitCode, printed } = await new Project().run("docs", "--help");
    expect(exitCode).toBe(0);
    expect(printed.join("\n")).toMatch(/--out DIR[\s\S]*--title TEXT[\s\S]*--check/);
  });
});
