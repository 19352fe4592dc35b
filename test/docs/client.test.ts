import { readFileSync } from "node:fs";
import type { Session } from "nanowire";
import type { startTestServer as StartTestServer } from "nanowire/testing";
import { expect, onTestFinished, test, vi } from "vitest";
import { Room } from "../../examples/chat/room.js";
import { RoomClient } from "../../generated/chat/v1/room.client.js";
import type { RoomComponent } from "../../generated/chat/v1/room.server.js";
import { systemClock } from "../../runtime/base/clock.js";
import type { ClientConnection } from "../../runtime/client/client-connection.js";
import { connect } from "../../runtime/client/connect-node.js";
import { resolveConnectOptions } from "../../runtime/client/connect-options.js";
import { resolveReconnectOptions } from "../../runtime/client/reconnect-options.js";
import { NanowireError } from "../../runtime/index.js";
import type { ServerOptions } from "../../runtime/server/options.js";
import { createServer, type Server } from "../../runtime/server/server.js";
import { ws } from "../../runtime/transport/ws.js";
import { eventually } from "../support/wait.js";
import { expectNumbers } from "./support/option-table.js";
import { PageProgram } from "./support/page-program.js";
import { startProxy } from "./support/proxy.js";
import { printedLines } from "./support/running-program.js";

const page = new PageProgram("docs/client.md");
const text = readFileSync(new URL("../../docs/client.md", import.meta.url), "utf8");

interface ClientProgram {
  readonly connection: ClientConnection;
}

/** A server for the page's clients, and where it listens in place of 3250. */
async function serve(options: Partial<ServerOptions> = {}): Promise<{ server: Server; port: number }> {
  const server = createServer({ components: [new Room()], listen: [ws({ host: "127.0.0.1", port: 0 })], ...options });
  await server.start();
  onTestFinished(() => server.stop());
  return { server, port: server.addresses[0]?.port as number };
}

async function run<T = ClientProgram>(words: string, port: number, exported = ["connection"]): Promise<T> {
  return await page.run<T>(words, exported, { instead: { "3250": String(port) } });
}

test("each program is run here", () => {
  expect(page.count).toBe(6);
});

test("a client joins, speaks, hears itself, and goes", async () => {
  const printed = printedLines();
  const { server, port } = await serve();
  const { connection } = await run("dictVersion }", port);
  await expect(connection.closed).resolves.toMatchObject({ code: "closed" });
  expect(printed).toEqual(["here are ada", "ada: hello"]);
  expect(server.counters).toMatchObject({ requests: 2, notifies: 1, failed: {} });
});

test("a call has a time-out of its own, and a signal that gives it up", async () => {
  const {
    joinSoon,
    startTestServer,
    RoomComponent: Stub,
  } = await page.run<{
    joinSoon: (connection: ClientConnection, signal: AbortSignal) => Promise<readonly string[]>;
    startTestServer: typeof StartTestServer;
    RoomComponent: typeof RoomComponent;
  }>("joinSoon", [], { more: kitAndStub });
  class Slow extends Stub {
    override join(): Promise<never> {
      return new Promise(() => {});
    }
    override say(): void {}
    override leave(): void {}
  }
  const kit = await startTestServer({ components: [new Slow()] });
  onTestFinished(() => kit.stop());
  const { connection } = await kit.connect();
  const late = joinSoon(connection, new AbortController().signal).catch((error: NanowireError) => error.code);
  await kit.advance(2_000);
  expect(await late).toBe("deadline_exceeded");
  const giving = new AbortController();
  const given = joinSoon(connection, giving.signal).catch((error: NanowireError) => error.code);
  giving.abort();
  expect(await given).toBe("canceled");
  expect(connection.state).toBe("open");
});

test("the end is told with its reason", async () => {
  const printed = printedLines();
  const { server, port } = await serve();
  const ended = run("told to go", port, []);
  await eventually(() => expect(server.sessions()).toHaveLength(1));
  server.sessions()[0]?.kick("be nice");
  await ended;
  expect(printed).toEqual(["told to go: be nice", expect.stringMatching(/^kicked: .*be nice/), "by the other"]);
});

test("a connection is made again, logs in again, and tells each state", async () => {
  const printed = printedLines();
  const { server, port } = await serve();
  const { connection } = await run("there again", port);
  onTestFinished(() => connection.close());
  const joined = vi.fn<(session: Session) => void>();
  server.onSessionBind(({ session }) => joined(session));
  await eventually(() => expect(server.sessions()).toHaveLength(1));
  server.sessions()[0]?.close();
  await eventually(() => expect(connection.state).toBe("reconnecting"));
  // It waits until somebody is logged in: of those who are not, none may speak.
  new RoomClient(connection).say({ text: "hello" });
  expect(connection.offline.messages).toBe(1);
  await eventually(() => expect(printed).toContain("there again"));
  expect(printed).toEqual([
    expect.stringMatching(/^attempt 1 in (2[5-9]\d|[34]\d\d|500)(\.\d+)? ms: /),
    "connecting …",
    "there again",
  ]);
  expect(joined.mock.calls.map(([{ uid }]) => uid)).toEqual(["ada"]);
  await eventually(() => expect(server.counters.notifies).toBe(1));
  expect(server.counters.failed).toEqual({});
  server.sessions()[0]?.kick("go");
  await eventually(() => expect(printed.at(-1)).toBe("over: kicked"));
});

test("a session goes on; where it is gone, a new one logs in", async () => {
  const printed = printedLines();
  const { server, port } = await serve({ resume: true });
  const proxy = await startProxy(port);
  const { connection } = await run("as if nothing had been", proxy.port);
  onTestFinished(() => connection.close());
  const [session] = server.sessions();
  proxy.cut();
  await eventually(() => expect(printed).toEqual(["as if nothing had been"]));
  // The client is there again with the answer to its handshake, the server with the acknowledgment of that.
  await eventually(() => expect(server.counters).toMatchObject({ requests: 1, resumed: 1, suspended: 0 }));
  expect(server.sessions()).toEqual([session]);

  const another = await serve({ resume: true });
  proxy.target = another.port;
  proxy.cut();
  await eventually(() => expect(printed).toEqual(["as if nothing had been", "a new session"]));
  expect(another.server.sessions().map(({ uid }) => uid)).toEqual(["ada"]);
});

test("an error tells what went wrong", async () => {
  const {
    tryToJoin,
    startTestServer,
    RoomComponent: Stub,
  } = await page.run<{
    tryToJoin: (connection: ClientConnection, name: string) => Promise<string>;
    startTestServer: typeof StartTestServer;
    RoomComponent: typeof RoomComponent;
  }>("tryToJoin", [], { more: kitAndStub });
  class Picky extends Stub {
    override join(_session: unknown, { name }: { name: string }): { members: string[] } | Promise<never> {
      if (name === "") {
        throw new Error("not for others");
      }
      return name === "ada" ? { members: [name] } : new Promise(() => {});
    }
    override say(): void {}
    override leave(): void {}
  }
  const kit = await startTestServer({ components: [new Picky()] });
  onTestFinished(() => kit.stop());
  const { connection } = await kit.connect();
  expect(await tryToJoin(connection, "ada")).toBe("welcome");
  const nameless = await tryToJoin(connection, "");
  expect(nameless).not.toContain("others");
  const slow = tryToJoin(connection, "eve");
  await kit.advance(10_000);
  expect(await slow).toBe("the server is slow today");
  connection.close();
  expect(await tryToJoin(connection, "ada")).toContain("closed");
});

test("its options have the defaults and limits that are told", () => {
  const [options = "", reconnect = ""] = text.split("## A connection that is made again");
  expectNumbers(options, ["requestTimeoutMs", "connectTimeoutMs", "maxPacketBytes"], (given) =>
    resolveConnectOptions(given, systemClock),
  );
  expectNumbers(
    reconnect,
    ["minDelayMs", "jitter", "maxAttempts", "maxOfflineMessages", "maxOfflineBytes"],
    (given) => resolveReconnectOptions({ maxDelayMs: 2_147_483_647, ...given }) ?? {},
  );
  expect(resolveReconnectOptions(true)?.maxDelayMs).toBe(30_000);
});

test("the codes of connect are those that it rejects with", async () => {
  printedLines();
  const { port } = await serve({
    onHandshake: () => {
      throw new NanowireError("old_version", "update the game");
    },
  });
  const rejection = (target: string, options = {}) =>
    connect(target, options).catch((error: NanowireError) => [error.code, error.details]);
  expect(await rejection("http://127.0.0.1")).toEqual(["invalid_url", {}]);
  expect(await rejection("ws://127.0.0.1", { maxPacketBytes: 1 })).toEqual(["invalid_option", {}]);
  expect(await rejection("tcp://127.0.0.1:1")).toEqual(["connect_failed", {}]);
  expect(await rejection(`ws://127.0.0.1:${port}`)).toEqual([
    "handshake_refused",
    expect.objectContaining({ code: expect.anything(), error: "old_version", reason: "update the game" }),
  ]);
  expect(await rejection(`ws://127.0.0.1:${port}`, { signal: AbortSignal.abort() })).toEqual(["canceled", {}]);
});

const kitAndStub = [
  'export { startTestServer } from "nanowire/testing";',
  'export { RoomComponent } from "../generated/chat/v1/room.server.js";',
].join("\n");
