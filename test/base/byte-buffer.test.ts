import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteBuffer } from "../../runtime/base/byte-buffer.js";

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

describe("ByteBuffer", () => {
  it("begins empty, and makes no array before it needs one", () => {
    const buffer = new ByteBuffer(14);
    expect([buffer.length, buffer.end, buffer.bytes.length]).toEqual([0, 14, 0]);
    expect(buffer.view()).toEqual(bytes());
  });

  it("writes one after another", () => {
    const buffer = new ByteBuffer();
    buffer.append(bytes(1, 2));
    buffer.append(bytes());
    buffer.append(bytes(3));
    expect(buffer.view()).toEqual(bytes(1, 2, 3));
    expect([buffer.length, buffer.end]).toEqual([3, 3]);
  });

  it("takes room for the caller to fill", () => {
    const buffer = new ByteBuffer(2);
    buffer.append(bytes(1));
    const start = buffer.reserve(2);
    buffer.bytes.set([8, 9], start);
    buffer.append(bytes(7));
    expect(start).toBe(3);
    expect(buffer.view()).toEqual(bytes(1, 8, 9, 7));
  });

  it("keeps the headroom free: a header fits before what is written", () => {
    const buffer = new ByteBuffer(4);
    buffer.append(bytes(1, 2, 3));
    buffer.bytes.set([0xa, 0xb, 0xc, 0xd], 0);
    expect(buffer.view()).toEqual(bytes(1, 2, 3));
    expect(buffer.length).toBe(3);
    expect(buffer.bytes.subarray(0, buffer.end)).toEqual(bytes(0xa, 0xb, 0xc, 0xd, 1, 2, 3));
  });

  it("grows, headroom and all, and keeps what is written", () => {
    const buffer = new ByteBuffer(3);
    buffer.append(bytes(1, 2, 3));
    buffer.bytes.set([7, 8, 9], 0);
    const small = buffer.bytes;
    buffer.append(new Uint8Array(small.length).fill(5));
    expect(buffer.bytes).not.toBe(small);
    expect(buffer.bytes.subarray(0, 7)).toEqual(bytes(7, 8, 9, 1, 2, 3, 5));
    expect(buffer.length).toBe(3 + small.length);
  });

  it("grows by doubling: a byte at a time is no new array at a time", () => {
    const buffer = new ByteBuffer();
    const arrays = new Set<Uint8Array>();
    for (let count = 0; count < 100_000; count++) {
      buffer.bytes[buffer.reserve(1)] = count & 0xff;
      arrays.add(buffer.bytes);
    }
    expect(arrays.size).toBeLessThan(15);
    expect(buffer.bytes.length).toBeLessThan(300_000);
    expect(buffer.view().every((byte, index) => byte === (index & 0xff))).toBe(true);
  });

  it("is large enough at once for what is asked for at once", () => {
    const buffer = new ByteBuffer(5);
    expect(buffer.reserve(1_000_000)).toBe(5);
    expect(buffer.bytes.length).toBeGreaterThanOrEqual(1_000_005);
  });

  it("appends its own view", () => {
    const buffer = new ByteBuffer();
    buffer.append(new Uint8Array(200).fill(4));
    buffer.append(buffer.view());
    expect(buffer.view()).toEqual(new Uint8Array(400).fill(4));
  });

  it("clear forgets what is written and keeps the array", () => {
    const buffer = new ByteBuffer(2);
    buffer.append(bytes(1, 2, 3));
    const array = buffer.bytes;
    buffer.clear();
    expect([buffer.length, buffer.end]).toEqual([0, 2]);
    buffer.append(bytes(9));
    expect(buffer.bytes).toBe(array);
    expect(buffer.view()).toEqual(bytes(9));
  });

  it("release lets go of the array: nothing is written to it any more", () => {
    const buffer = new ByteBuffer(2);
    buffer.append(bytes(1, 2, 3));
    const given = buffer.view();
    buffer.release();
    expect([buffer.length, buffer.end, buffer.bytes.length]).toEqual([0, 2, 0]);
    buffer.append(bytes(9, 9, 9));
    expect(given).toEqual(bytes(1, 2, 3));
    expect(buffer.view()).toEqual(bytes(9, 9, 9));
  });

  it("an empty buffer that was released shares nothing with another", () => {
    const one = new ByteBuffer();
    const other = new ByteBuffer();
    one.append(bytes(1));
    one.release();
    one.append(bytes(2));
    other.append(bytes(3));
    expect([one.view(), other.view()]).toEqual([bytes(2), bytes(3)]);
  });

  it("holds what was appended, in order", () => {
    fc.assert(
      fc.property(fc.nat(20), fc.array(fc.uint8Array({ maxLength: 600 })), (headroom, parts) => {
        const buffer = new ByteBuffer(headroom);
        for (const part of parts) {
          buffer.append(part);
        }
        expect(Buffer.from(buffer.view())).toEqual(Buffer.concat(parts));
      }),
    );
  });
});
