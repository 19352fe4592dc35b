import type { FileDescriptorProto } from "@bufbuild/protobuf/wkt";
import type { Place } from "../error.js";
import { type SourceLocation, sourceLocations } from "./source-locations.js";

/**
 * Where a thing stands in its descriptor: field numbers and indices from the file down, as `SourceCodeInfo.Location.path`
 * has them. `[6, 0, 2, 1]` is the second method of the first service.
 */
export type SourcePath = readonly number[];

/** Field numbers of google.protobuf.DescriptorProto, of which paths are made. */
export const inMessage = { name: 1, field: 2, nested: 3, enum: 4, options: 7, oneof: 8 } as const;
/** Field numbers of google.protobuf.FieldDescriptorProto. */
export const inField = { typeName: 6, jsonName: 10 } as const;
/** Field numbers of google.protobuf.EnumDescriptorProto. */
export const inEnum = { name: 1, value: 2 } as const;

/** The places and comments of one .proto file, found by path. */
export class SourceIndex {
  readonly #descriptor: FileDescriptorProto;
  readonly #file: string;
  /** First number of the paths → path → location. Made when a first one is looked for: those of messages are for errors only. */
  readonly #byField = new Map<number, ReadonlyMap<string, SourceLocation>>();

  /**
   * @param file the path that the user knows, for places
   */
  constructor(descriptor: FileDescriptorProto, file: string) {
    this.#descriptor = descriptor;
    this.#file = file;
  }

  /** Whether the source says something at just this path. */
  has(path: SourcePath): boolean {
    return this.#at(path) !== undefined;
  }

  /** Where the thing at a path begins; when the source does not say, where what holds it begins. */
  place(path: SourcePath): Place {
    for (let length = path.length; length > 0; length--) {
      const location = this.#at(length === path.length ? path : path.slice(0, length));
      if (location !== undefined) {
        const [line = 0, column = 0] = location.span;
        return { file: this.#file, line: line + 1, column: column + 1 };
      }
    }
    return { file: this.#file, line: 1, column: 1 };
  }

  /** The lines of the comments before and after a thing that speak to `nanowire lint`: `nanowire:lint:ignore …`. */
  directives(path: SourcePath): string[] {
    return directivesOf(this.#at(path));
  }

  /** Every thing whose comments speak to `nanowire lint`. */
  allDirectives(): { readonly path: SourcePath; readonly lines: readonly string[] }[] {
    return sourceLocations(this.#descriptor, (_, hasComment) => hasComment)
      .map((location) => ({ path: location.path, lines: directivesOf(location) }))
      .filter(({ lines }) => lines.length > 0);
  }

  /** The lines of the comments before and after a thing, without the marks and the space around them. */
  comment(path: SourcePath): string[] {
    const location = this.#at(path);
    const leading = commentLines(location?.leadingComments ?? "");
    const trailing = commentLines(location?.trailingComments ?? "");
    return leading.length > 0 && trailing.length > 0 ? [...leading, "", ...trailing] : [...leading, ...trailing];
  }

  #at(path: SourcePath): SourceLocation | undefined {
    const [field = 0] = path;
    let locations = this.#byField.get(field);
    if (locations === undefined) {
      locations = this.#read(field);
      this.#byField.set(field, locations);
    }
    return locations.get(path.join("."));
  }

  #read(field: number): ReadonlyMap<string, SourceLocation> {
    const byPath = new Map<string, SourceLocation>();
    for (const location of sourceLocations(this.#descriptor, (other) => other === field)) {
      const key = location.path.join(".");
      // The first one counts: an option's path may be there once a place where it is mentioned.
      if (!byPath.has(key)) {
        byPath.set(key, location);
      }
    }
    return byPath;
  }
}

const anyDirective = /^\s*(?:nanowire|buf):lint:/;

/** A comment without the lines that speak to a linter: they say nothing to who reads the generated code. */
export function withoutDirectives(comment: string): string {
  if (!comment.includes(":lint:")) {
    return comment;
  }
  return comment
    .split("\n")
    .filter((line) => !anyDirective.test(line))
    .join("\n");
}

function directivesOf(location: SourceLocation | undefined): string[] {
  const lines = `${location?.leadingComments ?? ""}\n${location?.trailingComments ?? ""}`.split("\n");
  return lines.filter((line) => /^\s*nanowire:lint:/.test(line));
}

/** ` Says hello.\n\n Twice.\n` → `Says hello.`, ``, `Twice.`; the second star of a JavaDoc comment is not text. */
function commentLines(comment: string): string[] {
  const lines = withoutDirectives(comment)
    .replace(/^\*(?=\s)/, "")
    .split(/\r\n|[\r\n\u2028\u2029]/)
    .map((line) => line.replace(/^ /, "").trimEnd());
  while (lines[0] === "") {
    lines.shift();
  }
  while (lines.at(-1) === "") {
    lines.pop();
  }
  return lines;
}
