import { describe, expect, it } from "vitest";
import { ByteBuffer } from "../../runtime/base/byte-buffer.js";
import { jsonSerializer, protobufSerializer } from "../../runtime/protocol/serializer.js";
import { OutgoingPush } from "../../runtime/session/push.js";
import { hex, toHex } from "../protocol/hex.js";
import { countingCodec, pushOf } from "../support/service.js";

const forms = {
  full: hex("04 00 00 07  06 03 'A.B' 'hi'"),
  code: hex("04 00 00 05  07 01 02 'hi'"),
  jsonFull: hex(`04 00 00 12  06 03 'A.B' '{"text":"hi"}'`),
  jsonCode: hex(`04 00 00 10  07 01 02 '{"text":"hi"}'`),
};

describe.each([true, false])("a push that is shared: %s", (shared) => {
  it("has four forms, and encodes once a serializer", () => {
    const { codec, encoded } = countingCodec();
    const push = new OutgoingPush(pushOf("A.B", 0x0102, codec), "hi", shared);
    const out = new ByteBuffer();
    for (let round = 0; round < 2; round++) {
      push.writeTo(out, protobufSerializer, false);
      push.writeTo(out, protobufSerializer, true);
      push.writeTo(out, jsonSerializer, false);
      push.writeTo(out, jsonSerializer, true);
    }
    const once = toHex(forms.full) + toHex(forms.code) + toHex(forms.jsonFull) + toHex(forms.jsonCode);
    expect(toHex(out.view())).toBe(once + once);
    expect(encoded).toEqual({ protobuf: 1, json: 1 });
  });

  it("can go with another payload, and keeps its own", () => {
    const { codec } = countingCodec();
    const push = new OutgoingPush(pushOf("A.B", 0x0102, codec), "hi", shared);
    const out = new ByteBuffer();
    push.writeChangedTo(out, hex("ff"), true);
    push.writeTo(out, protobufSerializer, true);
    expect(toHex(out.view())).toBe(toHex(hex("04 00 00 04 07 01 02 ff")) + toHex(forms.code));
  });
});
