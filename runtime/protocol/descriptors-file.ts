import { base64Decode } from "@bufbuild/protobuf/wire";
import { NanowireError } from "../base/error.js";

/** What `nanowire generate --descriptors FILE` writes: its text, its bytes, or the value that was parsed of it. */
export type Descriptors = string | Uint8Array | object;

/** A route, as such a file tells it. docs/tools.md tells more of its fields. */
export interface DescribedRoute {
  /** `Room.Join`. */
  readonly route: string;
  /** Its code in the dictionary. */
  readonly code: number;
  readonly kind: "request" | "notify" | "push";
  /** The full name of the message that is sent. */
  readonly request: string;
  /** The full name of the message that is answered. */
  readonly response: string;
  readonly boundOnly: boolean;
  readonly deprecated: boolean;
  readonly comment: string;
}

/** What such a file holds, as far as it matters at run time. */
export interface DescriptorsFile {
  /** The hash of the dictionary. */
  readonly dictVersion: string;
  /** The routes that clients may send or receive. */
  readonly routes: readonly DescribedRoute[];
  /** The bytes of a google.protobuf.FileDescriptorSet. */
  readonly descriptorSet: Uint8Array;
}

/** What the routes begin with of services that the package brings itself: no project's descriptors tell of them. */
export const ownRoutes = "nanowire.";

/** @throws NanowireError `invalid_option` for what is no such file */
export function readDescriptorsFile(given: Descriptors): DescriptorsFile {
  const { version, dictVersion = "", routes, descriptorSet } = parsed(given) as Partial<Record<string, unknown>>;
  if (version !== 1 || typeof dictVersion !== "string" || !isRoutes(routes) || typeof descriptorSet !== "string") {
    throw notDescriptors();
  }
  try {
    return { dictVersion, routes, descriptorSet: base64Decode(descriptorSet) };
  } catch (cause) {
    throw notDescriptors(cause);
  }
}

/** What to throw at who hands over something else. */
export function notDescriptors(cause?: unknown): NanowireError {
  const message = "descriptors are not what `nanowire generate --descriptors FILE` writes: hand over that file's text";
  return new NanowireError("invalid_option", message, { cause });
}

function parsed(given: Descriptors): object {
  if (typeof given === "object" && given !== null && !(given instanceof Uint8Array)) {
    return given;
  }
  try {
    const value: unknown = JSON.parse(typeof given === "string" ? given : new TextDecoder().decode(given));
    return typeof value === "object" && value !== null ? value : {};
  } catch (cause) {
    throw notDescriptors(cause);
  }
}

/** The generator wrote them; another file of version 1 is not to be taken for this one. */
function isRoutes(value: unknown): value is readonly DescribedRoute[] {
  return (
    Array.isArray(value) &&
    value.every((entry: unknown) => {
      const given = Object(entry) as Partial<Record<string, unknown>>;
      return Object.entries(routeTypes).every(([name, type]) => typeof given[name] === type);
    })
  );
}

const routeTypes: Readonly<Record<keyof DescribedRoute, string>> = {
  route: "string",
  code: "number",
  kind: "string",
  request: "string",
  response: "string",
  boundOnly: "boolean",
  deprecated: "boolean",
  comment: "string",
};
