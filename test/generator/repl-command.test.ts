import { describe, expect, test } from "vitest";
import { Project } from "./support/project.js";

describe("nanowire repl, before anything is tried", () => {
  test.each<[string, string[], string]>([
    [
      "a flag that there is not",
      ["--protos", "x"],
      "there is no flag --protos; did you mean --proto? (nanowire repl --help lists them)",
    ],
    ["two URLs", ["ws://a", "ws://b"], "nanowire repl takes one argument: ws://b is one too many"],
    ["a time that is none", ["--timeout", "5s"], "--timeout cannot be 5s: write milliseconds, as 5000"],
    ["a serializer that there is not", ["--serializer", "xml"], "--serializer cannot be xml: write protobuf or json"],
    ["a user that is no JSON", ["--user", "{"], "--user is no JSON: "],
    [
      "two sources of types",
      ["--proto", "p", "--descriptors", "d"],
      "--proto and --descriptors both tell the types: give one of them",
    ],
    ["a history that is none", ["--history", "h", "--no-history"], "--history and --no-history contradict each other"],
    ["descriptors that are not there", ["--descriptors", "d.json"], "d.json cannot be read: "],
    [
      "a folder that is not there",
      ["--proto", "p"],
      "the folder p is not there: make it, or name yours with --proto DIR",
    ],
    ["a value that is missing", ["--user"], "--user wants a value: --user JSON"],
  ])("ends with 2 at %s", async (_, args, message) => {
    const { exitCode, printed, errors } = await new Project().run("repl", ...args);
    expect({ exitCode, printed }).toEqual({ exitCode: 2, printed: [] });
    expect(errors).toEqual([expect.stringContaining(message)]);
  });

  test("ends with 2 at .proto files that cannot be compiled, and tells where", async () => {
    const project = new Project({
      "proto/a/v1/a.proto": 'syntax = "proto3";\npackage a.v1;\nmessage A { B b = 1; }\n',
    });
    const { exitCode, errors } = await project.run("repl", "--proto", "proto");
    expect(exitCode).toBe(2);
    expect(errors[0]).toMatch(/^proto\/a\/v1\/a\.proto:3:13: /);
  });

  test("tells of itself", async () => {
    const { exitCode, printed } = await new Project().run("repl", "--help");
    expect(exitCode).toBe(0);
    expect(printed).toContain(
      "  --timeout MS                milliseconds to wait for a connection, an answer, a push; 0: for ever (default: 10000)",
    );
  });
});
