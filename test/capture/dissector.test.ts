import { execFileSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { fromJson, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { ProtocolBook } from "../../runtime/repl/protocol-book.js";
import { Project } from "../generator/support/project.js";
import { concat } from "../protocol/hex.js";
import { deflated, push, response } from "../repl/support/other-server.js";
import { notify, packet, request } from "../support/client.js";
import { pcapOf, segmentsOf } from "./support/pcap-writer.js";
import type { Said } from "./support/recording-proxy.js";
import { openRecordedShop, talk } from "./support/shop-talk.js";

const shop = fileURLToPath(new URL("../validate/shop", import.meta.url));
/** scripts/install-tshark.sh unpacks it. */
const tshark =
  process.env["TSHARK"] ??
  ["/opt/nanowire-tshark/tshark", "/usr/bin/tshark"].find((path) => existsSync(path)) ??
  "tshark";

/** Every kind of field. */
const kinds = `edition = "2023";
package kinds.v1;
import "google/protobuf/empty.proto";
import "nanowire/options.proto";
service Kinds {
  rpc All(AllKinds) returns (google.protobuf.Empty) { option (nanowire.method).notify = true; }
}
enum Colour { NONE = 0; RED = 1; BLUE = -2; }
message AllKinds {
  double a_double = 1; float a_float = 2; int64 an_int64 = 3; uint64 a_uint64 = 4; int32 an_int32 = 5; fixed64 a_fixed64 = 6;
  fixed32 a_fixed32 = 7; bool a_bool = 8; string a_string = 9; bytes some_bytes = 12; uint32 a_uint32 = 13; Colour colour = 14;
  sfixed32 an_sfixed32 = 15; sfixed64 an_sfixed64 = 16; sint32 an_sint32 = 17; sint64 an_sint64 = 18;
  repeated sint32 packed = 19; repeated Colour colours = 20; repeated double doubles = 21;
  map<string, AllKinds> inside = 22; map<int32, bool> flags = 23;
  AllKinds grouped = 24 [features.message_encoding = DELIMITED]; repeated string texts = 25;
}
`;

const value = {
  aDouble: -1.5,
  aFloat: 0.25,
  anInt64: "-9007199254740993",
  aUint64: "18446744073709551615",
  anInt32: -7,
  aFixed64: "12",
  aFixed32: 13,
  aBool: true,
  aString: "text",
  someBytes: "AQI=",
  aUint32: 4294967295,
  colour: "BLUE",
  anSfixed32: -15,
  anSfixed64: "-16",
  anSint32: -17,
  anSint64: "-18",
  packed: [-1, 300],
  colours: ["RED", "BLUE"],
  doubles: [2.5],
  inside: { one: { aString: "inner" } },
  flags: { "5": true },
  grouped: { aString: "in a group" },
  texts: ["x", "y"],
};

/** What is said over TCP: every kind of field, an error, a push that is compressed, a kick, and what cannot be read. */
function spoken(connection: number, payload: Uint8Array): Said[] {
  const said: readonly (readonly [Said["side"], Uint8Array])[] = [
    ["client", packet(1, '{"sys":{}}')],
    ["server", packet(1, '{"code":200,"sys":{"dict":{"Kinds.All":777,"Shop.Buy":3}}}')],
    [
      "client",
      concat(packet(2), packet(3), notify(777, payload), request(5, "Shop.Buy", Uint8Array.of(0x0a, 1, 0x61))),
    ],
    ["server", response(5, "\n\u0004gone\u0012\u0002no", 0x20)],
    ["server", concat(push("ShopEvents.Sold", deflated("\n\u0001b"), 0x10), packet(5, '{"reason":"x"}'))],
    ["client", request(9, 3, "\n\u0009x")],
  ];
  return said.map(([side, bytes]) => ({ connection, side, bytes }));
}

/** The lines of what tshark says of the protocol, of one TCP stream, as they are indented. */
function told(project: Project, stream: number): string[] {
  const filter = `nanowire && tcp.stream == ${stream}`;
  const args = ["-r", "game.pcap", "-X", "lua_script:made/nanowire.lua", "-Y", filter, "-O", "nanowire"];
  const text = execFileSync(tshark, args, {
    cwd: project.directory,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  return text
    .split("\n")
    .filter(
      (line) =>
        /^(?:Nanowire| {4})/.test(line) &&
        !/JavaScript Object|^ {4,}(?:\.|\[|Object|Array|String|Number|Key|Member|Path)/.test(line),
    );
}

describe("nanowire dissector", () => {
  it("makes tshark name routes, messages and fields, over TCP and WebSocket, on a port or found by what is said", async () => {
    const project = Project.copyOf(shop);
    project.write({ "proto/kinds/v1/kinds.proto": kinds });
    const generated = await project.run("generate", "--descriptors", "descriptors.json", "--out", "made");
    expect(generated.exitCode).toBe(0);
    const command = ["dissector", "--out", "made/nanowire.lua", "--port", "3250"] as const;
    expect(await project.run(...command, "--check")).toMatchObject({ exitCode: 1 });
    expect(await project.run(...command)).toMatchObject({ exitCode: 0, printed: ["made/nanowire.lua: written"] });
    expect(await project.run(...command, "--check")).toMatchObject({ exitCode: 0 });
    const type = ProtocolBook.read(project.read("descriptors.json")).message("kinds.v1.AllKinds");
    const payload = toBinary(type, fromJson(type, value as never));
    const { url, said, closed } = await openRecordedShop("ws");
    await talk(url);
    await closed(1);
    const segments = [
      ...segmentsOf(spoken(5, payload), () => 9),
      ...segmentsOf(spoken(9, payload)),
      ...segmentsOf(said),
    ];
    const portOf = (connection: number): number => (connection === 9 ? 9_999 : 3_250);
    writeFileSync(`${project.directory}/game.pcap`, pcapOf(segments, { portOf, stepUs: 1_000 }));
    const [cut, found, overWebSocket] = [told(project, 0), told(project, 1), told(project, 2)];
    const packets = (lines: readonly string[]) => lines.filter((line) => line.startsWith("Nanowire"));
    const heard = [
      "Nanowire, handshake",
      "Nanowire, handshake",
      "Nanowire, handshake ack",
      "Nanowire, heartbeat",
      "Nanowire, notify Kinds.All",
      "Nanowire, request #5 Shop.Buy",
      "Nanowire, response #5 Shop.Buy (error)",
      "Nanowire, push ShopEvents.Sold",
      "Nanowire, kick",
      "Nanowire, request #9 Shop.Buy",
    ];
    expect(packets(cut)).toEqual(heard);
    expect(packets(found)).toEqual(heard);
    expect(cut.filter((line) => line.startsWith("        "))).toEqual(shown);
    expect(packets(overWebSocket)).toEqual(
      expect.arrayContaining([
        "Nanowire, request #1 Shop.Buy",
        "Nanowire, push ShopEvents.Sold",
        "Nanowire, response #1 Shop.Buy",
        "Nanowire, notify Shop.Note",
        "Nanowire, response #3 Shop.Buy (error)",
      ]),
    );
    expect(overWebSocket).toContain("        name: tea");
  });

  it("writes over nothing but its own, and wants routes", async () => {
    const project = new Project({
      "proto/a/v1/a.proto": 'syntax = "proto3";\npackage a.v1;\n',
      "mine.lua": "-- mine\n",
    });
    expect(await project.run("dissector", "--port", "0")).toMatchObject({
      exitCode: 1,
      errors: [expect.stringContaining("--port cannot be 0"), "nothing was written"],
    });
    expect(await project.run("dissector")).toMatchObject({
      exitCode: 1,
      errors: [expect.stringContaining("there is nothing to dissect"), "nothing was written"],
    });
  });
});

/** What is inside of payloads. */
const shown = [
  "        a_double: -1.5",
  "        a_float: 0.25",
  "        an_int64: -9007199254740993",
  "        a_uint64: 18446744073709551615",
  "        an_int32: -7",
  "        a_fixed64: 12",
  "        a_fixed32: 13",
  "        a_bool: True",
  "        a_string: text",
  "        some_bytes: 0102",
  "        a_uint32: 4294967295",
  "        colour: BLUE (-2)",
  "        an_sfixed32: -15",
  "        an_sfixed64: -16",
  "        an_sint32: -17",
  "        an_sint64: -18",
  "        packed: -1",
  "        packed: 300",
  "        colours: RED (1)",
  "        colours: BLUE (-2)",
  "        doubles: 2.5",
  "        inside: kinds.v1.AllKinds.inside (entry)",
  "            key: one",
  "            value: kinds.v1.AllKinds",
  "                a_string: inner",
  "        flags: kinds.v1.AllKinds.flags (entry)",
  "            key: 5",
  "            value: True",
  "        grouped: a group",
  "            a_string: in a group",
  "        texts: x",
  "        texts: y",
  "        name: a",
  "        Error: gone",
  "        Error message: no",
  "        name: b",
];
