import fc from "fast-check";
import { Project } from "./project.js";
import type { ProtoTree } from "./random-schema.js";

/** One draw of an arbitrary: the same for the same seed. */
export function draw<T>(arbitrary: fc.Arbitrary<T>, seed: number): T {
  const [value] = fc.sample(arbitrary, { seed, numRuns: 1 });
  if (value === undefined) {
    throw new Error("nothing was drawn");
  }
  return value;
}

/** Some draws of an arbitrary: the same for the same seed. */
export function drawMany<T>(arbitrary: fc.Arbitrary<T>, seed: number, count: number): T[] {
  return fc.sample(arbitrary, { seed, numRuns: count });
}

/** What became of many trees that were generated at once. */
export interface TreesResult {
  readonly project: Project;
  /** Every error that was told, of all runs. */
  readonly errors: readonly string[];
  /** The trees that were generated, by their folders. */
  readonly generated: ReadonlySet<string>;
  /** The trees that were refused. */
  readonly refused: ReadonlySet<string>;
}

/**
 * Generates many trees in one project: one compiler for all. What is refused is taken away, and the rest is generated anew,
 * until all that is left goes through.
 *
 * @param trees each in a folder of its own, whose name ends at the first slash
 * @throws Error when an error names no place in one of the trees, or a refused run wrote something
 */
export async function generateTrees(trees: readonly ProtoTree[], ...flags: string[]): Promise<TreesResult> {
  const project = new Project();
  const left = new Set<string>();
  for (const tree of trees) {
    for (const [path, text] of Object.entries(tree)) {
      project.write({ [`proto/${path}`]: text });
      left.add(path.slice(0, path.indexOf("/")));
    }
  }
  const errors: string[] = [];
  const refused = new Set<string>();
  for (;;) {
    const { exitCode, errors: lines } = await project.run("generate", ...flags);
    if (exitCode === 0) {
      return { project, errors, generated: left, refused };
    }
    // The last line counts them.
    for (const line of lines.slice(0, -1)) {
      const folder = /^proto\/([^/]+)\/[^\n]*?\.proto:[1-9]\d*:[1-9]\d*: ./.exec(line)?.[1];
      if (folder === undefined) {
        throw new Error(`an error without a place: ${line}`);
      }
      errors.push(line);
      if (left.delete(folder)) {
        refused.add(folder);
        project.remove(`proto/${folder}`);
      }
    }
    const written = project.list().filter((path) => !path.startsWith("proto/") || !path.endsWith(".proto"));
    if (written.length > 0) {
      throw new Error(`a refused run wrote ${written.join(", ")}`);
    }
  }
}
