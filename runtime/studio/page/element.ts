/** What goes into an element: as text or as elements, never as HTML. */
export type Child = Node | string;

/** Makes an element with a class and children. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className = "",
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (className !== "") {
    element.className = className;
  }
  element.append(...children);
  return element;
}

/** The element of the page with that id. Throws when there is none of that kind: page and script do not fit then. */
export function byId<T extends HTMLElement>(id: string, kind: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) {
    throw new Error(`the page has no ${kind.name} #${id}`);
  }
  return found;
}

/** A button that does something. */
export function button(text: string, className: string, act: () => void): HTMLButtonElement {
  const element = make("button", className, text);
  element.type = "button";
  element.addEventListener("click", act);
  return element;
}

/** A field to write in, with its label. */
export function textField(label: string, placeholder: string, changed: (value: string) => void): HTMLInputElement {
  const input = make("input", "input");
  input.type = "search";
  input.placeholder = placeholder;
  input.spellcheck = false;
  input.autocomplete = "off";
  input.ariaLabel = label;
  input.addEventListener("input", () => changed(input.value));
  return input;
}

/** What stands where there is nothing to be shown. */
export function emptyState(title: string, text: string): HTMLElement {
  return make("div", "empty", make("strong", "", title), make("p", "", text));
}

/** A word with a colour. */
export function badge(text: string, tone = ""): HTMLElement {
  return make("span", `badge ${tone}`.trim(), text);
}

/** A list of facts, each with its name; those without a value are left out. */
export function facts(entries: readonly (readonly [name: string, value: Child])[]): HTMLElement {
  const list = make("dl", "facts");
  for (const [name, value] of entries) {
    if (value !== "") {
      list.append(make("dt", "", name), make("dd", "", value));
    }
  }
  return list;
}
