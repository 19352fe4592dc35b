import type { Problem } from "../error.js";
import { walkTypes } from "./messages.js";
import type { MethodDeclaration, ServiceDeclaration, SourceFile } from "./services.js";
import { inField, inMessage } from "./source.js";

/** Fields whose JSON ts-proto writes and reads in a way of its own, and loses values that others have written. */
const wrongFields: ReadonlyMap<string, string> = new Map([
  [".google.protobuf.Duration", "write `int64 …_ms`"],
  [".google.protobuf.BytesValue", "write `optional bytes`"],
  [".google.protobuf.FieldMask", "write `repeated string`"],
  [".google.protobuf.Any", "write `bytes`"],
  [".google.protobuf.NullValue", "write `google.protobuf.Value`"],
]);

/** Refuses fields whose JSON would come out wrong, in a file that gets JSON codecs. */
export function checkJsonFields({ descriptor, source }: SourceFile, problems: Problem[]): void {
  // google.protobuf.Value has a field for null, and is known as a whole.
  if (descriptor.name.startsWith("google/protobuf/")) {
    return;
  }
  walkTypes(descriptor, (_, type, path) => {
    for (const [index, field] of "field" in type ? type.field.entries() : []) {
      if (field.jsonName === "__proto__") {
        const place = source.place([...path, inMessage.field, index, inField.jsonName]);
        problems.push({
          message: `${field.name} would be lost as JSON, where it is called __proto__: write another \`json_name\`, or generate without JSON (--no-json)`,
          place,
        });
      }
      const instead = wrongFields.get(field.typeName);
      if (instead !== undefined) {
        problems.push({
          message: `${field.typeName.slice(1)} would come out wrong as JSON: ${instead}, or generate without JSON (--no-json)`,
          place: source.place([...path, inMessage.field, index, inField.typeName]),
        });
      }
    }
  });
}

/**
 * Refuses Google's own types as what a method sends or returns: the JSON of `google.protobuf.Timestamp` is a string, and
 * ts-proto writes it so where it is a field, but not where it is the whole message.
 */
export function checkJsonMethods(services: readonly ServiceDeclaration[], problems: Problem[]): void {
  const check = (method: MethodDeclaration, type: string | undefined, place: MethodDeclaration["place"]): void => {
    if (type?.startsWith(".google.protobuf.") === true) {
      problems.push({
        message: `${type.slice(1)} as the message of ${method.name} would come out wrong as JSON: put it into a message of your own, or generate without JSON (--no-json)`,
        place,
      });
    }
  };
  for (const method of services.flatMap(({ methods }) => methods)) {
    check(method, method.request, method.requestPlace);
    check(method, method.response, method.responsePlace);
  }
}
