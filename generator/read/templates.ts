import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { TemplateTexts } from "../model/model.js";
import type { OwnPackage } from "./package-root.js";

/** Reads the templates: they are published as they are, in generator/templates of the package. */
export function readTemplates(own: OwnPackage): TemplateTexts {
  const read = (name: string): string =>
    readFileSync(join(own.root, "generator", "templates", `${name}.hbs`), "utf8").replaceAll("\r\n", "\n");
  return { server: read("server"), client: read("client"), routes: read("routes") };
}
