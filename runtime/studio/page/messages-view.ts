import type { FeedLine, FeedMessage, FeedSession } from "../answers.js";
import { badge, button, type Child, facts, make, textField } from "./element.js";
import { bytesOf, durationOf, timeOf } from "./format.js";
import { lineOf, shownView } from "./json-view.js";
import type { Shown } from "./protocol.js";
import type { RequestsView } from "./requests-view.js";
import type { Studio, View } from "./view.js";
import { VirtualTable } from "./virtual-table.js";

/** A line of the log, and what was made of it for being looked at. */
interface Entry {
  readonly key: string;
  readonly line: FeedMessage | FeedSession;
  shown?: Shown;
  /** Of a push that went to many at once: to how many, and the first of them. */
  count: number;
  readonly receivers: string[];
}

/** The messages as they come and go. */
export class MessagesView implements View {
  readonly name = "messages";
  readonly title = "Messages";
  readonly element: HTMLElement;
  readonly #studio: Studio;
  readonly #table: VirtualTable<Entry>;
  readonly #detail = make("aside", "detail");
  readonly #split = make("div", "split");
  readonly #status = make("span", "status-text");
  readonly #pauseButton: HTMLButtonElement;
  readonly #routeField: HTMLInputElement;
  readonly #whoField: HTMLInputElement;
  readonly #textSearch: HTMLInputElement;
  readonly #kinds = new Set<string>();
  readonly #kindButtons: HTMLButtonElement[];
  /** The newest last. */
  #entries: Entry[] = [];
  /** What is shown of them, the newest last; the same list, where no text is looked for and nothing is paused. */
  #visible: Entry[] = [];
  #paused = false;
  #since = 0;
  #lost = 0;
  #number = 0;
  #stop: AbortController | undefined;
  #restartTimer = 0;

  constructor(studio: Studio) {
    this.#studio = studio;
    this.#routeField = textField("Routes", "Route: Room.*", () => this.#restartSoon());
    this.#whoField = textField("Session or user", "Session id or uid", () => this.#restartSoon());
    this.#textSearch = textField("Text", "Text in what is shown", () => this.#filter());
    this.#pauseButton = button("Pause", "", () => this.#pause(!this.#paused));
    this.#kindButtons = kinds.map(([kind, text]) => {
      const toggle = button(text, "toggle", () => this.#toggle(kind, toggle));
      toggle.ariaPressed = "false";
      return toggle;
    });
    this.#table = new VirtualTable<Entry>({
      label: "Messages, the newest first",
      columns: [
        { title: "Time", width: "112px", cell: ({ line }) => timeOf(line.atMs) },
        { title: "", width: "84px", cell: ({ line }) => kindBadge(line) },
        { title: "Route", width: "minmax(130px, 1fr)", cell: ({ line }) => routeCell(line) },
        {
          title: "Who",
          width: "minmax(90px, 0.7fr)",
          cell: whoCell,
        },
        { title: "Message", width: "minmax(160px, 2.4fr)", cell: (entry) => this.#summary(entry) },
        { title: "Took", width: "72px", numeric: true, cell: ({ line }) => tookOf(line) },
        {
          title: "Size",
          width: "72px",
          numeric: true,
          cell: ({ line }) => (line.type === "message" ? bytesOf(line.bytes) : ""),
        },
      ],
      source: {
        row: (index) => this.#visible[this.#visible.length - 1 - index],
        get count() {
          return count();
        },
        need() {},
      },
      key: ({ key }) => key,
      tone: ({ line }) => (line.code === "" || line.type === "session" ? "" : "failed"),
      empty: {
        title: "Nothing yet",
        text: "Messages are shown from now on, as they come and go. Send one under Requests, or have a client connect.",
      },
      opened: (entry) => void this.#open(entry),
    });
    const count = (): number => this.#visible.length;
    const tools = make(
      "div",
      "tools",
      this.#routeField,
      this.#whoField,
      this.#textSearch,
      make("div", "toggles", ...this.#kindButtons),
      make("span", "spring"),
      this.#status,
      this.#pauseButton,
      button("Clear", "", () => this.#clear()),
    );
    this.#detail.hidden = true;
    this.#split.append(this.#table.element, this.#detail);
    this.element = make("section", "view", tools, this.#split);
    this.#start();
  }

  shown(): void {
    this.#table.refresh();
  }

  search(): HTMLElement {
    return this.#routeField;
  }

  learned(): void {
    for (const entry of this.#entries) {
      delete entry.shown;
    }
    this.#table.refresh();
  }

  key({ key }: KeyboardEvent): boolean {
    if (key === " ") {
      this.#pause(!this.#paused);
    } else if (key === "c") {
      this.#clear();
    } else if (key === "Escape" && !this.#detail.hidden) {
      this.#close();
    } else {
      return false;
    }
    return true;
  }

  /** Shows one session's alone. */
  ofSession(who: string): void {
    this.#whoField.value = who;
    this.#restart();
  }

  /** Shows one route's alone. */
  ofRoute(route: string): void {
    this.#routeField.value = route;
    this.#restart();
  }

  #toggle(kind: string, toggle: HTMLButtonElement): void {
    const isOn = !this.#kinds.delete(kind);
    if (isOn) {
      this.#kinds.add(kind);
    }
    toggle.ariaPressed = String(isOn);
    this.#restartSoon();
  }

  #restartSoon(): void {
    clearTimeout(this.#restartTimer);
    this.#restartTimer = setTimeout(() => this.#restart(), 300);
  }

  /** What was shown goes with the filters that it was shown by. */
  #restart(): void {
    this.#clear();
    this.#start();
  }

  #start(): void {
    this.#stop?.abort();
    this.#stop = new AbortController();
    const query = new URLSearchParams({ payload: "65536", rate: "2000" });
    for (const route of words(this.#routeField.value)) {
      query.append(route.startsWith("!") ? "notRoute" : "route", route.replace(/^!/, ""));
    }
    for (const who of words(this.#whoField.value)) {
      query.append("session", who);
      query.append("uid", who);
    }
    for (const kind of this.#kinds) {
      query.append("kind", kind);
    }
    this.#studio.door
      .watch(query, (lines) => this.#take(lines), this.#stop.signal)
      .catch((error: unknown) => this.#studio.say(error instanceof Error ? error.message : String(error), "bad"));
  }

  #take(lines: readonly FeedLine[]): void {
    let added = 0;
    for (const line of lines) {
      if (line.type === "lost") {
        this.#lost += line.count;
      } else if (line.type === "message" || line.type === "session") {
        if (this.#joins(line)) {
          continue;
        }
        const entry: Entry = { key: String(++this.#number), line, count: 1, receivers: [whoOf(line)] };
        this.#entries.push(entry);
        this.#since++;
        if (!this.#paused && this.#fits(entry)) {
          if (this.#visible !== this.#entries) {
            this.#visible.push(entry);
          }
          added++;
        }
      }
    }
    if (this.#entries.length > mostEntries + spareEntries) {
      this.#entries.splice(0, this.#entries.length - mostEntries);
      if (this.#visible !== this.#entries && !this.#paused) {
        this.#visible.splice(0, Math.max(0, this.#visible.length - mostEntries));
      }
    }
    this.#table.moved(added);
    this.#tell();
  }

  /** The same push to one more session: a line for each of a thousand would tell no more. */
  #joins(line: FeedMessage | FeedSession): boolean {
    const last = this.#entries.at(-1);
    if (last?.line.type !== "message" || line.type !== "message" || line.kind !== "push" || last.line.kind !== "push") {
      return false;
    }
    const isSame =
      line.route === last.line.route &&
      line.code === last.line.code &&
      line.bytes === last.line.bytes &&
      line.payload === last.line.payload &&
      line.serializer === last.line.serializer &&
      line.atMs - last.line.atMs <= togetherMs;
    if (isSame) {
      last.count++;
      if (last.receivers.length < mostReceivers) {
        last.receivers.push(whoOf(line));
      }
    }
    return isSame;
  }

  #fits(entry: Entry): boolean {
    const text = this.#textSearch.value.trim().toLowerCase();
    return text === "" || `${entry.line.code} ${this.#line(entry)}`.toLowerCase().includes(text);
  }

  #filter(): void {
    const isAll = this.#textSearch.value.trim() === "";
    this.#visible = isAll && !this.#paused ? this.#entries : this.#entries.filter((entry) => this.#fits(entry));
    this.#table.toTop();
    this.#tell();
  }

  #pause(paused: boolean): void {
    this.#paused = paused;
    this.#since = 0;
    this.#pauseButton.textContent = paused ? "Go on" : "Pause";
    this.#pauseButton.classList.toggle("active", paused);
    this.#filter();
  }

  #clear(): void {
    this.#entries = [];
    this.#lost = 0;
    this.#since = 0;
    this.#close();
    this.#filter();
  }

  #tell(): void {
    const parts = [
      this.#paused ? `paused, ${this.#since} since` : `${this.#visible.length} shown`,
      ...(this.#lost > 0 ? [`${this.#lost} were too many, and are not`] : []),
    ];
    this.#status.textContent = parts.join(" · ");
    this.#status.classList.toggle("warn", this.#lost > 0);
    this.#table.refresh();
  }

  #shown(entry: Entry): Shown | undefined {
    if (entry.line.type === "message") {
      entry.shown ??= this.#studio.protocol.show(entry.line);
    }
    return entry.shown;
  }

  #line(entry: Entry): string {
    const shown = this.#shown(entry);
    return shown === undefined ? "" : lineOf(shown);
  }

  #summary(entry: Entry): Child {
    const { line } = entry;
    const code = line.code === "" ? "" : badge(line.code, line.type === "session" ? "" : "bad");
    const shown = this.#shown(entry);
    const text = make("span", shown?.kind === "json" ? "mono" : "mono dim", this.#line(entry));
    return code === "" ? text : make("span", "", code, " ", text);
  }

  async #open(entry: Entry): Promise<void> {
    const { line } = entry;
    const close = button("Close", "quiet", () => this.#close());
    close.ariaLabel = "Close the message";
    const title = line.type === "message" ? line.route || "(no route)" : `Session ${line.event}`;
    const head = make("header", "detail-head", make("h2", "", title), close);
    const known = facts([
      ["Time", timeOf(line.atMs)],
      ["Kind", kindBadge(line)],
      ...(entry.count > 1
        ? [
            [
              "To",
              `${entry.count} sessions: ${entry.receivers.join(", ")}${entry.count > entry.receivers.length ? ", …" : ""}`,
            ] as const,
          ]
        : [["Session", make("span", "mono", line.session)] as const, ["User", line.uid] as const]),
      ...(line.type === "message" ? factsOf(line, this.#studio) : []),
      ["Code", line.code === "" ? "" : badge(line.code, line.type === "message" ? "bad" : "")],
    ]);
    const actions = make(
      "div",
      "actions",
      ...(entry.count > 1 ? [] : [button("This session alone", "", () => this.ofSession(line.session))]),
      ...(line.type === "message" ? this.#messageActions(line, entry) : []),
    );
    this.#detail.replaceChildren(head, known, actions);
    this.#detail.hidden = false;
    if (line.type === "message") {
      const shown = await this.#studio.protocol.showWhole(line);
      this.#detail.append(shownView(shown));
    }
  }

  #messageActions(line: FeedMessage, entry: Entry): readonly HTMLButtonElement[] {
    const { route, kind } = line;
    const shown = this.#shown(entry);
    const mayBeSent = (kind === "request" || kind === "notify") && this.#studio.protocol.find(route) !== undefined;
    return [
      button("This route alone", "", () => this.ofRoute(route)),
      ...(mayBeSent
        ? [
            button("Send it yourself", "", () =>
              this.#studio.go("requests", (view) =>
                (view as RequestsView).open(route, shown?.kind === "json" ? shown.value : {}),
              ),
            ),
          ]
        : []),
      ...(shown?.kind === "json"
        ? [
            button("Copy JSON", "", () => {
              void navigator.clipboard.writeText(JSON.stringify(shown.value, undefined, 2));
              this.#studio.say("Copied");
            }),
          ]
        : []),
    ];
  }

  #close(): void {
    this.#detail.hidden = true;
    this.#detail.replaceChildren();
  }
}

function factsOf(line: FeedMessage, { protocol }: Studio): readonly (readonly [string, Child])[] {
  const known = protocol.find(line.route);
  const type = (line.kind === "response" ? known?.response : known?.request) ?? "";
  return [
    ["Id", line.id],
    ["Type", line.code !== "" && line.kind === "response" ? "" : type],
    ["Size", `${bytesOf(line.bytes)}${line.compressed ? ", compressed" : ""}`],
    ["Written in", line.serializer],
    ["Took", line.durationMs === undefined ? "" : durationOf(line.durationMs)],
  ];
}

function kindBadge(line: FeedMessage | FeedSession): HTMLElement {
  const kind = line.type === "message" ? line.kind : line.event;
  const arrow = line.type === "session" ? "·" : line.direction === "in" ? "→" : "←";
  return make("span", `kind ${line.type === "message" ? line.kind : "session"}`, `${arrow} ${kind}`);
}

function routeCell(line: FeedMessage | FeedSession): Child {
  return line.type === "session" ? make("span", "dim", "session") : make("span", "route", line.route || "(no route)");
}

function whoCell({ line, count }: Entry): Child {
  return count > 1 ? badge(`${count.toLocaleString("en")} sessions`) : make("span", "mono dim", whoOf(line));
}

function tookOf(line: FeedMessage | FeedSession): string {
  return line.type === "message" && line.durationMs !== undefined ? durationOf(line.durationMs) : "";
}

function whoOf({ uid, session }: FeedMessage | FeedSession): string {
  return uid || session;
}

function words(text: string): readonly string[] {
  return text.split(/[\s,]+/).filter((word) => word !== "");
}

const kinds = [
  ["request", "Requests"],
  ["notify", "Notifies"],
  ["response", "Answers"],
  ["push", "Pushes"],
  ["failure", "Failures"],
  ["session", "Sessions"],
] as const;

const mostEntries = 10_000;

/** Pushes that come as near to each other as this, in milliseconds, may be one. */
const togetherMs = 50;

const mostReceivers = 200;

/** What is cut off is cut off in one go. */
const spareEntries = 500;
