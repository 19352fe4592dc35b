import { createFileRegistry, type DescMessage, fromBinary, type Registry } from "@bufbuild/protobuf";
import { base64Decode } from "@bufbuild/protobuf/wire";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { NanowireError } from "../base/error.js";

/** What `nanowire generate --descriptors FILE` writes: its text, its bytes, or the value that was parsed of it. */
export type Descriptors = string | Uint8Array | object;

/** The types of a project, and which of them each route takes. */
export interface ProjectTypes {
  readonly registry: Registry;
  /** Route → what clients send to it; undefined for google.protobuf.Empty. */
  readonly requests: ReadonlyMap<string, DescMessage | undefined>;
}

/** @throws NanowireError `invalid_option` for what is no such file */
export function readDescriptors(given: Descriptors): ProjectTypes {
  const { version, routes, descriptorSet } = parsed(given) as Partial<DescriptorsFile>;
  if (version !== 1 || !Array.isArray(routes) || typeof descriptorSet !== "string") {
    throw notDescriptors();
  }
  let registry: Registry;
  try {
    registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, base64Decode(descriptorSet)));
  } catch (cause) {
    throw notDescriptors(cause);
  }
  const requests = new Map(
    routes
      .filter(({ direction }) => direction === "client-to-server")
      .map(({ route, request }) => [route, request === undefined ? undefined : registry.getMessage(request)]),
  );
  return { registry, requests };
}

/** The part of that file that matters here. */
interface DescriptorsFile {
  readonly version: unknown;
  readonly routes: readonly { readonly route: string; readonly direction: string; readonly request?: string }[];
  /** A google.protobuf.FileDescriptorSet, as base64. */
  readonly descriptorSet: string;
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

function notDescriptors(cause?: unknown): NanowireError {
  const message = "descriptors are not what `nanowire generate --descriptors FILE` writes: hand over that file's text";
  return new NanowireError("invalid_option", message, { cause });
}
