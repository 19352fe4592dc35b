import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { printable } from "../base/printable.js";
import { fieldNamed, valueNames } from "./assert-names.js";
import type { Argument } from "./command.js";
import { type JsonCursor, type JsonStep, jsonCursor } from "./json-cursor.js";
import { emptyType, type ProtocolBook, type RouteKind } from "./protocol-book.js";
import { firstWord } from "./split-line.js";

/** What may be completed to. */
export interface CompletionContext {
  /** The commands, and what follows each. */
  readonly commands: ReadonlyMap<string, { readonly argument: Argument }>;
  readonly book: ProtocolBook;
  /** The routes of the server's dictionary, whatever they are for. */
  readonly dictionary: readonly string[];
}

/** What a word may become. */
export interface Completion {
  /** The word as it is, with what it begins with. */
  readonly word: string;
  readonly candidates: readonly string[];
}

/**
 * What may come next.
 *
 * @param line what was written, up to where somebody asks
 */
export function complete(line: string, context: CompletionContext): Completion {
  const { word, candidates } = candidatesFor(line.trimStart(), context);
  // Names that a server made up are printed by whoever completes.
  const fitting = [...new Set(candidates)].filter((name) => name.startsWith(word) && printable(name) === name);
  return { word, candidates: fitting.sort() };
}

function candidatesFor(line: string, context: CompletionContext): Completion {
  const { commands } = context;
  if (!/\s/.test(line)) {
    return { word: line, candidates: [...commands.keys()] };
  }
  const [name] = firstWord(line);
  const rest = line.slice(name.length).trimStart();
  const argument = commands.get(name)?.argument ?? "none";
  const lastWord = rest.slice(rest.search(/\S*$/));
  switch (argument) {
    case "request":
    case "notify":
      return /\s/.test(rest)
        ? messageCandidates(rest, context)
        : { word: rest, candidates: routesOf([argument], context) };
    case "push":
    case "pushes":
      return {
        word: lastWord,
        candidates: [...routesOf(["push"], context), ...(argument === "pushes" ? listenWords : [])],
      };
    case "name":
      return { word: rest, candidates: [...routesOf(["request", "notify", "push"], context), ...typesOf(context)] };
    case "command":
      return { word: rest, candidates: [...commands.keys()] };
    case "declaration":
      return { word: lastWord, candidates: declarationCandidates(rest, context) };
    default:
      return { word: lastWord, candidates: [] };
  }
}

const listenWords = ["all", "none"];

/** The routes of some kinds; those of the dictionary of which nothing is known may be of any. */
function routesOf(kinds: readonly RouteKind[], { book, dictionary }: CompletionContext): readonly string[] {
  const known = book.routes.filter(({ kind }) => kinds.includes(kind)).map(({ route }) => route);
  return [...known, ...dictionary.filter((route) => book.find(route) === undefined)];
}

function typesOf({ book }: CompletionContext): readonly string[] {
  return book.types.map(({ typeName }) => typeName);
}

/** `declare ROUTE KIND TYPE [TYPE]` */
function declarationCandidates(rest: string, context: CompletionContext): readonly string[] {
  switch (rest.trimStart().split(/\s+/).length) {
    case 1:
      return context.dictionary;
    case 2:
      return ["request", "notify", "push"] satisfies RouteKind[];
    default:
      return [...typesOf(context), emptyType];
  }
}

/** What may stand next in the JSON behind a route. */
function messageCandidates(rest: string, { book }: CompletionContext): Completion {
  const [route] = firstWord(rest);
  const json = rest.slice(route.length).trimStart();
  const type = book.find(route)?.request;
  const message = type === undefined ? undefined : book.registry.getMessage(type);
  if (message === undefined) {
    return { word: "", candidates: [] };
  }
  const cursor = jsonCursor(json);
  const candidates = cursor.expects === "nothing" ? [] : candidatesAt(cursor, placeAt(message, cursor.path));
  return { word: cursor.expects === "nothing" ? "" : cursor.word, candidates };
}

/** What stands at a place in a message. `scalar` has no places in it. */
type Place =
  | { readonly kind: "message"; readonly message: DescMessage }
  | { readonly kind: "list" | "map" | "scalar"; readonly field: DescField };

function candidatesAt(cursor: JsonCursor, place: Place | undefined): readonly string[] {
  if (place === undefined || cursor.expects === "nothing") {
    return [];
  }
  if (cursor.expects === "value") {
    return place.kind === "scalar" ? scalarCandidates(place.field) : [place.kind === "list" ? "[" : "{"];
  }
  return place.kind !== "message"
    ? []
    : place.message.fields
        .filter(({ jsonName, name }) => !cursor.given.includes(jsonName) && !cursor.given.includes(name))
        .map(({ jsonName }) => `${JSON.stringify(jsonName)}: `);
}

/** What one value may be, as far as there are few. */
function scalarCandidates(field: DescField): readonly string[] {
  if (field.enum !== undefined) {
    return valueNames(field.enum).map((name) => JSON.stringify(name));
  }
  return field.scalar === ScalarType.BOOL ? ["true", "false"] : [];
}

/** Goes along a path through a message; undefined where it leads to nothing that is known. */
function placeAt(message: DescMessage, path: readonly JsonStep[]): Place | undefined {
  let place: Place | undefined = { kind: "message", message };
  for (const step of path) {
    place = placeIn(place, step);
    if (place === undefined) {
      return undefined;
    }
  }
  return place;
}

function placeIn(place: Place, step: JsonStep): Place | undefined {
  if (place.kind === "message") {
    const field = step === "item" ? undefined : fieldNamed(place.message, step.key);
    return field === undefined ? undefined : placeOf(field);
  }
  return place.kind === (step === "item" ? "list" : "map") ? itemOf(place.field) : undefined;
}

function placeOf(field: DescField): Place {
  const { fieldKind } = field;
  return fieldKind === "list" || fieldKind === "map" ? { kind: fieldKind, field } : itemOf(field);
}

/** What the field's values are, each of them. */
function itemOf(field: DescField): Place {
  return field.message === undefined ? { kind: "scalar", field } : { kind: "message", message: field.message };
}
