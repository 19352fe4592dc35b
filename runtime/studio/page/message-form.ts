import { type DescEnum, type DescField, type DescMessage, type JsonValue, ScalarType } from "@bufbuild/protobuf";
import { button, make } from "./element.js";

/** Something that a value is written in. */
interface Editor {
  readonly element: HTMLElement;
  /** What was written; undefined: nothing, and the field is left out. @throws Error that says what cannot be read */
  read(): JsonValue | undefined;
  write(value: JsonValue | undefined): void;
}

/** A form for a message, made of its type. It reads and writes protobuf's JSON. */
export class MessageForm implements Editor {
  readonly element: HTMLElement;
  readonly #fields: readonly { readonly names: readonly string[]; readonly editor: Editor }[];

  constructor(type: DescMessage, depth = 0) {
    this.#fields = [...membersOf(type)].map((member) =>
      Array.isArray(member)
        ? oneofEditor(member, depth)
        : { names: [member.jsonName], editor: labelled(member, fieldEditor(member, depth)) },
    );
    const empty = make("p", "note", "The message has no fields.");
    this.element = make(
      "div",
      "form",
      ...(this.#fields.length === 0 ? [empty] : this.#fields.map(({ editor }) => editor.element)),
    );
  }

  read(): JsonValue {
    const value: Record<string, JsonValue> = {};
    for (const { names, editor } of this.#fields) {
      const read = editor.read();
      if (read !== undefined) {
        Object.assign(value, names.length === 1 ? { [names[0] as string]: read } : read);
      }
    }
    return value;
  }

  write(value: JsonValue | undefined): void {
    const given = isObject(value) ? value : {};
    for (const { names, editor } of this.#fields) {
      const present = names.filter((name) => given[name] !== undefined && given[name] !== null);
      const [name] = present;
      editor.write(
        name === undefined ? undefined : names.length === 1 ? given[name] : { [name]: given[name] as JsonValue },
      );
    }
  }
}

/** Its fields; those of a oneof together, where the first of them stands. */
function* membersOf({ members }: DescMessage): Generator<DescField | DescField[]> {
  for (const member of members) {
    yield member.kind === "oneof" ? member.fields : member;
  }
}

function fieldEditor(field: DescField, depth: number): Editor {
  if (field.fieldKind === "list") {
    return listEditor(() => valueEditor(field, depth));
  }
  if (field.fieldKind === "map") {
    return mapEditor(() => valueEditor(field, depth));
  }
  return valueEditor(field, depth);
}

function valueEditor(field: DescField, depth: number): Editor {
  if (field.message !== undefined) {
    return isPlain(field.message) ? messageEditor(field.message, depth) : jsonEditor(hintOf(field.message.typeName));
  }
  if (field.enum !== undefined) {
    return enumEditor(field.enum);
  }
  switch (field.scalar) {
    case ScalarType.BOOL:
      return boolEditor();
    case ScalarType.STRING:
      return textEditor("text", field.proto.options?.debugRedact === true);
    case ScalarType.BYTES:
      return textEditor("bytes in base64", false);
    default:
      return numberEditor(is64(field.scalar));
  }
}

/** Google's own are no objects of their fields in JSON. */
function isPlain({ typeName }: DescMessage): boolean {
  return !typeName.startsWith("google.protobuf.") || typeName === "google.protobuf.Empty";
}

function hintOf(typeName: string): string {
  return typeName === "google.protobuf.Timestamp"
    ? '"2026-01-31T12:00:00Z"'
    : typeName === "google.protobuf.Duration"
      ? '"1.5s"'
      : "JSON";
}

function labelled(field: DescField, editor: Editor): Editor {
  const kind = field.message?.name ?? field.enum?.name ?? ScalarType[field.scalar ?? 0]?.toLowerCase() ?? "";
  const suffix = field.fieldKind === "list" ? "[]" : field.fieldKind === "map" ? " by key" : "";
  const name = make("span", "field-name", field.jsonName);
  const head = make("span", "field-head", name, make("span", "dim", ` ${kind}${suffix}`));
  const isField = editor.element instanceof HTMLInputElement || editor.element instanceof HTMLSelectElement;
  if (isField) {
    editor.element.ariaLabel = field.jsonName;
  }
  return { ...editor, element: make(isField ? "label" : "div", "field", head, editor.element) };
}

function textEditor(placeholder: string, isSecret: boolean): Editor {
  const element = make("input", "input");
  element.type = isSecret ? "password" : "text";
  element.placeholder = placeholder;
  element.spellcheck = false;
  element.autocomplete = "off";
  return {
    element,
    read: () => (element.value === "" ? undefined : element.value),
    write: (value) => {
      element.value = value === undefined ? "" : String(value);
    },
  };
}

/** Numbers of 64 bits are texts in JSON. */
function numberEditor(isText: boolean): Editor {
  const element = make("input", "input mono");
  element.inputMode = "decimal";
  element.placeholder = "0";
  element.autocomplete = "off";
  return {
    element,
    read() {
      const text = element.value.trim();
      if (text === "") {
        return undefined;
      }
      if (isText || /^-?(Infinity|NaN)$/.test(text)) {
        return text;
      }
      if (!Number.isFinite(Number(text))) {
        throw new Error(`${text} is no number`);
      }
      return Number(text);
    },
    write(value) {
      element.value = value === undefined ? "" : String(value);
    },
  };
}

function boolEditor(): Editor {
  const element = make("input", "check");
  element.type = "checkbox";
  return {
    element,
    read: () => (element.checked ? true : undefined),
    write: (value) => {
      element.checked = value === true;
    },
  };
}

function enumEditor({ values }: DescEnum): Editor {
  const element = make("select", "input");
  element.append(...values.map(({ name }) => new Option(name, name)));
  return {
    element,
    read: () => (element.selectedIndex <= 0 ? undefined : element.value),
    write: (value) => {
      const name = typeof value === "number" ? values.find(({ number }) => number === value)?.name : value;
      element.value = String(name ?? values[0]?.name ?? "");
    },
  };
}

function jsonEditor(hint: string): Editor {
  const element = make("input", "input mono");
  element.placeholder = hint;
  element.spellcheck = false;
  return {
    element,
    read() {
      const text = element.value.trim();
      try {
        return text === "" ? undefined : (JSON.parse(text) as JsonValue);
      } catch {
        throw new Error(`${text} is no JSON: ${hint}`);
      }
    },
    write: (value) => {
      element.value = value === undefined ? "" : JSON.stringify(value);
    },
  };
}

/** Made when it is asked for: a type may hold itself. */
function messageEditor(type: DescMessage, depth: number): Editor {
  const element = make("div", "nested");
  let form: MessageForm | undefined;
  const set = (isSet: boolean): void => {
    form = isSet ? new MessageForm(type, depth + 1) : undefined;
    element.replaceChildren(
      ...(form === undefined ? [] : [form.element]),
      button(isSet ? "Leave it out" : "Set", "small", () => set(!isSet)),
    );
  };
  set(false);
  return {
    element,
    read: () => form?.read(),
    write(value) {
      set(value !== undefined);
      form?.write(value);
    },
  };
}

function listEditor(item: () => Editor): Editor {
  const rows = make("div", "items");
  let editors: Editor[] = [];
  const add = (value?: JsonValue): void => {
    const editor = item();
    editor.write(value);
    editors.push(editor);
    const row = make("div", "item", editor.element);
    const remove = button("✕", "small", () => {
      editors = editors.filter((other) => other !== editor);
      row.remove();
    });
    remove.ariaLabel = "Remove";
    row.append(remove);
    rows.append(row);
  };
  return {
    element: make(
      "div",
      "nested",
      rows,
      button("Add", "small", () => add()),
    ),
    // What was left empty is the type's own default, not left out: the others would move up.
    read: () => (editors.length === 0 ? undefined : editors.map((editor) => editor.read() ?? defaultOf(editor))),
    write(value) {
      rows.replaceChildren();
      editors = [];
      for (const one of Array.isArray(value) ? value : []) {
        add(one);
      }
    },
  };
}

function mapEditor(item: () => Editor): Editor {
  const pairs = listEditor(() => {
    const key = textEditor("key", false);
    const editor = item();
    key.element.ariaLabel = "Key";
    return {
      element: make("div", "pair", key.element, editor.element),
      read: () => ({ key: key.read() ?? "", value: editor.read() ?? defaultOf(editor) }),
      write(value) {
        const pair = isObject(value) ? value : {};
        key.write(pair["key"]);
        editor.write(pair["value"]);
      },
    };
  });
  return {
    element: pairs.element,
    read() {
      const read = pairs.read() as { readonly key: string; readonly value: JsonValue }[] | undefined;
      return read === undefined ? undefined : Object.fromEntries(read.map(({ key, value }) => [key, value]));
    },
    write: (value) =>
      pairs.write(isObject(value) ? Object.entries(value).map(([key, inner]) => ({ key, value: inner })) : []),
  };
}

/** One of several, or none. */
function oneofEditor(
  fields: readonly DescField[],
  depth: number,
): { readonly names: readonly string[]; readonly editor: Editor } {
  const choice = make("select", "input");
  choice.append(new Option("none", ""), ...fields.map(({ jsonName }) => new Option(jsonName, jsonName)));
  choice.ariaLabel = fields[0]?.oneof?.name ?? "one of";
  const place = make("div", "");
  const head = make(
    "span",
    "field-head",
    make("span", "field-name", fields[0]?.oneof?.name ?? ""),
    make("span", "dim", " one of"),
  );
  let editor: Editor | undefined;
  const choose = (name: string): void => {
    const field = fields.find(({ jsonName }) => jsonName === name);
    choice.value = field?.jsonName ?? "";
    editor = field && fieldEditor(field, depth);
    place.replaceChildren(...(editor === undefined ? [] : [editor.element]));
    if (field?.message !== undefined && editor !== undefined && isPlain(field.message)) {
      editor.write({});
    }
  };
  choice.addEventListener("change", () => choose(choice.value));
  return {
    // Even of one alone: what it reads and writes is an object with the name.
    names: [...fields.map(({ jsonName }) => jsonName), ""],
    editor: {
      element: make("div", "field", head, choice, place),
      read: () => (editor === undefined ? undefined : { [choice.value]: editor.read() ?? defaultOf(editor) }),
      write(value) {
        const [name, inner] = isObject(value) ? (Object.entries(value)[0] ?? []) : [];
        choose(name ?? "");
        if (name !== undefined) {
          editor?.write(inner);
        }
      },
    },
  };
}

/** What an empty editor stands for, where it cannot be left out. */
function defaultOf({ element }: Editor): JsonValue {
  if (element instanceof HTMLSelectElement) {
    return element.options[0]?.value ?? "";
  }
  if (element instanceof HTMLInputElement) {
    return element.type === "checkbox" ? false : element.inputMode === "decimal" ? 0 : "";
  }
  return element.querySelector(".items") === null ? {} : [];
}

function is64(scalar: ScalarType | undefined): boolean {
  return [ScalarType.INT64, ScalarType.UINT64, ScalarType.SINT64, ScalarType.FIXED64, ScalarType.SFIXED64].includes(
    scalar as ScalarType,
  );
}

function isObject(value: JsonValue | undefined): value is { [name: string]: JsonValue } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
