import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../../", import.meta.url));

/** A block of code of a page. */
export interface CodeBlock {
  /** Relative to the project's folder, with the line where it begins: `docs/server.md:12`. */
  readonly place: string;
  readonly page: string;
  /** What stands behind the fence; `none` where nothing does, or there is no fence. */
  readonly language: string;
  readonly code: string;
}

/** Every page of Markdown that the project has: path → text. */
export function markdownPages(): ReadonlyMap<string, string> {
  const names = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.md"], {
    cwd: root,
    encoding: "utf8",
  });
  return new Map(
    names
      .trim()
      .split("\n")
      .map((page) => [page, readFileSync(root + page, "utf8")]),
  );
}

/** The blocks of a page, those without a fence included. */
export function codeBlocks(page: string, text: string): CodeBlock[] {
  const lines = text.split("\n");
  const blocks: CodeBlock[] = [];
  for (let at = 0; at < lines.length; at++) {
    const begin = at;
    const [, margin = "", language] = /^( *)```(\S*)$/.exec(lines[at] ?? "") ?? [];
    if (language !== undefined) {
      const end = lines.findIndex((line, index) => index > begin && line === `${margin}\`\`\``);
      const code = lines.slice(begin + 1, end).map((line) => `${line.slice(margin.length)}\n`);
      blocks.push({ place: `${page}:${begin + 1}`, page, language: language || "none", code: code.join("") });
      at = end;
    } else if (/^ {4}\S/.test(lines[at] ?? "") && lines[at - 1] === "") {
      while (/^( {4}|$)/.test(lines[at + 1] ?? "-")) {
        at++;
      }
      const code = lines.slice(begin, at + 1).map((line) => `${line.slice(4)}\n`);
      blocks.push({ place: `${page}:${begin + 1}`, page, language: "none", code: code.join("") });
    }
  }
  return blocks;
}
