import fc from "fast-check";
import { ts } from "ts-morph";
import { describe, expect, test } from "vitest";
import type { ComponentModel } from "../../generator/model/components.js";
import { planSync, type SyncInput } from "../../generator/scaffold/sync.js";

const place = { file: "proto/a.proto", line: 1, column: 1 };
const rpcs = ["join", "say", "leave", "look"] as const;
const component: ComponentModel = {
  kind: "HANDLER",
  protoName: "a.Room",
  place,
  baseName: "RoomComponent",
  otherBaseName: "RoomRemote",
  baseModule: "a.server",
  className: "Room",
  fileName: "room.ts",
  comment: [],
  methods: rpcs.map((localName) => ({
    name: localName,
    localName,
    route: `Room.${localName}`,
    place,
    ...(localName === "leave" ? {} : { argument: { name: "request", type: { module: "a", name: "Text" } } as const }),
    ...(localName === "say" ? {} : { response: { module: "a", name: "Other" } }),
  })),
  removed: [],
};
const remote: ComponentModel = {
  ...component,
  kind: "REMOTE",
  baseName: component.otherBaseName,
  otherBaseName: component.baseName,
};

function plan(text: string, stub: ComponentModel) {
  const input: SyncInput = {
    directory: "/project",
    outDirectory: "generated",
    importSuffix: ".js",
    componentsDirectory: "src",
    components: [stub],
    sources: [{ path: "src/mine.ts", realPath: "src/mine.ts", text, isUtf8: true }],
    loadTypeScript: () => ts,
  };
  return planSync(input);
}

const eol = fc.constantFrom("\n", "\r\n");
const gap = fc.constantFrom("", " ", "  ", "\t", " /* } */ ", " /* class { */");
const lineEnd = fc.constantFrom("", " ", "\t ", " // }", " // it's `${", " /* { */", " /* a\n } b */");
const member = fc.constantFrom(
  "",
  "/** What it { does. */",
  "// }",
  "readonly #members = new Map<string, { a: 1 }>();",
  "text = `}$".concat('{"}"}{`'),
  "pattern = /[}/]\\/{/",
  "get",
  "static",
  "async",
  "state = { a: 1 }",
  "static join = 1;",
  "@log({ level: '}' }) helper(): void {}",
  "override init(): void { if (1 < 2) { return } }",
  "override join(_s: Session, _r: Text): Other { return f({}) }",
  "override join = async (): Promise<Other> => ({ a: `}` });",
  "say() {}",
  '"leave"() {}',
  "constructor(readonly look: never) { super() }",
  "[Symbol.iterator]() { return this }",
  "join(): never; join() { throw 1 }",
);
const head = fc.constantFrom(
  "class Room extends RoomComponent {",
  "export default class extends RoomComponent {",
  "@Injected({ '}': 1 })\nexport class Room extends RoomComponent implements Some<{}> {",
  "export const Room = class Named<T extends { a: 1 }> extends RoomComponent {",
  "const rooms = [new (class extends RoomComponent {",
  "namespace Inner { export class Room extends (RoomComponent) {",
);
const importLine = fc.constantFrom(
  'import { RoomComponent } from "../generated/a.server.js";',
  "import { RoomComponent } from '../generated/a.server.js'",
  "import {\n  RoomComponent, // }\n} from '../generated/a.server';",
  'import { RoomComponent } from "../generated/a.server.js"; import "./effect.js";',
);
const otherImport = fc.constantFrom(
  "",
  'import type { Session } from "nanowire";',
  "import * as nanowire from 'nanowire'",
  'import { Text, type Other } from "../generated/a.js"',
  "interface Session {}",
  "const Other = 1, Text = { }",
);

/** How each head ends. */
function tail(head: string): string {
  return head.includes("[new (class") ? "})()]" : head.startsWith("namespace") ? "} }" : "}";
}

interface Written {
  readonly text: string;
  readonly closesOnItsOwnLine: boolean;
}

const source: fc.Arbitrary<Written> = fc
  .record({
    eol,
    bom: fc.constantFrom("", "\uFEFF", "#!/usr/bin/env node\n", "// a comment\n"),
    imports: fc.tuple(importLine, otherImport, lineEnd),
    head,
    indent: fc.constantFrom("", "  ", "    ", "\t"),
    members: fc.array(fc.tuple(member, lineEnd, gap), { maxLength: 5 }),
    closesOnItsOwnLine: fc.boolean(),
    beforeClosing: fc.constantFrom("", "  ", "\t"),
    end: fc.constantFrom("", "\n", " // the end", "\n\n\n", ";\nexport const x = 1\n"),
  })
  .map(
    ({
      eol,
      bom,
      imports: [first, second, comment],
      head,
      indent,
      members,
      closesOnItsOwnLine,
      beforeClosing,
      end,
    }) => {
      const lines = members.map(([text, after, before]) => `${indent}${before}${text}${after}`);
      const isOpen = lines.at(-1)?.includes("//") === true;
      const body = lines.length === 0 ? "" : `\n${lines.join("\n")}`;
      const breaks = closesOnItsOwnLine || isOpen;
      const text = `${bom}${first}${comment}\n${second}\n\n${head}${body}${breaks ? `\n${beforeClosing}` : ""}${tail(head)}${end}`;
      return { text: eol === "\n" ? text : text.replaceAll("\n", eol), closesOnItsOwnLine: breaks };
    },
  )
  // Not every mixture is TypeScript: `get` before a method is a getter, `join` twice is none.
  .filter(({ text }) => errorsOf(text).length === 0);

function errorsOf(text: string): readonly ts.Diagnostic[] {
  const compilerOptions = {
    target: ts.ScriptTarget.ESNext,
    module: ts.ModuleKind.ESNext,
    experimentalDecorators: true,
  };
  return ts.transpileModule(text, { reportDiagnostics: true, compilerOptions }).diagnostics ?? [];
}

/** Whether one list can be had of another by leaving items out. */
function isSubsequence(part: readonly string[], whole: readonly string[]): boolean {
  let index = 0;
  for (const item of whole) {
    index += index < part.length && part[index] === item ? 1 : 0;
  }
  return index === part.length;
}

/** The methods of the class that extends RoomComponent, static ones left out. */
function instanceMembers(text: string): string[] {
  const file = ts.createSourceFile("mine.ts", text, ts.ScriptTarget.ESNext, true);
  const names: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isClassLike(node)) {
      for (const { name } of node.members.filter(
        (m) => !ts.canHaveModifiers(m) || !m.modifiers?.some((x) => x.kind === ts.SyntaxKind.StaticKeyword),
      )) {
        names.push(name?.getText(file).replace(/["']/g, "") ?? "");
      }
      for (const made of node.members.filter(ts.isConstructorDeclaration)) {
        names.push(...made.parameters.map(({ name }) => name.getText(file)));
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return names;
}

describe("whatever the user's file looks like", () => {
  test("it is completed by additions only, its lines stay byte for byte, and a second run changes nothing", () => {
    let additions = 0;
    fc.assert(
      fc.property(source, fc.constantFrom(component, remote), ({ text: written, closesOnItsOwnLine }, stub) => {
        const text = written.replaceAll(component.baseName, stub.baseName);
        const { changed, created, reports } = plan(text, stub);
        expect(created).toEqual([]);
        expect(reports.filter(({ message }) => message.includes("left as it is"))).toEqual([]);
        const after = changed[0]?.text ?? text;
        additions += changed.length;
        expect(errorsOf(after)).toEqual([]);
        expect(isSubsequence([...text], [...after])).toBe(true);
        const lines = (whole: string): string[] => whole.split(/(?<=\n)/);
        const kept = lines(text).filter(() => closesOnItsOwnLine);
        expect(isSubsequence(kept, lines(after))).toBe(true);
        expect(instanceMembers(after)).toEqual(expect.arrayContaining([...rpcs]));
        expect(plan(after, stub).changed).toEqual([]);
      }),
      { numRuns: 300 },
    );
    expect(additions).toBeGreaterThan(100);
  }, 120_000);
});
