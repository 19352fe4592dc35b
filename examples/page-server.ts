import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { join } from "node:path";

/** The page's files by the path that a browser asks for. Nothing else is served, so there is no path to get out by. */
const files = {
  "/": { file: "index.html", type: "text/html; charset=utf-8" },
  "/page.js": { file: "page.js", type: "text/javascript; charset=utf-8" },
  "/style.css": { file: "style.css", type: "text/css; charset=utf-8" },
  "/icon.svg": { file: "icon.svg", type: "image/svg+xml" },
} as const;

const securityHeaders = {
  "Content-Security-Policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Opener-Policy": "same-origin",
};

interface Asset {
  readonly body: Buffer;
  readonly type: string;
  readonly etag: string;
}

/**
 * Makes an HTTP server, not listening yet, that serves the page of an example.
 *
 * @param directory where the build has put the page; it is read once, here
 * @throws Error that says how to build the page, when it is not there
 */
export async function createPageServer(directory: string): Promise<Server> {
  const assets = new Map<string, Asset>();
  for (const [path, { file, type }] of Object.entries(files)) {
    const body = await readAsset(join(directory, file));
    assets.set(path, { body, type, etag: `"${createHash("sha256").update(body).digest("base64url")}"` });
  }
  return createServer((request, response) => serve(assets, request, response));
}

async function readAsset(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new Error(`the page is not built: ${path} cannot be read; run npm run build`, { cause: error });
  }
}

function serve(assets: ReadonlyMap<string, Asset>, request: IncomingMessage, response: ServerResponse): void {
  const [path = ""] = (request.url ?? "").split("?", 1);
  const asset = assets.get(path);
  if (asset === undefined) {
    refuse(response, 404, "There is nothing here; the page is at /.\n");
  } else if (request.method !== "GET" && request.method !== "HEAD") {
    response.setHeader("Allow", "GET, HEAD");
    refuse(response, 405, "Only GET and HEAD are served here.\n");
  } else {
    send(asset, request, response);
  }
}

/** The browser keeps the file, and asks each time whether it is still the same. */
function send({ body, type, etag }: Asset, request: IncomingMessage, response: ServerResponse): void {
  const headers = { ...securityHeaders, "Cache-Control": "no-cache", ETag: etag };
  if (request.headers["if-none-match"] === etag) {
    response.writeHead(304, headers).end();
    return;
  }
  response.writeHead(200, { ...headers, "Content-Type": type, "Content-Length": body.length });
  response.end(request.method === "HEAD" ? undefined : body);
}

function refuse(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { ...securityHeaders, "Content-Type": "text/plain; charset=utf-8" }).end(text);
}
