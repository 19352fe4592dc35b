import { type FieldDescriptorProto, FieldDescriptorProto_Type } from "@bufbuild/protobuf/wkt";
import type { Place, Problem } from "../error.js";
import { isInOneof } from "./features.js";
import { keyAdvice, keyFault } from "./key-fields.js";
import { type OverflowChoice, type OverloadChoice, optionField } from "./options.js";
import type { TypeIndex } from "./type-index.js";

/** The field by which messages are told apart. */
export interface KeyField {
  /** As in the .proto: `unit_id`. */
  readonly name: string;
  /** Its place among the fields of its message. */
  readonly index: number;
}

/** Who gives way when calls wait. Where nobody does, there is none of it. */
export interface OverloadDeclaration {
  readonly policy: "refuse" | "dropOldest" | "conflate";
  /** How many may wait; undefined for `conflate`. */
  readonly maxWaiting: number | undefined;
  readonly key: KeyField | undefined;
}

/** What becomes of a push that a client does not take. Where the client is closed, there is none of it. */
export interface OverflowDeclaration {
  readonly policy: "drop" | "conflate";
  readonly key: KeyField | undefined;
}

/** A choice, and where it stands. */
export interface PlacedChoice<Choice> {
  readonly choice: Choice;
  /** Where one of its fields is written, or else the whole. */
  readonly placeOf: (field: number) => Place;
}

/** What is wrong with an `overload`, whatever the method. */
export function checkOverload(
  { choice, placeOf }: PlacedChoice<OverloadChoice>,
  what: string,
  problems: Problem[],
): void {
  const { policy, maxWaiting, key } = choice;
  const fields = optionField.overload;
  const isCounted = policy === "REFUSE" || policy === "DROP_OLDEST";
  if (isCounted && maxWaiting === 0) {
    problems.push({
      message: `the overload of ${what} is ${policy}, and does not say how many may wait: write \`max_waiting: 1\` or more`,
      place: placeOf(fields.maxWaiting),
    });
  }
  if (!isCounted && maxWaiting > 0) {
    problems.push({
      message: `the overload of ${what} is ${policy}, and \`max_waiting\` is for REFUSE and DROP_OLDEST: leave it out`,
      place: placeOf(fields.maxWaiting),
    });
  }
  if (policy !== "CONFLATE" && key !== "") {
    problems.push({
      message: `the overload of ${what} is ${policy}, and \`key\` is for CONFLATE: leave it out`,
      place: placeOf(fields.key),
    });
  }
}

/** What is wrong with an `overflow`, whatever the method. */
export function checkOverflow(
  { choice, placeOf }: PlacedChoice<OverflowChoice>,
  what: string,
  problems: Problem[],
): void {
  if (choice.policy !== "CONFLATE" && choice.key !== "") {
    problems.push({
      message: `the overflow of ${what} is ${choice.policy}, and \`key\` is for CONFLATE: leave it out`,
      place: placeOf(optionField.overflow.key),
    });
  }
}

/**
 * The field that a key names.
 *
 * @param message the full name of the message, with a dot before it; undefined for google.protobuf.Empty
 * @param what whose key it is
 * @param place where it is written
 * @returns undefined for no key, and for one that cannot be: that goes to `problems`
 */
export function keyField(
  key: string,
  message: string | undefined,
  types: TypeIndex,
  what: string,
  place: Place,
  problems: Problem[],
): KeyField | undefined {
  if (key === "") {
    return undefined;
  }
  const fields = message === undefined ? [] : (types.message(message)?.descriptor.field ?? []);
  const index = fields.findIndex(({ name }) => name === key);
  const field = fields[index];
  const name = message?.slice(1) ?? "google.protobuf.Empty";
  if (field === undefined) {
    const known = fields.filter((candidate) => faultOf(candidate) === undefined).map((candidate) => candidate.name);
    const advice = keyAdvice(known, "leave `key` out");
    problems.push({ message: `the key ${key} of ${what} is no field of ${name}: ${advice}`, place });
    return undefined;
  }
  const fault = faultOf(field);
  if (fault !== undefined) {
    problems.push({
      message: `the key ${key} of ${what} is ${fault} in ${name}: write a field that is a number without fractions, a string, a bool or an enum`,
      place,
    });
    return undefined;
  }
  return { name: key, index };
}

/** Why messages cannot be told apart by a field; undefined when they can. */
function faultOf(field: FieldDescriptorProto): string | undefined {
  return (
    keyFault(field) ??
    (isInOneof(field) ? "in a oneof" : field.type === FieldDescriptorProto_Type.BYTES ? "bytes" : undefined)
  );
}
