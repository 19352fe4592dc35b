import { expect, it } from "vitest";
import { SendWindow } from "../../../runtime/cluster/nats/send-window.js";
import { type Deferred, defer, turn } from "../../support/wait.js";

/** A window of a million bytes, and the pings that it sends. */
function window() {
  const pings: Deferred<void>[] = [];
  const sendWindow = new SendWindow(1_000_000, () => {
    const ping = defer();
    pings.push(ping);
    return ping.promise;
  });
  const send = (bytes: number): boolean => {
    const taken = sendWindow.take(bytes);
    sendWindow.commit();
    return taken;
  };
  return { pings, send };
}

it("takes what fits, and more when NATS has answered", async () => {
  const { pings, send } = window();
  expect([send(600_000), send(400_000), send(1)]).toEqual([true, true, false]);
  expect(pings).toHaveLength(1);
  pings[0]?.resolve();
  await turn();
  // The ping went behind the first of them alone.
  expect([send(600_000), send(1)]).toEqual([true, false]);
  expect(pings).toHaveLength(2);
});

it("takes one that is longer than all, when nothing else is under way", async () => {
  const { pings, send } = window();
  expect([send(2_000_000), send(1)]).toEqual([true, false]);
  pings[0]?.resolve();
  await turn();
  expect(send(2_000_000)).toBe(true);
});

it("asks seldom where little is sent", () => {
  const { pings, send } = window();
  for (let index = 0; index < 300; index++) {
    expect(send(100)).toBe(true);
  }
  expect(pings).toHaveLength(0);
});

it("asks when something does not fit, however little was sent before", async () => {
  const { pings, send } = window();
  expect([send(200_000), send(900_000), send(900_000)]).toEqual([true, false, false]);
  expect(pings).toHaveLength(1);
  pings[0]?.resolve();
  await turn();
  expect(send(900_000)).toBe(true);
});

it("takes no more when NATS is gone", async () => {
  const { pings, send } = window();
  send(900_000);
  pings[0]?.reject(new Error("gone"));
  await turn();
  expect(send(200_000)).toBe(false);
});
