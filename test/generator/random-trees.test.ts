import fc, { type GeneratorValue } from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Project } from "./support/project.js";
import { type ProtoTree, randomTree } from "./support/random-schema.js";
import { draw, generateTrees } from "./support/trees.js";
import { UserProject } from "./support/user-project.js";

/**
 * How many trees. The whole proof, of a thousand each, takes some minutes:
 * `NANOWIRE_TREES=1000 npx vitest run test/generator/random-trees.test.ts`; `NANOWIRE_SEED=2` draws others.
 */
const count = Number(process.env["NANOWIRE_TREES"] ?? 50);
const seed = Number(process.env["NANOWIRE_SEED"] ?? 1) * 1_000_000;
const timeout = 60_000 + count * 600;

const trees = Array.from({ length: count }, (_, index) =>
  draw(randomTree({ prefix: `t${index}`, services: true }), seed + index),
);

/** What may be said of a tree that protoc accepts: the names that the generated code cannot have. */
const namesOnly =
  /cannot be the name of a type|would be taken for each other|are both generated as|is called as a function|are both called|both get a function|begin its name with a letter|cannot be the name of a value/;

/** What the compiler says of what was generated in a project, under every strict flag: "" when all is well. */
function typecheckGenerated(project: Project): string {
  const user = new UserProject();
  onTestFinished(() => user.remove());
  const paths = project.list("generated");
  for (const path of paths) {
    user.write(path, project.read(`generated/${path}`));
  }
  return user.check("typescript", paths, "nodenext");
}

describe("random trees", () => {
  test.each(["bigint", "string", "number"])(
    "are generated, and compile under every strict flag, 64-bit integers being a %s; a few are refused for their names",
    async (int64) => {
      const { project, errors, generated, refused } = await generateTrees(trees, "--int64", int64);
      expect(errors.filter((error) => !namesOnly.test(error))).toEqual([]);
      expect(generated.size + refused.size).toBe(count);
      expect(refused.size).toBeLessThan(count / 4);
      expect(typecheckGenerated(project)).toBe("");
    },
    timeout,
  );

  test(
    "that are mutilated give errors with places, or code that compiles, and nothing is half written",
    async () => {
      const mutilated = trees.map((tree, index) => draw(mutilate(tree), seed + index));
      const { project, errors, generated, refused } = await generateTrees(mutilated);
      expect(generated.size + refused.size).toBe(count);
      // Both ends are seen.
      expect(refused.size).toBeGreaterThan(count / 4);
      expect(generated.size).toBeGreaterThan(0);
      expect(errors.filter((error) => /\n|\bat .*\.[jt]s:\d+|TypeError|undefined/.test(error))).toEqual([]);
      expect(typecheckGenerated(project)).toBe("");
    },
    timeout,
  );
});

const tokens = [
  "{", "}", ";", "=", "(", ")", "[", "]", "<", ">", '"', "'", "/*", "*/", "//", "\0", "\u2028", "\uFEFF", "\\", "${", "`", "-1", "0", "536870912",
  "99999999999999999999", "repeated", "optional", "required", "group X = 9 {", "oneof x {", "stream", "reserved 1;", "message", "enum", "service",
  "extend", "import", "package", "option", "map<string,", 'syntax = "proto2";', 'edition = "2024";', "é", "\n",
]; // biome-ignore format: a list of words

/** Breaks one file of a tree in one to three places: a byte, a line or a word is lost, doubled, moved or replaced. */
function mutilate(tree: ProtoTree): fc.Arbitrary<ProtoTree> {
  return fc.gen().map((g) => {
    const int = (min: number, max: number): number => g(fc.integer, { min, max });
    const paths = Object.keys(tree);
    const path = paths[int(0, paths.length - 1)] ?? "";
    let text = tree[path] ?? "";
    for (let times = int(1, 3); times > 0; times--) {
      text = mutilateText(text, int, g);
    }
    return { ...tree, [path]: text };
  });
}

function mutilateText(text: string, int: (min: number, max: number) => number, g: GeneratorValue): string {
  const at = int(0, text.length);
  const lines = text.split("\n");
  const line = int(0, lines.length - 1);
  const words = text.split(/\b/);
  const word = int(0, words.length - 1);
  const token = tokens[int(0, tokens.length - 1)] ?? "";
  switch (int(0, 8)) {
    case 0:
      return text.slice(0, at) + text.slice(at + int(1, 5));
    case 1:
      return text.slice(0, at) + token + text.slice(at);
    case 2:
      return text.slice(0, at) + g(fc.string, { maxLength: 4, unit: "binary" }) + text.slice(at);
    case 3:
      return lines.toSpliced(line, 1).join("\n");
    case 4:
      return lines.toSpliced(line, 0, lines[int(0, lines.length - 1)] ?? "").join("\n");
    case 5:
      return words.toSpliced(word, 1).join("");
    case 6:
      return words.toSpliced(word, 1, words[int(0, words.length - 1)] ?? "").join("");
    case 7:
      return words.toSpliced(word, 1, token).join("");
    default:
      return text.slice(0, at);
  }
}
