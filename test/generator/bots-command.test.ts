import { describe, expect, test } from "vitest";
import { bundleScenario } from "../../generator/read/bundle-scenario.js";
import { Project } from "./support/project.js";

describe("nanowire bots, before anything is tried", () => {
  const url = ["--url", "ws://127.0.0.1:1"];

  test.each<[string, string[], string]>([
    ["no scenario", url, "there is no scenario: nanowire bots SCENARIO --url URL"],
    ["no URL", ["bots.ts"], "--url must be given: --url ws://127.0.0.1:3250"],
    ["a scenario that is not there", ["bots.ts", ...url], "the scenario bots.ts is not there"],
    ["two scenarios", ["a.ts", "b.ts", ...url], "nanowire bots takes one argument: b.ts is one too many"],
    ["bots that are no number", ["a.ts", ...url, "--bots", "many"], "--bots cannot be many: write a number, as 2000"],
    [
      "a flag that there is not",
      ["a.ts", "--duration=5s"],
      "there is no flag --duration (nanowire bots --help lists them)",
    ],
    ["a flag twice", ["a.ts", ...url, ...url], "--url is given twice"],
  ])("ends with 2 at %s", async (_, args, message) => {
    const { exitCode, printed, errors } = await new Project().run("bots", ...args);
    expect({ exitCode, printed, errors }).toEqual({ exitCode: 2, printed: [], errors: [message] });
  });

  test("ends with 2 at TypeScript that cannot be read, and tells where", async () => {
    const project = new Project({ "bots.ts": "export default {\n  name: ;\n};\n" });
    const { exitCode, errors } = await project.run("bots", "bots.ts", ...url);
    expect({ exitCode, errors }).toEqual({ exitCode: 2, errors: ['bots.ts:2:9: Unexpected ";"'] });
  });

  test("says what to install where TypeScript cannot be read at all", async () => {
    const { directory } = new Project({ "bots.ts": "" });
    const own = { root: directory, version: "0.0.0", peerDependencies: {} };
    await expect(bundleScenario(own, directory, "bots.ts")).rejects.toThrow(
      "the scenario bots.ts is TypeScript, and that needs the package esbuild. Install it with\n  npm install -D esbuild",
    );
  });

  test("takes JavaScript as it is", async () => {
    const { directory } = new Project({ "bots.js": "" });
    const own = { root: directory, version: "0.0.0", peerDependencies: {} };
    expect((await bundleScenario(own, directory, "bots.js")).path).toBe(`${directory}/bots.js`);
  });

  test("tells of itself", async () => {
    const { exitCode, printed } = await new Project().run("bots", "--help");
    expect(exitCode).toBe(0);
    expect(printed.join("\n")).toContain(
      "  --threshold RULE  what is asked of the run, as 'Room.Join p99<50ms' or 'errors<1%'",
    );
  });
});
