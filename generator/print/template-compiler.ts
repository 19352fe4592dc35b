import { GeneratorError, type Problem } from "../error.js";
import type { TemplateText } from "../model/template-texts.js";
import { didYouMean } from "../near.js";

/** What of Handlebars is used. */
export interface HandlebarsModule {
  create(): HandlebarsInstance;
}

interface HandlebarsInstance {
  registerHelper(name: string, helper: HandlebarsHelper): void;
  parse(template: string): TemplateNode;
  compile<T>(template: TemplateNode, options: object): (data: T) => string;
}

/** What a template may call. It gets what the template gives it, and one value more: where it is called. */
type HandlebarsHelper = (...args: never[]) => string | boolean;

/** A node of Handlebars' syntax tree, as far as it is looked at. */
interface TemplateNode {
  readonly type: string;
  readonly loc: { readonly start: TemplatePosition };
  readonly path?: TemplateNode;
  readonly params?: readonly TemplateNode[];
  /** Of a path: `@root.server.codecs` as it is written, and its names. */
  readonly original?: unknown;
  readonly parts?: readonly string[];
  readonly [key: string]: unknown;
}

interface TemplatePosition {
  /** Counted from 1. */
  readonly line: number;
  /** Counted from 0. */
  readonly column: number;
}

/** Handlebars' own helpers that a template may call, each with the number of its arguments. */
const builtInHelpers: Readonly<Record<string, number>> = { if: 1, unless: 1, each: 1, with: 1, lookup: 2 };

/** Makes functions of templates. Whatever is wrong with one is told with its file, line and column. */
export class TemplateCompiler {
  readonly #handlebars: HandlebarsInstance;
  readonly #helpers: ReadonlyMap<string, number>;

  /**
   * @param handlebars the package, loaded
   * @param helpers what templates may call beside Handlebars' own
   */
  constructor(handlebars: HandlebarsModule, helpers: Readonly<Record<string, HandlebarsHelper>>) {
    this.#handlebars = handlebars.create();
    for (const [name, helper] of Object.entries(helpers)) {
      this.#handlebars.registerHelper(name, helper);
    }
    const own = Object.entries(helpers).map(([name, helper]): [string, number] => [name, helper.length - 1]);
    this.#helpers = new Map([...Object.entries(builtInHelpers), ...own]);
  }

  /**
   * Compiles a template. Nothing is escaped as HTML, and a name that is not there is an error, not an empty text.
   *
   * @throws GeneratorError when it is none; the function throws it when the template asks for what is not there
   */
  compile<T>(template: TemplateText): (data: T) => string {
    const tree = this.#parse(template);
    const problems = [...walk(tree)].flatMap((node) => this.#check(node, template.file));
    if (problems.length > 0) {
      throw new GeneratorError(problems);
    }
    const knownHelpers = Object.fromEntries([...this.#helpers.keys()].map((name) => [name, true]));
    const options = { noEscape: true, strict: true, knownHelpersOnly: true, knownHelpers };
    const print = this.#handlebars.compile<T>(tree, options);
    return (data) => {
      try {
        return print(data);
      } catch (error) {
        throw runError(error, template.file, tree);
      }
    };
  }

  #parse({ file, text }: TemplateText): TemplateNode {
    try {
      return this.#handlebars.parse(text);
    } catch (error) {
      throw new GeneratorError([parseProblem(messageOf(error), file, text)]);
    }
  }

  /** What Handlebars would accept, or tell without a place. */
  #check(node: TemplateNode, file: string): Problem[] {
    const problem = (message: string): Problem[] => [{ message, place: placeOf(node.loc.start, file) }];
    if (node.type.startsWith("Partial")) {
      return problem("templates have no partials: write here what it would print");
    }
    if (node.type.startsWith("Decorator")) {
      return problem("templates have no decorators: leave this one out");
    }
    const inherited = node.type === "PathExpression" && node.parts?.find((part) => part in Object.prototype);
    if (inherited) {
      // Every object has it from elsewhere, which Handlebars takes for being there, and prints as nothing.
      return problem(missingName(inherited));
    }
    const name = node.path?.original;
    if (!(node.type === "MustacheStatement" || node.type === "BlockStatement" || node.type === "SubExpression")) {
      return [];
    }
    const given = node.params?.length ?? 0;
    const wanted = typeof name === "string" ? this.#helpers.get(name) : undefined;
    if (wanted === undefined) {
      return given === 0 && node.type !== "SubExpression"
        ? []
        : problem(`there is no helper ${String(name)}${didYouMean(String(name), [...this.#helpers.keys()])}`);
    }
    return given === wanted
      ? []
      : problem(`${String(name)} takes ${wanted} ${wanted === 1 ? "argument" : "arguments"}, not ${given}`);
  }
}

/** `Parse error on line 3:\n…\n---^\nExpecting …, got 'EOF'`, or `if doesn't match each - 2:3`. */
function parseProblem(message: string, file: string, text: string): Problem {
  const lines = text.split("\n");
  const place = /^([\s\S]*) - (\d+):(\d+)$/.exec(message);
  if (place !== null) {
    const [, what = "", line, column] = place;
    return { message: what, place: placeOf({ line: Number(line), column: Number(column) }, file) };
  }
  const line = Math.min(Number(/^(?:Parse|Lexical) error on line (\d+)/.exec(message)?.[1] ?? 1), lines.length);
  const got = /, got '([^']*)'$/.exec(message)?.[1];
  const what =
    got === "EOF"
      ? "the template ends before what it opened: a `{{#…}}` wants its `{{/…}}`, a `{{` its `}}`"
      : "this is not Handlebars: a `{{` wants a name or a helper, and its `}}`";
  // Handlebars tells the line at which it gave up, and no column.
  const column = Math.max(0, lines[line - 1]?.indexOf("{{") ?? 0);
  return { message: what, place: placeOf({ line, column }, file) };
}

function missingName(name: string): string {
  return `there is no ${name} here: docs/model.md tells what there is`;
}

/** What went wrong while a template was printed. Where Handlebars tells no place, it is that of the path that it could not follow. */
function runError(error: unknown, file: string, tree: TemplateNode): Error {
  if (error instanceof GeneratorError) {
    return error;
  }
  if (!(error instanceof Error)) {
    return new Error(String(error));
  }
  if (error instanceof HelperError) {
    return new GeneratorError([{ message: error.message, place: placeOf(error.position, file) }]);
  }
  const missing = /^"(.*)" not defined in .* - (\d+):(\d+)$/s.exec(error.message);
  if (missing !== null) {
    const [, name = "", line, column] = missing;
    const message = missingName(name);
    return new GeneratorError([{ message, place: placeOf({ line: Number(line), column: Number(column) }, file) }]);
  }
  const name = /\(reading '(.*)'\)$|^Cannot use 'in' operator to search for '(.*)' in /.exec(error.message);
  const read = name?.[1] ?? name?.[2] ?? "";
  const path = [...walk(tree)].find(({ parts }) => parts?.includes(read));
  const position = path?.loc.start ?? { line: 1, column: 0 };
  const message =
    path === undefined
      ? `this template cannot be printed: ${error.message}`
      : `${String(path.original)} cannot be followed: there is nothing before ${read}`;
  return new GeneratorError([{ message, place: placeOf(position, file) }]);
}

/** What a helper says of the values that a template gave it. */
export class HelperError extends Error {
  readonly position: TemplatePosition;

  /** @param call what Handlebars passes to a helper last */
  constructor(message: string, call: HelperCall) {
    super(message);
    this.position = call.loc.start;
  }
}

/** What Handlebars passes to a helper last. */
export interface HelperCall {
  readonly loc: { readonly start: TemplatePosition };
}

/** Every node of a tree, from the outside in, in the order of the text. */
function* walk(node: unknown): Generator<TemplateNode> {
  if (Array.isArray(node)) {
    for (const item of node) {
      yield* walk(item);
    }
  } else if (isNode(node)) {
    yield node;
    for (const [key, child] of Object.entries(node)) {
      if (key !== "loc") {
        yield* walk(child);
      }
    }
  }
}

function isNode(value: unknown): value is TemplateNode {
  return typeof value === "object" && value !== null && "type" in value && "loc" in value;
}

function placeOf({ line, column }: TemplatePosition, file: string): { file: string; line: number; column: number } {
  return { file, line, column: column + 1 };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
