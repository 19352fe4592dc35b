import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { MemberInfo, MemberList } from "../../../runtime/cluster/grpc/clusterpb.js";
import { type MemberChange, MemberView } from "../../../runtime/cluster/grpc/member-view.js";

function member(serviceAddr: string, label = ""): MemberInfo {
  return { label, serviceAddr, services: [], node: new Uint8Array(0), numberAndOne: 0, heartbeatIntervalMs: 0 };
}

function list(version: number, ...addresses: string[]): MemberList {
  return { members: addresses.map((address) => member(address)), incarnation: "m", version, numberAndOne: 0 };
}

function came(version: number, serviceAddr: string, incarnation = "m"): MemberChange {
  return { incarnation, version, serviceAddr, member: member(serviceAddr) };
}

function went(version: number, serviceAddr: string, incarnation = "m"): MemberChange {
  return { incarnation, version, serviceAddr, member: undefined };
}

function addressesOf(view: MemberView): string[] {
  return [...view.members.keys()].sort();
}

describe("a member's view of the master's list", () => {
  test("takes changes in order", () => {
    const view = new MemberView();
    view.replace(list(1, "a"));
    view.change(came(2, "b"));
    view.change(went(3, "a"));
    expect([view.version, addressesOf(view)]).toEqual([3, ["b"]]);
  });

  test("shows what comes out of order, and does not count it until the rest is there", () => {
    const view = new MemberView();
    view.replace(list(1, "a"));
    view.change(went(3, "b"));
    expect([view.version, addressesOf(view)]).toEqual([1, ["a"]]);
    view.change(came(2, "b"));
    expect([view.version, addressesOf(view)]).toEqual([3, ["a"]]);
  });

  test("keeps a change that overtook its list", () => {
    const view = new MemberView();
    view.change(came(2, "b"));
    expect(view.isComplete).toBe(false);
    view.replace(list(1, "a"));
    expect([view.isComplete, view.version, addressesOf(view)]).toEqual([true, 2, ["a", "b"]]);
  });

  test("forgets a list that is older than what it has", () => {
    const view = new MemberView();
    view.replace(list(5, "a"));
    view.replace(list(4, "a", "gone"));
    expect([view.version, addressesOf(view)]).toEqual([5, ["a"]]);
  });

  test("takes the list of a new master, whatever its version; whom it does not know yet stays for a time", () => {
    const view = new MemberView();
    view.replace(list(500, "a", "b", "c"));
    view.change(came(502, "late"));
    view.replace({ ...list(2, "a"), incarnation: "n" });
    expect([view.incarnation, view.version, addressesOf(view)]).toEqual(["n", 2, ["a", "b", "c"]]);
    view.change(came(3, "b", "n"));
    view.change(went(4, "b", "n"));
    expect(addressesOf(view)).toEqual(["a", "c"]);
    view.forget((address) => address === "c");
    expect(addressesOf(view)).toEqual(["a", "c"]);
    view.forget(() => false);
    expect(addressesOf(view)).toEqual(["a"]);
  });

  test("drops whom nobody reaches", () => {
    const view = new MemberView();
    view.replace(list(1, "a", "b"));
    view.drop("a");
    view.replace({ ...list(1), incarnation: "n" });
    expect(addressesOf(view)).toEqual(["b"]);
  });

  test("takes the changes of nano's master as they come, those beside its list too", () => {
    const view = new MemberView();
    view.expect();
    view.change(came(0, "b", ""));
    view.replace({ ...list(0, "a"), incarnation: "" });
    expect(addressesOf(view)).toEqual(["a", "b"]);
    view.change(went(0, "a", ""));
    expect(addressesOf(view)).toEqual(["b"]);
  });

  test("holds no more changes than a bounded number, of somebody who numbers them wildly", () => {
    const view = new MemberView();
    view.replace(list(1, "a"));
    for (let version = 10; version < 6_000; version++) {
      view.change(came(version, `x${version}`));
    }
    expect(view.members.size).toBeLessThanOrEqual(4_097);
    view.replace(list(6_000, "a"));
    expect(addressesOf(view)).toEqual(["a"]);
  });

  test("is the master's, in whatever order its calls arrive", () => {
    const step = fc.record({ address: fc.constantFrom("a", "b", "c", "d"), stays: fc.boolean() });
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 1, maxLength: 20 }),
        fc.nat(),
        fc.infiniteStream(fc.nat()),
        (steps, at, order) => {
          const now = new Set<string>();
          const calls: (MemberChange | MemberList)[] = [];
          for (const [index, { address, stays }] of steps.entries()) {
            const version = index + 1;
            if (stays) {
              now.add(address);
            } else {
              now.delete(address);
            }
            calls.push(stays ? came(version, address) : went(version, address));
            if (index === at % steps.length) {
              calls.push(list(version, ...now));
            }
          }
          const shuffled = calls
            .map((call) => ({ call, key: order.next().value as number }))
            .sort((one, other) => one.key - other.key);
          const view = new MemberView();
          for (const { call } of shuffled) {
            if ("members" in call) {
              view.replace(call);
            } else {
              view.change(call);
            }
          }
          expect(view.version).toBe(steps.length);
          expect(addressesOf(view)).toEqual([...now].sort());
        },
      ),
    );
  });
});
