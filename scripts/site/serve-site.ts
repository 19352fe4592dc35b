import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { extname } from "node:path";

const types: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".gif": "image/gif",
  ".html": "text/html; charset=utf-8",
  ".jpeg": "image/jpeg",
  ".jpg": "image/jpeg",
  ".js": "text/javascript; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".webp": "image/webp",
};

/**
 * Serves a site on this machine alone.
 *
 * @param folder where the site was built
 * @param files what was built: nothing else is served
 * @param port 0 for any that is free
 * @returns when it listens; rejects when the port is taken
 */
export async function serveSite(folder: string, files: readonly string[], port: number): Promise<Server> {
  const known = new Set(files);
  const server = createServer(({ method, url = "/" }, response) => {
    const file = fileOf(url);
    if (file === undefined || !known.has(file)) {
      response.writeHead(404, { "content-type": "text/plain" }).end("There is no such page.\n");
    } else {
      response.writeHead(200, {
        "content-type": types[extname(file)] ?? "application/octet-stream",
        "content-security-policy": "default-src 'self'; frame-ancestors 'none'",
        "x-content-type-options": "nosniff",
        "cache-control": "no-cache",
      });
      response.end(method === "HEAD" ? undefined : readFileSync(`${folder}/${file}`));
    }
  });
  await once(server.listen(port, "127.0.0.1"), "listening");
  return server;
}

/** @returns undefined for what is no path */
function fileOf(url: string): string | undefined {
  const [path = "/"] = url.split(/[?#]/);
  try {
    const file = decodeURIComponent(path).slice(1);
    return file === "" || file.endsWith("/") ? `${file}index.html` : file;
  } catch {
    return undefined;
  }
}
