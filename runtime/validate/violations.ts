import type { Violation } from "@bufbuild/protovalidate";
import { NanowireError } from "../base/error.js";

const mostViolations = 10;
const mostMessageLength = 200;
const mostKeyLength = 40;

/** A path to a field, or to a rule, of protovalidate's. */
type Path = Violation["field"];

/** What is told of one rule that is broken. */
interface ToldViolation {
  /** `cards[2].number`; empty when it is a rule of the whole message. */
  readonly field: string;
  /** `string.min_len`. */
  readonly rule: string;
  readonly message: string;
}

/**
 * The answer to a message that breaks rules.
 *
 * @param isRedacted whether the message has fields marked `debug_redact`: it tells nothing that may hold their values, since errors are logged
 */
export function violationError(route: string, violations: readonly Violation[], isRedacted: boolean): NanowireError {
  const told = violations.slice(0, mostViolations).map((violation) => tell(violation, isRedacted));
  const more = violations.length - told.length;
  const list = told.map(({ field, rule, message }) => `${field === "" ? "" : `${field}: `}${message} (${rule})`);
  const message = `the message of ${route} breaks its rules: ${list.join("; ")}${more > 0 ? `; and ${more} more` : ""}`;
  const details = { violations: JSON.stringify(told), ...(more > 0 ? { more: String(more) } : {}) };
  return new NanowireError("invalid_argument", message, { details });
}

function tell({ field, rule, ruleId, message, forKey }: Violation, isRedacted: boolean): ToldViolation {
  // The text of a rule of one's own may be computed, of values.
  const text = isRedacted && isOwnRule(rule) ? "the rule is broken" : message;
  const path = pathText(field);
  return { field: forKey ? `${path} (the key)` : path, rule: cut(ruleId), message: cut(text) };
}

/** Rules in CEL, of a field or of the whole message (protovalidate names no rule then), and predefined ones, which are extensions. */
function isOwnRule(rule: Path): boolean {
  return (
    rule.length === 0 ||
    rule.some((part) => part.kind === "extension" || (part.kind === "field" && /^cel(?:_expression)?$/.test(part.name)))
  );
}

/** What follows a field that is marked `debug_redact` is left out: a key of a map may be secret. */
function pathText(path: Path): string {
  let text = "";
  for (const part of path) {
    switch (part.kind) {
      case "list_sub":
        text += `[${part.index}]`;
        break;
      case "map_sub":
        text += `[${typeof part.key === "string" ? JSON.stringify(part.key.slice(0, mostKeyLength)) : part.key}]`;
        break;
      case "extension":
        text += `[${part.typeName}]`;
        break;
      default:
        text += text === "" ? part.name : `.${part.name}`;
        if (part.kind === "field" && part.proto.options?.debugRedact === true) {
          return text;
        }
    }
  }
  return text;
}

function cut(text: string): string {
  return text.length <= mostMessageLength ? text : `${text.slice(0, mostMessageLength)}…`;
}
