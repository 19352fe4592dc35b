import type { FileDescriptorProto } from "@bufbuild/protobuf/wkt";
import type { Place } from "../error.js";
import type { Broken, Finding } from "./breaking.js";
import { wireRule } from "./breaking-rules.js";
import { typeAt, type Use } from "./message-uses.js";

/** What buf has found about a message. */
export interface WireFinding {
  /** buf's rule: `FIELD_WIRE_COMPATIBLE_TYPE`. */
  readonly rule: string;
  readonly message: string;
  /** As imports name it: `chat/v1/room.proto`. */
  readonly proto: string;
  readonly line: number;
  readonly column: number;
}

const directions: Readonly<Record<Use, string>> = {
  request:
    "it goes to the server: old clients send it in its old form, and new clients send the new form to an old server",
  response: "it comes back in answers: old clients read its new form, and new clients the old form of an old server",
  push: "it is pushed: old clients read its new form, and new clients the old form of an old server",
};
const everyUse: readonly Use[] = ["request", "response", "push"];

/**
 * Says of what buf has found who breaks: it knows messages, and not which way they go.
 *
 * @param files the new files, by name
 * @param uses how each message travels, before the change or after it
 * @param pathOf the path at which the user knows a file
 */
export function explainWireFinding(
  found: WireFinding,
  files: ReadonlyMap<string, FileDescriptorProto>,
  uses: ReadonlyMap<string, ReadonlySet<Use>>,
  pathOf: (proto: string) => string,
): Finding {
  const { rule, line, column } = found;
  const file = files.get(found.proto);
  const type = file === undefined ? undefined : typeAt(file, found);
  const travels = everyUse.filter((use) => type !== undefined && uses.get(type)?.has(use) === true);
  const isUnused = type !== undefined && travels.length === 0;
  const breaks: Broken[] = isUnused ? [] : ["old clients", "new clients"];
  const direction = isUnused ? "no service sends it" : travels.map((use) => directions[use]).join("; ");
  const place: Place = { file: pathOf(found.proto), line, column };
  return {
    rule,
    severity: isUnused ? "warning" : "breaking",
    breaks,
    message: `${tidy(found.message)}${direction === "" ? "" : `; ${direction}`}`,
    advice: wireRule(rule)?.advice ?? "leave it as it was",
    place,
    isOld: false,
  };
}

/** Without the full stop and the links that buf ends with. */
function tidy(message: string): string {
  return message.replace(/ See https:\/\/.*$/, "").replace(/\.$/, "");
}
