import { describe, expect, test } from "vitest";
import { Project } from "./support/project.js";

describe("nanowire studio, before anything is tried", () => {
  test.each<[string, string[], string]>([
    ["a flag that there is not", ["--prot", "1"], "there is no flag --prot"],
    ["two URLs", ["http://a", "http://b"], "nanowire studio takes one argument: http://b is one too many"],
    ["a port that is none", ["--port", "65536"], "--port cannot be 65536: write a number from 0 to 65535"],
    ["descriptors that are not there", ["--descriptors", "d.json"], "d.json cannot be read: "],
    ["a URL that is no studio's", ["ws://127.0.0.1:3250"], "ws://127.0.0.1:3250 is no address of a studio"],
  ])("ends with 2 at %s", async (_, args, message) => {
    const { exitCode, printed, errors } = await new Project().run("studio", ...args);
    expect({ exitCode, printed }).toEqual({ exitCode: 2, printed: [] });
    expect(errors).toEqual([expect.stringContaining(message)]);
  });

  test("tells of itself", async () => {
    const { exitCode, printed } = await new Project().run("studio", "--help");
    expect(exitCode).toBe(0);
    expect(printed.join("\n")).toContain(
      "the port of this machine that the page is shown on; 0: a free one (default: 7351)",
    );
  });
});
