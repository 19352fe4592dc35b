// A hot file: ts-proto calls `code` two hundred times a message, and every piece is gone over twice more to print it.

/** A piece of code, as ts-poet has it. */
interface PoetNode {
  readonly childNodes: readonly unknown[];
  toCodeString(used: readonly unknown[]): string;
}

interface PoetCode extends PoetNode {
  readonly literals: readonly string[];
  readonly placeholders: readonly unknown[];
  /** Set by `joinCode`. */
  trim: boolean;
  oneline: boolean;
}

/** A class that is only asked whether something is one of it. */
type Class<T> = abstract new (...made: never[]) => T;

/** What of ts-poet's modules is used. */
export interface Poet {
  readonly index: Readonly<Record<string, unknown>> & {
    readonly imp: (spec: string, options?: object) => PoetNode;
    readonly literalOf: (object: unknown) => PoetNode;
  };
  readonly code: {
    readonly Code: new (literals: readonly string[], placeholders: readonly unknown[]) => PoetCode;
    readonly Def: Class<PoetNode>;
    readonly deepGenerate: (used: readonly unknown[], object: unknown) => string;
  };
  readonly node: { readonly Node: Class<PoetNode> };
  readonly imports: { readonly Import: Class<PoetNode> };
  readonly conditional: {
    readonly ConditionalOutput: Class<PoetNode & { readonly declarationSiteCode: PoetNode }>;
    readonly MaybeOutput: Class<{ readonly parent: unknown; readonly code: PoetNode }>;
  };
}

/**
 * ts-poet's functions, which make the same code of less: text that stands in text is one piece, what holds text only is not
 * looked into for imports, and what is imported or used twice is gone through once.
 */
export function leanPoet(poet: Poet): Readonly<Record<string, unknown>> {
  const { Code: RealCode, Def, deepGenerate } = poet.code;
  const { ConditionalOutput, MaybeOutput } = poet.conditional;
  const { Import } = poet.imports;
  const { Node } = poet.node;
  /** What the file that is being printed imports. */
  const imported = new Map<string, PoetNode>();

  class Code extends RealCode {
    /** Whether there is nothing in it but text. */
    readonly isText: boolean;

    constructor(literals: readonly string[], placeholders: readonly unknown[], isText: boolean) {
      super(literals, placeholders);
      this.isText = isText;
    }

    /** The helpers, imports and definitions in the code, in the order of ts-poet: level by level. */
    deepFindAll(): [used: unknown[], imports: unknown[], defs: unknown[]] {
      const used = new Set<unknown>();
      const imports = new Set<unknown>();
      const defs: unknown[] = [];
      const open: unknown[] = [this];
      const add = (nodes: readonly unknown[]): void => {
        for (const node of nodes) {
          if (typeof node === "object" && !(node instanceof Code && node.isText)) {
            open.push(node);
          }
        }
      };
      for (let at = 0; at < open.length; at++) {
        const node = open[at];
        if (node instanceof Code) {
          add(node.placeholders);
        } else if (node instanceof ConditionalOutput) {
          if (!used.has(node)) {
            used.add(node);
            add(node.childNodes);
            add(node.declarationSiteCode.childNodes);
          }
        } else if (node instanceof Import) {
          imports.add(node);
        } else if (node instanceof Def) {
          defs.push(node);
        } else if (node instanceof Node) {
          add(node.childNodes);
        } else if (Array.isArray(node)) {
          add(node);
        } else if (node instanceof MaybeOutput && used.has(node.parent)) {
          open.push(node.code);
        }
      }
      // What is imported gets its names in this file now, and others in the next one.
      imported.clear();
      // Twice: when it comes again, ts-poet notes the name that it has given it as taken.
      return [[...used], [...imports].flatMap((found) => [found, found]), defs];
    }

    generateCode(used: readonly unknown[]): string {
      const { literals, placeholders } = this;
      let text = literals[0] ?? "";
      for (let index = 0; index < placeholders.length; index++) {
        const placeholder = placeholders[index];
        if (typeof placeholder === "string") {
          text += placeholder;
        } else {
          text += placeholder instanceof Node ? placeholder.toCodeString(used) : deepGenerate(used, placeholder);
        }
        text += literals[index + 1];
      }
      if (this.trim) {
        text = text.trim();
      }
      return this.oneline ? text.replace(/\n/g, "") : text;
    }
  }

  const code = (literals: readonly string[], ...placeholders: unknown[]): Code => {
    let text: string | undefined = literals[0] ?? "";
    let isText = true;
    for (let index = 0; index < placeholders.length; index++) {
      const placeholder = placeholders[index];
      if (typeof placeholder === "string" || typeof placeholder === "number") {
        text = text === undefined ? undefined : text + placeholder + literals[index + 1];
      } else {
        text = undefined;
        isText &&= placeholder instanceof Code && placeholder.isText;
        placeholders[index] = isPlainObject(placeholder) ? poet.index.literalOf(placeholder) : placeholder;
      }
    }
    return text === undefined ? new Code(literals, placeholders, isText) : new Code([text], [], true);
  };

  const joinCode = (
    chunks: readonly PoetCode[],
    { on = "", trim = true }: { readonly on?: string; readonly trim?: boolean } = {},
  ): Code => {
    const literals = chunks.map((_, index) => (index === 0 ? "" : on));
    if (trim) {
      for (const chunk of chunks) {
        chunk.trim = true;
      }
    }
    return new Code(
      [...literals, ""],
      chunks,
      chunks.every((chunk) => chunk instanceof Code && chunk.isText),
    );
  };

  const imp = (spec: string, options?: object): PoetNode => {
    const known = options === undefined ? imported.get(spec) : undefined;
    if (known !== undefined) {
      return known;
    }
    const made = poet.index.imp(spec, options);
    if (options === undefined) {
      imported.set(spec, made);
    }
    return made;
  };

  return { ...poet.index, code, joinCode, imp };
}

function isPlainObject(value: unknown): boolean {
  if (typeof value !== "object" || value === null) {
    return false;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
