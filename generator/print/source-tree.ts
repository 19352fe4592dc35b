import type { LoweredFile, LoweredLocation } from "./lower.js";

/** Comments of a thing without any. */
const none: Pick<LoweredLocation, "leadingComments" | "trailingComments"> = {
  leadingComments: "",
  trailingComments: "",
};

/**
 * What ts-proto calls SourceInfo: the comments of a file, gone through from the outside in. Its own copies, for each message, all
 * that the file has, and goes over the whole file again and again for it.
 */
export class SourceTree {
  readonly #byPath: ReadonlyMap<string, LoweredLocation>;
  /** The path of the thing, with a dot behind it. */
  readonly #prefix: string;
  readonly leadingComments: string;
  readonly trailingComments: string;

  private constructor(
    byPath: ReadonlyMap<string, LoweredLocation>,
    prefix: string,
    { leadingComments, trailingComments } = none,
  ) {
    this.#byPath = byPath;
    this.#prefix = prefix;
    this.leadingComments = leadingComments;
    this.trailingComments = trailingComments;
  }

  /** One without a comment. */
  static empty(): SourceTree {
    return new SourceTree(new Map(), "");
  }

  static fromDescriptor({ sourceCodeInfo }: LoweredFile): SourceTree {
    return new SourceTree(new Map(sourceCodeInfo.location.map((location) => [location.path.join("."), location])), "");
  }

  /** The comments of a thing in this one, by the number of the field that holds it, and its index there. */
  lookup(field: number, index?: number): Pick<LoweredLocation, "leadingComments" | "trailingComments"> {
    return this.#byPath.get(this.#pathOf(field, index)) ?? none;
  }

  /** A thing in this one. */
  open(field: number, index: number): SourceTree {
    const path = this.#pathOf(field, index);
    return new SourceTree(this.#byPath, `${path}.`, this.#byPath.get(path));
  }

  #pathOf(field: number, index: number | undefined): string {
    return index === undefined ? `${this.#prefix}${field}` : `${this.#prefix}${field}.${index}`;
  }
}
