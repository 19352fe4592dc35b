import { describe } from "../../repl/describe.js";
import type { RouteEntry } from "../answers.js";
import { badge, button, facts, make, textField } from "./element.js";
import type { MessagesView } from "./messages-view.js";
import type { RequestsView } from "./requests-view.js";
import type { Studio, View } from "./view.js";
import { VirtualTable } from "./virtual-table.js";

/** What the server answers, and what it pushes. */
export class RoutesView implements View {
  readonly name = "routes";
  readonly title = "Routes";
  readonly element: HTMLElement;
  readonly #studio: Studio;
  readonly #table: VirtualTable<RouteEntry>;
  readonly #detail = make("aside", "detail");
  readonly #status = make("span", "status-text");
  readonly #searchField: HTMLInputElement;
  #all: readonly RouteEntry[] = [];
  #found: readonly RouteEntry[] = [];

  constructor(studio: Studio) {
    this.#studio = studio;
    this.#searchField = textField("Search routes", "Route or type", () => this.#filter());
    const found = (): readonly RouteEntry[] => this.#found;
    this.#table = new VirtualTable<RouteEntry>({
      label: "Routes",
      columns: [
        { title: "Route", width: "minmax(180px, 1fr)", cell: ({ route }) => make("span", "route", route) },
        { title: "Kind", width: "104px", cell: ({ kind }) => (kind === "" ? "" : make("span", `kind ${kind}`, kind)) },
        {
          title: "Message",
          width: "minmax(140px, 1fr)",
          cell: ({ request }) => make("span", "mono", shortName(request)),
        },
        {
          title: "Answer",
          width: "minmax(140px, 1fr)",
          cell: ({ response, kind }) => make("span", "mono", kind === "request" ? shortName(response) : ""),
        },
        { title: "Code", width: "64px", numeric: true, cell: ({ code }) => (code === 0 ? "" : String(code)) },
        { title: "", width: "minmax(120px, 0.6fr)", cell: (route) => make("span", "badges", ...badgesOf(route)) },
      ],
      source: {
        get count() {
          return found().length;
        },
        row: (index) => this.#found[index],
        need() {},
      },
      key: ({ route }) => route,
      empty: { title: "No routes", text: "The server's components have none, or none is called like that." },
      opened: (route) => this.#open(route),
    });
    this.#detail.hidden = true;
    const tools = make("div", "tools", this.#searchField, make("span", "spring"), this.#status);
    this.element = make("section", "view", tools, make("div", "split", this.#table.element, this.#detail));
  }

  shown(): void {
    void this.#load();
  }

  search(): HTMLElement {
    return this.#searchField;
  }

  key({ key }: KeyboardEvent): boolean {
    if (key === "Escape" && !this.#detail.hidden) {
      this.#detail.hidden = true;
      this.#table.focus();
      return true;
    }
    return false;
  }

  async #load(): Promise<void> {
    try {
      const routes = await this.#studio.door.get<RouteEntry[]>("routes");
      // Where the server does not know the types, the page may: nanowire studio --descriptors.
      this.#all = routes.map((route) => ({ ...route, ...this.#studio.protocol.find(route.route) }));
      this.#filter();
    } catch {
      // The door says that it is lost; what was there stays.
    }
  }

  #filter(): void {
    const search = this.#searchField.value.trim().toLowerCase();
    this.#found = this.#all
      .filter(({ route, request, response }) => `${route} ${request} ${response}`.toLowerCase().includes(search))
      .sort((a, b) => (a.route < b.route ? -1 : 1));
    const hint = this.#studio.server?.descriptors === false ? " · types are not known: studio({ descriptors })" : "";
    this.#status.textContent = `${this.#found.length} routes${hint}`;
    this.#table.refresh();
  }

  #open(entry: RouteEntry): void {
    const { route, kind, comment, code } = entry;
    const close = button("Close", "quiet", () => {
      this.#detail.hidden = true;
      this.#table.focus();
    });
    close.ariaLabel = "Close the route";
    const isSent = kind === "request" || kind === "notify";
    this.#detail.replaceChildren(
      make("header", "detail-head", make("h2", "", route), close),
      ...(comment === "" ? [] : [make("p", "comment", comment)]),
      facts([
        ["Kind", kind],
        ["Code", code === 0 ? "" : String(code)],
        ["For", entry.boundOnly ? "bound sessions only" : ""],
        ["Handled", entry.forwarded ? "by other nodes" : ""],
      ]),
      make(
        "div",
        "actions",
        ...(isSent
          ? [
              button("Try it", "primary", () =>
                this.#studio.go("requests", (view) => (view as RequestsView).open(route, {})),
              ),
            ]
          : []),
        button("Its messages", "", () => this.#studio.go("messages", (view) => (view as MessagesView).ofRoute(route))),
      ),
      ...this.#types(route),
    );
    this.#detail.hidden = false;
  }

  #types(route: string): HTMLElement[] {
    const { protocol } = this.#studio;
    if (protocol.find(route) === undefined) {
      return [];
    }
    const lines = describe(route, protocol.book);
    const first = lines.findIndex((line) => line.startsWith("message"));
    return first === -1 ? [] : [make("pre", "json", lines.slice(first).join("\n"))];
  }
}

function badgesOf({ boundOnly, deprecated, forwarded }: RouteEntry): HTMLElement[] {
  return [
    ...(boundOnly ? [badge("bound only")] : []),
    ...(forwarded ? [badge("forwarded")] : []),
    ...(deprecated ? [badge("deprecated", "warn")] : []),
  ];
}

function shortName(type: string): string {
  return type === "google.protobuf.Empty" ? "" : type;
}
