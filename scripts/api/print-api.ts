import type { ApiEntry, ApiExport, ApiMember, Doc } from "./api.js";

/** A page of docs/api: its file's name, and its text. */
export interface ApiPage {
  readonly file: string;
  readonly text: string;
}

/** The pages of an API in Markdown, an index first. What several entries export is told on the page of the first. */
export function printApi(entries: readonly ApiEntry[]): ApiPage[] {
  const places = placesOf(entries);
  return [
    { file: "README.md", text: printIndex(entries) },
    ...entries.map((entry) => ({ file: fileOf(entry), text: printEntry(entry, places) })),
  ];
}

/** Where an export is told: the page, and the heading's anchor. */
type Places = ReadonlyMap<string, { readonly file: string; readonly anchor: string }>;

/** Exports are the same when name and source are. */
function keyOf({ name, file }: ApiExport): string {
  return `${file} ${name}`;
}

function placesOf(entries: readonly ApiEntry[]): Places {
  const places = new Map<string, { file: string; anchor: string }>();
  for (const entry of entries) {
    for (const thing of entry.exports) {
      if (!places.has(keyOf(thing))) {
        // A heading's anchor, as everybody makes it. With its kind: `timer` and `Timer` are two.
        places.set(keyOf(thing), { file: fileOf(entry), anchor: `${thing.kind}-${thing.name.toLowerCase()}` });
      }
    }
  }
  return places;
}

/** `nanowire/client` → `client.md`. */
function fileOf({ name }: ApiEntry): string {
  return `${name.slice(name.indexOf("/") + 1)}.md`;
}

const madeBy = "<!-- Made from the doc comments: `npm run api`. -->";

function printIndex(entries: readonly ApiEntry[]): string {
  const lines = [
    madeBy,
    "",
    "# The API",
    "",
    "Everything that the package exports, from its own doc comments. The guides in [docs](..) tell what to do with it.",
    "",
    "| entry | what it is | exports |",
    "|-------|------------|---------|",
    ...entries.map((entry) => {
      const { size } = new Set(entry.exports.map(({ name }) => name));
      return `| [\`${entry.name}\`](${fileOf(entry)}) | ${cell(purposeOf(entry))} | ${size} |`;
    }),
    "",
  ];
  return lines.join("\n");
}

/** What it says of itself, without its own name before it. */
function purposeOf({ name, purpose }: ApiEntry): string {
  const text = purpose.replace(`\`${name}\`: `, "");
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}

function printEntry(entry: ApiEntry, places: Places): string {
  const file = fileOf(entry);
  const links: Links = { file, places, entry };
  const own = entry.exports.filter((thing) => places.get(keyOf(thing))?.file === file);
  const others = entry.exports.filter((thing) => !own.includes(thing));
  return [
    madeBy,
    "",
    `# \`${entry.name}\``,
    "",
    purposeOf(entry),
    "",
    ...sections(own).flatMap(({ title, things }) => [
      `## ${title}`,
      "",
      "| | |",
      "|-|-|",
      ...unique(things).map((thing) => `| ${linkTo(thing, links)} | ${summary(thing, links)} |`),
      "",
      ...things.flatMap((thing, index) => printExport(thing, things[index - 1], links)),
    ]),
    ...(others.length === 0
      ? []
      : [
          "## As elsewhere",
          "",
          "These are also exported here.",
          "",
          "| | |",
          "|-|-|",
          ...unique(others).map((thing) => `| ${linkTo(thing, links)} | ${summary(thing, links)} |`),
          "",
        ]),
  ].join("\n");
}

/** By the folder that they are declared in, in the order in which a reader meets them; what is called first, what is only a type last. */
function sections(things: readonly ApiExport[]): { title: string; things: readonly ApiExport[] }[] {
  const rooms = new Map<string, ApiExport[]>();
  for (const thing of things) {
    const room = thing.file.split("/").slice(1, -1).join("/");
    rooms.set(room, [...(rooms.get(room) ?? []), thing]);
  }
  const kinds = new Map<string, number>();
  for (const { name, kind } of things) {
    kinds.set(
      name,
      Math.min(kinds.get(name) ?? 2, kind === "type" || kind === "interface" ? 2 : kind === "const" ? 1 : 0),
    );
  }
  const rank = ({ name }: ApiExport): number => kinds.get(name) ?? 2;
  return [...rooms]
    .sort(([one], [other]) => roomOrder.indexOf(one) - roomOrder.indexOf(other))
    .map(([room, list]) => ({
      title: titles[room] ?? room,
      things: [...list].sort((one, other) => rank(one) - rank(other)),
    }));
}

/** The folders of the runtime, by what a reader would call them. */
const titles: Readonly<Record<string, string>> = {
  testing: "Servers and clients in a test",
  client: "Connections",
  server: "The server",
  session: "Sessions, groups and pushes",
  component: "Components",
  schedule: "Order and time",
  dispatch: "Hooks",
  pipeline: "Pipelines",
  transport: "Listeners and transports",
  protocol: "Serializers and messages",
  "protocol/json": "JSON codecs",
  "protocol/wire": "Protobuf's wire format",
  base: "Errors, logs, time and buffers",
};
const roomOrder = Object.keys(titles);

/** One of each name: a value and a type that have the same name are told together. */
function unique(things: readonly ApiExport[]): ApiExport[] {
  return things.filter(({ name }, index) => things.findIndex((other) => other.name === name) === index);
}

function printExport(thing: ApiExport, before: ApiExport | undefined, links: Links): string[] {
  const isSecond = before?.name === thing.name;
  return [
    ...(isSecond ? [] : [`### ${thing.kind} ${thing.name}`, ""]),
    "```ts",
    thing.signature.replace(/\{@link\s+([^}]+)\}/g, "$1"),
    "```",
    "",
    ...(isSecond && thing.doc?.text === before.doc?.text ? [] : printDoc(thing.doc, thing, links)),
    ...(thing.members.length === 0
      ? []
      : [...thing.members.flatMap((member) => printMember(member, thing, links)), ""]),
  ];
}

function printMember({ signature, doc }: ApiMember, owner: ApiExport, links: Links): string[] {
  const lines = printDoc(doc, owner, links).slice(0, -1);
  const [first = ""] = lines;
  const beside = first === "" || first.startsWith("- ") ? [] : lines.splice(0, 1);
  return [
    `- ${[...signature.split("\n").map((line) => `\`${line}\``), ...beside].join("<br>")}`,
    ...lines
      .filter((line, index) => line !== "" || !isItem(lines[index + 1]))
      .map((line) => (line === "" ? "" : `  ${line}`)),
  ];
}

function isItem(line = ""): boolean {
  return line.startsWith("- ");
}

/** The lines of a comment, each paragraph with an empty line behind it. */
function printDoc(doc: Doc | undefined, owner: ApiExport, links: Links): string[] {
  if (doc === undefined) {
    return [];
  }
  const say = (text: string): string => withLinks(text, owner, links);
  const types = doc.typeParams.map(({ name, text }) => `\`${name}\`: ${joined(say(text))}`).join("<br>");
  const facts = [
    ...doc.params.map(({ name, text }) => `- \`${name}\`: ${say(text)}`),
    ...(doc.returns === "" ? [] : [`- Returns ${say(doc.returns)}`]),
    ...doc.throws.map((text) => `- Throws ${say(text)}`),
  ].map(joined);
  return [
    ...(doc.text === "" ? [] : [...paragraphs(say(doc.text)), ""]),
    ...(types === "" ? [] : [types, ""]),
    // A list behind a list would be one.
    ...(facts.length > 0 && doc.text.includes("\n- ") ? ["Besides:", ""] : []),
    ...(facts.length === 0 ? [] : [...facts, ""]),
  ];
}

/** The lines of a text: what was wrapped at the editor's margin is one line again, code and lists stay as they are. */
function paragraphs(text: string): string[] {
  const lines: string[] = [];
  let isCode = false;
  for (const line of text.split("\n")) {
    const last = lines.at(-1) ?? "";
    const isFence = line.trimStart().startsWith("```");
    if (isCode || isFence || line === "" || last === "" || last.startsWith("```") || line.startsWith("- ")) {
      // Markdown wants a line between a paragraph and a list behind it no more than a reader does.
      lines.push(line);
    } else {
      lines[lines.length - 1] = `${last} ${line.trim()}`;
    }
    isCode = isFence ? !isCode : isCode;
  }
  return lines;
}

function joined(text: string): string {
  return text.replace(/\s*\n\s*/g, " ");
}

/** The first sentence, for a table. */
function summary({ doc, name, file, ...rest }: ApiExport, links: Links): string {
  const [first = ""] = joined(doc?.text.split("\n\n")[0] ?? "").match(/^.*?[.:](?=\s|$)|^.+$/) ?? [];
  return cell(withLinks(first.replace(/:$/, "."), { doc, name, file, ...rest }, links));
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}

interface Links {
  /** The page that is printed. */
  readonly file: string;
  readonly entry: ApiEntry;
  readonly places: Places;
}

function linkTo(thing: ApiExport, { file, places }: Links): string {
  const place = places.get(keyOf(thing));
  return place === undefined
    ? `\`${thing.name}\``
    : `[\`${thing.name}\`](${place.file === file ? "" : place.file}#${place.anchor})`;
}

/** `{@link Session.bind}` as a link to what the entry exports; as code where it does not. */
function withLinks(text: string, owner: ApiExport, links: Links): string {
  // A page that is named is a link, too.
  const named = text.replace(/(?<![\w/`(])docs\/([\w-]+\.md)/g, "[docs/$1](../$1)");
  return named.replace(/\{@link\s+([^\s|}]+)(?:\s*\|?\s*([^}]+))?\}/g, (_all, target: string, label?: string) => {
    const [name = ""] = target.split(".");
    const thing = links.entry.exports.find((other) => other.name === name && other.name !== owner.name);
    const shown = `\`${label?.trim() ?? target}\``;
    return thing === undefined ? shown : linkTo(thing, links).replace(`\`${name}\``, shown);
  });
}
