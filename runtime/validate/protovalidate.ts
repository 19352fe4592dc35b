import { create, type DescMessage, fromBinary, hasOption } from "@bufbuild/protobuf";
import { createValidator, type Validator } from "@bufbuild/protovalidate";
import {
  field as fieldRules,
  message as messageRules,
  oneof as oneofRules,
} from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import { NanowireError } from "../base/error.js";
import type { BeforeHook, HandlerCall } from "../dispatch/hook-chain.js";
import { type Descriptors, ownRoutes } from "../protocol/descriptors-file.js";
import { toldEncodeError } from "../protocol/told-error.js";
import { readDescriptors } from "./descriptors.js";
import { violationError } from "./violations.js";

/**
 * A hook that holds what clients send against the rules of its .proto (`(buf.validate.field).string.min_len = 1`), with buf's protovalidate:
 *
 * ```ts
 * server.hooks.before(protovalidate(readFileSync("generated/descriptors.json")));
 * ```
 *
 * A message that breaks one is answered with `invalid_argument`, and its handler is not called: the error's message tells the rules that are broken, and its
 * detail `violations` holds them for a program, `[{"field": "name", "rule": "string.min_len", "message": "…"}]`: ten at the most, `more` how many there are
 * beside. A message whose types have no rules costs nothing.
 *
 * The message is held against the rules as the handler would get it, whatever the client's serializer. The rules are compiled when the hook is made.
 *
 * @param descriptors what `nanowire generate --descriptors FILE` writes: its text, its bytes, or the value that was parsed of it
 * @throws NanowireError `invalid_option` for anything else, and for a rule that cannot be compiled
 */
export function protovalidate(descriptors: Descriptors): BeforeHook {
  const { registry, requests } = readDescriptors(descriptors);
  const validator = createValidator({ registry });
  const checked = new Map<string, CheckedType | undefined>();
  for (const [route, type] of requests) {
    checked.set(route, type !== undefined && leadsTo(type, hasRules) ? compile(type, validator) : undefined);
  }
  return (call) => {
    const type = checked.get(call.route);
    if (type !== undefined) {
      check(call, type, validator);
    } else if (!checked.has(call.route) && !call.route.startsWith(ownRoutes)) {
      throw new Error(`the descriptors know no route ${call.route}: generate them with the code`);
    }
  };
}

/** A type that has rules, or holds messages that have. */
interface CheckedType {
  readonly type: DescMessage;
  /** Whether some of it is not for logs: then what a rule of the user's own makes of it is not told either. */
  readonly isRedacted: boolean;
}

function compile(type: DescMessage, validator: Validator): CheckedType {
  const { kind, error } = validator.validate(type, create(type));
  if (kind === "error" && error.name === "CompilationError") {
    const message = `the rules of ${type.typeName} cannot be compiled: ${error.message}`;
    throw new NanowireError("invalid_option", message, { cause: error });
  }
  return { type, isRedacted: leadsTo(type, isRedacted) };
}

function check({ codec, request, route }: HandlerCall, { type, isRedacted }: CheckedType, validator: Validator): void {
  let bytes: Uint8Array;
  try {
    bytes = codec.protobuf.encode(request).finish();
  } catch (error) {
    // Another hook has put something in its place that is none.
    throw toldEncodeError(codec, error);
  }
  const { kind, error, violations } = validator.validate(type, fromBinary(type, bytes));
  if (kind === "error") {
    throw new Error(`the rules of ${type.typeName} cannot be tried`, isRedacted ? {} : { cause: error });
  }
  if (kind === "invalid") {
    throw violationError(route, violations, isRedacted);
  }
}

/** Whether a type, or one that it holds at any depth, is such a one. */
function leadsTo(type: DescMessage, isSuch: (type: DescMessage) => boolean, seen = new Set<DescMessage>()): boolean {
  if (seen.has(type)) {
    return false;
  }
  seen.add(type);
  return isSuch(type) || type.fields.some(({ message }) => message !== undefined && leadsTo(message, isSuch, seen));
}

function hasRules(type: DescMessage): boolean {
  return (
    hasOption(type, messageRules) ||
    type.fields.some((field) => hasOption(field, fieldRules)) ||
    type.oneofs.some((oneof) => hasOption(oneof, oneofRules))
  );
}

function isRedacted({ fields }: DescMessage): boolean {
  return fields.some(({ proto }) => proto.options?.debugRedact === true);
}
