import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as pb from "../../../runtime/cluster/grpc/clusterpb.js";
import type { MessageCodec } from "../../../runtime/cluster/message-fields.js";
import { decodeAs, encodeAs } from "./support/clusterpb-schema.js";

const noBytes = new Uint8Array(0);
const member: pb.MemberInfo = {
  label: "gate",
  serviceAddr: "a:1",
  services: ["Room", ""],
  node: noBytes,
  numberAndOne: 0,
  heartbeatIntervalMs: 0,
};
const noMember: pb.MemberInfo = { ...member, label: "", serviceAddr: "", services: [] };

/** What is written for each message, by hand. */
const vectors: readonly (readonly [name: string, codec: MessageCodec<unknown>, message: unknown, hex: string])[] = [
  //                                              label "gate"     serviceAddr "a:1" services "Room"   ""
  ["MemberInfo", pb.memberInfo, member, "0a 04 67617465  12 03 613a31  1a 04 526f6f6d  1a 00"],
  // Field 1000, bytes: tag 8002, c2 3e; fields 1001 and 1002, varints: c8 3e, d0 3e.
  [
    "MemberInfo of ours",
    pb.memberInfo,
    { ...noMember, node: Uint8Array.of(0x7b, 0x7d), numberAndOne: 1_024, heartbeatIntervalMs: 1_000 },
    "c2 3e 02 7b7d  c8 3e 80 08  d0 3e e8 07",
  ],
  ["RegisterRequest", pb.registerRequest, { member: { ...noMember, label: "g" } }, "0a 03  0a 01 67"],
  ["RegisterRequest without a member", pb.registerRequest, { member: undefined }, ""],
  [
    "RegisterResponse",
    pb.registerResponse,
    { members: [{ ...noMember, label: "g" }, noMember], incarnation: "i", version: 7, numberAndOne: 1 },
    "0a 03 0a 01 67  0a 00  c2 3e 01 69  c8 3e 07  d0 3e 01",
  ],
  [
    "HeartbeatRequest",
    pb.heartbeatRequest,
    { member: noMember, incarnation: "i", version: 7 },
    "0a 00  c2 3e 01 69  c8 3e 07",
  ],
  [
    "HeartbeatResponse",
    pb.heartbeatResponse,
    { members: [noMember], incarnation: "i", version: 7, numberAndOne: 1, outcome: pb.otherList },
    "c2 3e 01 69  c8 3e 07  d0 3e 01  da 3e 00  e0 3e 03",
  ],
  [
    "NewMemberRequest",
    pb.newMemberRequest,
    { member: noMember, incarnation: "i", version: 1 },
    "0a 00  c2 3e 01 69  c8 3e 01",
  ],
  [
    "DelMemberRequest",
    pb.memberGone,
    { serviceAddr: "a:1", incarnation: "i", version: 1, reason: "r" },
    "0a 03 613a31  c2 3e 01 69  c8 3e 01  d2 3e 01 72",
  ],
  [
    "RequestMessage",
    pb.requestMessage,
    { gateAddr: "a:1", sessionId: -1n, id: 2n ** 64n - 1n, route: "R.J", data: Uint8Array.of(1) },
    "0a 03 613a31  10 ffffffffffffffffff01  18 ffffffffffffffffff01  22 03 522e4a  2a 01 01",
  ],
  [
    "NotifyMessage",
    pb.notifyMessage,
    { gateAddr: "a:1", sessionId: 2n ** 62n, route: "R.J", data: Uint8Array.of(1) },
    "0a 03 613a31  10 808080808080808040  1a 03 522e4a  22 01 01",
  ],
  ["ResponseMessage", pb.responseMessage, { sessionId: 3n, id: 2n, data: Uint8Array.of(1) }, "08 03  10 02  1a 01 01"],
  ["PushMessage", pb.pushMessage, { sessionId: 3n, route: "r", data: Uint8Array.of(1) }, "08 03  12 01 72  1a 01 01"],
  ["SessionRequest", pb.sessionRequest, { sessionId: 3n }, "08 03"],
  ["the answers that say nothing", pb.empty, {}, ""],
];

describe("clusterpb", () => {
  test.each(vectors)("%s, written and read", (_name, codec, message, hex) => {
    const bytes = Buffer.from(hex.replaceAll(" ", ""), "hex");
    expect(Buffer.from(codec.encode(message)).toString("hex")).toBe(bytes.toString("hex"));
    expect(codec.decode(new Uint8Array(bytes))).toEqual(message);
  });

  test.each(vectors.filter(([, , , hex]) => hex !== ""))(
    "%s, cut short, is an error or shorter",
    (_name, codec, _message, hex) => {
      const bytes = new Uint8Array(Buffer.from(hex.replaceAll(" ", ""), "hex"));
      const whole = JSON.stringify(codec.decode(bytes), showBigInt);
      for (let end = 0; end < bytes.length; end++) {
        let cut = "an error";
        try {
          cut = JSON.stringify(codec.decode(bytes.slice(0, end)), showBigInt);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
        expect(cut).not.toBe(whole);
      }
    },
  );

  const text = fc.string({ unit: "binary", maxLength: 40 });
  const data = fc.uint8Array({ maxLength: 200 });
  const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
  const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
  const members = fc.record({
    label: text,
    serviceAddr: text,
    services: fc.array(text, { maxLength: 5 }),
    node: data,
    numberAndOne: fc.nat(0xffffffff),
    heartbeatIntervalMs: fc.nat(0xffffffff),
  });

  test("nano reads what we write, and leaves out what it does not know", () => {
    fc.assert(
      fc.property(members, ({ label, serviceAddr, services, ...ours }) => {
        const theirs = { label, serviceAddr, services };
        const bytes = pb.memberInfo.encode({ ...theirs, ...ours });
        expect(decodeAs("MemberInfo", bytes)).toEqual(theirs);
      }),
    );
  });

  test("our own fields come back", () => {
    fc.assert(
      fc.property(fc.array(members, { maxLength: 4 }), text, fc.nat(0xffffffff), (list, incarnation, version) => {
        const message = { members: list, incarnation, version, numberAndOne: 5 };
        expect(pb.registerResponse.decode(pb.registerResponse.encode(message))).toEqual(message);
        const response = { ...message, outcome: pb.sameList };
        expect(pb.heartbeatResponse.decode(pb.heartbeatResponse.encode(response))).toEqual(response);
      }),
    );
  });

  test("messages of clients are protobuf's, both ways", () => {
    const all = fc.record({ gateAddr: text, sessionId: int64, id: uint64, route: text, data });
    fc.assert(
      fc.property(all, ({ gateAddr, sessionId, id, route, data: payload }) => {
        const kinds = [
          ["RequestMessage", pb.requestMessage, { gateAddr, sessionId, id, route, data: payload }],
          ["NotifyMessage", pb.notifyMessage, { gateAddr, sessionId, route, data: payload }],
          ["ResponseMessage", pb.responseMessage, { sessionId, id, data: payload }],
          ["PushMessage", pb.pushMessage, { sessionId, route, data: payload }],
          ["SessionClosedRequest", pb.sessionRequest, { sessionId }],
        ] as const;
        for (const [name, codec, message] of kinds) {
          const plain = Object.fromEntries(
            Object.entries(message).map(([key, value]) => [key, typeof value === "bigint" ? String(value) : value]),
          );
          expect(codec.decode(encodeAs(name, plain))).toEqual(message);
          const read = decodeAs(name, (codec as MessageCodec<object>).encode(message));
          expect({ ...read, ...("data" in read ? { data: new Uint8Array(read["data"] as Buffer) } : {}) }).toEqual(
            plain,
          );
        }
      }),
    );
  });

  test("any bytes are read, or refused with an error", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        for (const [, codec] of vectors) {
          try {
            codec.decode(bytes);
          } catch (error) {
            expect(error).toBeInstanceOf(Error);
          }
        }
      }),
    );
  });
});

function showBigInt(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? `${value}n` : value;
}
