import { readFile } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { fileURLToPath } from "node:url";
import { guards } from "./http-answer.js";

/** The page, which the build puts beside this file. */
export class PageFiles {
  readonly #directory: string;

  /** @param directory where it lies. Default: where the build puts it */
  constructor(directory = fileURLToPath(new URL("./page/", import.meta.url))) {
    this.#directory = directory;
  }

  /**
   * Answers with a file of the page.
   *
   * @returns false where there is none of that path
   */
  async answer(path: string, response: ServerResponse, withBody: boolean): Promise<boolean> {
    const name = path === "/" ? "index.html" : path.slice(1);
    const type = Object.hasOwn(types, name) ? types[name] : undefined;
    if (type === undefined) {
      return false;
    }
    const body = await readFile(`${this.#directory}/${name}`);
    response.writeHead(200, {
      ...guards,
      "Content-Type": type,
      "Content-Length": body.length,
      // Another version of the package has another page.
      "Cache-Control": "no-cache",
      "Content-Security-Policy": policy,
      "Cross-Origin-Opener-Policy": "same-origin",
      "X-Frame-Options": "DENY",
    });
    response.end(withBody ? body : undefined);
    return true;
  }
}

const types: Readonly<Record<string, string>> = {
  "index.html": "text/html; charset=utf-8",
  "page.js": "text/javascript; charset=utf-8",
  "style.css": "text/css; charset=utf-8",
  "icon.svg": "image/svg+xml",
};

/** Nothing but what lies beside the page; its test client may connect to wherever the server listens. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self' ws: wss:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join("; ");
