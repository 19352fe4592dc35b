import type { Place, Problem } from "../error.js";
import { walkTypes } from "./messages.js";
import type { ServiceDeclaration, SourceFile } from "./services.js";
import { inField, inMessage } from "./source.js";

/** Its JSON names a type, and is that type's: whoever reads it has to know every message there is. */
const any = ".google.protobuf.Any";

/** Refuses fields that cannot be JSON, in a file that gets JSON codecs. */
export function checkJsonFields({ descriptor, source }: SourceFile, problems: Problem[]): void {
  walkTypes(descriptor, (_, type, path) => {
    for (const [index, field] of "field" in type ? type.field.entries() : []) {
      if (field.typeName === any) {
        problems.push(problemWithAny(source.place([...path, inMessage.field, index, inField.typeName])));
      }
    }
  });
}

/** Refuses methods that send or return what cannot be JSON. */
export function checkJsonMethods(services: readonly ServiceDeclaration[], problems: Problem[]): void {
  for (const { request, requestPlace, response, responsePlace } of services.flatMap(({ methods }) => methods)) {
    if (request === any) {
      problems.push(problemWithAny(requestPlace));
    }
    if (response === any) {
      problems.push(problemWithAny(responsePlace));
    }
  }
}

function problemWithAny(place: Place): Problem {
  return {
    message:
      "google.protobuf.Any cannot be read as JSON without a list of every type: write `bytes`, or generate without JSON (--no-json)",
    place,
  };
}
