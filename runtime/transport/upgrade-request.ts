import type { IncomingHttpHeaders } from "node:http";

/** A client's request to become a WebSocket, as it may be judged. */
export interface UpgradeRequest {
  /** The path and the query, as the client sent them: `/game?room=7`. */
  readonly url: string;
  /** The headers, their names in lower case: cookies, for one. They may be kept, but hold memory. */
  readonly headers: IncomingHttpHeaders;
  /** What carries it: `ws` or `wss`. */
  readonly transport: string;
  /** The client's address, without its port: the real one, where a trusted proxy told it. */
  readonly remoteAddress: string;
  /** The address of the proxy that told it; undefined when the client came by itself. */
  readonly proxyAddress: string | undefined;
  /** Fires when the client goes, or its time is over: nobody waits for the judgement any more. */
  readonly signal: AbortSignal;
}
