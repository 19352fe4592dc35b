import type { JsonValue } from "@bufbuild/protobuf";
import { NanowireError } from "../../base/error.js";
import type { DescribedRoute } from "../../protocol/descriptors-file.js";
import { badge, button, emptyState, make, textField } from "./element.js";
import { durationOf, messageOf, timeOf } from "./format.js";
import { lineOf, shownView } from "./json-view.js";
import { MessageForm } from "./message-form.js";
import { bytesOfHex, type Shown } from "./protocol.js";
import { botSnippet, replSnippet, type Tried, testSnippet } from "./snippet.js";
import { type Reply, TestClient } from "./test-client.js";
import type { Studio, View } from "./view.js";

/** Calls routes, with a client of the page's own, and shows what is answered and pushed. */
export class RequestsView implements View {
  readonly name = "requests";
  readonly title = "Requests";
  readonly element: HTMLElement;
  readonly #studio: Studio;
  readonly #client = new TestClient();
  readonly #url = make("input", "input mono");
  readonly #urls = make("datalist");
  readonly #connectButton: HTMLButtonElement;
  readonly #connection = make("span", "status-text");
  readonly #searchField: HTMLInputElement;
  readonly #routes = make("nav", "route-list");
  readonly #editor = make("form", "editor");
  readonly #reply = make("div", "reply");
  readonly #pushes = make("ol", "pushes");
  readonly #pushesEmpty = make("p", "note", "What is pushed to the page's client is shown here.");
  #route: DescribedRoute | undefined;
  #form: MessageForm | undefined;
  #asText = false;
  #text = make("textarea", "input mono");
  #tried: Tried | undefined;

  constructor(studio: Studio) {
    this.#studio = studio;
    this.#url.ariaLabel = "Where to connect";
    this.#url.placeholder = "ws://127.0.0.1:3250";
    this.#url.spellcheck = false;
    this.#urls.id = "urls";
    this.#url.setAttribute("list", "urls");
    this.#connectButton = button("Connect", "primary", () => void this.#connect());
    this.#searchField = textField("Search routes", "Route", () => this.#list());
    this.#text.ariaLabel = "Message as JSON";
    this.#text.spellcheck = false;
    this.#text.rows = 10;
    const { conditions } = this.#client;
    const latency = slider(
      "Latency",
      0,
      2_000,
      10,
      (value) => `${value} ms`,
      (value) => {
        conditions.latencyMs = value;
      },
    );
    const loss = slider(
      "Loss",
      0,
      30,
      1,
      (value) => `${value} %`,
      (value) => {
        conditions.lossPercent = value;
      },
    );
    const tools = make(
      "div",
      "tools",
      this.#url,
      this.#urls,
      this.#connectButton,
      this.#connection,
      make("span", "spring"),
      make("div", "sliders", latency, loss),
    );
    const clear = button("Clear", "quiet", () => {
      this.#pushes.replaceChildren();
      this.#pushesEmpty.hidden = false;
    });
    const pushes = make(
      "aside",
      "pane",
      make("header", "pane-head", make("h2", "", "Pushes"), make("span", "spring"), clear),
      make("div", "scrolls", this.#pushesEmpty, this.#pushes),
    );
    const list = make("aside", "pane routes-pane", make("header", "pane-head", this.#searchField), this.#routes);
    this.element = make(
      "section",
      "view",
      tools,
      make("div", "bench", list, make("div", "pane work", this.#editor, this.#reply), pushes),
    );
    this.#client.onChange = () => this.#tell();
    this.#client.onPush = (route, payload) => this.#pushed(route, payload);
    this.#editor.autocomplete = "off";
    this.#editor.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#send();
    });
    this.element.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        void this.#send();
      }
    });
    this.learned();
    this.#tell();
  }

  search(): HTMLElement {
    return this.#searchField;
  }

  learned(): void {
    const urls = (this.#studio.server?.addresses ?? [])
      .map(({ url }) => url)
      .filter((url) => /^wss?:/.test(url))
      .map(reachable);
    this.#urls.replaceChildren(...urls.map((url) => new Option(url)));
    if (this.#url.value === "" && urls[0] !== undefined) {
      this.#url.value = urls[0];
    }
    const known = this.#route && this.#studio.protocol.find(this.#route.route);
    this.#list();
    if (known === undefined) {
      this.#route = undefined;
      const [first] = this.#found();
      if (first === undefined) {
        const text =
          "The form of a request is made of its types. Hand them over: studio({ descriptors }), with what nanowire generate --descriptors writes.";
        this.#editor.replaceChildren(emptyState("No types are known", text));
        this.#reply.replaceChildren();
      } else {
        this.open(first.route, {});
      }
    }
  }

  tick(): void {
    this.#tell();
  }

  /** Makes a route's form, with a message in it. */
  open(name: string, message: JsonValue): void {
    const route = this.#studio.protocol.find(name);
    if (route === undefined) {
      return;
    }
    this.#route = route;
    this.#tried = undefined;
    const type = this.#studio.protocol.typeOf(route.request);
    this.#form = type && new MessageForm(type);
    this.#form?.write(message);
    this.#text.value = this.#form === undefined ? "" : JSON.stringify(message, undefined, 2);
    this.#asText = this.#form === undefined;
    this.#drawEditor();
    this.#reply.replaceChildren();
    this.#list();
  }

  #found(): DescribedRoute[] {
    const search = this.#searchField.value.trim().toLowerCase();
    return this.#studio.protocol.routes.filter(
      ({ route, kind }) => kind !== "push" && route.toLowerCase().includes(search),
    );
  }

  #list(): void {
    this.#routes.replaceChildren(
      ...this.#found().map(({ route, kind, deprecated }) => {
        const item = button(route, `route-item${deprecated ? " dim" : ""}`, () => {
          this.open(route, {});
          this.#editor.querySelector<HTMLElement>(".input, .primary")?.focus();
        });
        item.ariaCurrent = String(route === this.#route?.route);
        item.append(make("span", `kind ${kind}`, kind));
        return item;
      }),
    );
  }

  #drawEditor(): void {
    const route = this.#route as DescribedRoute;
    const toggle = button(this.#asText ? "Form" : "JSON", "quiet", () => this.#switch());
    toggle.hidden = this.#form === undefined;
    const send = make("button", "primary", route.kind === "request" ? "Send" : "Notify");
    send.title = "Ctrl+Enter";
    this.#editor.replaceChildren(
      make(
        "header",
        "pane-head",
        make("h2", "route", route.route),
        make("span", `kind ${route.kind}`, route.kind),
        make("span", "spring"),
        toggle,
        send,
      ),
      ...(route.comment === "" ? [] : [make("p", "comment", route.comment)]),
      ...(route.boundOnly ? [make("p", "note", "For bound sessions only: call first what binds the session.")] : []),
      this.#asText ? this.#text : (this.#form as MessageForm).element,
    );
  }

  #switch(): void {
    try {
      const value = this.#value();
      if (this.#asText) {
        this.#form?.write(value);
      } else {
        this.#text.value = JSON.stringify(value, undefined, 2);
      }
      this.#asText = !this.#asText;
      this.#drawEditor();
    } catch (error) {
      this.#studio.say(messageOf(error), "bad");
    }
  }

  /** @throws Error */
  #value(): JsonValue {
    return this.#asText ? (JSON.parse(this.#text.value || "{}") as JsonValue) : (this.#form?.read() ?? {});
  }

  async #connect(): Promise<void> {
    if (this.#client.state === "closed") {
      const pushes = this.#studio.protocol.routes.filter(({ kind }) => kind === "push").map(({ route }) => route);
      await this.#client.connect(this.#url.value.trim(), pushes);
    } else {
      this.#client.close();
    }
  }

  #tell(): void {
    const { state, told, roundTripMs } = this.#client;
    this.#connectButton.textContent = state === "closed" ? "Connect" : state === "open" ? "Disconnect" : "Give up";
    this.#connectButton.classList.toggle("primary", state === "closed");
    const trip = roundTripMs === undefined ? "" : ` · ${durationOf(roundTripMs)} there and back`;
    this.#connection.textContent = state === "open" ? `connected${trip}` : told;
    this.#connection.classList.toggle("bad", state === "closed" && told !== "");
  }

  async #send(): Promise<void> {
    const route = this.#route;
    if (route === undefined) {
      return;
    }
    let payload: Uint8Array;
    let request: JsonValue = {};
    const { protocol } = this.#studio;
    try {
      const type = protocol.typeOf(route.request);
      request = type === undefined ? {} : this.#value();
      payload = type === undefined ? bytesOfHex(this.#text.value) : protocol.encode(type, request);
    } catch (error) {
      this.#failed(new NanowireError("invalid_payload", messageOf(error)));
      return;
    }
    if (this.#client.state === "closed") {
      await this.#connect();
    }
    if (route.kind === "notify") {
      this.#notify(route, request, payload);
      return;
    }
    this.#reply.replaceChildren(make("p", "note", "waiting for the answer …"));
    const reply = await this.#client.request(route.route, payload);
    if (this.#route !== route) {
      return;
    }
    const shown = reply.payload && protocol.showBytes(reply.payload, route.response, "protobuf");
    this.#tried = { route, request, response: shown?.kind === "json" ? shown.value : undefined };
    this.#answered(reply, shown);
  }

  #notify(route: DescribedRoute, request: JsonValue, payload: Uint8Array): void {
    try {
      this.#client.notify(route.route, payload);
      this.#tried = { route, request, response: undefined };
      const head = this.#replyHead(badge("sent", "good"), "a notify is never answered");
      this.#reply.replaceChildren(head, this.#copies());
    } catch (error) {
      this.#failed(error instanceof NanowireError ? error : new NanowireError("internal", messageOf(error)));
    }
  }

  #answered({ tookMs, error }: Reply, shown: Shown | undefined): void {
    if (error !== undefined) {
      this.#failed(error, tookMs);
    } else if (shown !== undefined) {
      this.#reply.replaceChildren(
        this.#replyHead(badge("answered", "good"), durationOf(tookMs)),
        shownView(shown),
        this.#copies(),
      );
    }
  }

  #failed(error: NanowireError, tookMs?: number): void {
    const took = tookMs === undefined ? "" : durationOf(tookMs);
    const cause = error.cause instanceof Error ? `: ${error.cause.message}` : "";
    this.#reply.replaceChildren(
      this.#replyHead(badge(error.code, "bad"), took),
      make("p", "problem", error.message + cause),
    );
  }

  #replyHead(outcome: HTMLElement, note: string): HTMLElement {
    return make("header", "pane-head", make("h2", "", "Reply"), outcome, make("span", "dim", note));
  }

  /** What was tried, to be done again by a program. */
  #copies(): HTMLElement {
    const { protocol } = this.#studio;
    const tried = this.#tried as Tried;
    return make(
      "div",
      "actions",
      button("Copy as test", "small", () => this.#copy(testSnippet(tried, protocol), "the test")),
      button("Copy as bot step", "small", () => this.#copy(botSnippet(tried, protocol), "the step")),
      button("Copy for the REPL", "small", () => this.#copy(replSnippet(tried), "the line")),
    );
  }

  #copy(text: string, what: string): void {
    navigator.clipboard.writeText(text).then(
      () => this.#studio.say(`Copied ${what}`, "good"),
      () => this.#studio.say("The browser does not let the page copy", "bad"),
    );
  }

  #pushed(route: string, payload: Uint8Array): void {
    const type = this.#studio.protocol.find(route)?.request ?? "";
    const shown = this.#studio.protocol.showBytes(payload, type, "protobuf");
    const head = make(
      "span",
      "push-head",
      make("span", "route", route),
      make("span", "dim", timeOf(Date.now()).slice(0, 8)),
    );
    const summary = make("summary", "", head, make("span", "push-line mono dim", lineOf(shown)));
    const item = make("details", "push", summary);
    item.addEventListener("toggle", () => item.childElementCount === 1 && item.append(shownView(shown)));
    this.#pushes.prepend(make("li", "", item));
    this.#pushesEmpty.hidden = true;
    if (this.#pushes.childElementCount > mostPushes) {
      this.#pushes.lastElementChild?.remove();
    }
  }
}

function slider(
  name: string,
  least: number,
  most: number,
  step: number,
  show: (value: number) => string,
  changed: (value: number) => void,
): HTMLElement {
  const input = make("input", "");
  input.type = "range";
  [input.min, input.max, input.step, input.value] = [String(least), String(most), String(step), String(least)];
  const value = make("output", "mono", show(least));
  input.addEventListener("input", () => {
    value.textContent = show(input.valueAsNumber);
    changed(input.valueAsNumber);
  });
  return make("label", "slider", make("span", "", name), input, value);
}

/** A server that listens on every address of its machine is reached where the page was. */
function reachable(url: string): string {
  const to = new URL(url);
  if (["0.0.0.0", "[::]", "127.0.0.1", "[::1]"].includes(to.hostname)) {
    to.hostname = location.hostname;
  }
  return to.href;
}

const mostPushes = 200;
