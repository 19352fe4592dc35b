import type { ProtocolMethod, ProtocolOverflow, ProtocolOverload } from "../model/protocol.js";

/** What the runtime holds a method to, in words: what is as everywhere is not said. */
export function policyTexts(method: ProtocolMethod): string[] {
  const { boundOnly, rateLimit, timeoutMs, order, direction, maxPayloadBytes, overload, overflow, shardKey, reliable } =
    method;
  const texts: string[] = [];
  if (boundOnly) {
    texts.push("bound sessions only");
  }
  if (rateLimit !== undefined) {
    const { messages, perMs } = rateLimit;
    texts.push(`at most ${messages} ${messages === 1 ? "message" : "messages"} in ${perMs} ms from one session`);
  }
  if (maxPayloadBytes !== undefined) {
    texts.push(`payloads of at most ${maxPayloadBytes} ${maxPayloadBytes === 1 ? "byte" : "bytes"}`);
  }
  if (timeoutMs !== undefined) {
    texts.push(timeoutMs === 0 ? "no time-out" : `time-out ${timeoutMs} ms`);
  }
  if (order === "service") {
    texts.push("one at a time for the whole service");
  } else if (order === "none" && direction !== "server-to-server") {
    texts.push("waits for nothing that came before");
  }
  if (overload !== undefined) {
    texts.push(overloadText(overload));
  }
  if (overflow !== undefined) {
    texts.push(overflowText(overflow));
  }
  if (shardKey !== undefined) {
    texts.push(`sharded by ${shardKey}`);
  }
  if (reliable === true) {
    texts.push("may be called by jobs");
  }
  return texts;
}

function overloadText({ policy, maxWaiting, key }: ProtocolOverload): string {
  switch (policy) {
    case "conflate":
      return key === undefined ? "only the newest waits" : `only the newest of each ${key} waits`;
    case "dropOldest":
      return `at most ${maxWaiting} of a session wait, the oldest gives way`;
    case "refuse":
      return `at most ${maxWaiting} of a session wait, more are refused`;
  }
}

function overflowText({ policy, key }: ProtocolOverflow): string {
  if (policy === "drop") {
    return "not sent to a client that falls behind";
  }
  return `only the newest${key === undefined ? "" : ` of each ${key}`} waits for a client that falls behind`;
}
