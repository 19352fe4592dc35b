import type { ServerAnswer } from "../answers.js";
import { askToken, confirm, showKeys } from "./dialogs.js";
import { DoorClient, type DoorState } from "./door-client.js";
import { byId, make } from "./element.js";
import { messageOf } from "./format.js";
import { GroupsView } from "./groups-view.js";
import { MessagesView } from "./messages-view.js";
import { MetricsView } from "./metrics-view.js";
import { NodesView } from "./nodes-view.js";
import { OverviewView } from "./overview-view.js";
import { Protocol } from "./protocol.js";
import { RequestsView } from "./requests-view.js";
import { RoutesView } from "./routes-view.js";
import { Series } from "./series.js";
import { SessionsView } from "./sessions-view.js";
import { applyTheme } from "./theme.js";
import type { Question, Studio, View, ViewName } from "./view.js";

/** The page: its views, and what they share. */
class StudioPage implements Studio {
  readonly door = new DoorClient();
  readonly protocol = new Protocol();
  readonly #series = new Series();
  readonly #views: readonly View[];
  readonly #links = new Map<ViewName, HTMLAnchorElement>();
  readonly #main = byId("main", HTMLElement);
  readonly #title = byId("title", HTMLElement);
  readonly #state = byId("state", HTMLElement);
  readonly #said = byId("said", HTMLElement);
  server: ServerAnswer | undefined;
  #view: View;
  #saidTimer = 0;
  #isAsking = false;
  /** What the server speaks, as it was learned last: another start of it may speak another way. */
  #learned = "";

  constructor() {
    this.#views = [
      new OverviewView(this, this.#series),
      new MessagesView(this),
      new SessionsView(this),
      new GroupsView(this),
      new NodesView(this),
      new RoutesView(this),
      new RequestsView(this),
      new MetricsView(this.#series),
    ];
    this.#view = this.#views[0] as View;
    const nav = byId("nav", HTMLElement);
    for (const [index, { name, title }] of this.#views.entries()) {
      const link = make("a", "", make("span", "", title), make("kbd", "", String(index + 1)));
      link.href = `#${name}`;
      this.#links.set(name, link);
      nav.append(link);
    }
    byId("theme", HTMLButtonElement).addEventListener("click", () => this.#nextTheme());
    byId("help", HTMLButtonElement).addEventListener("click", () => this.#help());
    window.addEventListener("hashchange", () => this.#enter());
    document.addEventListener("keydown", (event) => this.#key(event));
    this.door.onState = (state) => this.#doorIs(state);
  }

  start(): void {
    applyTheme(false);
    this.#enter();
    void this.#tick();
    setInterval(() => void this.#tick(), tickMs);
  }

  go(name: ViewName, act?: (view: View) => void): void {
    location.hash = name;
    this.#enter();
    act?.(this.#view);
  }

  say(text: string, tone?: "good" | "bad"): void {
    clearTimeout(this.#saidTimer);
    this.#said.textContent = text;
    this.#said.className = `said ${tone ?? ""}`;
    this.#said.hidden = false;
    this.#saidTimer = setTimeout(() => {
      this.#said.hidden = true;
    }, saidMs);
  }

  confirm(question: Question): Promise<string | undefined> {
    return confirm(question);
  }

  #enter(): void {
    const name = location.hash.slice(1);
    const view = this.#views.find((one) => one.name === name) ?? (this.#views[0] as View);
    if (view !== this.#view || this.#main.childElementCount === 0) {
      this.#view.hidden?.();
      this.#view = view;
      this.#main.replaceChildren(view.element);
    }
    for (const [key, link] of this.#links) {
      link.ariaCurrent = key === view.name ? "page" : null;
    }
    view.shown?.();
  }

  async #tick(): Promise<void> {
    if (this.#isAsking) {
      return;
    }
    this.#isAsking = true;
    try {
      this.server = await this.door.get<ServerAnswer>("server");
      const { title, node, dictVersion, startedAtMs, descriptors } = this.server;
      this.#title.textContent = node === "" ? title : `${title} · ${node}`;
      document.title = `${title} – studio`;
      const speaks = `${dictVersion} ${startedAtMs}`;
      if (speaks !== this.#learned) {
        this.protocol.learn(descriptors ? await this.door.get<object>("descriptors") : undefined);
        this.#learned = speaks;
        for (const view of this.#views) {
          view.learned?.();
        }
        this.#view.shown?.();
      }
      this.#doorIs(this.door.state);
      this.#series.take(await this.door.get("metrics"));
      this.#view.tick?.();
    } catch (error) {
      if (this.door.state === "locked") {
        await this.#unlock(messageOf(error));
      }
    } finally {
      this.#isAsking = false;
    }
  }

  async #unlock(problem: string): Promise<void> {
    const token = await askToken(problem.startsWith("the token is missing") ? "" : problem);
    if (token !== undefined && token !== "") {
      this.door.unlock(token);
      setTimeout(() => void this.#tick());
    }
  }

  #doorIs(state: DoorState): void {
    const isRunning = this.server?.state === "running";
    this.#state.textContent = state === "open" ? (this.server?.state ?? "") : doorWords[state];
    this.#state.className = `badge ${state === "open" && isRunning ? "good" : state === "open" ? "warn" : "bad"}`;
  }

  #nextTheme(): void {
    this.say(`Theme: ${applyTheme(true)}`);
  }

  #help(): void {
    showKeys([
      ["1 … 8", "Overview, messages, sessions, groups, nodes, routes, requests, metrics"],
      ["/", "Search, or filter"],
      ["↓ ↑", "Through a table; j and k do the same"],
      ["Enter", "Open what is selected"],
      ["Esc", "Close what is open"],
      ["Space", "Messages: pause, and go on"],
      ["c", "Messages: clear"],
      ["Ctrl Enter", "Requests: send"],
      ["t", "Light, dark, or as the system has it"],
      ["?", "These keys"],
    ]);
  }

  #key(event: KeyboardEvent): void {
    const { key, target, ctrlKey, metaKey, altKey } = event;
    if (event.defaultPrevented || ctrlKey || metaKey || altKey || document.querySelector("dialog") !== null) {
      return;
    }
    const isWriting =
      target instanceof HTMLElement && target.matches("input:not([type=range], [type=checkbox]), textarea, select");
    if (isWriting) {
      if (key === "Escape") {
        target.blur();
      }
      return;
    }
    const isPressing = key === " " && target instanceof HTMLElement && target.matches("button, summary, input, a");
    const view = this.#views[Number(key) - 1];
    if (isPressing || this.#view.key?.(event) === true) {
      // A button is pressed with the key; or the view has taken it.
      if (isPressing) {
        return;
      }
    } else if (view !== undefined) {
      this.go(view.name);
    } else if (key === "/") {
      this.#view.search?.().focus();
    } else if (key === "t") {
      this.#nextTheme();
    } else if (key === "?") {
      this.#help();
    } else {
      return;
    }
    event.preventDefault();
  }
}

const doorWords = {
  connecting: "connecting",
  lost: "server lost, trying again",
  locked: "locked",
} as const;

const tickMs = 2_000;
const saidMs = 4_000;

new StudioPage().start();
