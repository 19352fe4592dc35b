/** A rule of `nanowire lint`: what matters when messages go out many times a second, and what no other tool can know. */
export interface LintRule {
  /** Why it matters. */
  readonly why: string;
  /** What to write instead. */
  readonly instead: string;
}

/** How large a message may be that goes out in one piece everywhere: what is left of the smallest usual MTU, that of IPv6, after TCP's and TLS's headers. */
export const mtuBytes = 1200;

/** Every rule of nanowire's own, by name. docs/lint.md says the same, and a test holds it to this. */
export const lintRules = {
  PUSH_UNBOUNDED: {
    why: "Whatever a push holds is sent to every member of a group, and nothing says how much that may be.",
    instead:
      "Say how much at most, above the field: `// nanowire:lint:max 32`. What can be large goes into the response to a request.",
  },
  PUSH_OVER_MTU: {
    why: `A push of more than ${mtuBytes} bytes goes out in several packets: it comes later, and when one is lost all that follows waits.`,
    instead: "Send what changed instead of everything, fewer or smaller fields, or leave the large part to a request.",
  },
  PUSH_DOUBLE: {
    why: "A double is 8 bytes where a float is 4; positions and angles do not need 15 digits.",
    instead: "Write `float`, or `sint32` in a small unit (centimetres).",
  },
  STRING_FOR_ENUM: {
    why: "A text for one of a few values is long on the wire, may be misspelt, and the compiler does not know the values.",
    instead: "Declare an `enum` and use it.",
  },
  FIELD_NUMBER_GAP: {
    why: "A number that is left out was mostly a field once: when it is given again, old clients read the new field as the old one.",
    instead: "Write `reserved`, with the number and the old name.",
  },
  EMPTY_RESPONSE: {
    why: "A message without a field as a response can say nothing, and costs a type and a codec on both sides.",
    instead:
      "Write `returns (google.protobuf.Empty)`; or make it a notify, if the caller need not know that it was done.",
  },
  LINT_DIRECTIVE: {
    why: "A comment for this command that it cannot follow silences nothing.",
    instead: "Write `// nanowire:lint:ignore RULE reason` or `// nanowire:lint:max 32`.",
  },
} as const satisfies Readonly<Record<string, LintRule>>;

/** The name of a rule of nanowire's own. */
export type LintRuleName = keyof typeof lintRules;

/** Every name. */
export const lintRuleNames = Object.keys(lintRules) as readonly LintRuleName[];
