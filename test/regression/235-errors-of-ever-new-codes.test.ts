// Ours (runtime/server/counters.ts, runtime/cluster/remote-traffic.ts): a node of the cluster tells the codes of its handlers' errors, and each was counted for ever: one that told ever new ones made the gate's counters
// grow without bound. Found by fuzzing.

import { expect, test } from "vitest";
import { RemoteTraffic } from "../../runtime/cluster/remote-traffic.js";
import { Counters, noRemoteCalls } from "../../runtime/server/counters.js";

test("of many codes only so many are told apart", () => {
  const counters = new Counters();
  for (let index = 0; index < 10_000; index++) {
    counters.failed(`code_${index}`);
    counters.closed("x".repeat(65 + index));
  }
  counters.failed("code_7");
  const { failed, closed } = counters.snapshot(noRemoteCalls());
  expect(Object.keys(failed)).toHaveLength(257);
  expect([failed["code_7"], failed["other"], closed]).toEqual([2, 10_000 - 256, { other: 10_000 }]);
});

test("so it is with the calls of a node", () => {
  const traffic = new RemoteTraffic();
  for (let index = 0; index < 10_000; index++) {
    traffic.failed(`code_${index}`);
  }
  traffic.failed("x".repeat(65));
  const { failed } = traffic.snapshot();
  expect(Object.keys(failed)).toHaveLength(257);
  expect([failed["code_7"], failed["other"]]).toEqual([1, 10_000 - 256 + 1]);
});
