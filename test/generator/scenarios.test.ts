import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { listFiles, Project } from "./support/project.js";

/**
 * Each folder of scenarios/ is a project; its `expected` is what generating it makes. After a change of the generator that
 * is meant, `UPDATE_SCENARIOS=1 npx vitest run test/generator/scenarios.test.ts` writes them anew: read the difference.
 */
const repository = fileURLToPath(new URL("../..", import.meta.url));
const scenarios = join(repository, "test/generator/scenarios");
const names = readdirSync(scenarios);
const isUpdating = process.env["UPDATE_SCENARIOS"] !== undefined;

describe("what is generated", () => {
  test("has a scenario for each kind of project", () => {
    expect(names.length).toBeGreaterThanOrEqual(13);
  });

  test.each(names)("%s", async (name) => {
    const expected = join(scenarios, name, "expected");
    const project = Project.copyOf(join(scenarios, name));
    const input = new Map(project.list().map((path) => [path, project.read(path)]));
    await project.generate();
    const made = project
      .list()
      .filter((path) => !path.startsWith("expected/") && project.read(path) !== input.get(path));
    updateWhenAsked(project, made, expected);
    expect(made).toEqual(listFiles(expected));
    for (const path of made) {
      expect(project.read(path), path).toBe(readFileSync(join(expected, path), "utf8"));
    }
  });
});

function updateWhenAsked(project: Project, made: readonly string[], expected: string): void {
  if (!isUpdating) {
    return;
  }
  rmSync(expected, { recursive: true, force: true });
  for (const path of made) {
    mkdirSync(dirname(join(expected, path)), { recursive: true });
    cpSync(join(project.directory, path), join(expected, path));
  }
}
