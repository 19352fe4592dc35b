import { expect, onTestFinished, test, vi } from "vitest";
import { RoomClient, RoomEventsClient } from "../../generated/chat/v1/room.client.js";
import type { ClientConnection } from "../../runtime/client/client-connection.js";
import { connect } from "../../runtime/client/connect-node.js";
import type { ConnectOptions } from "../../runtime/client/connect-options.js";
import { dialWs } from "../../runtime/client/dial-ws.js";
import { resumption } from "../../runtime/client/resumption.js";
import type { Server } from "../../runtime/server/server.js";
import type { Dial } from "../../runtime/transport/client-socket.js";
import { eventually } from "../support/wait.js";
import { PageProgram } from "./support/page-program.js";

const page = new PageProgram("docs/sessions.md");
// The servers of the page log as a program's do.
vi.spyOn(console, "info").mockImplementation(() => {});
vi.spyOn(console, "warn").mockImplementation(() => {});
vi.spyOn(console, "error").mockImplementation(() => {});

async function start<T extends { server: Server }>(words: string, exported: readonly string[]): Promise<T> {
  const program = await page.run<T>(words, ["server", ...exported]);
  await program.server.start();
  onTestFinished(() => program.server.stop());
  return program;
}

function come(server: Server, options: ConnectOptions = {}): Promise<ClientConnection> {
  return connect(`ws://127.0.0.1:${server.addresses[0]?.port}`, options);
}

test("what a program keeps stays with the session", async () => {
  const { server } = await start<{ server: Server }>("joins: number", []);
  const ada = new RoomClient(await come(server));
  expect(await ada.join({ name: "ada" })).toEqual({ members: ["ada, for the 1. time"] });
  expect(await ada.join({ name: "ada" })).toEqual({ members: ["ada, for the 2. time"] });
  expect(await new RoomClient(await come(server)).join({ name: "eve" })).toEqual({
    members: ["eve, for the 1. time"],
  });
});

test("who is too old is turned away, who is not known is not bound, who comes again is kicked, and friends are told", async () => {
  const { server } = await start<{ server: Server }>("no_such_account", []);
  await expect(come(server)).rejects.toThrow("version none is too old: update the game");
  const user = { version: "2.1" };
  const eve = await come(server, { user });
  expect(eve.handshake.user).toEqual({ motd: "Welcome!" });
  const told: string[] = [];
  new RoomEventsClient(eve).onJoined(({ name }) => void told.push(name));
  expect(await new RoomClient(eve).join({ name: "eve" })).toEqual({ members: ["eve"] });
  const first = await come(server, { user });
  await new RoomClient(first).join({ name: "ada" });
  const second = await come(server, { user });
  await new RoomClient(second).join({ name: "ada" });
  expect(await first.closed).toMatchObject({ code: "kicked", message: expect.stringContaining("signed in elsewhere") });
  const third = await come(server, { user });
  await expect(new RoomClient(third).join({ name: "bob" })).rejects.toMatchObject({ code: "no_such_account" });
  await eventually(() => expect(told).toEqual(["eve", "ada", "ada"]));
});

test("a handler stops when its client is gone", async () => {
  const { server, log } = await start<{ server: Server; log: string[] }>("const log", ["log"]);
  const ada = await come(server);
  const answer = new RoomClient(ada).join({ name: "ada" });
  await eventually(() => expect(server.counters.requests).toBe(1));
  ada.close();
  await expect(answer).rejects.toMatchObject({ code: "unavailable" });
  await eventually(() =>
    expect(log.toSorted()).toEqual(["ada is gone: connection_lost", "nobody waits for ada any more"]),
  );
});

test("a client comes back, and its room has not noticed", async () => {
  const { server, seen } = await start<{ server: Server; seen: string[] }>("resume:", ["seen"]);
  const url = new URL(`ws://127.0.0.1:${server.addresses[0]?.port}`);
  let cut = (): void => {};
  const dial: Dial = async (signal) => {
    const socket = await dialWs(url, 65_536, undefined)(signal);
    return {
      start(receiver) {
        cut = () => {
          socket.close();
          receiver.closed(undefined);
        };
        socket.start(receiver);
      },
      send: (packets) => socket.send(packets),
      close: () => socket.close(),
    };
  };
  const ada = await connect(dial, { reconnect: { resume: resumption, minDelayMs: 1, jitter: 0 } });
  const heard: string[] = [];
  new RoomEventsClient(ada).onSaid(({ text }) => void heard.push(text));
  await new RoomClient(ada).join({ name: "ada" });
  const eve = new RoomClient(await come(server));
  await eve.join({ name: "eve" });
  cut();
  await eventually(() => expect(seen).toContain("ada is away: connection_lost"));
  await eve.say({ text: "where are you?" });
  await eventually(() => expect(heard).toEqual(["where are you?"]));
  ada.close();
  await eventually(() => expect(seen).toEqual(["ada is away: connection_lost", "ada is back", "ada is gone"]));
});
