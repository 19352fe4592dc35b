import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { NanowireError } from "../base/error.js";
import { isAddress } from "./studio-options.js";

/** Who may ask. */
export class Access {
  readonly #token: Buffer | undefined;
  readonly #hostNames: ReadonlySet<string>;

  /** @param token undefined: whoever gets here is this machine's own */
  constructor(token: string | undefined, hostNames: ReadonlySet<string>) {
    this.#token = token === undefined ? undefined : digest(token);
    this.#hostNames = hostNames;
  }

  /**
   * Refuses what a browser was sent for by a page that is not ours: one whose domain leads here (DNS rebinding) names that domain as the host, and one of elsewhere is told
   * by the browser.
   *
   * @throws NanowireError `origin_refused`
   */
  assertPlace({ host, origin, "sec-fetch-site": site }: IncomingHttpHeaders): void {
    const own = URL.canParse(`http://${host ?? ""}`) ? new URL(`http://${host ?? ""}`) : undefined;
    const name = own?.hostname.replace(/^\[(.*)\]$/, "$1").toLowerCase() ?? "";
    if (own === undefined || !(name === "localhost" || isAddress(name) || this.#hostNames.has(name))) {
      const message = `the studio is not reached as ${name || "nothing"}: by an address, as localhost, or by a name among its option hostNames`;
      throw new NanowireError("origin_refused", message);
    }
    const isElsewhere = site !== undefined && site !== "same-origin" && site !== "none";
    if (isElsewhere || (origin !== undefined && (!URL.canParse(origin) || new URL(origin).host !== own.host))) {
      throw new NanowireError("origin_refused", "a page of another origin has asked, and is not answered");
    }
  }

  /** @throws NanowireError `unauthenticated` */
  assertToken({ authorization = "" }: IncomingHttpHeaders): void {
    if (this.#token === undefined) {
      return;
    }
    const [, given = ""] = /^Bearer (\S+)$/i.exec(authorization) ?? [];
    // Digests are of one length, and are looked at to their ends: how long it takes tells nothing.
    if (!timingSafeEqual(digest(given), this.#token)) {
      const what = given === "" ? "the token is missing" : "that is not the token";
      throw new NanowireError("unauthenticated", `${what}: Authorization: Bearer …`);
    }
  }
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
