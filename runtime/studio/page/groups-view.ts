import type { GroupEntry, Page } from "../answers.js";
import { make, textField } from "./element.js";
import { PagedSource } from "./paged-source.js";
import type { SessionsView } from "./sessions-view.js";
import type { Studio, View } from "./view.js";
import { VirtualTable } from "./virtual-table.js";

/** The groups that have members. */
export class GroupsView implements View {
  readonly name = "groups";
  readonly title = "Groups";
  readonly element: HTMLElement;
  readonly #source: PagedSource<GroupEntry>;
  readonly #table: VirtualTable<GroupEntry>;
  readonly #searchField: HTMLInputElement;
  readonly #status = make("span", "status-text");

  constructor(studio: Studio) {
    this.#searchField = textField("Search groups", "Name", () => void this.#source.restart());
    this.#source = new PagedSource((offset, limit) => {
      const query = new URLSearchParams({
        offset: String(offset),
        limit: String(limit),
        search: this.#searchField.value,
      });
      return studio.door.get<Page<GroupEntry>>(`groups?${query}`);
    });
    this.#source.changed = () => this.#changed();
    this.#table = new VirtualTable<GroupEntry>({
      label: "Groups",
      columns: [
        { title: "Name", width: "minmax(160px, 1fr)", cell: ({ name }) => make("span", "route", name) },
        { title: "Members", width: "120px", numeric: true, cell: ({ members }) => members.toLocaleString("en") },
      ],
      source: this.#source,
      key: ({ id }) => String(id),
      empty: { title: "No group has members", text: "A group is listed while somebody is in it." },
      opened: (group) => studio.go("sessions", (view) => (view as SessionsView).ofGroup(group)),
    });
    const tools = make("div", "tools", this.#searchField, make("span", "spring"), this.#status);
    this.element = make("section", "view", tools, this.#table.element);
  }

  shown(): void {
    void this.#source.reload();
  }

  tick(): void {
    void this.#source.reload();
  }

  search(): HTMLElement {
    return this.#searchField;
  }

  #changed(): void {
    this.#status.textContent = `${this.#source.count.toLocaleString("en")} groups · Enter shows a group's sessions`;
    this.#table.refresh();
  }
}
