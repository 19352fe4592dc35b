// colyseus: what a room sends while a client is away is lost, as is the answer to what was asked; of the client's own messages it keeps ten. (#68, #147, #154)

import { expect, it } from "vitest";
import { resumption } from "../../runtime/client/index.js";
import type { Session } from "../../runtime/session/session.js";
import { startTestServer } from "../../runtime/testing/test-server.js";
import { text } from "../client/support/text-codec.js";
import { components, pushOf, type Services } from "../support/service.js";
import { defer } from "../support/wait.js";

const ask = { route: "Desk.Ask", code: 1, request: text, response: text };
const note = { route: "Desk.Note", code: 2, request: text, response: text as never };
const toldClient = { route: "Events.Told", code: 3, message: text };
const told = pushOf("Events.Told", 3);
const fifty = Array.from({ length: 50 }, (_, index) => String(index));

it("nothing is lost while a client is away, on either side; nothing comes twice, and all of it in order", async () => {
  const slow = defer<string>();
  const handled: string[] = [];
  const services: Services = {
    Desk: {
      Ask: (_session, what) => {
        handled.push(what);
        return what === "slow" ? slow.promise : `${what}!`;
      },
      Note: { kind: "notify", handle: (_session, what) => String(handled.push(what)) },
    },
  };
  const test = await startTestServer({ components: components(services, ["Events.Told"]), resume: true });
  const sessions: Session[] = [];
  test.server.onSessionOpen((session) => void sessions.push(session));
  const client = await test.connect({ reconnect: { resume: resumption } });
  const { connection } = client;
  const heard: string[] = [];
  connection.on(toldClient, (message) => void heard.push(message));
  const before = connection.request(ask, "slow");
  await test.settled();

  client.cut();
  await test.settled();
  const [session] = sessions as [Session];
  expect([session.suspended, connection.state]).toEqual([true, "reconnecting"]);
  for (const what of fifty) {
    session.push(told, what);
    connection.notify(note, what);
  }
  slow.resolve("at last");
  const meanwhile = connection.request(ask, "while away");
  await client.comeBack();
  await test.settled();

  expect([await before, await meanwhile]).toEqual(["at last", "while away!"]);
  expect([heard, handled]).toEqual([fifty, ["slow", ...fifty, "while away"]]);
  // It is the same session, and the same object.
  expect([sessions.length, session.closed, connection.state]).toEqual([1, false, "open"]);
  await test.stop();
});
