import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { JsonClient } from "../../examples/chat/json-client.js";
import type { Chat } from "../../examples/chat/server.js";
import { RoomEventsClient } from "../../generated/chat/v1/room.client.js";
import { bundlePage, codeOf, Events, Guest, startTestChat, type TemporaryDirectory } from "./chat-fixture.js";

let page: TemporaryDirectory;
let chat: Chat;

beforeAll(async () => {
  page = await bundlePage();
});

afterAll(async () => {
  await page.remove();
});

beforeEach(async () => {
  chat = await startTestChat(page.path);
});

afterEach(async () => {
  await chat.stop();
});

describe("joining", () => {
  test("tells who is there, in the order of arrival, and tells the others, over WebSocket and TCP", async () => {
    const ada = await Guest.connect(chat.webSocketUrl);
    const bob = await Guest.connect(chat.tcpUrl);
    const cleo = await Guest.connect(chat.tcpUrl);

    expect(await ada.join("zoe")).toEqual(["zoe"]);
    expect(await bob.join("bob")).toEqual(["zoe", "bob"]);
    expect(await cleo.join("ada")).toEqual(["zoe", "bob", "ada"]);

    expect(await ada.heardSoFar()).toEqual(["bob joined", "ada joined"]);
    expect(await bob.heardSoFar()).toEqual(["ada joined"]);
    expect(await cleo.heardSoFar()).toEqual([]);
  });

  test("trims the name, and takes one of 24 characters however many bytes they are", async () => {
    const ada = await Guest.connect(chat.webSocketUrl);
    const bob = await Guest.connect(chat.tcpUrl);
    const longest = "👋".repeat(24);

    expect(await ada.join("\t ada  lovelace \n")).toEqual(["ada  lovelace"]);
    expect(await bob.join(longest)).toEqual(["ada  lovelace", longest]);
  });

  test.each([
    ["nothing", ""],
    ["only spaces", " \u3000\n"],
    ["25 characters", "x".repeat(25)],
    ["a control character", "a\u0007da"],
    ["an escape sequence", "\u001b[31mada"],
    ["a direction mark", "ada\u202eevil"],
    ["a zero-width space", "a\u200bda"],
    ["a line break", "ada\u2028bob"],
    ["half a surrogate pair", "ada\ud83d"],
  ])("refuses a name of %s", async (_what, name) => {
    const json = await JsonClient.connect(chat.webSocketUrl);

    expect(await codeOf(json.request("Room.Join", { name }))).toBe("invalid_name");
  });

  test("refuses a name that is taken, in whatever case or form, and leaves the one who asked unbound", async () => {
    const ada = await Guest.connect(chat.webSocketUrl);
    const bob = await Guest.connect(chat.tcpUrl);
    await ada.join("Zoë");

    expect(await codeOf(bob.join("Zoë"))).toBe("name_taken");
    expect(await codeOf(bob.join("ZOË"))).toBe("name_taken");
    expect(await codeOf(bob.join("Zoe\u0308"))).toBe("name_taken");
    expect(await codeOf(bob.join("Ｚoë"))).toBe("name_taken");
    expect(await codeOf(bob.room.leave())).toBe("unauthenticated");
    expect(await bob.join("bob")).toEqual(["Zoë", "bob"]);
  });

  test("lets one in when two come at once under one name", async () => {
    const guests = await Promise.all([
      Guest.connect(chat.webSocketUrl),
      Guest.connect(chat.tcpUrl),
      Guest.connect(chat.tcpUrl),
    ]);

    const answers = await Promise.allSettled(guests.map((guest) => guest.join("ada")));

    expect(answers.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected", "rejected"]);
    const refusals = answers.filter((answer) => answer.status === "rejected");
    expect(refusals.map(({ reason }) => (reason as { code: string }).code)).toEqual(["name_taken", "name_taken"]);
  });

  test("refuses whoever is in the room already, under whatever name", async () => {
    const ada = await Guest.connect(chat.webSocketUrl);
    await ada.join("ada");

    expect(await codeOf(ada.join("ada"))).toBe("already_joined");
    expect(await codeOf(ada.join("lovelace"))).toBe("already_joined");
  });
});

describe("saying", () => {
  test("is heard by everybody, the one who said it too, with the server's time", async () => {
    const ada = await Guest.connect(chat.webSocketUrl);
    const bob = await Guest.connect(chat.tcpUrl);
    await ada.join("ada");
    await bob.join("bob");
    const times: bigint[] = [];
    new RoomEventsClient(bob.connection).onSaid(({ atMs }) => times.push(atMs));
    const before = BigInt(Date.now());

    ada.room.say({ text: "  hello,\n you  " });

    expect(await bob.heard.next()).toBe("ada: hello,\n you");
    expect(await ada.heard.next()).toBe("bob joined");
    expect(await ada.heard.next()).toBe("ada: hello,\n you");
    expect(times).toHaveLength(1);
    expect(times[0]).toBeGreaterThanOrEqual(before);
    expect(times[0]).toBeLessThanOrEqual(BigInt(Date.now()));
  });

  test("takes 500 characters, and drops more or none", async () => {
    const ada = await Guest.connect(chat.tcpUrl);
    await ada.join("ada");
    const longest = "👋".repeat(500);

    for (const text of ["", " \n", `${longest}!`, longest]) {
      ada.room.say({ text });
    }

    expect(await ada.heardSoFar()).toEqual([`ada: ${longest}`]);
  });

  test("is for members: before joining and after leaving it is dropped", async () => {
    const ada = await Guest.connect(chat.webSocketUrl);
    const bob = await Guest.connect(chat.tcpUrl);
    await ada.join("ada");

    bob.room.say({ text: "before" });
    await bob.join("bob");
    await bob.room.leave();
    bob.room.say({ text: "after" });
    await bob.heardSoFar();

    expect(await ada.heardSoFar()).toEqual(["bob joined", "bob left"]);
  });

  test("is held to the rate of room.proto", async () => {
    const ada = await Guest.connect(chat.webSocketUrl);
    const bob = await Guest.connect(chat.tcpUrl);
    await ada.join("ada");
    await bob.join("bob");

    for (let number = 0; number < 400; number++) {
      bob.room.say({ text: `${number}` });
    }
    const bobHeard = await bob.heardSoFar();

    // The bucket holds 20 and is filled while they arrive, by 20 a second.
    expect(bobHeard.slice(0, 20)).toEqual(Array.from({ length: 20 }, (_, number) => `bob: ${number}`));
    expect(bobHeard.length).toBeLessThan(200);
    expect(await ada.heardSoFar()).toEqual(["bob joined", ...bobHeard]);
  });
});

describe("leaving", () => {
  test("tells the others once, keeps the connection, and frees the name", async () => {
    const ada = await Guest.connect(chat.webSocketUrl);
    const bob = await Guest.connect(chat.tcpUrl);
    await ada.join("ada");
    await bob.join("bob");

    await bob.room.leave();
    expect(await codeOf(bob.room.leave())).toBe("unauthenticated");
    expect(await bob.join("robert")).toEqual(["ada", "robert"]);
    await bob.room.leave();
    bob.connection.close();
    const cleo = await Guest.connect(chat.tcpUrl);
    expect(await cleo.join("bob")).toEqual(["ada", "bob"]);

    expect(await ada.heardSoFar()).toEqual(["bob joined", "bob left", "robert joined", "robert left", "bob joined"]);
    expect(bob.heard.rest()).toEqual([]);
  });

  test("happens by itself when the connection closes, over WebSocket and TCP", async () => {
    const ada = await Guest.connect(chat.webSocketUrl);
    const bob = await Guest.connect(chat.webSocketUrl);
    const cleo = await Guest.connect(chat.tcpUrl);
    await ada.join("ada");
    await bob.join("bob");
    await cleo.join("cleo");

    bob.connection.close();
    expect(await cleo.heard.next()).toBe("bob left");
    cleo.connection.close();

    expect(await ada.heard.next()).toBe("bob joined");
    expect(await ada.heard.next()).toBe("cleo joined");
    expect(await ada.heard.next()).toBe("bob left");
    expect(await ada.heard.next()).toBe("cleo left");
    expect(await (await Guest.connect(chat.tcpUrl)).join("bob")).toEqual(["ada", "bob"]);
  });

  test("of everybody, when the server stops, is told to nobody", async () => {
    const guests = [await Guest.connect(chat.webSocketUrl), await Guest.connect(chat.tcpUrl)];
    await guests[0]?.join("ada");
    await guests[1]?.join("bob");

    await chat.stop();

    const reasons = await Promise.all(guests.map(({ connection }) => connection.closed));
    expect(reasons.map(({ code }) => code)).toEqual(["connection_lost", "connection_lost"]);
    expect(guests.map(({ heard }) => heard.rest())).toEqual([["bob joined"], []]);
  });
});

describe("a client that speaks JSON and routes as text", () => {
  test("shares the room with the typed ones", async () => {
    const ada = await Guest.connect(chat.tcpUrl);
    await ada.join("ada");
    const json = await JsonClient.connect(chat.webSocketUrl);
    const heard = new Events();
    json.on("RoomEvents.Joined", (message) => heard.add(`joined ${JSON.stringify(message)}`));
    json.on("RoomEvents.Said", (message) => {
      // 64-bit numbers are text in protobuf's JSON.
      const { atMs, ...rest } = message as { atMs: string };
      heard.add(`said ${typeof atMs} ${JSON.stringify(rest)}`);
    });
    json.on("RoomEvents.Left", (message) => heard.add(`left ${JSON.stringify(message)}`));

    expect(await codeOf(json.request("Room.Leave", {}))).toBe("unauthenticated");
    await expect(json.request("Room.Join", { name: "ada" })).rejects.toMatchObject({
      code: "name_taken",
      message: "somebody in the room is called ada already",
    });
    expect(await json.request("Room.Join", { name: "carol" })).toEqual({ members: ["ada", "carol"] });
    json.notify("Room.Say", { text: "Grüße 👋" });
    expect(await heard.next()).toBe('said string {"name":"carol","text":"Grüße 👋"}');
    const bob = await Guest.connect(chat.webSocketUrl);
    await bob.join("bob");
    // One turn, one frame: three packets in it.
    bob.room.say({ text: "1" });
    bob.room.say({ text: "2" });
    await bob.room.leave();

    expect(await heard.next()).toBe('joined {"name":"bob"}');
    expect(await heard.next()).toBe('said string {"name":"bob","text":"1"}');
    expect(await heard.next()).toBe('said string {"name":"bob","text":"2"}');
    expect(await heard.next()).toBe('left {"name":"bob"}');
    expect(await json.request("Room.Leave", {})).toEqual({});
    json.close();
    expect(await json.closed).toMatch(/^closed with 1005/);
    expect(await codeOf(json.request("Room.Join", { name: "carol" }))).toBe("connection_lost");
    expect(await ada.heardSoFar()).toEqual([
      "carol joined",
      "carol: Grüße 👋",
      "bob joined",
      "bob: 1",
      "bob: 2",
      "bob left",
      "carol left",
    ]);
  });

  test("is told when the connection is lost, with what it waited for", async () => {
    const json = await JsonClient.connect(chat.webSocketUrl);

    const stopped = chat.stop();

    expect(await json.closed).toMatch(/^closed with 1001/);
    await stopped;
    await expect(JsonClient.connect(chat.webSocketUrl)).rejects.toThrow("ECONNREFUSED");
  });
});
