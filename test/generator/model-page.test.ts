import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Project, type Type } from "ts-morph";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Interface → its properties, those of what is written in place with a dot: `routes.code`. All that a Model leads to. */
function readInterfaces(): Map<string, string[]> {
  const project = new Project({ tsConfigFilePath: `${root}tsconfig.json`, skipAddingFilesFromTsConfig: true });
  const file = project.addSourceFileAtPath(`${root}generator/model/model.ts`);
  project.resolveSourceFileDependencies();
  const found = new Map<string, string[]>();
  const visit = (type: Type): void => {
    const name = type.getSymbolOrThrow().getName();
    if (!found.has(name)) {
      found.set(name, []);
      found.set(name, propertiesOf(type));
    }
  };
  const propertiesOf = (type: Type): string[] =>
    type.getProperties().flatMap((property) => {
      const name = property.getName();
      const whole = property.getValueDeclarationOrThrow().getType().getNonNullableType();
      const value = whole.getArrayElementType() ?? whole;
      if (value.isInterface()) {
        visit(value);
      }
      const isInPlace = value.isObject() && !value.isInterface();
      return isInPlace ? [name, ...propertiesOf(value).map((inner) => `${name}.${inner}`)] : [name];
    });
  visit(file.getInterfaceOrThrow("Model").getType());
  return found;
}

/** The same, as docs/model.md tells it. */
function readPage(): Map<string, string[]> {
  const [, ...sections] = readFileSync(`${root}docs/model.md`, "utf8").split(/^## (?=`)/m);
  return new Map(
    sections.map((section) => {
      const name = /^`(\w+)`\n/.exec(section)?.[1] ?? section;
      return [name, [...section.matchAll(/^\| `([\w.]+)` /gm)].map(([, property = ""]) => property)];
    }),
  );
}

describe("docs/model.md", () => {
  const interfaces = readInterfaces();
  const page = readPage();

  test("the walk saw the model", () => {
    expect(interfaces.size).toBeGreaterThan(15);
    expect(interfaces.get("DictionaryModel")).toContain("routes.code");
  });

  test("tells every interface of the model, and no other", () => {
    expect([...page.keys()].sort()).toEqual([...interfaces.keys()].sort());
  });

  test.each([...interfaces])("tells every property of %s, and no other", (name, properties) => {
    expect([...(page.get(name) ?? [])].sort()).toEqual([...properties].sort());
  });
});
