import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NanowireError } from "../../runtime/base/error.js";
import type { Binding } from "../../runtime/cluster/directory.js";
import {
  decodeBindings,
  decodeClaim,
  decodeFind,
  decodeFound,
  decodeKick,
  decodeNumbers,
  encodeBindings,
  encodeClaim,
  encodeFind,
  encodeFound,
  encodeKick,
  encodeNumbers,
  type FoundBinding,
} from "../../runtime/cluster/directory-messages.js";
import type { SecondSession } from "../../runtime/session/session-registry.js";

const text = fc.string({ unit: "grapheme", maxLength: 20 });
const binding: fc.Arbitrary<Binding> = fc.record({
  uid: text,
  number: fc.maxSafeNat(),
  session: text,
  serializer: text,
  at: fc.maxSafeNat(),
  suspended: fc.boolean(),
});
const found: fc.Arbitrary<FoundBinding> = fc.record({
  uid: fc.oneof(text, fc.constantFrom("ada", "\ufeffada")),
  gate: fc.constantFrom("gate-1", "gate-2"),
  number: fc.maxSafeNat(),
  session: text,
  serializer: fc.constantFrom("json", "protobuf"),
  suspended: fc.boolean(),
});
const numbers = fc.array(fc.maxSafeNat(), { maxLength: 20 });

describe("what is said about who is bound where", () => {
  it("is read as it was written", () => {
    fc.assert(
      fc.property(
        fc.array(binding, { maxLength: 10 }),
        binding,
        fc.array(found, { maxLength: 10 }),
        numbers,
        fc.array(text),
        fc.constantFrom<SecondSession>("allow", "refuse", "kick"),
        (bindings, one, all, some, uids, second) => {
          const claim = { digest: 0xffff_ffff, second, binding: one };
          expect(decodeBindings(encodeBindings(bindings))).toEqual(bindings);
          expect(decodeNumbers(encodeNumbers(some))).toEqual(some);
          expect(decodeClaim(encodeClaim(claim))).toEqual(claim);
          expect(decodeFind(encodeFind(7, uids))).toEqual({ digest: 7, uids });
          expect(decodeFound(encodeFound(all))).toEqual(all);
          expect(decodeKick(encodeKick("be nice", some))).toEqual({ reason: "be nice", numbers: some });
        },
      ),
    );
  });

  it("fails with nothing else than invalid_message, whatever it is", () => {
    const decoders = [decodeBindings, decodeNumbers, decodeClaim, decodeFind, decodeFound, decodeKick];
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.constantFrom(...decoders), (bytes, decode) => {
        expect(["", "invalid_message"]).toContain(attempt(() => decode(bytes)));
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ["a claim that says nothing of a second session", decodeClaim, [0, 3]],
    ["a word that was never said", decodeFound, [1]],
    ["a text that is cut", decodeKick, [5, 0x61]],
    ["a number that is cut", decodeNumbers, [0x80]],
  ] as const)("is refused: %s", (_, decode, bytes) => {
    expect(attempt(() => decode(Uint8Array.from(bytes)))).toBe("invalid_message");
  });
});

function attempt(task: () => unknown): string {
  try {
    task();
    return "";
  } catch (error) {
    return error instanceof NanowireError ? error.code : String(error);
  }
}
