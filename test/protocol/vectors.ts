/*
 * The wire, case by case: what PROTOCOL.md, 1 to 3 allows and what it calls an error. Written from that page, not from
 * the code. The tests beside this file feed each vector to its decoder.
 */

import type { MessageHeader } from "../../runtime/protocol/message-decoder.js";
import * as messageType from "../../runtime/protocol/message-type.js";
import { concat, hex } from "./hex.js";

// 1. Packets: | type, 1 | length, 3, big-endian | body |

/** A stream of packets, and what is to come of it. */
export interface PacketVector {
  readonly name: string;
  readonly stream: Uint8Array;
  /** The limit of a body. */
  readonly maxBytes: number;
  /** The packets before the end or the error, as `type:body in hex`. */
  readonly packets: readonly string[];
  /** The error's code and what it says, when the stream ends in one. */
  readonly error?: readonly [code: string, message: string];
}

const limit = 16;

function packets(name: string, source: string, expected: readonly string[], maxBytes = limit): PacketVector {
  return { name, stream: hex(source), maxBytes, packets: expected };
}

function badPackets(
  name: string,
  source: string,
  expected: readonly string[],
  error: readonly [string, string],
  maxBytes = limit,
): PacketVector {
  return { name, stream: hex(source), maxBytes, packets: expected, error };
}

const wrongTypes = [0, ...Array.from({ length: 250 }, (_, index) => 6 + index)];

export const packetVectors: readonly PacketVector[] = [
  packets("nothing", "", []),
  packets("a handshake", "01 00 00 02 '{}'", ["1:7b7d"]),
  packets("a handshake ack", "02 00 00 00", ["2:"]),
  packets("a heartbeat", "03 00 00 00", ["3:"]),
  packets("a message", "04 00 00 03 02 01 ff", ["4:0201ff"]),
  packets("a kick", "05 00 00 02 '{}'", ["5:7b7d"]),
  packets("a kick without a reason, as pitaya's", "05 00 00 00", ["5:"]),
  packets("a body that looks like headers", "04 00 00 08 03 00 00 00 07 ff ff ff", ["4:0300000007ffffff"]),
  packets(
    "many packets in one stream",
    `03 00 00 00
     04 00 00 01 aa
     03 00 00 00
     04 00 00 00
     04 00 00 05 01 02 03 04 05
     05 00 00 02 '{}'
     03 00 00 00`,
    ["3:", "4:aa", "3:", "4:", "4:0102030405", "5:7b7d", "3:"],
  ),
  packets("a body as long as the limit", `04 00 00 10 ${"ee ".repeat(16)} 03 00 00 00`, [`4:${"ee".repeat(16)}`, "3:"]),
  packets(
    "a length of two bytes",
    `04 00 01 02 ${"ab ".repeat(258)} 03 00 00 00`,
    [`4:${"ab".repeat(258)}`, "3:"],
    258,
  ),
  packets("an empty body where the limit is 0", "02 00 00 00 03 00 00 00", ["2:", "3:"], 0),

  packets("a type and no more", "04", []),
  packets("a header cut after its second byte", "03 00 00 00 04 00", ["3:"]),
  packets("a header cut after its third byte", "04 00 00", []),
  packets("a header without its body", "04 00 00 03", []),
  packets("a body that misses its last byte", "04 00 00 03 01 02", []),
  packets("a header that claims the default limit, 64 KiB", "04 01 00 00 01 02", [], 65_536),
  packets("a header that claims all it can, where that is the limit", "04 ff ff ff 01", [], 0xffffff),

  ...wrongTypes.map((type) =>
    badPackets(
      `type ${type}`,
      `03 00 00 00 # a heartbeat goes before
       ${type.toString(16).padStart(2, "0")} 00 00 01 aa
       03 00 00 00 # and one comes after`,
      ["3:"],
      ["invalid_packet_type", `packet type ${type} is not one of 1 to 5`],
    ),
  ),
  badPackets("a wrong type and no more", "06", [], ["invalid_packet_type", "packet type 6 is not one of 1 to 5"]),
  badPackets(
    "a wrong type whose length is over the limit",
    "00 ff ff ff",
    [],
    ["invalid_packet_type", "packet type 0 is not one of 1 to 5"],
  ),
  badPackets(
    "a length over the limit, and the body",
    `04 00 00 11 ${"ee ".repeat(17)}`,
    [],
    ["packet_too_large", "packet of 17 bytes is larger than maxPacketBytes 16"],
  ),
  badPackets(
    "a length over the limit, before any body",
    "04 00 00 01 aa 04 00 00 11",
    ["4:aa"],
    ["packet_too_large", "packet of 17 bytes is larger than maxPacketBytes 16"],
  ),
  badPackets(
    "a length over the default limit",
    "04 01 00 01",
    [],
    ["packet_too_large", "packet of 65537 bytes is larger than maxPacketBytes 65536"],
    65_536,
  ),
  badPackets(
    "the greatest length",
    "01 ff ff ff",
    [],
    ["packet_too_large", "packet of 16777215 bytes is larger than maxPacketBytes 16777214"],
    0xfffffe,
  ),
  badPackets(
    "a body where the limit is 0",
    "03 00 00 01",
    [],
    ["packet_too_large", "packet of 1 bytes is larger than maxPacketBytes 0"],
    0,
  ),
];

// 2. Messages: | flag, 1 | id, varint: request, response | route: not a response | payload |

/** A message, and what its header says. */
export interface MessageVector {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly header: Omit<MessageHeader, "payloadStart">;
  /** The payload. */
  readonly payload: Uint8Array;
}

function message(
  name: string,
  source: string,
  fields: Partial<Omit<MessageHeader, "payloadStart">>,
  payload = "",
): MessageVector {
  const header = { type: messageType.request, id: 0, code: 0, route: "", compressed: false, error: false, ...fields };
  return { name, bytes: hex(source), header, payload: hex(payload) };
}

const { notify, response, push } = messageType;
const route255 = "r".repeat(255);
const wide255 = `${"路".repeat(84)}abc`;

export const messageVectors: readonly MessageVector[] = [
  // flag 0000: request, route in full
  message("a request", "00 05 09 'Room.Join' 0a 00", { id: 5, route: "Room.Join" }, "0a 00"),
  message("a request without a payload", "00 01 01 'r'", { id: 1, route: "r" }),
  message("a request with a code", "01 05 00 01 0a 00", { id: 5, code: 1 }, "0a 00"),
  message("a request with a code, without a payload", "01 05 12 34", { id: 5, code: 0x1234 }),
  message("the greatest code", "01 05 ff ff 00", { id: 5, code: 65_535 }, "00"),
  message("a code whose low byte is 0", "01 05 01 00", { id: 5, code: 256 }),
  message("an empty route", "00 05 00 aa", { id: 5, route: "" }, "aa"),
  message("a route of 255 bytes", `00 05 ff '${route255}' aa`, { id: 5, route: route255 }, "aa"),
  message("a route of 255 bytes that are 87 characters", `00 05 ff '${wide255}'`, { id: 5, route: wide255 }),
  message(
    "a route with two, three and four bytes a character",
    "02 09 c3 a9 e2 82 ac f0 9f 98 80 aa",
    {
      type: notify,
      route: "é€😀",
    },
    "aa",
  ),
  message("a route that begins with a byte order mark, which is text", "02 04 ef bb bf 'a'", {
    type: notify,
    route: "\ufeffa",
  }),
  message("a route with a NUL", "02 03 'a' 00 'b'", { type: notify, route: "a\0b" }),

  // ids
  message("id 1", "00 01 01 'r' aa", { id: 1, route: "r" }, "aa"),
  message("id 127", "00 7f 01 'r' aa", { id: 127, route: "r" }, "aa"),
  message("id 128", "00 80 01 01 'r' aa", { id: 128, route: "r" }, "aa"),
  message("id 300", "00 ac 02 01 'r' aa", { id: 300, route: "r" }, "aa"),
  message("id 16383", "00 ff 7f 01 'r' aa", { id: 16_383, route: "r" }, "aa"),
  message("id 16384", "00 80 80 01 01 'r' aa", { id: 16_384, route: "r" }, "aa"),
  message("id 2^31-1", "00 ff ff ff ff 07 01 'r'", { id: 0x7fffffff, route: "r" }),
  message("id 2^31, where int32 ends", "00 80 80 80 80 08 01 'r'", { id: 0x80000000, route: "r" }),
  message("id 2^32, where uint32 ends", "00 80 80 80 80 10 01 'r'", { id: 0x100000000, route: "r" }),
  message("id 2^53-1, the last that a number holds", "00 ff ff ff ff ff ff ff 0f 01 'r'", {
    id: Number.MAX_SAFE_INTEGER,
    route: "r",
  }),
  message("id 2^53, the first bigint", "00 80 80 80 80 80 80 80 10 01 'r'", { id: 2n ** 53n, route: "r" }),
  message("id 2^53+1, which a number would round", "00 81 80 80 80 80 80 80 10 01 'r'", {
    id: 2n ** 53n + 1n,
    route: "r",
  }),
  message("id 2^63", "00 80 80 80 80 80 80 80 80 80 01 01 'r'", { id: 2n ** 63n, route: "r" }),
  message("id 2^64-1", "00 ff ff ff ff ff ff ff ff ff 01 01 'r'", { id: 2n ** 64n - 1n, route: "r" }),
  message("id 1 in two bytes", "00 81 00 01 'r' aa", { id: 1, route: "r" }, "aa"),
  message("id 1 in ten bytes", "00 81 80 80 80 80 80 80 80 80 00 01 'r' aa", { id: 1, route: "r" }, "aa"),

  // flag 0010: notify
  message("a notify", "02 08 'Room.Say' 0a 00", { type: notify, route: "Room.Say" }, "0a 00"),
  message("a notify without a payload", "02 01 'r'", { type: notify, route: "r" }),
  message("a notify with a code", "03 00 07 0a", { type: notify, code: 7 }, "0a"),
  message("a notify with a code, without a payload", "03 00 07", { type: notify, code: 7 }),

  // flag 0100: response, which has no route
  message("a response", "04 05 0a 00", { type: response, id: 5 }, "0a 00"),
  message("a response with an empty payload", "04 05", { type: response, id: 5 }),
  message("a response to the greatest id, with an empty payload", "04 ff ff ff ff ff ff ff ff ff 01", {
    type: response,
    id: 2n ** 64n - 1n,
  }),
  message("a response with C, which is ignored", "05 05 00 01 0a", { type: response, id: 5 }, "00 01 0a"),
  message("a response with C and an empty payload", "05 05", { type: response, id: 5 }),
  message("a response with the id 0", "04 00 aa", { type: response, id: 0 }, "aa"),

  // flag 0110: push
  message("a push", "06 0b 'Room.Joined' 0a", { type: push, route: "Room.Joined" }, "0a"),
  message("a push without a payload", "06 01 'r'", { type: push, route: "r" }),
  message("a push with a code", "07 01 02 0a", { type: push, code: 0x0102 }, "0a"),

  // G 0x10: the payload is compressed; E 0x20: it is an error
  message(
    "a request with a compressed payload",
    "10 05 01 'r' 78 9c",
    { id: 5, route: "r", compressed: true },
    "78 9c",
  ),
  message(
    "a notify with a code and a compressed payload",
    "13 00 07 78",
    { type: notify, code: 7, compressed: true },
    "78",
  ),
  message("a response with a compressed payload", "14 05 78", { type: response, id: 5, compressed: true }, "78"),
  message("a push with a compressed payload", "16 01 'r' 78", { type: push, route: "r", compressed: true }, "78"),
  message("an error", "24 05 0a 00", { type: response, id: 5, error: true }, "0a 00"),
  message("an error with an empty payload", "24 05", { type: response, id: 5, error: true }),
  message("a compressed error", "34 05 78", { type: response, id: 5, compressed: true, error: true }, "78"),
  message("a compressed error with C", "35 05 78", { type: response, id: 5, compressed: true, error: true }, "78"),
  message("a push with E, which means nothing there", "26 01 'r' 78", { type: push, route: "r" }, "78"),
];

/** A message that cannot be read, and a part of what the error says. */
export interface BadMessageVector {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly says: string;
}

function badMessage(name: string, source: string, says: string): BadMessageVector {
  return { name, bytes: hex(source), says };
}

const hexByte = (value: number): string => value.toString(16).padStart(2, "0");

export const badMessageVectors: readonly BadMessageVector[] = [
  badMessage("an empty data packet", "", "0 bytes"),

  // types 4 to 7, with C and without, and the bits 0x40 and 0x80
  ...[
    0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x18, 0x28, 0x3f, 0x40, 0x42, 0x44, 0x46, 0x80, 0x82, 0x84, 0xc0,
    0xff,
  ].map((flag) => badMessage(`flag 0x${hexByte(flag)}`, `${hexByte(flag)} 05 01 'r' aa`, `0b${flag.toString(2)} `)),

  badMessage("a request without an id", "00", "id does not end"),
  badMessage("a response without an id", "04", "id does not end"),
  badMessage("an id that does not end", "00 80", "id does not end"),
  badMessage("an id that does not end after nine bytes", `00 ${"80 ".repeat(9)}`, "id does not end"),
  badMessage("a response's id that does not end", "04 ff ff", "id does not end"),
  badMessage("id 2^64, the first of 65 bits", `00 ${"80 ".repeat(9)} 02 01 'r'`, "more than 64 bits"),
  badMessage("an id of 70 bits", `04 ${"ff ".repeat(9)} 7f aa`, "more than 64 bits"),
  badMessage("id 1 in eleven bytes", `00 81 ${"80 ".repeat(9)} 00 01 'r'`, "more than 64 bits"),
  badMessage("an id that goes on and on", `00 ${"80 ".repeat(40)}`, "more than 64 bits"),
  badMessage("id 0 in a request", "00 00 01 'r' aa", "id 0"),
  badMessage("id 0 in a request with a code", "01 00 00 01", "id 0"),
  badMessage("id 0 in two bytes", "00 80 00 01 'r'", "id 0"),

  badMessage("a request without a route", "00 05", "before its route"),
  badMessage("a notify without a route", "02", "before its route"),
  badMessage("a push without a route", "06", "before its route"),
  badMessage("a route cut to nothing", "02 01", "0 of its 1 bytes"),
  badMessage("a route that misses its last byte", "00 05 09 'Room.Joi'", "8 of its 9 bytes"),
  badMessage("a route of 255 bytes that misses one", `06 ff '${"r".repeat(254)}'`, "254 of its 255 bytes"),
  badMessage("a code cut to nothing", "01 05", "0 of its 2 bytes"),
  badMessage("a code with one byte left", "01 05 00", "1 of its 2 bytes"),
  badMessage("a notify's code cut to nothing", "03", "0 of its 2 bytes"),
  badMessage("a notify's code with one byte left (it crashes nano)", "03 00", "1 of its 2 bytes"),
  badMessage("a push's code with one byte left", "07 01", "1 of its 2 bytes"),
  badMessage("code 0 in a request", "01 05 00 00 aa", "code is 0"),
  badMessage("code 0 in a notify", "03 00 00", "code is 0"),
  badMessage("code 0 in a push", "07 00 00 aa", "code is 0"),

  badMessage("a route that is not UTF-8: a byte that never occurs", "02 02 'a' ff", "UTF-8"),
  badMessage("a route that is not UTF-8: a continuation alone", "02 01 80", "UTF-8"),
  badMessage("a route that is not UTF-8: a character cut by the route's end", "02 02 e2 82 ac", "UTF-8"),
  badMessage("a route that is not UTF-8: '/' in two bytes", "02 02 c0 af", "UTF-8"),
  badMessage("a route that is not UTF-8: a surrogate", "02 03 ed a0 80", "UTF-8"),
];

// 1. Handshakes: UTF-8 JSON

const browserClient = `{"sys":{"type":"js-websocket","version":"0.0.1","rsa":{}},"user":{"name":"ada"}}`;
const pitayaClient = `{"sys":{"platform":"mac","libVersion":"0.3.5","clientBuildNumber":"20","clientVersion":"1.0"},"user":{}}`;
const nested = (levels: number): string => `${"[".repeat(levels)}${"]".repeat(levels)}`;

/** A handshake's body, and what it says. */
export interface HandshakeVector {
  readonly name: string;
  readonly body: Uint8Array;
  readonly value: object;
}

function handshake(name: string, source: string, value: object): HandshakeVector {
  return { name, body: hex(source), value };
}

export const requestHandshakeVectors: readonly HandshakeVector[] = [
  handshake("nothing at all, as nano's client in Go", "", { sys: {}, user: null, isEmpty: true }),
  handshake("nano's and pomelo's browser client", `'${browserClient}'`, {
    sys: { type: "js-websocket", version: "0.0.1", rsa: {} },
    user: { name: "ada" },
  }),
  handshake("pitaya's client", `'${pitayaClient}'`, {
    sys: { platform: "mac", libVersion: "0.3.5", clientBuildNumber: "20", clientVersion: "1.0" },
    user: {},
  }),
  handshake("a client that has a dictionary", `'{"sys":{"dictVersion":"abc","serializer":"json"}}'`, {
    sys: { dictVersion: "abc", serializer: "json" },
    user: null,
  }),
  handshake("no user", `'{"sys":{}}'`, { sys: {}, user: null }),
  handshake("a user that is null", `'{"sys":{},"user":null}'`, { sys: {}, user: null }),
  handshake("a user that is no object", `'{"sys":{},"user":[1,"b",false]}'`, { sys: {}, user: [1, "b", false] }),
  handshake("no sys", `'{}'`, { sys: {}, user: null }),
  handshake("a sys that is null", `'{"sys":null}'`, { sys: {}, user: null }),
  handshake("a field of sys that is null, as if it were not there", `'{"sys":{"type":null,"version":"1"}}'`, {
    sys: { version: "1" },
    user: null,
  }),
  handshake("white space around it", `0d 0a '  { "sys" : { } } ' 09`, { sys: {}, user: null }),
  handshake("text that is not ASCII", `'{"user":"' c3 a9 f0 9f 98 80 '"}'`, { sys: {}, user: "é😀" }),
  handshake("braces in a text", `'{"user":"${"{[".repeat(100)}"}'`, { sys: {}, user: "{[".repeat(100) }),
  handshake("an escaped quote before braces in a text", `'{"user":"\\"${"[".repeat(100)}"}'`, {
    sys: {},
    user: `"${"[".repeat(100)}`,
  }),
  handshake("escapes at a text's end", `'{"user":["\\\\","\\u005c\\"","\\\\\\""]}'`, {
    sys: {},
    user: ["\\", '\\"', '\\"'],
  }),
  handshake("many brackets, none deep", `'{"user":[${"[],".repeat(100)}[]]}'`, {
    sys: {},
    user: Array.from({ length: 101 }, () => []),
  }),
  handshake("32 levels", `'{"user":${nested(31)}}'`, { sys: {}, user: JSON.parse(nested(31)) as unknown }),
];

export const responseHandshakeVectors: readonly HandshakeVector[] = [
  handshake(
    "all of it",
    `'{"code":200,"sys":{"heartbeat":30,"servertime":1700000000,"dict":{"Room.Join":1},"serializer":"protobuf"},"user":{"a":1}}'`,
    {
      code: 200,
      sys: { heartbeat: 30, servertime: 1_700_000_000, dict: { "Room.Join": 1 }, serializer: "protobuf" },
      user: { a: 1 },
    },
  ),
  handshake("a fraction of a second", `'{"code":200,"sys":{"heartbeat":0.5}}'`, { code: 200, sys: { heartbeat: 0.5 } }),
  handshake("no heartbeat", `'{"code":200,"sys":{"heartbeat":0}}'`, { code: 200, sys: { heartbeat: 0 } }),
  handshake("nothing but the code", `'{"code":200}'`, { code: 200, sys: {} }),
  handshake("a sys that is null", `'{"code":200,"sys":null}'`, { code: 200, sys: {} }),
  handshake("fields that are null", `'{"code":200,"sys":{"heartbeat":null,"dict":null,"serializer":"json"}}'`, {
    code: 200,
    sys: { serializer: "json" },
  }),
  handshake(
    "pomelo's, with fields of its own",
    `'{"code":200,"sys":{"heartbeat":3,"useDict":true,"protos":{"version":0}}}'`,
    {
      code: 200,
      sys: { heartbeat: 3, useDict: true, protos: { version: 0 } },
    },
  ),
  handshake("nano's, whose codes may begin at 0", `'{"code":200,"sys":{"dict":{"a.b":0}}}'`, {
    code: 200,
    sys: { dict: { "a.b": 0 } },
  }),
  handshake(
    "what only informs, with wrong types",
    `'{"code":500,"sys":{"servertime":"now","dictVersion":1},"error":1,"reason":{"text":"no"}}'`,
    { code: 500, sys: {} },
  ),
  handshake("a refusal whose reason is null", `'{"code":400,"error":"e","reason":null}'`, {
    code: 400,
    sys: {},
    error: "e",
  }),
  handshake("pitaya's refusal", `'{"code":400}'`, { code: 400, sys: {} }),
  handshake("pomelo's refusal", `'{"code":500,"user":null}'`, { code: 500, sys: {}, user: null }),
  handshake("a client that is too old", `'{"code":501,"sys":{}}'`, { code: 501, sys: {} }),
  handshake("our refusal", `'{"code":400,"sys":{},"error":"rate_limited","reason":"too many"}'`, {
    code: 400,
    sys: {},
    error: "rate_limited",
    reason: "too many",
  }),
];

/** A handshake that cannot be read, and a part of what the error says. */
export interface BadHandshakeVector {
  readonly name: string;
  readonly body: Uint8Array;
  readonly says: string;
}

function badHandshake(name: string, source: string, says: string): BadHandshakeVector {
  return { name, body: hex(source), says };
}

/** What is no handshake of either side. */
export const badHandshakeVectors: readonly BadHandshakeVector[] = [
  badHandshake("no JSON", "'hello'", "not JSON"),
  badHandshake("half an object", `'{"sys":{'`, "not JSON"),
  badHandshake("two objects", "'{}{}'", "not JSON"),
  badHandshake("a text that does not end", `'{"user":"'`, "not JSON"),
  badHandshake("a text that ends in a backslash", `'{"user":"\\'`, "not JSON"),
  badHandshake("closing brackets first", `'${"]".repeat(50)}${"[".repeat(50)}'`, "not JSON"),
  badHandshake("deflated, and not inflated yet", "78 9c ab 56 aa 05 00 01 75 00 f9", "not JSON"),
  badHandshake("not UTF-8", `'{"user":"' ff '"}'`, "UTF-8"),
  badHandshake("not UTF-8: a character cut short", `'{"user":"' e2 82 '"}'`, "UTF-8"),
  badHandshake("not UTF-8: a surrogate", `'{"user":"' ed a0 80 '"}'`, "UTF-8"),
  badHandshake("UTF-16", "7b 00 7d 00", "not JSON"),
  badHandshake("null", "'null'", "not an object"),
  badHandshake("a list", "'[]'", "not an object"),
  badHandshake("a list of a handshake", `'[{"code":200,"sys":{}}]'`, "not an object"),
  badHandshake("a text", `'"sys"'`, "not an object"),
  badHandshake("a number", "'200'", "not an object"),
  badHandshake("a sys that is a list", `'{"code":200,"sys":[]}'`, "sys is not an object"),
  badHandshake("a sys that is a text", `'{"code":200,"sys":"a"}'`, "sys is not an object"),
  badHandshake("a sys that is false", `'{"code":200,"sys":false}'`, "sys is not an object"),
];

/** What a server does not take of a client: what is nested too deep. */
export const deepHandshakeVectors: readonly BadHandshakeVector[] = [
  badHandshake("33 levels of lists", `'{"code":200,"user":${nested(32)}}'`, "deeper than 32"),
  badHandshake("33 levels of objects", `'${'{"a":'.repeat(33)}1${"}".repeat(33)}'`, "deeper than 32"),
  badHandshake("33 levels after a text with a quote", `'{"a":"\\"","b":${nested(32)}}'`, "deeper than 32"),
  badHandshake("33 levels after a text that ends in a backslash", `'{"a":"\\\\","b":${nested(32)}}'`, "deeper than 32"),
  badHandshake("65,536 opening brackets", `'${"[".repeat(65_536)}'`, "deeper than 32"),
  badHandshake("32,768 levels", `'${nested(32_768)}'`, "deeper than 32"),
];

/** What is no handshake of a client. */
export const badRequestHandshakeVectors: readonly BadHandshakeVector[] = [
  ...["type", "version", "serializer", "dictVersion", "platform", "libVersion", "clientVersion"].flatMap((field) =>
    ["1", "true", "{}", "[]"].map((value) =>
      badHandshake(`sys.${field} that is ${value}`, `'{"sys":{"${field}":${value}}}'`, `sys.${field} is not a string`),
    ),
  ),
];

/** What is no handshake of a server. */
export const badResponseHandshakeVectors: readonly BadHandshakeVector[] = [
  badHandshake("no body", "", "not JSON"),
  badHandshake("no code", "'{}'", "code is not a number"),
  badHandshake("a code that is null", `'{"code":null}'`, "code is not a number"),
  badHandshake("a code that is a text", `'{"code":"200"}'`, "code is not a number"),
  badHandshake("a code that is no finite number", `'{"code":1e999}'`, "code is not a number"),
  badHandshake("a heartbeat that is a text", `'{"code":200,"sys":{"heartbeat":"30"}}'`, "sys.heartbeat"),
  badHandshake("a heartbeat that is negative", `'{"code":200,"sys":{"heartbeat":-1}}'`, "sys.heartbeat"),
  badHandshake("a heartbeat that never comes", `'{"code":200,"sys":{"heartbeat":1e999}}'`, "sys.heartbeat"),
  badHandshake("a dict that is a list", `'{"code":200,"sys":{"dict":["a.b"]}}'`, "sys.dict"),
  badHandshake("a dict that is a text", `'{"code":200,"sys":{"dict":"a.b"}}'`, "sys.dict"),
  badHandshake("a dict of texts", `'{"code":200,"sys":{"dict":{"a.b":"1"}}}'`, "sys.dict"),
  badHandshake("a dict with a null", `'{"code":200,"sys":{"dict":{"a.b":1,"a.c":null}}}'`, "sys.dict"),
  badHandshake("a serializer that is a number", `'{"code":200,"sys":{"serializer":1}}'`, "sys.serializer"),
];

// 2. Error payloads: Error { string code = 1; string msg = 2; map<string, string> metadata = 3; }, or the same as JSON

/** An error's payload, and the error. */
export interface ErrorVector {
  readonly name: string;
  readonly serializer: "protobuf" | "json";
  readonly payload: Uint8Array;
  readonly code: string;
  readonly message: string;
  readonly details: Readonly<Record<string, string>>;
}

function errorPayload(
  name: string,
  serializer: "protobuf" | "json",
  source: string,
  [code, text, details]: readonly [string, string, Readonly<Record<string, string>>],
): ErrorVector {
  return { name, serializer, payload: hex(source), code, message: text, details };
}

/** Error payloads that are written byte by byte as they are here. */
export const canonicalErrorVectors: readonly ErrorVector[] = [
  errorPayload(
    "code, message and details",
    "protobuf",
    `0a 09 'room_full'      # 1: code
     12 07 'no room'        # 2: msg
     1a 0a                  # 3: metadata, an entry of 10 bytes
        0a 04 'room'        #    1: key
        12 02 '12'          #    2: value
     1a 07
        0a 03 'max'
        12 00`,
    ["room_full", "no room", { room: "12", max: "" }],
  ),
  errorPayload("no details", "protobuf", "0a 08 'internal' 12 02 c3 a9", ["internal", "é", {}]),
  errorPayload("code, message and details", "json", `'{"code":"room_full","msg":"no room","metadata":{"room":"12"}}'`, [
    "room_full",
    "no room",
    { room: "12" },
  ]),
  errorPayload("no details", "json", `'{"code":"internal","msg":"' c3 a9 '","metadata":{}}'`, ["internal", "é", {}]),
];

/** Error payloads that others may write. */
export const errorVectors: readonly ErrorVector[] = [
  ...canonicalErrorVectors,
  errorPayload("nothing, which is an error without a code", "protobuf", "", ["", "", {}]),
  errorPayload("nothing, which is read as {}", "json", "", ["", "", {}]),
  errorPayload("the fields in another order", "protobuf", "12 01 'm' 0a 01 'c'", ["c", "m", {}]),
  errorPayload("a field twice: the last counts", "protobuf", "0a 01 'a' 12 01 'm' 0a 01 'b'", ["b", "m", {}]),
  errorPayload(
    "an entry without a key, one without a value, one whose value comes first",
    "protobuf",
    "0a 01 'c' 1a 03 12 01 'v' 1a 03 0a 01 'k' 1a 06 12 01 'w' 0a 01 'j'",
    ["c", "", { "": "v", k: "", j: "w" }],
  ),
  errorPayload(
    "fields that are not known, of each wire type",
    "protobuf",
    `20 ac 02                        # 4: varint 300
     29 01 02 03 04 05 06 07 08      # 5: 64 bits
     32 02 ff ff                     # 6: bytes
     3b 08 01 3c                     # 7: a group
     45 01 02 03 04                  # 8: 32 bits
     0a 01 'c' 12 01 'm'`,
    ["c", "m", {}],
  ),
  errorPayload("field 1 as a varint, which is not its type", "protobuf", "08 05 12 01 'm'", ["", "m", {}]),
  errorPayload("pitaya's, which leaves empty fields out", "json", `'{"code":"PIT-404"}'`, ["PIT-404", "", {}]),
  errorPayload("metadata that is null", "json", `'{"code":"PIT-500","msg":"m","metadata":null}'`, ["PIT-500", "m", {}]),
  errorPayload("metadata that is no text", "json", `'{"code":"c","msg":"m","metadata":{"a":1,"b":true}}'`, [
    "c",
    "m",
    { a: "1", b: "true" },
  ]),
  errorPayload(
    "a code of nanowire's with another scope is still a request's",
    "json",
    `'{"code":"kicked","msg":"m"}'`,
    ["kicked", "m", {}],
  ),
];

/** Error payloads that cannot be read. */
export const badErrorVectors: readonly { name: string; serializer: "protobuf" | "json"; payload: Uint8Array }[] = [
  { name: "a text longer than the payload", serializer: "protobuf", payload: hex("0a 05 'abc'") },
  { name: "a text of 4 GiB", serializer: "protobuf", payload: hex("0a ff ff ff ff 0f 'abc'") },
  { name: "a tag without its field", serializer: "protobuf", payload: hex("0a") },
  { name: "a tag that does not end", serializer: "protobuf", payload: hex("8a") },
  { name: "field 0", serializer: "protobuf", payload: hex("02 01 'a'") },
  { name: "wire type 6", serializer: "protobuf", payload: hex("0e 01") },
  { name: "the end of a group that never began", serializer: "protobuf", payload: hex("0c") },
  { name: "a group that does not end", serializer: "protobuf", payload: hex("3b 08 01") },
  { name: "an entry cut short", serializer: "protobuf", payload: hex("1a 05 0a 01 'k'") },
  {
    name: "an entry whose key is longer than the entry",
    serializer: "protobuf",
    payload: hex("1a 03 0a 05 'k' 12 01 'v'"),
  },
  { name: "groups 100,000 deep", serializer: "protobuf", payload: new Uint8Array(100_000).fill(0x3b) },
  { name: "no JSON", serializer: "json", payload: hex("'room_full'") },
  { name: "null", serializer: "json", payload: hex("'null'") },
  { name: "a number", serializer: "json", payload: hex("'404'") },
  { name: "a text", serializer: "json", payload: hex(`'"room_full"'`) },
  { name: "a list", serializer: "json", payload: hex("'[]'") },
  { name: "not UTF-8", serializer: "json", payload: hex(`'{"code":"' ff '"}'`) },
  { name: "protobuf", serializer: "json", payload: hex("0a 01 'c' 12 01 'm'") },
  {
    name: "100,000 levels",
    serializer: "json",
    payload: concat(hex(`'{"code":"c","metadata":{"a":'`), new Uint8Array(100_000).fill(0x5b)),
  },
];
