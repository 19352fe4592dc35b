import { describe, expect, it } from "vitest";
import { NanowireError } from "../../runtime/base/error.js";
import type { Server } from "../../runtime/server/server.js";
import type { Session } from "../../runtime/session/session.js";
import { type Client, request } from "../support/client.js";
import { startServer, type TestServer, type TestServerOptions } from "../support/server.js";
import { countingCodec, pushOf, textCodec } from "../support/service.js";
import { defer, until } from "../support/wait.js";

/** A server with clients that are bound by a request of theirs: `Desk.Bind`, answered with the uid. */
async function desk(options: TestServerOptions = {}): Promise<TestServer> {
  return await startServer({
    services: {
      Desk: {
        Bind: async (session, uid) => {
          await session.bind(uid);
          return session.uid;
        },
        Unbind: async (session) => {
          await session.unbind();
          return session.uid;
        },
      },
    },
    ...options,
  });
}

async function ask(client: Client, route: string, text = ""): Promise<string> {
  client.send(request(1, route, text));
  const { flag, text: answer } = await client.message();
  return flag === 0x24 ? `error: ${answer}` : answer;
}

/** The only session of a server. */
function only(server: Server): Session {
  const [session] = server.sessions();
  return session ?? expect.fail("there is no session");
}

describe("the sessions of a server", () => {
  it("are found by id and by uid, while they are open and bound", async () => {
    const { server, enter } = await desk();
    const client = await enter();
    const session = only(server);
    expect([server.session(session.id), server.session("7"), server.sessionsOf("ada")]).toEqual([
      session,
      undefined,
      [],
    ]);
    expect(await ask(client, "Desk.Bind", "ada")).toBe("ada");
    expect([server.sessionsOf("ada"), server.sessionsOf("")]).toEqual([[session], []]);
    expect(await ask(client, "Desk.Unbind")).toBe("");
    expect(server.sessionsOf("ada")).toEqual([]);
    expect(await ask(client, "Desk.Bind", "eve")).toBe("eve");
    client.link.end();
    await until(() => server.sessions().length === 0);
    expect([server.session(session.id), server.sessionsOf("eve")]).toEqual([undefined, []]);
  });

  it("may be several of one uid, unless the server says otherwise", async () => {
    const { server, enter } = await desk();
    const [one, two] = [await enter(), await enter()];
    await ask(one, "Desk.Bind", "ada");
    await ask(two, "Desk.Bind", "ada");
    expect(server.sessionsOf("ada")).toEqual(server.sessions());
    await ask(one, "Desk.Unbind");
    expect(server.sessionsOf("ada")).toEqual(server.sessions().slice(1));
  });

  it("are one for each uid, the first, when a second is refused", async () => {
    const { server, enter } = await desk({ binding: { second: "refuse" } });
    const [one, two] = [await enter(), await enter()];
    await ask(one, "Desk.Bind", "ada");
    expect(await ask(two, "Desk.Bind", "ada")).toContain("uid_in_use");
    expect(server.sessionsOf("ada")).toEqual(server.sessions().slice(0, 1));
    await ask(one, "Desk.Unbind");
    expect(await ask(two, "Desk.Bind", "ada")).toBe("ada");
  });

  it("are one for each uid, the last, when the first is kicked, with the reason", async () => {
    const { server, enter } = await desk({ binding: { second: "kick", kickReason: "gone elsewhere" } });
    const [one, two] = [await enter(), await enter()];
    await ask(one, "Desk.Bind", "ada");
    const [first, second] = server.sessions();
    const reason = new Promise<NanowireError>((resolve) => first?.onClose(resolve));
    expect(await ask(two, "Desk.Bind", "ada")).toBe("ada");
    expect(await reason).toMatchObject({ code: "kicked", message: "gone elsewhere" });
    await until(() => server.sessions().length === 1);
    expect(server.sessionsOf("ada")).toEqual([second]);
    // Bound again to the same uid, nobody is kicked.
    expect(await ask(two, "Desk.Bind", "ada")).toBe("ada");
    expect(server.sessionsOf("ada")).toEqual([second]);
  });

  it("keep their uid, unless the server lets them be bound anew", async () => {
    const strict = await desk();
    const loose = await desk({ binding: { rebind: true } });
    const [kept, changed] = [await strict.enter(), await loose.enter()];
    await ask(kept, "Desk.Bind", "ada");
    await ask(changed, "Desk.Bind", "ada");
    expect(await ask(kept, "Desk.Bind", "eve")).toContain("already_bound");
    expect(await ask(changed, "Desk.Bind", "eve")).toBe("eve");
    expect([strict.server.sessionsOf("ada").length, strict.server.sessionsOf("eve").length]).toEqual([1, 0]);
    expect([loose.server.sessionsOf("ada").length, loose.server.sessionsOf("eve").length]).toEqual([0, 1]);
  });
});

describe("the server's judgement of who may be bound", () => {
  it("refuses with its own error, and binds nobody", async () => {
    const { server, enter } = await desk({
      onBind: (_session, uid) => {
        throw new NanowireError("banned", `${uid} is banned`);
      },
    });
    const client = await enter();
    expect(await ask(client, "Desk.Bind", "eve")).toContain("eve is banned");
    expect([only(server).bound, server.sessionsOf("eve")]).toEqual([false, []]);
  });

  it("may take its time: of two that wait, the second is refused when one only may be", async () => {
    const judged = [defer<void>(), defer<void>()];
    let asked = 0;
    const { server, enter } = await desk({
      binding: { second: "refuse" },
      onBind: () => judged[asked++]?.promise,
    });
    const [one, two] = [await enter(), await enter()];
    one.send(request(1, "Desk.Bind", "ada"));
    two.send(request(1, "Desk.Bind", "ada"));
    await until(() => asked === 2);
    judged[1]?.resolve();
    expect((await two.message()).text).toBe("ada");
    judged[0]?.resolve();
    expect((await one.message()).text).toContain("uid_in_use");
    expect(server.sessionsOf("ada")).toEqual(server.sessions().slice(1));
  });

  it("comes too late for a session that has closed meanwhile", async () => {
    const judged = defer<void>();
    const outcome = defer<unknown>();
    let asked = false;
    const { server, enter } = await desk({
      services: {
        Desk: {
          Bind: (session, uid) =>
            session
              .bind(uid)
              .then(() => "", outcome.resolve)
              .then(() => ""),
        },
      },
      onBind: () => {
        asked = true;
        return judged.promise;
      },
    });
    const client = await enter();
    client.send(request(1, "Desk.Bind", "ada"));
    await until(() => asked);
    client.link.end();
    await until(() => server.sessions().length === 0);
    judged.resolve();
    expect(await outcome.promise).toMatchObject({ code: "session_closed" });
    expect(server.sessionsOf("ada")).toEqual([]);
  });
});

describe("who listens to all sessions", () => {
  it("is told when one opens, is bound, unbound, and closes, in this order; and no more when it stops listening", async () => {
    const { server, enter, log } = await desk();
    const seen: string[] = [];
    const stops = [
      server.onSessionOpen(() => void seen.push("open")),
      server.onSessionBind(
        ({ session, previousUid }) => void seen.push(`${previousUid || "-"} to ${session.uid || "-"}`),
      ),
      server.onSessionClose(({ session, reason }) => {
        seen.push(`close ${reason.code} ${session.uid} ${session.closed} ${server.sessions().length}`);
        throw new Error("no matter");
      }),
    ];
    const client = await enter();
    only(server).onClose(() => void seen.push("its own"));
    await ask(client, "Desk.Bind", "ada");
    await ask(client, "Desk.Unbind");
    await ask(client, "Desk.Bind", "eve");
    client.link.end();
    await until(() => seen.length === 6);
    expect(seen).toEqual(["open", "- to ada", "ada to -", "- to eve", "its own", "close connection_lost eve true 0"]);
    expect(log.at("error").map(({ message }) => message)).toEqual(["a listener failed"]);
    for (const stop of stops) {
      stop();
    }
    await enter();
    expect(seen).toHaveLength(6);
  });
});

describe("a push to users", () => {
  it("goes to each of their sessions once, encoded once, and to those that there are when it is sent", async () => {
    const { codec, encoded } = countingCodec();
    const told = { ...pushOf("Events.Told", 1), message: codec };
    const { server, enter } = await desk({ extraRoutes: ["Events.Told"] });
    const clients = [await enter(), await enter(), await enter(), await enter()];
    const audience = server.users(["ada", "eve", "ada", "nobody"]);
    for (const [index, uid] of ["ada", "ada", "eve", "bob"].entries()) {
      await ask(clients[index] as Client, "Desk.Bind", uid);
    }
    expect(audience.sessions()).toEqual(server.sessions().slice(0, 3));
    audience.push(told, "x");
    server.everyone.push(told, "y");
    const texts = await Promise.all(
      clients.map(async (client, index) => (await client.messages(index === 3 ? 1 : 2)).map(({ text }) => text)),
    );
    expect(texts).toEqual([["x", "y"], ["x", "y"], ["x", "y"], ["y"]]);
    expect(encoded.protobuf).toBe(2);
  });

  it("may be to one: his uid is not taken for many of a letter", async () => {
    const { server, enter } = await desk({ extraRoutes: ["Events.Told"] });
    const [client, other] = [await enter(), await enter()];
    await ask(client, "Desk.Bind", "ada");
    await ask(other, "Desk.Bind", "a");
    expect(server.users("ada").push(pushOf("Events.Told", 1), "x")).toBe(1);
    expect((await client.message()).text).toBe("x");
  });

  it("to nobody does nothing", async () => {
    const { server } = await desk();
    server.users(["ada"]).push({ ...pushOf("Events.Told", 1), message: textCodec }, "x");
    expect(server.everyone.sessions()).toEqual([]);
  });
});

describe("what a program keeps with a session", () => {
  it("is the session's own, and the same object each time", async () => {
    const { server, enter } = await desk();
    await enter();
    await enter();
    const [one, two] = server.sessions();
    Object.assign(one?.data ?? {}, { score: 5 });
    expect([one?.data, two?.data]).toEqual([{ score: 5 }, {}]);
    expect(one?.data).toBe(one?.data);
  });
});

describe("the options of binding", () => {
  it.each<[options: object, message: string]>([
    [{ second: "replace" }, "binding.second replace is not allow, refuse or kick"],
    [{ secnod: "kick" }, "there is no option binding.secnod; there are second, kickReason, rebind"],
    [{ rebind: 1 }, "binding.rebind 1 is not true or false"],
  ])("%j is refused", async (binding, message) => {
    await expect(desk({ binding })).rejects.toMatchObject({ code: "invalid_option", message });
  });
});
