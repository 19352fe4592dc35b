import { describe, expect, test } from "vitest";
import { Project, proto } from "./support/project.js";

const lockFile = "proto/routes.lock.json";

/** A service S with the given methods: `A`, or `A = 7` for an explicit code. */
function service(...methods: readonly string[]): string {
  const lines = methods.map((method) => {
    const [name, code] = method.split(" = ");
    return `  rpc ${name}(Text) returns (Text) {${code === undefined ? "" : ` option (nanowire.method).code = ${code};`}}`;
  });
  return proto("service S {", ...lines, "}");
}

function lock(routes: Record<string, number>, removed: Record<string, number> = {}): string {
  return `${JSON.stringify({ version: 1, routes, removed }, null, 2)}\n`;
}

/** A project with these methods, generated over this lock: the lock that it writes. */
async function lockAfter(methods: readonly string[], before: string): Promise<unknown> {
  const project = new Project({ "proto/a.proto": service(...methods), [lockFile]: before });
  await project.generate();
  return JSON.parse(project.read(lockFile));
}

describe("the codes of routes", () => {
  test("a project's first routes take the codes from 1 in the order of their names", async () => {
    const project = new Project({ "proto/a.proto": service("C", "A", "B") });
    await project.generate();
    expect(project.read(lockFile)).toBe(
      '{\n  "version": 1,\n  "routes": {\n    "S.A": 1,\n    "S.B": 2,\n    "S.C": 3\n  },\n  "removed": {}\n}\n',
    );
  });

  test("live on: added, removed, back again, renamed", async () => {
    const project = new Project({ "proto/a.proto": service("M") });
    await project.generate();
    const codes = async (...methods: string[]): Promise<unknown> => {
      project.write({ "proto/a.proto": service(...methods) });
      await project.generate();
      const { routes, removed } = JSON.parse(project.read(lockFile));
      return { routes, removed };
    };
    const [a, b, bee] = [38736, 46554, 10958];
    expect(await codes("M", "A")).toEqual({ routes: { "S.A": a, "S.M": 1 }, removed: {} });
    expect(await codes("A")).toEqual({ routes: { "S.A": a }, removed: { "S.M": 1 } });
    expect(await codes("A", "B")).toEqual({ routes: { "S.A": a, "S.B": b }, removed: { "S.M": 1 } });
    expect(await codes("A", "B", "M")).toEqual({ routes: { "S.A": a, "S.B": b, "S.M": 1 }, removed: {} });
    expect(await codes("A", "Bee", "M")).toEqual({
      routes: { "S.A": a, "S.Bee": bee, "S.M": 1 },
      removed: { "S.B": b },
    });
  });

  test("an explicit code is taken, and others go round it", async () => {
    expect(await lockAfter(["A", "B = 1", "C = 4000"], lock({}))).toEqual({
      version: 1,
      routes: { "S.A": 2, "S.B": 1, "S.C": 4000 },
      removed: {},
    });
  });

  test("an explicit code may be the one that the lock has, or had for this route", async () => {
    expect(await lockAfter(["A = 3", "B = 9"], lock({ "S.A": 3 }, { "S.B": 9 }))).toEqual({
      version: 1,
      routes: { "S.A": 3, "S.B": 9 },
      removed: {},
    });
  });

  test("when two branches have each added a route, the lines of both are kept", async () => {
    // Each took the lowest free code, the same: one of the lines has to go, and its route gets a new code.
    const project = new Project({
      "proto/a.proto": service("A", "B", "C"),
      [lockFile]:
        '{\n  "version": 1,\n  "routes": {\n    "S.A": 1,\n    "S.B": 2,\n    "S.C": 2\n  },\n  "removed": {}\n}\n',
    });
    expect(await project.errors()).toEqual([
      `${lockFile}:6:5: code 2 is given to S.B, at ${lockFile}:5:5, and to S.C: delete the line of the one that no client was generated with, and generate again: it gets a new code`,
    ]);
    project.write({
      [lockFile]: '{\n  "version": 1,\n  "routes": {\n    "S.A": 1,\n    "S.C": 2\n  },\n  "removed": {}\n}\n',
    });
    await project.generate();
    expect(JSON.parse(project.read(lockFile)).routes).toEqual({ "S.A": 1, "S.B": 46554, "S.C": 2 });
  });

  test("a route's version is that of the routes and their codes", async () => {
    const project = new Project({ "proto/a.proto": service("A") });
    await project.generate();
    const version = (): string | undefined =>
      /dictVersion = "([0-9a-f]{16})"/.exec(project.read("generated/routes.ts"))?.[1];
    // The first 16 digits of: printf 'S.A=1\n' | sha256sum
    expect(version()).toBe("bfe94d1ed6616c0d");
    project.write({ "proto/a.proto": service("A", "B") });
    await project.generate();
    expect(version()).not.toBe("bfe94d1ed6616c0d");
  });
});

describe("a lock that cannot be", () => {
  const advice =
    "when a merge left it so, keep the lines of both sides, with a comma between them, and none of the lines that git put in";
  test.each([
    [
      "conflict marks",
      '{\n  "version": 1,\n  "routes": {\n<<<<<<< HEAD\n    "S.A": 1\n=======\n',
      [`4:1: this is not JSON: ${advice}`],
    ],
    [
      "a missing comma",
      '{\n  "version": 1,\n  "routes": {\n    "S.A": 1\n    "S.B": 2\n  }\n}\n',
      [`5:5: this is not JSON: ${advice}`],
    ],
    ["an early end", '{\n  "version": 1,', [`2:16: this is not JSON: ${advice}`]],
    [
      "no text",
      " \n",
      ["1:1: the lock is empty: bring back what the last commit had, or delete the file when there was none"],
    ],
    [
      "another version",
      '{\n  "version": 2\n}\n',
      ["2:14: this is not a route lock of version 1, the one that this nanowire reads"],
    ],
    ["no version", "[]\n", ["1:1: this is not a route lock of version 1, the one that this nanowire reads"]],
    [
      "codes that are none",
      '{\n  "version": 1,\n  "routes": {\n    "S.A": 0,\n    "S.B": 65536,\n    "S.C": "1",\n    "S.D": 1.5\n  },\n  "removed": {}\n}\n',
      ["4:12: the code of S.A", "5:12: the code of S.B", "6:12: the code of S.C", "7:12: the code of S.D"].map(
        (start) => `${start} is not an integer from 1 to 65535`,
      ),
    ],
    [
      "a route twice",
      '{\n  "version": 1,\n  "routes": {\n    "S.A": 1,\n    "S.A": 2\n  },\n  "removed": {}\n}\n',
      [
        `5:5: S.A stands here twice, first at ${lockFile}:4:5: delete one of the lines, the one that no client was generated with`,
      ],
    ],
    [
      "a route that is there and removed",
      '{\n  "version": 1,\n  "routes": {\n    "S.A": 1\n  },\n  "removed": {\n    "S.A": 2\n  }\n}\n',
      [
        `7:5: S.A stands in "routes", at ${lockFile}:4:5, and in "removed": delete the line whose code no client was generated with`,
      ],
    ],
    [
      "a code of a route and of one that was removed",
      '{\n  "version": 1,\n  "routes": {\n    "S.A": 1\n  },\n  "removed": {\n    "S.B": 1\n  }\n}\n',
      [
        `7:5: code 1 is given to S.A, at ${lockFile}:4:5, and to S.B: delete the line of the one that no client was generated with, and generate again: it gets a new code`,
      ],
    ],
    [
      "a renamed route with the code of none",
      '{\n  "version": 1,\n  "routes": {\n    "S.A": 1\n  },\n  "removed": {},\n  "renamed": {\n    "S.B": 2\n  }\n}\n',
      [
        "8:5: code 2, which S.B had before it was renamed, is that of no route: delete the line, or bring back that of the route",
      ],
    ],
    [
      "a renamed route that is there",
      '{\n  "version": 1,\n  "routes": {\n    "S.A": 1\n  },\n  "removed": {},\n  "renamed": {\n    "S.A": 1\n  }\n}\n',
      [
        `8:5: S.A stands in "routes", at ${lockFile}:4:5, and in "renamed": delete the line whose code no client was generated with`,
      ],
    ],
    [
      "no sections",
      '{\n  "version": 1\n}\n',
      ["routes", "removed"].map(
        (name) =>
          `1:1: the lock has no "${name}": write it as it was in the last commit, or "${name}": {} when there was no such route`,
      ),
    ],
    [
      "sections that are misspelt or unknown",
      '{\n  "version": 1,\n  "route": {\n    "S.B": 1\n  },\n  "routes": {},\n  "removed": {},\n  "remoed": {},\n  "extra": 1\n}\n',
      [
        '3:3: there is no key "route" in a lock; did you mean routes? (known: version, routes, removed, renamed): write one of these, or delete it',
        '8:3: there is no key "remoed" in a lock; did you mean removed? (known: version, routes, removed, renamed): write one of these, or delete it',
        '9:3: there is no key "extra" in a lock (known: version, routes, removed, renamed): write one of these, or delete it',
      ],
    ],
    [
      "sections that are no objects",
      '{\n  "version": 1,\n  "routes": [],\n  "removed": null,\n  "renamed": 5\n}\n',
      ["3:13", "4:14", "5:14"].map(
        (place, index) =>
          `${place}: "${["routes", "removed", "renamed"][index]}" is not an object of routes and their codes: write it as it was in the last commit, or {} when there was no such route`,
      ),
    ],
    [
      "a section twice",
      '{\n  "version": 1,\n  "routes": {\n    "S.B": 1\n  },\n  "routes": {},\n  "removed": {}\n}\n',
      [`6:3: "routes" stands here twice, first at ${lockFile}:3:3: put the lines of both into one`],
    ],
    [
      "names that are no routes",
      '{\n  "version": 1,\n  "routes": {\n    "nodot": 7,\n    "__proto__": 10\n  },\n  "removed": {\n    "S.": 8\n  },\n  "renamed": {\n    "": 7\n  }\n}\n',
      [
        '4:5: "nodot" is no route, for it has no dot: write `<service>.<method>`, as in "Room.Join"; if there never was such a route, delete the line',
        '5:5: "__proto__" is no route, for it has no dot: write `<service>.<method>`, as in "Room.Join"; if there never was such a route, delete the line',
        '8:5: "S." is no route, for it has an empty part: write a name before and after every dot; if there never was such a route, delete the line',
        '11:5: "" is no route, for it has an empty part: write a name before and after every dot; if there never was such a route, delete the line',
      ],
    ],
  ])("%s", async (_, text, errors) => {
    const project = new Project({ "proto/a.proto": service("A"), [lockFile]: text });
    expect(await project.errors()).toEqual(errors.map((error) => `${lockFile}:${error}`));
    expect(project.read(lockFile)).toBe(text);
  });
});

describe("an explicit code that cannot be", () => {
  test.each([
    [
      "another one than the lock's",
      ["A = 5"],
      lock({ "S.A": 1 }),
      [
        `8:32: S.A has code 1 in ${lockFile}, and codes never move: write \`code = 1\` or no code; only if no client was generated with 1, delete its line in ${lockFile}`,
      ],
    ],
    [
      "that of another route",
      ["A", "B = 1"],
      lock({ "S.A": 1 }),
      [`9:32: code 1 is that of S.A in ${lockFile}: write another one, or none`],
    ],
    [
      "that of a removed route",
      ["B = 1"],
      lock({}, { "S.A": 1 }),
      [
        '8:32: code 1 was that of S.A, which is gone: it is never given again, since an old client would mean the old route; write another one, or none; if it was renamed, write `was = "S.A"`',
      ],
    ],
    [
      "that of a route that goes now",
      ["B = 1"],
      lock({ "S.A": 1 }),
      [
        '8:32: code 1 was that of S.A, which is gone: it is never given again, since an old client would mean the old route; write another one, or none; if it was renamed, write `was = "S.A"`',
      ],
    ],
  ])("%s", async (_, methods, before, errors) => {
    const project = new Project({ "proto/a.proto": service(...methods), [lockFile]: before });
    expect(await project.errors()).toEqual(errors.map((error) => `proto/a.proto:${error}`));
    expect(project.read(lockFile)).toBe(before);
  });

  test("no code is left", async () => {
    const removed = Object.fromEntries(Array.from({ length: 65535 }, (_, index) => [`S.X${index}`, index + 1]));
    const project = new Project({ "proto/a.proto": service("A"), [lockFile]: lock({}, removed) });
    expect(await project.errors()).toEqual([
      "proto/a.proto:8:7: S.A gets no code: all 65535 are given or were given once",
    ]);
  });
});

describe("as many routes as there are codes", () => {
  /** Services of a thousand methods each, which are so many together. */
  const services = (methods: number): string =>
    proto(
      ...Array.from({ length: Math.ceil(methods / 1000) }, (_, service) => [
        `service S${service} {`,
        ...Array.from(
          { length: Math.min(1000, methods - service * 1000) },
          (_, method) => `  rpc M${method}(Text) returns (Text);`,
        ),
        "}",
      ]).flat(),
    );

  test("are generated, and one more is not", async () => {
    const project = new Project({ "proto/a.proto": services(65_535) });
    expect((await project.generate("--no-json")).at(-1)).toMatch(/; 65535 routes$/);
    const routes: Record<string, number> = JSON.parse(project.read(lockFile)).routes;
    expect(new Set(Object.values(routes)).size).toBe(65_535);
    expect(Math.max(...Object.values(routes))).toBe(65_535);

    project.write({ "proto/a.proto": services(65_536) });
    expect(await project.errors("--no-json")).toEqual([
      expect.stringMatching(/^proto\/a\.proto:\d+:7: S65\.M535 gets no code: all 65535 are given or were given once$/),
    ]);
  }, 120_000);

  test("are given out to the last one, also when they come later", async () => {
    const given = Object.fromEntries(Array.from({ length: 65_530 }, (_, index) => [`S.X${index}`, index + 3]));
    const { routes } = (await lockAfter(["A", "B", "C", "D", "E"], lock({}, given))) as {
      routes: Record<string, number>;
    };
    expect(Object.values(routes).sort((a, b) => a - b)).toEqual([1, 2, 65_533, 65_534, 65_535]);
  });
});
