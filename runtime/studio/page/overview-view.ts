import { badge, button, emptyState, facts, make } from "./element.js";
import { bytesOf, countOf, durationOf, messageOf, spanOf } from "./format.js";
import { LineChart } from "./line-chart.js";
import type { MessagesView } from "./messages-view.js";
import type { RouteFigures, Series } from "./series.js";
import type { Studio, View } from "./view.js";

/** How the server is: its figures, and how they went in the last minutes. */
export class OverviewView implements View {
  readonly name = "overview";
  readonly title = "Overview";
  readonly element = make("section", "view scrolls");
  readonly #studio: Studio;
  readonly #series: Series;
  readonly #about = make("div", "about");
  readonly #drain: HTMLButtonElement;
  readonly #routes = make("tbody");
  readonly #routesCard: HTMLElement;
  readonly #charts: readonly LineChart[];

  constructor(studio: Studio, series: Series) {
    this.#studio = studio;
    this.#series = series;
    const perSecond = (value: number): string => `${countOf(value)}/s`;
    const milliseconds = (value: number): string => (value === 0 ? "0" : durationOf(value));
    this.#charts = [
      new LineChart(
        "Messages",
        [
          { key: "requests", name: "requests", colour: 1 },
          { key: "notifies", name: "notifies", colour: 2 },
          { key: "pushes", name: "pushes", colour: 3 },
        ],
        perSecond,
      ),
      new LineChart(
        "Handling time",
        [
          { key: "took99", name: "p99", colour: 1 },
          { key: "took50", name: "p50", colour: 2 },
          { key: "queued99", name: "queued p99", colour: 3 },
        ],
        milliseconds,
      ),
      new LineChart("Failed messages", [{ key: "failed", name: "failed", colour: 3 }], perSecond),
      new LineChart(
        "Clients",
        [
          { key: "sessions", name: "sessions", colour: 1 },
          { key: "connections", name: "connections", colour: 2 },
        ],
        countOf,
      ),
      new LineChart("Event loop delay", [{ key: "loop99", name: "p99", colour: 1 }], milliseconds),
      new LineChart("Heap", [{ key: "heap", name: "used", colour: 1 }], bytesOf),
    ];
    this.#drain = button("Drain…", "danger", () => void this.#askToDrain());
    const table = make(
      "table",
      "plain",
      make(
        "thead",
        "",
        make(
          "tr",
          "",
          ...["Route", "", "Now", "In all", "Failed", "p50", "p99"].map((title, at) =>
            make("th", at > 1 ? "numeric" : "", title),
          ),
        ),
      ),
      this.#routes,
    );
    this.#routesCard = make("div", "card", make("h2", "", "Routes"), table);
    this.element.append(
      this.#about,
      make("div", "charts", ...this.#charts.map(({ element }) => element)),
      this.#routesCard,
    );
  }

  shown(): void {
    this.tick();
  }

  tick(): void {
    const { server } = this.#studio;
    if (server === undefined) {
      return;
    }
    const tone = server.state === "running" ? "good" : "warn";
    this.#drain.disabled = server.readOnly || server.state !== "running";
    const addresses = server.addresses.map(({ url }) => make("span", "mono", url));
    this.#about.replaceChildren(
      make(
        "div",
        "card about-card",
        facts([
          ["State", badge(server.state, tone)],
          ["Node", server.node],
          ["Sessions", server.sessions.toLocaleString("en")],
          ["Connections", server.connections.toLocaleString("en")],
          ["Up for", spanOf(Date.now() - server.startedAtMs)],
          ["Listens on", addresses.length === 0 ? "nothing" : make("span", "list", ...addresses)],
          ["Dictionary", make("span", "mono", server.dictVersion.slice(0, 12) || "none")],
        ]),
        this.#drain,
      ),
    );
    for (const chart of this.#charts) {
      chart.draw(this.#series.readings);
    }
    const { routes, metrics } = this.#series;
    this.#routes.replaceChildren(...routes.map((route) => this.#row(route)));
    if (metrics.length === 0 && this.#series.readings.length > 0) {
      this.#routesCard.replaceChildren(
        emptyState(
          "Routes are not measured",
          "The studio's option charts is false, and the server has no reporter of metrics.",
        ),
      );
    }
  }

  #row({ route, kind, perSecond, total, failed, p50, p99 }: RouteFigures): HTMLElement {
    const name = button(route, "link route", () =>
      this.#studio.go("messages", (view) => (view as MessagesView).ofRoute(route)),
    );
    const numbers = [
      `${countOf(perSecond)}/s`,
      countOf(total),
      failed === 0 ? "" : countOf(failed),
      p50 === undefined ? "" : durationOf(p50),
      p99 === undefined ? "" : durationOf(p99),
    ];
    return make(
      "tr",
      "",
      make("td", "", name),
      make("td", "", make("span", `kind ${kind}`, kind)),
      ...numbers.map((text, at) => make("td", at === 2 && text !== "" ? "numeric bad" : "numeric", text)),
    );
  }

  async #askToDrain(): Promise<void> {
    const reason = await this.#studio.confirm({
      title: "Drain the server?",
      text: "It takes no new clients, tells those that are there to go, and kicks whoever is left after ten seconds. It does not take new ones again until it is started anew.",
      label: "Why, for the clients",
      value: "maintenance",
      act: "Drain",
    });
    if (reason === undefined) {
      return;
    }
    try {
      await this.#studio.door.post("drain", { reason });
      this.#studio.say("The server drains", "good");
    } catch (error) {
      this.#studio.say(messageOf(error), "bad");
    }
  }
}
