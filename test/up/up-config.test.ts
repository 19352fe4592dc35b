import { describe, expect, it } from "vitest";
import { up } from "../../runtime/up/up.js";
import { findUpMistakes, resolveUpConfig, type UpConfig } from "../../runtime/up/up-config.js";
import { reportReady, upWorker } from "../../runtime/up/up-worker.js";
import { Project } from "../generator/support/project.js";

const files = { "dist/gate.js": "", "nanowire.up.json": "" };
const gate = { name: "gate", entry: "dist/gate.js" };

/** What is wrong in a configuration: where, and what. */
function mistakesIn(config: unknown): readonly string[] {
  const { directory } = new Project(files);
  return findUpMistakes(config, directory).map(
    ({ path, message }) => `${path.join("/")}: ${message.replaceAll(`${directory}/`, "…/")}`,
  );
}

/** What is wrong in a role beside a name and a program. */
function mistakesInRole(role: object): readonly string[] {
  return mistakesIn({ roles: [{ ...gate, ...role }] });
}

describe("a configuration", () => {
  it("is filled in", () => {
    const { directory } = new Project(files);
    expect(resolveUpConfig({ roles: [gate] }, directory)).toEqual({
      roles: [
        {
          name: "gate",
          entry: `${directory}/dist/gate.js`,
          instances: 1,
          env: {},
          args: [],
          nodeArgs: [],
          alone: false,
        },
      ],
      graceMs: 10_000,
      readyTimeoutMs: 30_000,
    });
  });

  it("may be as large as its limits", () => {
    const role = {
      name: `g${"-".repeat(31)}`,
      entry: "dist/gate.js",
      instances: 256,
      env: { A: "" },
      args: [""],
      nodeArgs: [],
    };
    expect(mistakesIn({ roles: [role], graceMs: 0, readyTimeoutMs: 100 })).toEqual([]);
    expect(mistakesIn({ roles: [gate], graceMs: 86_400_000, readyTimeoutMs: 3_600_000 })).toEqual([]);
  });

  it.each<[unknown, ...string[]]>([
    [
      undefined,
      ": the configuration is missing: an object with roles, graceMs, readyTimeoutMs",
      "roles: roles is missing",
    ],
    [
      [gate],
      ": the configuration of 1 items is not an object with roles, graceMs, readyTimeoutMs",
      "roles: roles is missing",
    ],
    [{}, 'roles: roles is missing: a list of at least one role, { "name": "gate", "entry": "dist/gate.js" }'],
    [{ roles: {} }, "roles: roles of type object is not a list of at least one role"],
    [{ roles: [] }, "roles: roles of 0 items is not a list of at least one role"],
    [
      { roles: ["gate"] },
      'roles/0: roles[0] "gate" is not an object with name, entry, instances, env, args, nodeArgs, alone',
    ],
    [
      { role: [gate] },
      'role: there is no key "role": there are roles, graceMs, readyTimeoutMs',
      "roles: roles is missing",
    ],
    [{ roles: [gate, { ...gate }] }, "roles/1/name: roles[1].name gate is that of roles[0], too"],
    [{ roles: [gate], graceMs: -1 }, "graceMs: graceMs -1 is not an integer from 0 to 86400000"],
    [{ roles: [gate], graceMs: 86_400_001 }, "graceMs: graceMs 86400001 is not an integer from 0 to 86400000"],
    [{ roles: [gate], readyTimeoutMs: 99 }, "readyTimeoutMs: readyTimeoutMs 99 is not an integer from 100 to 3600000"],
    [
      { roles: [gate], readyTimeoutMs: "1s" },
      'readyTimeoutMs: readyTimeoutMs "1s" is not an integer from 100 to 3600000',
    ],
  ])("of %j is refused", (config, ...expected) => {
    expect(mistakesIn(config)).toEqual(expected.map((start) => expect.stringContaining(start)));
  });

  it.each([
    [{ instnces: 2 }, 'roles/0/instnces: there is no key "instnces" in roles[0]: there are instances'],
    [{ name: undefined }, 'roles/0/name: roles[0].name is missing: a letter and up to 31 letters, digits, "-" and "_"'],
    [{ name: "1" }, 'roles/0/name: roles[0].name "1" is not a letter and up to 31'],
    [{ name: `g${"-".repeat(32)}` }, "roles/0/name: roles[0].name"],
    [{ entry: undefined }, "roles/0/entry: roles[0].entry is missing: the path of a program"],
    [{ entry: "" }, 'roles/0/entry: roles[0].entry "" is not the path of a program'],
    [{ entry: "a\0b" }, 'roles/0/entry: roles[0].entry "a\\u0000b" is not the path of a program'],
    [{ entry: "dist/gat.js" }, "roles/0/entry: roles[0].entry dist/gat.js is not there (ENOENT): …/dist/gat.js"],
    [{ entry: "dist" }, "roles/0/entry: roles[0].entry dist is no file: …/dist"],
    [
      { entry: "dist/gate.js/x" },
      "roles/0/entry: roles[0].entry dist/gate.js/x is not there (ENOTDIR): …/dist/gate.js/x",
    ],
    [{ instances: 0 }, 'roles/0/instances: roles[0].instances 0 is not an integer from 1 to 256, or "cores"'],
    [{ instances: 257 }, "roles/0/instances: roles[0].instances 257 is not"],
    [{ instances: 1.5 }, "roles/0/instances: roles[0].instances 1.5 is not"],
    [{ instances: "core" }, 'roles/0/instances: roles[0].instances "core" is not'],
    [{ env: ["A=b"] }, "roles/0/env: roles[0].env of 1 items is not an object of strings"],
    [{ env: { PORT: 3250 } }, "roles/0/env/PORT: roles[0].env.PORT 3250 is not a string"],
    [{ env: { "A=B": "" } }, 'roles/0/env/A=B: roles[0].env has "A=B", which is no name of a variable'],
    [{ env: { NANOWIRE_NODE: "x" } }, "roles/0/env/NANOWIRE_NODE: roles[0].env.NANOWIRE_NODE is not yours to set"],
    [{ args: "a b" }, 'roles/0/args: roles[0].args "a b" is not a list of strings'],
    [{ args: ["a", 1] }, "roles/0/args/1: roles[0].args[1] 1 is not a string"],
    [{ alone: 1 }, "roles/0/alone: roles[0].alone 1 is not true or false"],
    [{ nodeArgs: [null] }, "roles/0/nodeArgs/0: roles[0].nodeArgs[0] null is not a string"],
  ])("with a role of %j is refused", (role, expected) => {
    expect(mistakesInRole(role)).toEqual([expect.stringContaining(expected)]);
  });

  it("is refused by up with everything that is wrong, and by an option that there is not", () => {
    const config = { roles: [{ name: "1", entry: "nowhere.js" }] };
    expect(() => up(config)).toThrow(
      expect.objectContaining({
        code: "invalid_option",
        message: expect.stringMatching(/^roles\[0\]\.name "1" is not .*; roles\[0\]\.entry nowhere\.js is not there/),
      }),
    );
    expect(() => up(config, { onEvents: () => {} } as object)).toThrow("there is no option up.onEvents");
    expect(() => up(undefined as unknown as UpConfig)).toThrow("the configuration is missing");
  });
});

describe("a process that nobody started with up", () => {
  it("is no worker, and reports to nobody", () => {
    expect(upWorker()).toBeUndefined();
    expect(reportReady()).toBeUndefined();
  });
});

describe("nanowire up", () => {
  it("tells where in the file something is wrong, and starts nothing", async () => {
    const lines = [
      "{",
      '  "roles": [',
      '    { "name": "gate",',
      '      "entry": "dist/gat.js", "instances": 0 },',
      '    { "nam": "x" }',
      "  ]",
      "}",
    ];
    const project = new Project({ ...files, "nanowire.up.json": lines.join("\n") });
    const { exitCode, printed, errors } = await project.run("up");
    expect([exitCode, printed]).toEqual([1, []]);
    expect(errors).toEqual([
      `nanowire.up.json:4:7: roles[0].entry dist/gat.js is not there (ENOENT): ${project.directory}/dist/gat.js`,
      'nanowire.up.json:4:31: roles[0].instances 0 is not an integer from 1 to 256, or "cores"',
      expect.stringContaining('nanowire.up.json:5:7: there is no key "nam" in roles[1]: there are name'),
      expect.stringContaining("nanowire.up.json:5:5: roles[1].name is missing"),
      expect.stringContaining("nanowire.up.json:5:5: roles[1].entry is missing"),
      "5 errors; nothing was started",
    ]);
  });

  it.each([
    [["none.json"], "none.json cannot be read: it is not there: make it, or name another place"],
    [["nanowire.up.json"], "nanowire.up.json:1:1: this is not JSON"],
    [["twice.json"], 'twice.json:1:50: "name" stands here twice, first at twice.json:1:15: leave one of them out'],
    [["a", "b"], "nanowire up takes one argument: b is one too many"],
    [["--rol"], "there is no flag --rol (nanowire up --help lists them)"],
  ])("%j is an error", async (args, message) => {
    const twice = '{ "roles": [{ "name": "a", "entry": "dist/a.js", "name": "b" }] }';
    const project = new Project({ ...files, "twice.json": twice });
    expect(await project.run("up", ...args)).toEqual({
      exitCode: 1,
      printed: [],
      errors: [message, "nothing was started"],
    });
  });

  it("has a help", async () => {
    const { exitCode, printed } = await new Project().run("up", "--help");
    expect([exitCode, printed[0]]).toEqual([0, "nanowire up [FILE]"]);
  });
});
