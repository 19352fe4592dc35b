/** How bad a finding is: `breaking` fails the command, the others are told. */
export type Severity = "breaking" | "warning" | "info";

/** A rule of `nanowire breaking`. */
export interface BreakingRule {
  readonly severity: Severity;
  /** What has happened when it fires: a sentence without its end. */
  readonly meaning: string;
}

/** What buf cannot see: services, routes, codes, and what the runtime enforces. */
export const ownRules = {
  SERVICE_REMOVED: { severity: "breaking", meaning: "a service is gone with all of its methods" },
  REQUEST_REMOVED: { severity: "breaking", meaning: "a request is gone" },
  NOTIFY_REMOVED: { severity: "breaking", meaning: "a notify is gone" },
  PUSH_REMOVED: { severity: "breaking", meaning: "a push is gone" },
  ROUTE_CHANGED: { severity: "breaking", meaning: "a method has another route, and does not say what it was" },
  WAS_REMOVED: { severity: "breaking", meaning: "a method is not called any more by a route that it had" },
  CODE_CHANGED: { severity: "breaking", meaning: "a route has another code" },
  CODE_REUSED: { severity: "breaking", meaning: "a code is given to another route" },
  CODE_FORGOTTEN: { severity: "warning", meaning: "the lock has lost a code, which may be given again" },
  KIND_CHANGED: {
    severity: "breaking",
    meaning: "a method is of a service of another kind: who calls whom has changed",
  },
  REQUEST_TO_NOTIFY: { severity: "breaking", meaning: "a request became a notify" },
  NOTIFY_TO_REQUEST: { severity: "breaking", meaning: "a notify became a request" },
  REQUEST_TYPE_CHANGED: { severity: "breaking", meaning: "a request or a notify has another message" },
  RESPONSE_TYPE_CHANGED: { severity: "breaking", meaning: "a request is answered with another message" },
  PUSH_TYPE_CHANGED: { severity: "breaking", meaning: "a push has another message" },
  RATE_LIMIT_NARROWED: { severity: "breaking", meaning: "a method may be called less often, or not as often at once" },
  MAX_PAYLOAD_NARROWED: { severity: "breaking", meaning: "a method takes only smaller payloads" },
  OVERLOAD_NARROWED: { severity: "breaking", meaning: "calls that would have waited are refused, or give way" },
  OVERLOAD_CHANGED: { severity: "info", meaning: "other calls than before give way, or more wait" },
  OVERFLOW_CHANGED: {
    severity: "warning",
    meaning: "a client that falls behind may miss pushes, or is closed for them",
  },
  RELIABLE_REMOVED: {
    severity: "warning",
    meaning: "jobs that are kept for a method fail: it is not called by jobs any more",
  },
  SHARD_KEY_CHANGED: { severity: "warning", meaning: "calls with one value go to another node than before" },
  TIMEOUT_SHORTENED: { severity: "breaking", meaning: "a handler may take less time" },
  BOUND_ONLY_ON: { severity: "breaking", meaning: "only a bound session may call, and any could" },
  TIMEOUT_CHANGED: { severity: "info", meaning: "a handler's time was the server's default, or is it now" },
  ORDER_CHANGED: { severity: "info", meaning: "a method's messages are handled in another order" },
  ROUTE_RENAMED: { severity: "info", meaning: "a method has another route, and says what it was" },
  METHOD_ADDED: { severity: "info", meaning: "a request or a notify is new" },
  PUSH_ADDED: { severity: "info", meaning: "a push is new" },
} as const satisfies Record<string, BreakingRule>;

/** The name of a rule of nanowire's own. */
export type OwnRule = keyof typeof ownRules;

/** A rule of buf's about messages. */
export interface WireRule extends BreakingRule {
  /** Whether it is about JSON only: without JSON codecs it is not asked. */
  readonly jsonOnly: boolean;
  /** What to do about it. */
  readonly advice: string;
}

const newField = "leave it as it was, and add a field with another number for what is new";
const keepName = "keep the old name: JSON knows fields and values by it";
const reserveNumber = "write `reserved` with the number, so that nobody gives it another meaning";
const reserveName = "write `reserved` with the name, so that nobody gives it another meaning";

/** buf's rules of the categories WIRE and WIRE_JSON, but for those about rpcs: for these there are {@link ownRules}. */
export const wireRules = {
  ENUM_SAME_JSON_FORMAT: wire("an enum's JSON format has changed", true, "set the feature as it was"),
  ENUM_VALUE_NO_DELETE_UNLESS_NAME_RESERVED: wire("an enum's value is gone, its name not reserved", true, reserveName),
  ENUM_VALUE_NO_DELETE_UNLESS_NUMBER_RESERVED: wire(
    "an enum's value is gone, its number not reserved",
    false,
    reserveNumber,
  ),
  ENUM_VALUE_SAME_NAME: wire("an enum's value has another name", true, keepName),
  FIELD_NO_DELETE_UNLESS_NAME_RESERVED: wire("a field is gone, its name not reserved", true, reserveName),
  FIELD_NO_DELETE_UNLESS_NUMBER_RESERVED: wire("a field is gone, its number not reserved", false, reserveNumber),
  FIELD_SAME_DEFAULT: wire("a field has another default", false, "set the default as it was"),
  FIELD_SAME_JSON_NAME: wire("a field has another name in JSON", true, keepName),
  FIELD_SAME_NAME: wire("a field has another name", true, keepName),
  FIELD_SAME_ONEOF: wire("a field went into a oneof or out of one", false, newField),
  FIELD_WIRE_COMPATIBLE_CARDINALITY: wire("a field became a list or a map, or was one", false, newField),
  FIELD_WIRE_COMPATIBLE_TYPE: wire("a field has a type that is written otherwise", false, newField),
  FIELD_WIRE_JSON_COMPATIBLE_CARDINALITY: wire("a field became a list or a map, or was one", true, newField),
  FIELD_WIRE_JSON_COMPATIBLE_TYPE: wire("a field has a type that is written otherwise", true, newField),
  FILE_SAME_PACKAGE: wire("a file has another package", false, "keep the package: full names of messages hold it"),
  MESSAGE_SAME_JSON_FORMAT: wire("a message's JSON format has changed", true, "set the feature as it was"),
  MESSAGE_SAME_REQUIRED_FIELDS: wire(
    "a required field was added or is gone",
    false,
    "leave required fields as they were, and add optional ones",
  ),
  RESERVED_ENUM_NO_DELETE: wire("a number or a name of an enum is reserved no more", false, "keep it reserved"),
  RESERVED_MESSAGE_NO_DELETE: wire("a number or a name of a message is reserved no more", false, "keep it reserved"),
} as const satisfies Record<string, WireRule>;

/** Every name that `--ignore` knows. */
export const ruleNames: readonly string[] = [...Object.keys(ownRules), ...Object.keys(wireRules)];

/** One of {@link wireRules}, or undefined for a rule that this version does not know. */
export function wireRule(name: string): WireRule | undefined {
  return new Map<string, WireRule>(Object.entries(wireRules)).get(name);
}

function wire(meaning: string, jsonOnly: boolean, advice: string): WireRule {
  return { severity: "breaking", meaning, jsonOnly, advice };
}
