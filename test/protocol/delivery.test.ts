import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { NanowireError } from "../../runtime/base/error.js";
import { Delivery } from "../../runtime/protocol/delivery.js";

const packetOf = (number: number, bytes = 1): Uint8Array => new Uint8Array(bytes).fill(number);

function delivery(sent: number, maxMessages = 8, maxBytes = 1_000): Delivery {
  const made = new Delivery({ maxMessages, maxBytes });
  for (let number = 1; number <= sent; number++) {
    made.keep(packetOf(number));
  }
  return made;
}

function codeOf(task: () => void): string {
  try {
    task();
  } catch (error) {
    return (error as NanowireError).code;
  }
  return "taken";
}

describe("what was sent", () => {
  it("is kept until the other side has got it", () => {
    const one = delivery(3);
    one.acknowledged(2);
    expect([...one.packets()]).toEqual([3]);
    expect([one.sent, one.forgotten]).toEqual([3, 2]);
    one.acknowledged(3);
    expect(one.packets()).toHaveLength(0);
  });

  it("is bounded in messages: the oldest are forgotten, and what comes after them can still be sent again", () => {
    const one = delivery(8);
    expect(one.keep(packetOf(9))).toBe(false);
    expect(one.forgotten).toBe(1);
    expect([0, 1, 9, 10].map((count) => one.canGoOnAfter(count))).toEqual([false, true, true, false]);
  });

  it("is bounded in bytes, and a message that is larger than all of them is not kept at all", () => {
    const one = delivery(0, 8, 10);
    expect([one.keep(packetOf(1, 6)), one.keep(packetOf(2, 4)), one.keep(packetOf(3, 1))]).toEqual([true, true, false]);
    expect([...one.packets()]).toEqual([2, 2, 2, 2, 3]);
    expect(one.keep(packetOf(4, 11))).toBe(false);
    expect([one.sent, one.forgotten, one.packets().length]).toEqual([4, 4, 0]);
  });

  it("may be taken back while it waits, also when it was forgotten for newer ones: the others count on", () => {
    const one = new Delivery({ maxMessages: 3, maxBytes: 100 });
    const packets = [1, 2, 3, 4].map((number) => packetOf(number));
    for (const packet of packets) {
      one.keep(packet);
    }
    one.takeBack(packets[2] as Uint8Array);
    expect([one.sent, one.forgotten, [...one.packets()], one.kept]).toEqual([3, 1, [2, 4], { messages: 2, bytes: 2 }]);
    one.takeBack(packets[0] as Uint8Array);
    expect([one.sent, one.forgotten, [...one.packets()]]).toEqual([2, 0, [2, 4]]);
  });

  it("leaves a quarter of the room to what must arrive", () => {
    expect([delivery(5).hasRoomFor(1), delivery(6).hasRoomFor(1)]).toEqual([true, false]);
    expect([delivery(1).hasRoomFor(749), delivery(1).hasRoomFor(750)]).toEqual([true, false]);
  });

  it.each([4, -1, 1.5, "2", null, Number.NaN, undefined, {}])("is not acknowledged by a count of %s", (count) => {
    const one = delivery(3);
    expect(codeOf(() => one.acknowledged(count))).toBe("invalid_acknowledgment");
    expect(codeOf(() => one.goOnAfter(count))).toBe("invalid_acknowledgment");
    expect(one.canGoOnAfter(count)).toBe(false);
    expect(one.packets()).toHaveLength(3);
  });

  it("may be acknowledged late, or twice; but nobody goes on before what is forgotten", () => {
    const one = delivery(3);
    one.acknowledged(2);
    one.acknowledged(1);
    expect(one.forgotten).toBe(2);
    expect(codeOf(() => one.goOnAfter(1))).toBe("invalid_acknowledgment");
    expect(codeOf(() => one.goOnAfter(2))).toBe("taken");
  });
});

describe("what came", () => {
  it("is told at a quarter of the messages that the other side keeps", () => {
    const one = delivery(0, 8, 1_000);
    expect([one.receive(1), one.receive(1)]).toEqual([false, true]);
    expect(one.tell()).toEqual({ received: 2 });
    expect(one.tell()).toBeUndefined();
    expect(one.receive(1)).toBe(false);
  });

  it("is told at a quarter of the bytes", () => {
    const one = delivery(0, 1_000, 100);
    expect([one.receive(24), one.receive(1)]).toEqual([false, true]);
    one.tell();
    expect(one.receive(24)).toBe(false);
  });
});

it("never keeps more than its limits, and what it would send again is always the last of what was sent", () => {
  const steps = fc.array(
    fc.oneof(fc.record({ keep: fc.integer({ min: 1, max: 40 }) }), fc.record({ got: fc.nat(60) })),
  );
  fc.assert(
    fc.property(steps, (taken) => {
      const one = new Delivery({ maxMessages: 5, maxBytes: 100 });
      const all: Uint8Array[] = [];
      for (const step of taken) {
        if ("keep" in step) {
          all.push(packetOf(all.length % 256, step.keep));
          one.keep(all[all.length - 1] as Uint8Array);
        } else {
          expect(codeOf(() => one.acknowledged(step.got))).toBe(
            step.got > all.length ? "invalid_acknowledgment" : "taken",
          );
        }
        expect(one.sent).toBe(all.length);
        expect(one.sent - one.forgotten).toBeLessThanOrEqual(5);
        expect(one.packets().length).toBeLessThanOrEqual(100);
        expect([...one.packets()]).toEqual(all.slice(one.forgotten).flatMap((packet) => [...packet]));
      }
    }),
  );
});
