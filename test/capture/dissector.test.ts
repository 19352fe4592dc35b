import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createFileRegistry, fromBinary, fromJson, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { beforeAll, describe, expect, it } from "vitest";
import { ProtocolBook } from "../../runtime/repl/protocol-book.js";
import { Project } from "../generator/support/project.js";
import { concat } from "../protocol/hex.js";
import { deflated, push, response } from "../repl/support/other-server.js";
import { notify, packet, request } from "../support/client.js";
import { pcapOf, segmentsOf } from "./support/pcap-writer.js";
import type { Said } from "./support/recording-proxy.js";
import { openRecordedShop, talk } from "./support/shop-talk.js";

const shop = fileURLToPath(new URL("../validate/shop", import.meta.url));

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

const project = { lua: "", pcap: "" };

it("tries", async () => {
  const made = Project.copyOf(shop);
  made.write({ "proto/kinds/v1/kinds.proto": kinds });
  const told = await made.run("dissector", "--out", "made/nanowire.lua", "--port", "3250");
  console.log(told);
  expect(told).toMatchObject({ exitCode: 0 });
  const set = await made.run("generate", "--descriptors", "d.json", "--out", "g");
  console.log(set);
  const book = ProtocolBook.read(made.read("d.json"));
  const message = book.message("kinds.v1.AllKinds");
  const payload = toBinary(message, fromJson(message, value as never));
  const said: Said[] = [
    ["client", packet(1, '{"sys":{}}')],
    ["server", packet(1, '{"code":200,"sys":{"dict":{"Kinds.All":777,"Shop.Buy":3}}}')],
    [
      "client",
      concat(packet(2), packet(3), notify(777, payload), request(5, "Shop.Buy", Uint8Array.of(0x0a, 1, 0x61))),
    ],
    [
      "server",
      concat(
        response(5, "\n\u0004gone\u0012\u0002no", 0x20),
        push("ShopEvents.Sold", deflated("\n\u0001b"), 0x10),
        packet(5, '{"reason":"x"}'),
      ),
    ],
    ["client", request(9, 3, "\u0022")],
  ].map(([side, bytes]) => ({ connection: 5, side, bytes }) as Said);
  const ws = await openRecordedShop("ws");
  await talk(ws.url);
  await ws.closed(1);
  made.write({});
  writeFileSync(
    `${made.directory}/f.pcap`,
    pcapOf(
      [
        ...segmentsOf(said, () => 9),
        ...segmentsOf(said.map((one) => ({ ...one, connection: 9 }))),
        ...segmentsOf(ws.said),
      ],
      { portOf: (connection) => (connection === 9 ? 9999 : 3250) },
    ),
  );
  execFileSync("cp", ["-r", made.directory, "/tmp/tapx/"]);
  console.log(
    execFileSync("tshark", ["-r", "f.pcap", "-X", "lua_script:made/nanowire.lua", "-O", "nanowire"], {
      cwd: made.directory,
      encoding: "utf8",
    }),
  );
  void project;
  void beforeAll;
  void describe;
  void createFileRegistry;
  void fromBinary;
  void FileDescriptorSetSchema;
});
