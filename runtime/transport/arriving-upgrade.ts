import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { NanowireError } from "../base/error.js";
import type { Arrival } from "./arrival.js";
import type { UpgradeRequest } from "./upgrade-request.js";

/** The request of a client that is on its way. */
export class ArrivingUpgrade implements UpgradeRequest {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly transport: string;
  readonly remoteAddress: string;
  readonly proxyAddress: string | undefined;
  readonly #arrival: Arrival;
  #abort: AbortController | undefined;

  constructor({ url = "/", headers }: IncomingMessage, transport: string, arrival: Arrival) {
    this.url = url;
    this.headers = headers;
    this.transport = transport;
    this.remoteAddress = arrival.origin.address;
    this.proxyAddress = arrival.origin.proxy;
    this.#arrival = arrival;
  }

  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      const abort = new AbortController();
      this.#abort = abort;
      this.#arrival.onGone(() => abort.abort(new NanowireError("canceled", "the client is gone, or its time is over")));
    }
    return this.#abort.signal;
  }
}
