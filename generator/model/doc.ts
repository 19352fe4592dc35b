import type { MethodDeclaration, ServiceDeclaration } from "./services.js";
import type { OverloadDeclaration } from "./waiting-policies.js";

/**
 * The lines of a TSDoc comment: what the .proto says, then what the generator says, then whether it is deprecated. Block tags
 * of the .proto (`@see`, `@param`) come last: what stands after one would be its text.
 */
export function docLines(comment: readonly string[], notes: readonly string[], deprecated: boolean): string[] {
  const firstTag = comment.findIndex((line) => /^\s*@\w/.test(line));
  const text = firstTag < 0 ? [...comment] : comment.slice(0, firstTag);
  const tags = firstTag < 0 ? [] : comment.slice(firstTag);
  while (text.at(-1) === "") {
    text.pop();
  }
  const saysDeprecated = tags.some((line) => /^\s*@deprecated\b/.test(line));
  const paragraphs = [text, notes, deprecated && !saysDeprecated ? [...tags, "@deprecated"] : tags];
  const filled = paragraphs.filter((lines) => lines.length > 0);
  return filled.flatMap((lines, index) => (index === 0 ? lines : ["", ...lines])).map(escapeComment);
}

/** `Notify \`Room.Say\`, code 3: never answered. Bound sessions only.` */
export function serverNote(method: MethodDeclaration, code: number): string {
  const parts = [
    `${method.notify ? "Notify" : "Request"} \`${method.route}\`, code ${code}${method.notify ? ": never answered" : ""}.`,
  ];
  if (method.boundOnly) {
    parts.push("Bound sessions only.");
  }
  if (method.rateLimit !== undefined) {
    const { messages, perMs } = method.rateLimit;
    parts.push(`At most ${messages} ${messages === 1 ? "message" : "messages"} in ${perMs} ms from one session.`);
  }
  if (method.timeoutMs !== undefined) {
    parts.push(method.timeoutMs === 0 ? "May take for ever." : `May take ${method.timeoutMs} ms.`);
  }
  if (method.maxPayloadBytes !== undefined) {
    parts.push(`Payloads of at most ${method.maxPayloadBytes} ${method.maxPayloadBytes === 1 ? "byte" : "bytes"}.`);
  }
  if (method.order === "service") {
    parts.push("One at a time for the whole component.");
  } else if (method.order === "none") {
    parts.push("Waits for nothing that came before.");
  }
  if (method.overload !== undefined) {
    parts.push(overloadNote(method.overload));
  }
  parts.push(...shardNotes(method));
  return parts.join(" ");
}

/** Who handles it, of several nodes that could. */
function shardNotes({ shardKey }: MethodDeclaration): string[] {
  return shardKey === undefined ? [] : [`Sharded by \`${shardKey.path}\`.`];
}

function overloadNote({ policy, maxWaiting, key }: OverloadDeclaration): string {
  switch (policy) {
    case "conflate":
      return `Only the newest${key === undefined ? "" : ` of each \`${key.name}\``} waits.`;
    case "dropOldest":
      return `At most ${maxWaiting} of a session wait: the oldest gives way.`;
    case "refuse":
      return `At most ${maxWaiting} of a session wait: more are refused.`;
  }
}

/** `Push \`RoomEvents.Said\`, code 4. Not sent to a client that falls behind.` */
export function pushNote({ route, overflow }: MethodDeclaration, code: number): string {
  const what = `Push \`${route}\`, code ${code}.`;
  switch (overflow?.policy) {
    case "drop":
      return `${what} Not sent to a client that falls behind.`;
    case "conflate":
      return `${what} Only the newest${overflow.key === undefined ? "" : ` of each \`${overflow.key.name}\``} waits for a client that falls behind.`;
    default:
      return what;
  }
}

/** `Request \`Room.Join\`.` */
export function clientNote(method: MethodDeclaration): string {
  return method.notify ? `Notify \`${method.route}\`: no answer comes.` : `Request \`${method.route}\`.`;
}

/** `Call \`Ledger.Add\` of another node. One at a time for the whole remote.` */
export function remoteNote(method: MethodDeclaration): string {
  const parts = [
    method.notify
      ? `Tell \`${method.route}\` of another node: never answered.`
      : `Call \`${method.route}\` of another node.`,
  ];
  if (method.timeoutMs !== undefined) {
    parts.push(method.timeoutMs === 0 ? "May take for ever." : `May take ${method.timeoutMs} ms.`);
  }
  if (method.order === "service") {
    parts.push("One at a time for the whole remote.");
  }
  parts.push(...shardNotes(method));
  if (method.reliable) {
    parts.push("Jobs may call it, and then perhaps twice.");
  }
  return parts.join(" ");
}

/** `Generated from service chat.v1.Room.` */
export function serviceNote(service: ServiceDeclaration, verb: string): string {
  return `${verb} service ${service.protoName}.`;
}

/** Text of a .proto stays text: it cannot end the comment that it stands in. */
function escapeComment(line: string): string {
  return line.replaceAll("*/", "*\\/");
}
