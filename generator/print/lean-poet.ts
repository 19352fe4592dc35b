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

interface NamedImport extends PoetNode {
  readonly symbol: string;
  readonly source: string;
  readonly sourceSymbol: string | undefined;
  readonly typeImport: boolean | undefined;
  readonly childSymbol: string | undefined;
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
  readonly imports: {
    readonly Import: Class<PoetNode>;
    readonly ImportsName: new (
      symbol: string,
      source: string,
      sourceSymbol: string | undefined,
      typeImport: boolean | undefined,
      childSymbol: string | undefined,
    ) => NamedImport;
  };
  readonly conditional: {
    readonly ConditionalOutput: Class<PoetNode & { readonly declarationSiteCode: PoetNode }>;
    readonly MaybeOutput: Class<{ readonly parent: unknown; readonly code: PoetNode }>;
  };
}

/**
 * ts-poet's functions, which make the same code of less: text that stands in text is one piece, strings are not looked into for
 * imports, and what an import is called is read once.
 */
export function leanPoet(poet: Poet): Readonly<Record<string, unknown>> {
  const { Code: RealCode, Def, deepGenerate } = poet.code;
  const { Import, ImportsName } = poet.imports;
  const { ConditionalOutput, MaybeOutput } = poet.conditional;
  const { Node } = poet.node;

  class Code extends RealCode {
    /** The helpers, imports and definitions in the code, in the order of ts-poet: level by level. */
    deepFindAll(): [used: unknown[], imports: unknown[], defs: unknown[]] {
      const used: unknown[] = [];
      const imports: unknown[] = [];
      const defs: unknown[] = [];
      const open: unknown[] = [this];
      const add = (nodes: readonly unknown[]): void => {
        for (const node of nodes) {
          if (typeof node === "object") {
            open.push(node);
          }
        }
      };
      for (let at = 0; at < open.length; at++) {
        const node = open[at];
        if (node instanceof Code) {
          add(node.placeholders);
        } else if (node instanceof ConditionalOutput) {
          used.push(node);
          add(node.childNodes);
          add(node.declarationSiteCode.childNodes);
        } else if (node instanceof Import) {
          imports.push(node);
        } else if (node instanceof Def) {
          defs.push(node);
        } else if (node instanceof Node) {
          add(node.childNodes);
        } else if (Array.isArray(node)) {
          add(node);
        } else if (node instanceof MaybeOutput && used.includes(node.parent)) {
          open.push(node.code);
        }
      }
      return [used, imports, defs];
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
    for (let index = 0; index < placeholders.length; index++) {
      const placeholder = placeholders[index];
      if (typeof placeholder === "string" || typeof placeholder === "number") {
        text = text === undefined ? undefined : text + placeholder + literals[index + 1];
      } else {
        text = undefined;
        placeholders[index] = isPlainObject(placeholder) ? poet.index.literalOf(placeholder) : placeholder;
      }
    }
    return text === undefined ? new Code(literals, placeholders) : new Code([text], []);
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
    return new Code([...literals, ""], chunks);
  };

  /** What names are imported, as they were before one of them got another name in its file. */
  const named = new Map<
    string,
    readonly [string, string, string | undefined, boolean | undefined, string | undefined]
  >();
  const imp = (spec: string, options?: object): PoetNode => {
    const known = options === undefined ? named.get(spec) : undefined;
    if (known !== undefined) {
      return new ImportsName(...known);
    }
    const made = poet.index.imp(spec, options);
    if (made instanceof ImportsName && options === undefined) {
      named.set(spec, [made.symbol, made.source, made.sourceSymbol, made.typeImport, made.childSymbol]);
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
