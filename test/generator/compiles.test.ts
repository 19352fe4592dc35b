import { cpSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runNanowire } from "../../generator/commands.js";
import { listFiles, Project } from "./support/project.js";
import { compilers, type Resolution, UserProject } from "./support/user-project.js";

const scenarios = fileURLToPath(new URL("scenarios", import.meta.url));
const names = readdirSync(scenarios);
/** Its files name each other without an ending, as only bundlers find them. */
const withoutEndings = "client-only";

/** What is generated of some scenarios with each choice, and how its modules are found. */
const choices: readonly [flags: string, resolutions: readonly Resolution[]][] = [
  ["--import-extension js", ["bundler"]],
  ["--import-extension ts", ["nodenext", "bundler"]],
  ["--import-extension none", ["bundler"]],
  ["--int64 string", ["nodenext"]],
  ["--int64 number", ["nodenext"]],
  ["--int64 number --no-json", ["nodenext"]],
  ["--unknown-fields", ["nodenext"]],
  ["--side client", ["nodenext"]],
  ["--side server --int64 string --import-extension ts", ["nodenext"]],
];
/** Two compilers, many files: longer than other tests may take where others use the machine too. */
const patienceMs = 180_000;
const chosenScenarios = ["messages", "names", "packages", "remote"];

let user: UserProject;
/** What is to compile, by how its modules are found. */
let files: Readonly<Record<Resolution, string[]>>;

beforeAll(async () => {
  user = new UserProject();
  files = { nodenext: [], bundler: [] };
  for (const name of names) {
    const resolution = name === withoutEndings ? "bundler" : "nodenext";
    files[resolution].push(...lay(`scenarios/${name}`, join(scenarios, name, "expected")));
  }
  for (const [flags, resolutions] of choices) {
    for (const scenario of chosenScenarios) {
      const made = await make(scenario, flags);
      for (const resolution of resolutions) {
        files[resolution].push(...made);
      }
    }
  }
}, patienceMs);
afterAll(() => {
  user.remove();
});

/** Lays the TypeScript of a folder into the user's project. @returns the paths there */
function lay(folder: string, source: string): string[] {
  const sources = listFiles(source).filter((path) => path.endsWith(".ts"));
  for (const path of sources) {
    user.write(`${folder}/${path}`, readFileSync(join(source, path), "utf8"));
  }
  return sources.map((path) => `${folder}/${path}`);
}

/** Generates a scenario in the user's project. @returns the paths of what is made */
async function make(scenario: string, flags: string): Promise<string[]> {
  const folder = `made/${flags.replaceAll(/\W+/g, "-")}/${scenario}`;
  const directory = join(user.directory, folder);
  cpSync(join(scenarios, scenario, "proto"), join(directory, "proto"), { recursive: true });
  const errors: string[] = [];
  await runNanowire(["generate", ...flags.split(" ")], {
    directory,
    print: () => {},
    printError: (line) => errors.push(line),
  });
  expect(errors).toEqual([]);
  return listFiles(join(directory, "generated")).map((path) => `${folder}/generated/${path}`);
}

describe("under every strict flag", { timeout: patienceMs }, () => {
  test("there is much to compile", () => {
    expect(files.nodenext.length).toBeGreaterThan(200);
    expect(files.bundler.length).toBeGreaterThan(75);
    expect(files.nodenext.filter((path) => path.includes("int64-number/remote")).length).toBeGreaterThan(7);
  });

  describe.each(compilers)("with %s", (compiler) => {
    test.each<Resolution>(["nodenext", "bundler"])("all of it compiles, as %s finds modules", (resolution) => {
      expect(user.check(compiler, files[resolution], resolution)).toBe("");
    });

    // Were a flag not set, a file that breaks it would pass, and so would anything above.
    test("every flag is set", () => {
      const wrong: readonly [flag: string, text: string, complaint: RegExp][] = [
        ["strict", "export function f(x) {}", /TS7006/],
        ["exactOptionalPropertyTypes", "export const x: { a?: number } = { a: undefined };", /TS2375/],
        ["noUncheckedIndexedAccess", "declare const list: number[];\nexport const x: number = list[0];", /TS2322/],
        ["verbatimModuleSyntax", 'import { Session } from "nanowire";\nexport type S = Session;', /TS1485/],
        ["isolatedModules", "declare const enum E { A }\nexport const x: number = E.A;", /TS2748/],
        ["erasableSyntaxOnly", "export enum E { A }", /TS1294/],
      ];
      for (const [flag, text] of wrong) {
        user.write(`wrong/${flag}.ts`, `${text}\n`);
      }
      const paths = wrong.map(([flag]) => `wrong/${flag}.ts`);
      const lines = user.check(compiler, paths, "nodenext").split("\n");
      for (const [flag, , complaint] of wrong) {
        expect(lines.filter((line) => line.includes(`wrong/${flag}.ts`)).join("\n"), flag).toMatch(complaint);
      }
      // TypeScript 5.9 tells of declarations when all else is right.
      user.write("wrong/isolatedDeclarations.ts", "export const x = Math.random();\n");
      expect(user.check(compiler, ["wrong/isolatedDeclarations.ts"], "nodenext")).toMatch(/TS9010/);
    });

    test("// @ts-nocheck keeps the compiler from checking, and nothing else does", async () => {
      const wrong = "\nexport const wrong: string = 1;\n";
      const project = Project.copyOf(join(scenarios, "chat"));
      const check = async (flag: string): Promise<string> => {
        await project.generate(flag);
        const paths = project.list("generated");
        for (const path of paths) {
          user.write(`nocheck/${path}`, project.read(`generated/${path}`) + wrong);
        }
        return user.check(
          compiler,
          paths.map((path) => `nocheck/${path}`),
          "nodenext",
        );
      };
      expect(await check("--ts-nocheck")).toBe("");
      expect((await check("--no-ts-nocheck")).match(/TS2322/g)?.length).toBe(5);
    });
  });
});
