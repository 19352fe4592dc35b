import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import { JsonClient } from "../../examples/chat/json-client.js";
import { codeOf, Events } from "./chat-fixture.js";

// The other side by hand as well: what a server of nano or pomelo may send, byte for byte.

let server: WebSocketServer;
let url: string;

beforeEach(async () => {
  server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await once(server, "listening");
  url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(() => {
  for (const socket of server.clients) {
    socket.terminate();
  }
  server.close();
});

const packet = (type: number, body: Buffer): Buffer =>
  Buffer.concat([Buffer.of(type, body.length >> 16, (body.length >> 8) & 0xff, body.length & 0xff), body]);
const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const data = (header: readonly number[], payload: unknown): Buffer =>
  packet(4, Buffer.concat([Buffer.from(header), json(payload)]));

/** Takes one client: answers its handshake and returns what it sends from then on, frame by frame. */
async function shakeHands(answer: unknown): Promise<{ client: JsonClient; socket: WebSocket; frames: Events }> {
  const connected = JsonClient.connect(url);
  const [socket] = (await once(server, "connection")) as [WebSocket];
  const frames = new Events();
  socket.on("message", (frame: Buffer) => frames.add(frame.toString("latin1")));
  expect(await frames.next()).toBe(
    '\u0001\0\0\u0044{"sys":{"type":"js-websocket","version":"0.0.1","rsa":{}},"user":{}}',
  );
  socket.send(packet(1, json(answer)));
  const client = await connected;
  expect(await frames.next()).toBe("\u0002\0\0\0");
  return { client, socket, frames };
}

test("writes requests and notifies with the route as text, ids of more than one byte too", async () => {
  const { client, frames, socket } = await shakeHands({ code: 200, sys: { dict: { "Room.Join": 1 } } });

  client.notify("Room.Say", { text: "é" });
  expect(await frames.next()).toBe(Buffer.from('\u0004\0\0\u0017\u0002\u0008Room.Say{"text":"é"}').toString("latin1"));
  const answers = Array.from({ length: 300 }, (_, index) => client.request("Room.Join", { index }));
  // 04 000017 · 00 (request) · 01 (id) · 09 Room.Join · payload
  expect(await frames.next()).toBe('\u0004\0\0\u0017\0\u0001\u0009Room.Join{"index":0}');
  for (let index = 1; index < 299; index++) {
    await frames.next();
  }
  // id 300: ac 02
  expect(await frames.next()).toBe('\u0004\0\0\u001a\0\xac\u0002\u0009Room.Join{"index":299}');
  socket.send(data([0x04, 0xac, 0x02], { last: true }));
  expect(await answers.at(-1)).toEqual({ last: true });
  const refused = codeOf(answers[0] as Promise<unknown>);
  // E is set
  socket.send(data([0x24, 0x01], { code: "name_taken", msg: "taken", metadata: {} }));
  expect(await refused).toBe("name_taken");
  const lost = Promise.allSettled(answers.slice(1, -1));
  socket.terminate();
  expect((await lost).every(({ status }) => status === "rejected")).toBe(true);
});

test("reads pushes by code and by route, several packets a frame, and an answer without a payload", async () => {
  const { client, socket } = await shakeHands({ code: 200, sys: { dict: { onSaid: 258 } } });
  const heard = new Events();
  client.on("onSaid", (message) => heard.add(JSON.stringify(message)));
  client.on("onLeft", (message) => heard.add(`left ${JSON.stringify(message)}`));
  const answer = client.request("Room.Leave", {});

  socket.send(
    Buffer.concat([
      data([0x07, 0x01, 0x02], { text: "by code" }),
      data([0x06, 0x06, ...Buffer.from("onSaid")], { text: "by route" }),
      data([0x06, 0x06, ...Buffer.from("nobody")], {}),
      packet(4, Buffer.from([0x06, 0x06, ...Buffer.from("onLeft")])),
      packet(4, Buffer.from([0x04, 0x01])),
    ]),
  );

  expect(await answer).toEqual({});
  expect(heard.rest()).toEqual(['{"text":"by code"}', '{"text":"by route"}', "left {}"]);
});

test("answers a heartbeat an interval later, once however many came", async () => {
  const { socket, frames } = await shakeHands({ code: 200, sys: { heartbeat: 0.02 } });
  const sentAt = performance.now();

  socket.send(Buffer.concat([packet(3, Buffer.alloc(0)), packet(3, Buffer.alloc(0))]));

  expect(await frames.next()).toBe("\u0003\0\0\0");
  expect(performance.now() - sentAt).toBeGreaterThan(15);
  socket.send(packet(3, Buffer.alloc(0)));
  expect(await frames.next()).toBe("\u0003\0\0\0");
  expect(frames.rest()).toEqual([]);
});

test("does not go on when the handshake is refused", async () => {
  const connected = JsonClient.connect(url);
  const [socket] = (await once(server, "connection")) as [WebSocket];
  socket.send(packet(1, json({ code: 501, reason: "too old" })));

  await expect(connected).rejects.toThrow("closed with 1000 refused: too old");
});

test("closes when it is kicked, and when it gets what cannot be read", async () => {
  const first = await shakeHands({ code: 200, sys: {} });
  first.socket.send(packet(5, json({ reason: "go" })));
  expect(await first.client.closed).toMatch(/^closed with 1005/);

  const second = await shakeHands({ code: 200, sys: {} });
  const [[code]] = await Promise.all([once(second.socket, "close"), second.socket.send(Buffer.of(4, 0, 0))]);
  expect(code).toBe(1002);
});
