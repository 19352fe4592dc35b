import type { ProtocolMethod } from "../model/protocol.js";

/** What the runtime holds a method to, in words: what is as everywhere is not said. */
export function policyTexts({ boundOnly, rateLimit, timeoutMs, order, direction }: ProtocolMethod): string[] {
  const texts: string[] = [];
  if (boundOnly) {
    texts.push("bound sessions only");
  }
  if (rateLimit !== undefined) {
    const { messages, perMs } = rateLimit;
    texts.push(`at most ${messages} ${messages === 1 ? "message" : "messages"} in ${perMs} ms from one session`);
  }
  if (timeoutMs !== undefined) {
    texts.push(timeoutMs === 0 ? "no time-out" : `time-out ${timeoutMs} ms`);
  }
  if (order === "service") {
    texts.push("one at a time for the whole service");
  } else if (order === "none" && direction !== "server-to-server") {
    texts.push("waits for nothing that came before");
  }
  return texts;
}
