import { describe, expect, it } from "vitest";
import { ByteBuffer } from "../../runtime/base/byte-buffer.js";
import { Dictionary } from "../../runtime/protocol/dictionary.js";
import { jsonSerializer, protobufSerializer } from "../../runtime/protocol/serializer.js";
import { OutgoingPush, type PushForm } from "../../runtime/session/push.js";
import { hex, toHex } from "../protocol/hex.js";
import { countingCodec, pushOf } from "../support/service.js";

const forms = {
  full: hex("04 00 00 07  06 03 'A.B' 'hi'"),
  code: hex("04 00 00 05  07 01 02 'hi'"),
  jsonFull: hex(`04 00 00 12  06 03 'A.B' '{"text":"hi"}'`),
  jsonCode: hex(`04 00 00 10  07 01 02 '{"text":"hi"}'`),
};

const dictionary = new Dictionary({ version: "v1", routes: { "A.B": 0x0102 } });
const full: PushForm = { serializer: protobufSerializer, dictionary: undefined, compress: undefined };
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
