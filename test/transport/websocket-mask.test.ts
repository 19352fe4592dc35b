import fc from "fast-check";
import { expect, it } from "vitest";
import { unmask } from "../../runtime/transport/websocket-mask.js";
import { toHex } from "../protocol/hex.js";
import { pattern } from "./websocket/vectors.js";

/** The same as RFC 6455, 5.3, says it. */
function unmasked(payload: Uint8Array, mask: Uint8Array): Uint8Array {
  return payload.map((byte, index) => byte ^ (mask[index % 4] as number));
}

/** Takes the mask off a payload that lies somewhere in a chunk, and returns the chunk. */
function chunkOf(payload: Uint8Array, mask: Uint8Array, before: number, skew: number): Uint8Array {
  const chunk = new Uint8Array(skew + before + 4 + payload.length + 9).subarray(skew).fill(0xee);
  chunk.set(mask, before);
  chunk.set(payload, before + 4);
  unmask(chunk, before + 4, before + 4 + payload.length);
  return chunk;
}

it("takes the mask off, wherever the payload lies and however long it is, and touches nothing else", () => {
  const masks = fc.uint8Array({ minLength: 4, maxLength: 4 });
  const lengths = fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 240, max: 600 }));
  const places = fc.integer({ min: 0, max: 9 });
  const property = fc.property(lengths, masks, places, places, (length, mask, before, skew) => {
    const chunk = chunkOf(pattern(length), mask, before, skew);
    const payload = chunk.subarray(before + 4, before + 4 + length);
    expect(toHex(payload)).toBe(toHex(unmasked(pattern(length), mask)));
    expect(toHex(chunk.subarray(before, before + 4))).toBe(toHex(mask));
    expect([...chunk.subarray(0, before), ...chunk.subarray(before + 4 + length)].every((byte) => byte === 0xee)).toBe(
      true,
    );
  });
  fc.assert(property, { numRuns: 2_000 });
});
