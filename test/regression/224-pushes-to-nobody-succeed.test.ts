// pitaya: a push to a uid that is nowhere is reported as sent. nano: a member whose queue is full loses the
// message, and the sender hears of the last member only. (group.go)

import { expect, it } from "vitest";
import { Group } from "../../runtime/session/group.js";
import { sendPush } from "../../runtime/session/send-push.js";
import type { Session } from "../../runtime/session/session.js";
import { startServer } from "../support/server.js";
import { pushOf } from "../support/service.js";
import { until } from "../support/wait.js";

it("the sender is told for how many it was queued", async () => {
  const test = await startServer();
  const clients = [await test.enter(), await test.enter()];
  await until(() => test.server.sessions().length === 2);
  const [ada, eve] = test.server.sessions() as [Session, Session];
  await ada.bind("ada");
  const told = pushOf("E.X", 0);
  const { server } = test;
  expect(server.users(["nobody"]).push(told, "x")).toBe(0);
  expect(server.users(["ada", "nobody"]).push(told, "x")).toBe(1);
  expect(server.everyone.push(told, "x")).toBe(2);
  expect(new Group("empty").push(told, "x")).toBe(0);
  ada.close();
  expect(ada.push(told, "x")).toBe(0);
  expect(sendPush([ada, eve], told, "x")).toBe(1);
  expect(server.users(["ada"]).push(told, "x")).toBe(0);
  expect((await clients[0]?.messages(2))?.map(({ text }) => text)).toEqual(["x", "x"]);
  expect((await clients[1]?.messages(2))?.map(({ text }) => text)).toEqual(["x", "x"]);
});
