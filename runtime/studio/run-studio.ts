import { randomBytes } from "node:crypto";
import { assertOptions } from "../base/assert-options.js";
import { NanowireError } from "../base/error.js";
import { silentLogger } from "../base/logger.js";
import { type Descriptors, readDescriptorsFile } from "../protocol/descriptors-file.js";
import { Access } from "./access.js";
import { Front } from "./front.js";
import { HttpListener } from "./http-listener.js";
import { PageFiles } from "./page-files.js";
import { RemoteApi } from "./remote-api.js";

/** What `nanowire studio` is told. */
export interface RunStudioOptions {
  /** Where the server's studio is: `http://host:7350/`, or https. Default: `http://127.0.0.1:7350/` */
  readonly url?: string;
  /** Its token. Default: none */
  readonly token?: string;
  /** The port of this machine that the page is shown on, 0 to 65535; 0 takes a free one. Default: 7351 */
  readonly port?: number;
  /** What `nanowire generate --descriptors FILE` writes, told in place of the server's. Default: the server is asked */
  readonly descriptors?: Descriptors;
  /** Ends it. Default: nothing does */
  readonly signal?: AbortSignal;
  /** Prints a line. Default: to standard output */
  readonly print?: (line: string) => void;
  /** Prints a line of an error. Default: to standard error */
  readonly printError?: (line: string) => void;
  /** Where the files of the page lie, for one of your own. Default: where the package has them */
  readonly page?: string;
}

/**
 * What `nanowire studio` runs: shows the page on this machine, and asks the studio of a running server, with a token that no browser sees. Who opens the page has a token of its own, made
 * anew each time, in the address that is printed. Resolved when the signal ends it.
 *
 * @returns the exit code: 0 when it was ended, 1 when the server's studio does not answer, or not to that token, 2 when an option is of no use
 */
export async function runStudio(options: RunStudioOptions = {}): Promise<number> {
  const { print = console.log, printError = console.error } = options;
  try {
    const { door, descriptors, port } = resolve(options);
    const api = new RemoteApi(door, options.token, descriptors);
    const { title, state } = await api.server();
    const token = randomBytes(18).toString("base64url");
    const front = new Front(new Access(token, new Set()), new PageFiles(options.page), api, silentLogger);
    const listener = new HttpListener((request, response) => void front.handle(request, response));
    await listener.listen("127.0.0.1", port);
    print(`${title} at ${door.href} is ${state}`);
    print(`open ${listener.url}#token=${token}`);
    await ended(options.signal);
    await listener.close();
    return 0;
  } catch (error) {
    if (!(error instanceof NanowireError)) {
      throw error;
    }
    const hint = error.code === "unauthenticated" ? ": NANOWIRE_STUDIO_TOKEN holds it" : "";
    printError(error.message.replace(/: Authorization.*$/, "") + hint);
    return error.code === "invalid_option" ? 2 : 1;
  }
}

/** @throws NanowireError `invalid_option` */
function resolve(options: RunStudioOptions) {
  assertOptions("runStudio", options, {
    url: "string",
    token: "secret",
    port: "checked",
    descriptors: "checked",
    signal: "object",
    print: "function",
    printError: "function",
    page: "string",
  });
  const { url = "http://127.0.0.1:7350/", port = 7351, descriptors, token } = options;
  if (!URL.canParse(url) || !["http:", "https:"].includes(new URL(url).protocol)) {
    throw new NanowireError("invalid_option", `${url} is no address of a studio: write http://host:7350/, or https`);
  }
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new NanowireError("invalid_option", `port ${String(port)} is not an integer from 0 to 65535`);
  }
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
    throw new NanowireError("invalid_option", "the token has other characters than ASCII without spaces");
  }
  const door = new URL(url);
  door.search = "";
  door.hash = "";
  door.pathname += door.pathname.endsWith("/") ? "" : "/";
  return { door, port, descriptors: descriptors === undefined ? undefined : readDescriptorsFile(descriptors) };
}

function ended(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) {
      resolve();
    }
    signal?.addEventListener("abort", () => resolve(), { once: true });
  });
}
