import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { JoinRequest, JoinResponse, SayRequest, UserJoined } from "../../generated/chat/v1/room.js";
import { ByteBuffer } from "../../runtime/base/byte-buffer.js";
import { NanowireError } from "../../runtime/base/error.js";
import { encodeErrorPayload } from "../../runtime/protocol/error-payload.js";
import { decodeHandshakeRequest, decodeHandshakeResponse, encodeHandshake } from "../../runtime/protocol/handshake.js";
import { writeNotify, writePush, writeRequest, writeResponse } from "../../runtime/protocol/message-encoder.js";
import { encodePacket } from "../../runtime/protocol/packet.js";
import * as packetType from "../../runtime/protocol/packet-type.js";
import { protobufSerializer } from "../../runtime/protocol/serializer.js";
import { encodeSystem } from "../../runtime/protocol/system.js";
import { encodeJson } from "../../runtime/protocol/utf8.js";
import { hex, toHex } from "../protocol/hex.js";

const text = readFileSync(new URL("../../docs/protocol.md", import.meta.url), "utf8");
const section = (title: string): string => text.slice(text.indexOf(`\n## ${title}\n`)).split("\n## ")[1] ?? "";

function message(write: (out: ByteBuffer) => void): Uint8Array {
  const out = new ByteBuffer();
  write(out);
  return out.view();
}

const nothing = new Uint8Array(0);
const join = JoinRequest.encode({ name: "ada" }).finish();
const say = SayRequest.encode({ text: "hi" }).finish();
const joined = UserJoined.encode({ name: "eve" }).finish();
const members = JoinResponse.encode({ members: ["ada"] }).finish();
const refusal = encodeErrorPayload(new NanowireError("full", "8 are in"), protobufSerializer);

/** What the runtime writes, in the order of the page's rows. */
const frames: readonly (readonly [what: string, bytes: Uint8Array])[] = [
  ["a handshake that says nothing", encodePacket(packetType.handshake, encodeJson({}))],
  ["the answer", encodePacket(packetType.handshake, encodeHandshake({ code: 200, sys: { dict: { "Room.Join": 1 } } }))],
  ["ack", encodePacket(packetType.handshakeAck)],
  ["heartbeat", encodePacket(packetType.heartbeat)],
  ["request 5 to `Room.Join`, `name` is `ada`", message((out) => writeRequest(out, 5, "Room.Join", 0, join))],
  ["the same with a code", message((out) => writeRequest(out, 5, "Room.Join", 1, join))],
  [
    "request 300 to `Room.Leave`, with nothing in it",
    message((out) => writeRequest(out, 300, "Room.Leave", 0, nothing)),
  ],
  ['the response to 5, `members` is `["ada"]`', message((out) => writeResponse(out, 5, members, false))],
  ["the response to 300, with nothing in it", message((out) => writeResponse(out, 300, nothing, false))],
  ['an error as the response to 5: `full`, "8 are in"', message((out) => writeResponse(out, 5, refusal, true))],
  ["notify to `Room.Say`, `text` is `hi`", message((out) => writeNotify(out, "Room.Say", 0, say))],
  ["the same with a code", message((out) => writeNotify(out, "Room.Say", 2, say))],
  ["push of `RoomEvents.Joined`, `name` is `eve`", message((out) => writePush(out, "RoomEvents.Joined", 0, joined))],
  ["the same with a code", message((out) => writePush(out, "RoomEvents.Joined", 4, joined))],
  ["a kick", encodePacket(packetType.kick, encodeJson({ reason: "bye" }))],
  ["a pong, to a client that knows `ping`", encodeSystem({ pong: 7 })],
];

describe("docs/protocol.md", () => {
  test("has every frame, byte for byte", () => {
    const rows = [...section("Frames").matchAll(/^\| (?:client|server) \| (.*) \| `([^|]*)` \|$/gm)];
    expect(rows.map(([, what, bytes = ""]) => [what, toHex(hex(bytes))])).toEqual(
      frames.map(([what, bytes]) => [what, toHex(bytes)]),
    );
  });

  test("has every type of packet", () => {
    const rows = [...section("Packets").matchAll(/^\| `([\da-f]{2})` \| ([\w ]+) \|/gm)];
    expect(rows.map(([, type = "", name]) => [name, Number.parseInt(type, 16)])).toEqual([
      ["handshake", packetType.handshake],
      ["handshake ack", packetType.handshakeAck],
      ["heartbeat", packetType.heartbeat],
      ["data", packetType.data],
      ["kick", packetType.kick],
      ["system", packetType.system],
    ]);
  });

  test("shows handshakes that can be read", () => {
    const [request = "", response = ""] = [...text.matchAll(/^```json\n([\s\S]*?)^```$/gm)].map(([, json]) => json);
    const bytes = (json: string) => new TextEncoder().encode(json);
    expect(decodeHandshakeRequest(bytes(request)).sys).toMatchObject({ type: "my-client", serializer: "protobuf" });
    expect(decodeHandshakeResponse(bytes(response))).toMatchObject({ code: 200, sys: { heartbeat: 30 } });
  });
});
