import type { ImportModel } from "../model/imports.js";
import type { DictionaryModel, ServiceFileModel, TemplateTexts } from "../model/model.js";

/** What of Handlebars is used. */
export interface HandlebarsModule {
  create(): HandlebarsInstance;
}

interface HandlebarsInstance {
  registerHelper(name: string, helper: Helper): void;
  compile<T>(template: string, options: CompileOptions): (data: T) => string;
}

type Helper = (typeof helpers)[keyof typeof helpers];

interface CompileOptions {
  readonly noEscape: boolean;
  readonly knownHelpersOnly: boolean;
  readonly knownHelpers: Readonly<Record<string, boolean>>;
}

/** Prints stubs, proxies and the dictionary. */
export interface Printer {
  server(file: ServiceFileModel): string;
  client(file: ServiceFileModel): string;
  routes(dictionary: DictionaryModel): string;
}

const lineWidth = 120;

/**
 * Compiles the templates.
 *
 * @param handlebars the package, loaded
 */
export function createPrinter(handlebars: HandlebarsModule, texts: TemplateTexts): Printer {
  const instance = handlebars.create();
  for (const [name, helper] of Object.entries(helpers)) {
    instance.registerHelper(name, helper);
  }
  const knownHelpers = Object.fromEntries(Object.keys(helpers).map((name) => [name, true]));
  const options: CompileOptions = { noEscape: true, knownHelpersOnly: true, knownHelpers };
  return {
    server: instance.compile<ServiceFileModel>(texts.server, options),
    client: instance.compile<ServiceFileModel>(texts.client, options),
    routes: instance.compile<DictionaryModel>(texts.routes, options),
  };
}

/** What templates may call. They lay text out; they decide nothing. Handlebars passes one value more than the template does. */
const helpers = {
  /** A string literal: what a .proto says stays text. */
  quote: (text: string): string => JSON.stringify(text),
  /** A TSDoc comment, indented by a number of spaces. */
  comment: (lines: readonly string[], indent: number): string => {
    const margin = " ".repeat(indent);
    const inner = lines.map((line) => (line === "" ? `${margin} *` : `${margin} * ${line}`));
    return [`${margin}/**`, ...inner, `${margin} */`].join("\n");
  },
  /** An import statement: on one line when it fits. */
  importStatement: ({ from, names, typeOnly }: ImportModel): string => {
    const items = names.map(({ name, alias, isType }) => {
      const type = isType && !typeOnly ? "type " : "";
      return `${type}${name}${alias === undefined ? "" : ` as ${alias}`}`;
    });
    const start = `import ${typeOnly ? "type " : ""}{`;
    const end = `} from ${JSON.stringify(from)};`;
    const line = `${start} ${items.join(", ")} ${end}`;
    return line.length <= lineWidth ? line : `${start}\n${items.map((item) => `  ${item},\n`).join("")}${end}`;
  },
  /** `name` when the value is called so, or else `name: value`. */
  property: (name: string, value: string): string => (name === value ? name : `${name}: ${value}`),
  /** What the header says of a file's package. */
  packageNote: (name: string): string => (name === "" ? "no package" : `package ${name}`),
  /** Tells 0 from what is absent. */
  isSaid: (value: number | undefined): boolean => value !== undefined,
} as const;
