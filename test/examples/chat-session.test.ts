import { afterAll, beforeAll, expect, test } from "vitest";
import { ChatSession } from "../../examples/chat/chat-session.js";
import type { Chat } from "../../examples/chat/server.js";
import { bundlePage, codeOf, Events, eventually, startTestChat, type TemporaryDirectory } from "./chat-fixture.js";

let page: TemporaryDirectory;
let chat: Chat;

beforeAll(async () => {
  page = await bundlePage();
  chat = await startTestChat(page.path);
});

afterAll(async () => {
  await chat.stop();
  await page.remove();
});

async function open(url: string): Promise<{ session: ChatSession; events: Events }> {
  const events = new Events();
  const session = await ChatSession.open(url, {
    joined: (name) => events.add(`${name} joined`),
    said: ({ name, text }) => events.add(`${name}: ${text}`),
    left: (name) => events.add(`${name} left`),
    closed: ({ code }) => events.add(`closed: ${code}`),
  });
  return { session, events };
}

test("knows the members, however many come while the answer is on its way, and tells of them after one's own coming", async () => {
  const names = Array.from({ length: 12 }, (_, number) => `guest ${number}`);
  const guests = await Promise.all(names.map(() => open(chat.webSocketUrl)));

  await Promise.all(
    guests.map(({ session, events }, index) =>
      session.join(names[index] ?? "", (name) => events.add(`entered as ${name}`)),
    ),
  );
  guests[0]?.session.say("end");

  for (const { session, events } of guests) {
    expect(await events.next()).toMatch(/^entered as guest/);
    for (let event = await events.next(); event !== "guest 0: end"; event = await events.next()) {
      expect(event).toMatch(/ joined$/);
    }
    expect(session.members).toEqual(guests[0]?.session.members);
    expect([...session.members].sort()).toEqual([...names].sort());
  }

  const [first, second] = guests;
  await second?.session.leave();
  expect(second?.session.members).toEqual([]);
  expect(await first?.events.next()).toBe("guest 1 left");
  expect(first?.session.members).not.toContain("guest 1");
  for (const { session, events } of guests) {
    session.close();
    await eventually(() => events.rest().at(-1)).toBe("closed: closed");
  }
});

test("hands on what the server refuses, and tells the name as the server has it", async () => {
  const { session, events } = await open(chat.tcpUrl);

  expect(await codeOf(session.join("", () => events.add("entered")))).toBe("invalid_name");
  await session.join("  ada ", (name) => events.add(`entered as "${name}"`));

  expect(events.rest()).toEqual(['entered as "ada"']);
  expect(await codeOf(session.join("bob", () => events.add("entered")))).toBe("already_joined");
  expect(session.members).toEqual(["ada"]);
  session.close();
});
