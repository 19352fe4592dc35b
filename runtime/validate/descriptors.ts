import { createFileRegistry, type DescMessage, fromBinary, type Registry } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { type Descriptors, notDescriptors, readDescriptorsFile } from "../protocol/descriptors-file.js";

/** The types of a project, and which of them each route takes. */
export interface ProjectTypes {
  readonly registry: Registry;
  /** Route → what clients send to it; undefined for google.protobuf.Empty. */
  readonly requests: ReadonlyMap<string, DescMessage | undefined>;
}

/** @throws NanowireError `invalid_option` for what is no such file */
export function readDescriptors(given: Descriptors): ProjectTypes {
  const { routes, descriptorSet } = readDescriptorsFile(given);
  let registry: Registry;
  try {
    registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptorSet));
  } catch (cause) {
    throw notDescriptors(cause);
  }
  const requests = new Map(
    routes.filter(({ kind }) => kind !== "push").map(({ route, request }) => [route, registry.getMessage(request)]),
  );
  return { registry, requests };
}
