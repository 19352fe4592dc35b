import hljs from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import css from "highlight.js/lib/languages/css";
import dockerfile from "highlight.js/lib/languages/dockerfile";
import handlebars from "highlight.js/lib/languages/handlebars";
import ini from "highlight.js/lib/languages/ini";
import json from "highlight.js/lib/languages/json";
import nginx from "highlight.js/lib/languages/nginx";
import protobuf from "highlight.js/lib/languages/protobuf";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";

const grammars = {
  bash,
  css,
  dockerfile,
  handlebars,
  ini,
  json,
  nginx,
  protobuf,
  typescript,
  xml,
  yaml,
};
const colours = hljs.newInstance();
for (const [name, grammar] of Object.entries(grammars)) {
  colours.registerLanguage(name, grammar);
}

/** How the blocks of the pages, and files, say what they hold → the grammar that reads it. */
const grammarOf: Readonly<Record<string, keyof typeof grammars>> = {
  conf: "ini",
  css: "css",
  dockerfile: "dockerfile",
  hbs: "handlebars",
  html: "xml",
  ini: "ini",
  js: "typescript",
  json: "json",
  nginx: "nginx",
  proto: "protobuf",
  sh: "bash",
  svg: "xml",
  ts: "typescript",
  yaml: "yaml",
  yml: "yaml",
};

/** @returns HTML, or undefined when the language is none of those that are known: the code is shown as it is */
export function highlight(code: string, language: string): string | undefined {
  const grammar = Object.hasOwn(grammarOf, language) ? grammarOf[language] : undefined;
  return grammar === undefined ? undefined : colours.highlight(code, { language: grammar, ignoreIllegals: true }).value;
}
