import type { JsonValue } from "@bufbuild/protobuf";
import { make } from "./element.js";
import type { Shown } from "./protocol.js";

/** JSON, indented, with its parts in colours. */
export function jsonView(value: JsonValue): HTMLElement {
  const view = make("pre", "json");
  view.tabIndex = 0;
  write(view, value, "");
  return view;
}

/** What a payload holds. */
export function shownView(shown: Shown): HTMLElement {
  if (shown.kind === "json") {
    return jsonView(shown.value);
  }
  const note = make("p", "note", shown.why);
  return shown.kind === "nothing" ? note : make("div", "", note, make("pre", "json", shown.text));
}

/** A message in one line: `{name: "ada"}`. */
export function lineOf(shown: Shown): string {
  if (shown.kind === "json") {
    return short(shown.value).slice(0, mostInLine);
  }
  return shown.kind === "bytes" ? shown.text.slice(0, mostInLine) : shown.why;
}

function short(value: JsonValue): string {
  if (Array.isArray(value)) {
    return `[${value.slice(0, mostItems).map(short).join(", ")}${value.length > mostItems ? ", …" : ""}]`;
  }
  if (typeof value === "object" && value !== null) {
    return `{${Object.entries(value)
      .slice(0, mostItems)
      .map(([name, inner]) => `${name}: ${short(inner)}`)
      .join(", ")}}`;
  }
  return typeof value === "string" ? JSON.stringify(value.slice(0, mostInLine)) : String(value);
}

function write(out: HTMLElement, value: JsonValue, indent: string): void {
  if (typeof value === "object" && value !== null) {
    const isList = Array.isArray(value);
    const entries = Object.entries(value);
    const [open, close] = isList ? ["[", "]"] : ["{", "}"];
    if (entries.length === 0) {
      out.append(open + close);
      return;
    }
    out.append(`${open}\n`);
    for (const [index, [name, inner]] of entries.entries()) {
      out.append(`${indent}  `);
      if (!isList) {
        out.append(make("span", "json-name", JSON.stringify(name)), ": ");
      }
      write(out, inner as JsonValue, `${indent}  `);
      out.append(index < entries.length - 1 ? ",\n" : "\n");
    }
    out.append(indent + close);
  } else {
    const kind = value === null ? "null" : typeof value;
    out.append(make("span", `json-${kind}`, JSON.stringify(value)));
  }
}

const mostInLine = 240;
const mostItems = 12;
