import { createHash } from "node:crypto";
import { type Descriptors, type DescriptorsFile, readDescriptorsFile } from "../protocol/descriptors-file.js";
import { ProtocolBook } from "../repl/protocol-book.js";

/** What a capture's messages are decoded with. */
export interface CaptureTypes {
  readonly book: ProtocolBook;
  /** The hash of the dictionary that the descriptors tell; empty where they tell none. */
  readonly dictVersion: string;
  /** What tells the types apart from others; empty where there are none. */
  readonly fingerprint: string;
  /** Code → route, as the descriptors have them. */
  readonly codes: ReadonlyMap<number, string>;
}

/** Where nothing is known of the types. */
export const noTypes: CaptureTypes = {
  book: new ProtocolBook(),
  dictVersion: "",
  fingerprint: "",
  codes: new Map(),
};

/**
 * Reads what `nanowire generate --descriptors FILE` writes, or a FileDescriptorSet, which tells types and no routes.
 *
 * @throws NanowireError `invalid_option`
 */
export function readCaptureTypes(descriptors: Descriptors): CaptureTypes {
  return descriptors instanceof Uint8Array && descriptors[0] === fileField
    ? typesOf({ dictVersion: "", routes: [], descriptorSet: descriptors })
    : typesOf(readDescriptorsFile(descriptors));
}

/** @throws NanowireError `invalid_option` for a descriptor set that is none */
export function typesOf(file: DescriptorsFile): CaptureTypes {
  return {
    book: ProtocolBook.of(file),
    dictVersion: file.dictVersion,
    fingerprint: createHash("sha256").update(file.descriptorSet).digest("hex").slice(0, 16),
    codes: new Map(file.routes.filter(({ code }) => code > 0).map(({ code, route }) => [code, route])),
  };
}

/** Every FileDescriptorSet begins with it: field 1, length-delimited. JSON does not. */
const fileField = 0x0a;
