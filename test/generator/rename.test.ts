import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ClientMethod } from "../../runtime/client/index.js";
import { type ClientConnection, connect } from "../../runtime/client/index.js";
import { createServer, type Server, tcp } from "../../runtime/index.js";
import { LobbyClient } from "./scenarios/renamed/expected/generated/lobby.client.js";
import { Text } from "./scenarios/renamed/expected/generated/lobby.js";
import { LobbyComponent } from "./scenarios/renamed/expected/generated/lobby.server.js";
import { Project, proto } from "./support/project.js";

const lockFile = "proto/routes.lock.json";

/** A project with the methods of a service S, of which each line is one, and a lock. */
function project(lines: readonly string[], lock: object, service = ""): Project {
  return new Project({
    "proto/a.proto": proto(`service S {${service}`, ...lines, "}"),
    [lockFile]: `${JSON.stringify({ version: 1, ...lock }, null, 2)}\n`,
  });
}

/** A method, and what it was: with names of routes of S. */
function rpc(name: string, ...was: readonly string[]): string {
  const options = was.map((former) => ` option (nanowire.method).was = "${former}";`);
  return `  rpc ${name}(Text) returns (Text) {${options.join("")} }`;
}

async function lockAfter(made: Project): Promise<unknown> {
  await made.generate();
  const { version, ...sections } = JSON.parse(made.read(lockFile));
  expect(version).toBe(1);
  return sections;
}

describe("a renamed method", () => {
  test("keeps its code, and its old route is remembered", async () => {
    const made = project([rpc("Join", "S.Enter")], { routes: { "S.Enter": 7 }, removed: {} });
    expect(await lockAfter(made)).toEqual({ routes: { "S.Join": 7 }, removed: {}, renamed: { "S.Enter": 7 } });
    expect(made.read("generated/a.server.ts")).toContain('was: ["S.Enter"],');
    expect(made.read("generated/routes.ts")).toContain('"S.Join": 7,');
    expect(made.read("generated/routes.ts")).not.toContain("S.Enter");
    expect(await made.generate()).toEqual([expect.stringMatching(/^0 written/)]);
  });

  test("is renamed again, and again: every name that is said reaches it", async () => {
    const made = project([rpc("Third", "S.Second", "S.First")], {
      routes: { "S.Second": 7 },
      removed: {},
      renamed: { "S.First": 7 },
    });
    expect(await lockAfter(made)).toEqual({
      routes: { "S.Third": 7 },
      removed: {},
      renamed: { "S.First": 7, "S.Second": 7 },
    });
    expect(made.read("generated/a.server.ts")).toContain('was: ["S.Second", "S.First"],');
  });

  test("whose old name nobody sends any more drops it; the lock does not forget", async () => {
    const made = project([rpc("Join")], { routes: { "S.Join": 7 }, removed: {}, renamed: { "S.Enter": 7 } });
    expect(await lockAfter(made)).toEqual({ routes: { "S.Join": 7 }, removed: {}, renamed: { "S.Enter": 7 } });
    expect(made.read("generated/a.server.ts")).not.toContain("S.Enter");
  });

  test("that goes leaves its code and its names behind", async () => {
    const made = project([rpc("Other")], { routes: { "S.Join": 7 }, removed: {}, renamed: { "S.Enter": 7 } });
    expect(await lockAfter(made)).toEqual({
      routes: { "S.Other": expect.any(Number) },
      removed: { "S.Join": 7 },
      renamed: { "S.Enter": 7 },
    });
  });

  test("that gets its old name back has its code", async () => {
    const made = project([rpc("Enter")], { routes: { "S.Join": 7 }, removed: {}, renamed: { "S.Enter": 7 } });
    expect(await lockAfter(made)).toEqual({ routes: { "S.Enter": 7 }, removed: {}, renamed: { "S.Join": 7 } });
  });

  test("may have been away in between", async () => {
    const made = project([rpc("Join", "S.Enter")], { routes: {}, removed: { "S.Enter": 7 } });
    expect(await lockAfter(made)).toEqual({ routes: { "S.Join": 7 }, removed: {}, renamed: { "S.Enter": 7 } });
  });

  test("may say its code, the one that it had", async () => {
    const made = project(
      [`  rpc Join(Text) returns (Text) { option (nanowire.method) = { was: "S.Enter" code: 7 }; }`],
      {
        routes: { "S.Enter": 7 },
        removed: {},
      },
    );
    expect(await lockAfter(made)).toEqual({ routes: { "S.Join": 7 }, removed: {}, renamed: { "S.Enter": 7 } });
  });

  test("leaves its old name to a new method once it says it no more", async () => {
    const made = project([rpc("Join"), rpc("Enter")], {
      routes: { "S.Join": 7 },
      removed: {},
      renamed: { "S.Enter": 7 },
    });
    const { routes, renamed } = (await lockAfter(made)) as { routes: Record<string, number>; renamed?: object };
    expect(routes["S.Join"]).toBe(7);
    expect(routes["S.Enter"]).not.toBe(7);
    expect(renamed).toBeUndefined();
  });
});

describe("a was that cannot be", () => {
  const one = { routes: { "S.Enter": 7 }, removed: {} };
  test.each<[what: string, lines: readonly string[], lock: object, errors: readonly string[]]>([
    [
      "a route that is there",
      [rpc("Join", "S.Enter"), rpc("Enter")],
      one,
      [
        "8:35: S.Join cannot have been S.Enter, for there is a S.Enter, and a call of it can mean one of them only: leave `was` out, or give the other one another route",
      ],
    ],
    [
      "a chain in one file: one method was another one, which was a third",
      [rpc("Third", "S.Second"), rpc("Second", "S.First")],
      { routes: { "S.First": 7 }, removed: {} },
      [
        "8:36: S.Third cannot have been S.Second, for there is a S.Second, and a call of it can mean one of them only: leave `was` out, or give the other one another route",
      ],
    ],
    [
      "its own route",
      [rpc("Enter", "S.Enter")],
      one,
      ["8:36: S.Enter is called so now: write the route that it had before, or leave `was` out"],
    ],
    [
      "one route named twice by one method",
      [rpc("Join", "S.Enter", "S.Enter")],
      one,
      ["8:77: S.Enter is named twice, first at proto/a.proto:8:35: leave one of them out"],
    ],
    [
      "one route named by two methods",
      [rpc("Join", "S.Enter"), rpc("Visit", "S.Enter")],
      one,
      [
        "9:36: S.Enter can have become one route only, and S.Join says at proto/a.proto:8:35 that it was S.Enter: leave `was` out at one of them",
      ],
    ],
    [
      "a route that never was",
      [rpc("Join", "S.Entre")],
      one,
      [
        "8:35: there never was a route S.Entre in proto/routes.lock.json: write the route that S.Join had, or leave `was` out; did you mean S.Enter?",
      ],
    ],
    [
      "a route that had another code, when this one has one",
      [rpc("Join", "S.Enter")],
      { routes: { "S.Join": 8 }, removed: { "S.Enter": 7 } },
      [
        "8:35: S.Join has code 8 in proto/routes.lock.json, and S.Enter had 7: they were two routes, and codes never move; leave `was` out, or, only if no client was generated with 8, delete the line of S.Join in proto/routes.lock.json",
      ],
    ],
    [
      "two routes that were two",
      [rpc("Join", "S.Enter", "S.Visit")],
      { routes: { "S.Enter": 7, "S.Visit": 8 }, removed: {} },
      [
        "8:77: S.Join has code 7 of another former route, and S.Visit had 8: they were two routes; leave one of them out",
      ],
    ],
    [
      "a route that became another one",
      [rpc("Join"), rpc("Visit", "S.Enter")],
      { routes: { "S.Join": 7 }, removed: {}, renamed: { "S.Enter": 7 } },
      ["9:36: S.Enter became S.Join, which has its code 7 in proto/routes.lock.json: leave `was` out here"],
    ],
    [
      "no route",
      [rpc("Join", "Enter")],
      one,
      ['8:35: route "Enter", which test.v1.S.Join was, has no dot: write `<service>.<method>`, as in "Room.Join"'],
    ],
    [
      "another code than the one that it had",
      [`  rpc Join(Text) returns (Text) { option (nanowire.method) = { was: "S.Enter" code: 8 }; }`],
      one,
      [
        "8:79: S.Join has code 7 in proto/routes.lock.json, and codes never move: write `code = 7` or no code; only if no client was generated with 7, delete its line in proto/routes.lock.json",
      ],
    ],
  ])("%s", async (_, lines, lock, errors) => {
    const made = project(lines, lock);
    const before = made.read(lockFile);
    expect(await made.errors()).toEqual(errors.map((error) => `proto/a.proto:${error}`));
    expect(made.read(lockFile)).toBe(before);
  });

  test("of a push, or of its service: a client listens for the route", async () => {
    const made = new Project({
      "proto/a.proto": proto(
        "service S {",
        "  option (nanowire.service) = { kind: PUSH was: 'R' };",
        "  rpc Told(Text) returns (google.protobuf.Empty) { option (nanowire.method).was = 'S.Tell'; }",
        "}",
      ),
    });
    expect(await made.errors()).toEqual([
      'proto/a.proto:8:44: service test.v1.S is a push, and clients listen for its route: keep that one, write `option (nanowire.service).route = "R";` instead of `was`',
      'proto/a.proto:9:52: test.v1.S.Told is a push, and clients listen for its route: keep that one, write `option (nanowire.method).route = "S.Tell";` instead of `was`',
    ]);
  });
});

describe("a renamed service", () => {
  test("has the codes of its methods; one that is new has none of the old names", async () => {
    const made = project(
      [rpc("Join"), rpc("New")],
      { routes: { "R.Join": 7, "R.Gone": 8 }, removed: {} },
      ' option (nanowire.service).was = "R";',
    );
    expect(await lockAfter(made)).toEqual({
      routes: { "S.Join": 7, "S.New": expect.any(Number) },
      removed: { "R.Gone": 8 },
      renamed: { "R.Join": 7 },
    });
    expect(made.read("generated/a.server.ts").match(/was: \[.*\]/g)).toEqual(['was: ["R.Join"]']);
  });

  test("cannot have been one that never was", async () => {
    const made = project(
      [rpc("Join")],
      { routes: { "R.Gone": 7 }, removed: {} },
      ' option (nanowire.service).was = "R";',
    );
    expect(await made.errors()).toEqual([
      "proto/a.proto:7:13: there never was a route R.<method> of one of the methods here in proto/routes.lock.json: write what the service was called, or leave `was` out",
    ]);
  });

  test("cannot have been one that is there", async () => {
    const made = new Project({
      "proto/a.proto": proto(
        "service S { option (nanowire.service).was = 'R';",
        rpc("Join"),
        "}",
        "service R {",
        rpc("Join"),
        "}",
      ),
      [lockFile]: `${JSON.stringify({ version: 1, routes: { "R.Join": 7 }, removed: {} })}\n`,
    });
    expect(await made.errors()).toEqual([
      "proto/a.proto:7:13: S.Join cannot have been R.Join, for there is a R.Join, and a call of it can mean one of them only: leave `was` out, or give the other one another route",
    ]);
  });
});

describe("over a connection", () => {
  class Lobby extends LobbyComponent {
    override join(_: unknown, { text }: Text): Text {
      return { text: `joined ${text}` };
    }
    override look(_: unknown, { text }: Text): Text {
      return { text: `looked ${text}` };
    }
    override leave(): Text {
      return { text: "left" };
    }
    override stay(_: unknown, { text }: Text): Text {
      return { text: `stayed ${text}` };
    }
  }

  let server: Server;
  let connection: ClientConnection;

  beforeEach(async () => {
    const transport = tcp({ host: "127.0.0.1", port: 0 });
    server = createServer({ components: [new Lobby()], listen: [transport] });
    await server.start();
    connection = await connect(`tcp://127.0.0.1:${transport.address?.port}`);
  });

  afterEach(async () => {
    connection.close();
    await server.stop();
  });

  /** A method as a client that was generated earlier knows it. */
  const old = (route: string, code: number): ClientMethod<Text, Text> => ({
    route,
    code,
    request: Text,
    response: Text,
  });

  test("a client of today is answered", async () => {
    const lobby = new LobbyClient(connection);
    expect(await lobby.join({ text: "a" })).toEqual({ text: "joined a" });
    expect(await lobby.look({ text: "b" })).toEqual({ text: "looked b" });
    expect(await lobby.leave()).toEqual({ text: "left" });
  });

  test.each([
    ["Room.Join", "joined x"],
    ["Hall.Join", "joined x"],
    ["Room.Visit", "looked x"],
    ["Hall.Enter", "looked x"],
    ["Old.Stay", "stayed x"],
  ])("a client that sends %s is answered", async (route, text) => {
    expect(await connection.request(old(route, 1), { text: "x" })).toEqual({ text });
  });

  test.each(["Hall.Look", "Room.Leave", "Room.Stay", "Room.Look"])("nobody ever sent %s", async (route) => {
    await expect(connection.request(old(route, 1), { text: "x" })).rejects.toMatchObject({ code: "unknown_route" });
  });
});
