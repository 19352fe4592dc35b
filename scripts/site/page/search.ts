import { excerpt, Finder, type Found, type SearchRecord } from "./find.js";

declare global {
  var nanowireRecords: readonly SearchRecord[];
}

const finder = new Finder(globalThis.nanowireRecords);
const root = document.documentElement.dataset["root"] ?? "";
const dialog = document.querySelector("dialog.search");
const input = dialog?.querySelector("input");
const list = dialog?.querySelector("ol");
const status = dialog?.querySelector('[role="status"]');

if (input && list && status) {
  const show = (): void => {
    const words = input.value.trim();
    const found = words === "" ? [] : finder.find(words);
    list.replaceChildren(...found.map(rowOf));
    choose(list, 0);
    status.textContent = words !== "" && found.length === 0 ? `Nothing is found for ${words}.` : "";
  };
  input.addEventListener("input", show);
  input.addEventListener("keydown", (event) => {
    const chosen = [...list.children].findIndex((row) => row.ariaSelected === "true");
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      choose(list, chosen + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Enter") {
      event.preventDefault();
      list.children[chosen]?.querySelector("a")?.click();
    }
  });
  // A heading of this page is no new page: the dialog would stay.
  list.addEventListener("click", () => document.querySelector<HTMLDialogElement>("dialog.search")?.close());
  show();
}

function rowOf({ record: { id, p, h, t }, terms }: Found): HTMLElement {
  const row = document.createElement("li");
  row.role = "option";
  const link = document.createElement("a");
  link.href = root + id;
  const title = document.createElement("strong");
  title.textContent = h;
  const page = document.createElement("small");
  page.textContent = p === h ? "" : p;
  const text = document.createElement("span");
  text.append(...marked(excerpt(t, terms), terms));
  link.append(title, page, text);
  row.append(link);
  return row;
}

/** The text, with the words that were found marked. */
function marked(text: string, terms: readonly string[]): (string | HTMLElement)[] {
  const sought = terms.map((term) => term.replaceAll(/[^\p{L}\p{N}_]/gu, "\\$&")).filter((term) => term !== "");
  return text.split(new RegExp(`(${sought.join("|")})`, "giu")).map((part, index) => {
    if (index % 2 === 0) {
      return part;
    }
    const mark = document.createElement("mark");
    mark.textContent = part;
    return mark;
  });
}

function choose(list: HTMLElement, place: number): void {
  const rows = [...list.children];
  const chosen = rows[(place + rows.length) % Math.max(rows.length, 1)];
  for (const row of rows) {
    row.ariaSelected = String(row === chosen);
  }
  chosen?.scrollIntoView({ block: "nearest" });
}
