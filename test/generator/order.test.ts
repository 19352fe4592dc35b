// What a .proto says of the order, of a service and of its methods, from the file to the handler.

import { expect, onTestFinished, test } from "vitest";
import { type ClientConnection, connect } from "../../runtime/client/index.js";
import type { Session } from "../../runtime/session/session.js";
import { type MemoryTransport, memory } from "../../runtime/transport/memory.js";
import { startServer } from "../support/server.js";
import { type Deferred, defer, turn, until } from "../support/wait.js";
import { PlainClient, TableClient } from "./scenarios/options/expected/generated/options.client.js";
import type { Card } from "./scenarios/options/expected/generated/options.js";
import { PlainComponent, TableComponent } from "./scenarios/options/expected/generated/options.server.js";

const begun: string[] = [];
const running = new Map<string, Deferred<void>>();

async function handle(method: string, { value }: Card): Promise<Card> {
  const name = `${method} ${value}`;
  begun.push(name);
  const work = defer();
  running.set(name, work);
  await work.promise;
  return { value };
}

async function end(name: string): Promise<void> {
  running.get(name)?.resolve();
  await turn();
}

/** `order: SERVICE`, but Look says SESSION and Ping says NONE. */
class Table extends TableComponent {
  override play(_session: Session, card: Card): Promise<Card> {
    return handle("play", card);
  }

  override look(_session: Session, card: Card): Promise<Card> {
    return handle("look", card);
  }

  override async ping(_session: Session, card: Card): Promise<void> {
    await handle("ping", card);
  }
}

class Plain extends PlainComponent {
  override play(_session: Session, card: Card): Promise<Card> {
    return handle("plain", card);
  }
}

test("methods are handled in the order that their .proto says: each its own, or its service's", async () => {
  const transport: MemoryTransport = memory();
  const { server } = await startServer({ components: [new Table(), new Plain()], transport });
  const connections: ClientConnection[] = [];
  for (let index = 0; index < 3; index++) {
    const connection = await connect(transport.dial);
    connections.push(connection);
    onTestFinished(() => connection.close());
  }
  await until(() => server.sessions().length === 3);
  await Promise.all(server.sessions().map((session, index) => session.bind(`u${index}`)));
  const [a, b, c] = connections.map((connection) => new TableClient(connection)) as [
    TableClient,
    TableClient,
    TableClient,
  ];

  const answers = [a.play({ value: 1 })];
  await until(() => begun.length === 1);
  // SERVICE: another session's waits. SESSION: a third one's does not. NONE: nor does the same session's.
  answers.push(b.play({ value: 2 }), c.look({ value: 3 }));
  a.ping({ value: 4 });
  await until(() => begun.length === 3);
  await turn();
  expect(begun.sort()).toEqual(["look 3", "ping 4", "play 1"]);

  // A session's order holds for a method of the order SESSION, in another component, too.
  answers.push(new PlainClient(connections[1] as ClientConnection).play({ value: 5 }));
  await turn();
  await turn();
  expect(begun).toHaveLength(3);
  await end("play 1");
  await until(() => begun.length === 4);
  expect(begun[3]).toBe("play 2");
  await end("play 2");
  await until(() => begun.length === 5);
  expect(begun[4]).toBe("plain 5");
  await Promise.all(["look 3", "ping 4", "plain 5"].map(end));
  expect((await Promise.all(answers)).map(({ value }) => value)).toEqual([1, 2, 3, 5]);
});
