import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { GeneratorError } from "../error.js";
import { fileFault } from "../file-fault.js";
import { type TemplateName, type TemplateText, type TemplateTexts, templateNames } from "../model/template-texts.js";
import { didYouMean } from "../near.js";
import type { OwnPackage } from "./package-root.js";

/** Where a user's own templates are. */
export interface TemplatesFolder {
  /** The working directory. */
  readonly directory: string;
  /** The folder, relative to it, with forward slashes. Absent: there are none. */
  readonly folder: string | undefined;
}

/**
 * Reads the templates: the user's own where there is one, the package's for the rest. Those are published as they are, in
 * generator/templates of the package.
 *
 * @throws GeneratorError when the folder or a template cannot be read, or it holds a file that is no template; what starts with a dot is left out
 */
export function readTemplates(own: OwnPackage, { directory, folder }: TemplatesFolder): TemplateTexts {
  const users = folder === undefined ? new Set<string>() : listTemplates(directory, folder);
  const read = (name: TemplateName): TemplateText => {
    const file = `${name}.hbs`;
    return folder !== undefined && users.has(file)
      ? readUsers(directory, folder === "." ? file : `${folder}/${file}`)
      : { file: `nanowire/generator/templates/${file}`, text: readText(join(own.root, "generator/templates", file)) };
  };
  return { server: read("server"), client: read("client"), json: read("json"), routes: read("routes") };
}

/** Reads the template of the dissector, which is the package's own: it is published in generator/lua. */
export function readDissectorTemplate(own: OwnPackage): TemplateText {
  const file = "generator/lua/dissector.hbs";
  return { file: `nanowire/${file}`, text: readText(join(own.root, file)) };
}

/** Reads a file of a new project, as `nanowire init` makes it: they are published in generator/scaffold/project. */
export function readProjectTemplate(own: OwnPackage, name: string): string {
  return readText(join(own.root, "generator", "scaffold", "project", name));
}

function listTemplates(directory: string, folder: string): ReadonlySet<string> {
  let names: string[];
  try {
    names = readdirSync(resolve(directory, folder)).filter((name) => !name.startsWith("."));
  } catch (error) {
    const fault = fileFault(error);
    throw fault === undefined ? error : GeneratorError.of(`the folder of templates ${folder} cannot be read: ${fault}`);
  }
  const known = templateNames.map((name) => `${name}.hbs`);
  const unknown = names.filter((name) => !known.includes(name)).sort();
  if (unknown.length > 0) {
    throw new GeneratorError(
      unknown.map((name) => ({
        message: `${folder}/${name} is none of the templates${didYouMean(name, known)} (known: ${known.join(", ")})`,
      })),
    );
  }
  return new Set(names);
}

function readUsers(directory: string, file: string): TemplateText {
  try {
    return { file, text: readText(resolve(directory, file)) };
  } catch (error) {
    const fault = fileFault(error);
    throw fault === undefined ? error : GeneratorError.of(`the template ${file} cannot be read: ${fault}`);
  }
}

function readText(path: string): string {
  return readFileSync(path, "utf8")
    .replace(/^\uFEFF/, "")
    .replaceAll("\r\n", "\n");
}
