import type { JsonValue } from "@bufbuild/protobuf";

/** Whether a value says nothing that its absence does not: what protobuf leaves out, or a message of nothing else. */
export function isUnset(value: JsonValue | undefined): boolean {
  return (
    value === undefined ||
    value === null ||
    value === "" ||
    value === 0 ||
    value === "0" ||
    value === false ||
    (typeof value === "object" && Object.keys(value).length === 0)
  );
}
