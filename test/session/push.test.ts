import { describe, expect, it } from "vitest";
import { ByteBuffer } from "../../runtime/base/byte-buffer.js";
import { Turn } from "../../runtime/base/turn.js";
import { Dictionary } from "../../runtime/protocol/dictionary.js";
import { jsonSerializer, protobufSerializer } from "../../runtime/protocol/serializer.js";
import { OutgoingPush } from "../../runtime/session/push.js";
import { PushBatch } from "../../runtime/session/push-batch.js";
import type { PushForm } from "../../runtime/session/push-form.js";
import { hex, toHex } from "../protocol/hex.js";
import { countingCodec, pushOf } from "../support/service.js";

const forms = {
  full: hex("04 00 00 07  06 03 'A.B' 'hi'"),
  code: hex("04 00 00 05  07 01 02 'hi'"),
  jsonFull: hex(`04 00 00 12  06 03 'A.B' '{"text":"hi"}'`),
  jsonCode: hex(`04 00 00 10  07 01 02 '{"text":"hi"}'`),
};

const dictionary = new Dictionary({ version: "v1", routes: { "A.B": 0x0102 } });
const turn = new Turn(() => {});
const full: PushForm = { serializer: protobufSerializer, dictionary: undefined, compress: undefined, turn };
const code: PushForm = { ...full, dictionary };
const jsonFull: PushForm = { ...full, serializer: jsonSerializer };
const jsonCode: PushForm = { ...code, serializer: jsonSerializer };

describe.each([true, false])("a push that is shared: %s", (shared) => {
  it("has four forms, and encodes once a serializer", () => {
    const { codec, encoded } = countingCodec();
    const push = new OutgoingPush(pushOf("A.B", 0x0102, codec), "hi", shared);
    const out = new ByteBuffer();
    for (let round = 0; round < 2; round++) {
      push.writeTo(out, full);
      push.writeTo(out, code);
      push.writeTo(out, jsonFull);
      push.writeTo(out, jsonCode);
    }
    const once = toHex(forms.full) + toHex(forms.code) + toHex(forms.jsonFull) + toHex(forms.jsonCode);
    expect(toHex(out.view())).toBe(once + once);
    expect(encoded).toEqual({ protobuf: 1, json: 1 });
  });

  it("can go with another payload, and keeps its own", () => {
    const { codec } = countingCodec();
    const push = new OutgoingPush(pushOf("A.B", 0x0102, codec), "hi", shared);
    const out = new ByteBuffer();
    push.writeChangedTo(out, hex("ff"), code);
    push.writeTo(out, code);
    expect(toHex(out.view())).toBe(toHex(hex("04 00 00 04 07 01 02 ff")) + toHex(forms.code));
  });

  it("goes with its route in full where the dictionary of the server lacks it, and with the dictionary's code", () => {
    const { codec } = countingCodec();
    const lacking: PushForm = { ...full, dictionary: new Dictionary({ version: "v2", routes: { "C.D": 0x0102 } }) };
    const other: PushForm = { ...full, dictionary: new Dictionary({ version: "v3", routes: { "A.B": 0x0304 } }) };
    const push = new OutgoingPush(pushOf("A.B", 0x0102, codec), "hi", shared);
    const out = new ByteBuffer();
    push.writeTo(out, lacking);
    push.writeTo(out, other);
    push.writeTo(out, lacking);
    expect(toHex(out.view())).toBe(toHex(forms.full) + toHex(hex("04 00 00 05  07 03 04 'hi'")) + toHex(forms.full));
  });

  it("is compressed once a form, and goes as it is where that is no shorter", () => {
    const { codec } = countingCodec();
    let asked = 0;
    const compressing = (made: Uint8Array | undefined): PushForm => ({
      ...full,
      compress: () => {
        asked++;
        return made;
      },
    });
    const shorter = compressing(hex("ee"));
    const longer = compressing(undefined);
    const push = new OutgoingPush(pushOf("A.B", 0x0102, codec), "hi", shared);
    const out = new ByteBuffer();
    for (let round = 0; round < 2; round++) {
      push.writeTo(out, shorter);
      // As an outbound step leaves it that only looks.
      push.writeChangedTo(out, push.payload(longer.serializer), longer);
    }
    const once = toHex(hex("04 00 00 06  16 03 'A.B' ee")) + toHex(forms.full);
    expect(toHex(out.view())).toBe(once + once);
    expect(asked).toBe(shared ? 2 : 4);
  });
});

describe("pushes that the same sessions get in one turn", () => {
  it("lie one behind the other in each form, and those of the next turn elsewhere", () => {
    const ends: (() => void)[] = [];
    const ending: PushForm = { ...code, turn: new Turn((task) => void ends.push(task)) };
    const batch = new PushBatch();
    const { codec } = countingCodec();
    const pushed = (text: string) => new OutgoingPush(pushOf("A.B", 0x0102, codec), text, true, batch);
    const [one, two] = [pushed("hi").sharedPacket(ending), pushed("ho").sharedPacket(ending)];
    expect([one.start, one.end, two.start, two.end]).toEqual([0, 9, 9, 18]);
    expect(two.bytes).toBe(one.bytes);
    expect(toHex(two.bytes.view(0, 18))).toBe(toHex(forms.code) + toHex(hex("04 00 00 05  07 01 02 'ho'")));
    expect(pushed("hi").sharedPacket({ ...ending }).bytes).not.toBe(one.bytes);
    ends.shift()?.();
    const next = pushed("hi").sharedPacket(ending);
    expect([next.start, next.bytes === one.bytes]).toEqual([0, false]);
    expect(toHex(one.bytes.view(0, 9))).toBe(toHex(forms.code));
  });

  it("leave nothing of one that cannot be written", () => {
    const batch = new PushBatch();
    const { codec } = countingCodec();
    const tooLong = new OutgoingPush(pushOf("A.B", 0, codec), "x".repeat(0x1000000), true, batch);
    expect(() => tooLong.sharedPacket(full)).toThrow("larger than 16777215");
    const { start, end, bytes } = new OutgoingPush(pushOf("A.B", 0, codec), "hi", true, batch).sharedPacket(full);
    expect(toHex(bytes.view(start, end))).toBe(toHex(forms.full));
    expect(start).toBe(0);
  });

  it.each(["drop", "conflate"] as const)("are by themselves where they may wait for long: %s", (policy) => {
    const batch = new PushBatch();
    const { codec } = countingCodec();
    const method = { ...pushOf("A.B", 0x0102, codec), overflow: { policy } };
    const [one, two] = [new OutgoingPush(method, "hi", true, batch), new OutgoingPush(method, "hi", true, batch)];
    expect(one.sharedPacket(code).bytes).not.toBe(two.sharedPacket(code).bytes);
    expect(one.sharedPacket(code)).toBe(one.sharedPacket(code));
  });
});
