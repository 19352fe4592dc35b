import type { NodeEntry } from "../answers.js";
import { badge, emptyState, facts, make } from "./element.js";
import type { Studio, View } from "./view.js";

/** The nodes of the cluster. */
export class NodesView implements View {
  readonly name = "nodes";
  readonly title = "Nodes";
  readonly element = make("section", "view scrolls");
  readonly #studio: Studio;

  constructor(studio: Studio) {
    this.#studio = studio;
  }

  shown(): void {
    void this.#load();
  }

  tick(): void {
    void this.#load();
  }

  async #load(): Promise<void> {
    try {
      const nodes = await this.#studio.door.get<NodeEntry[]>("nodes");
      const text = "A server with the option cluster is a node, and sees the others here.";
      this.element.replaceChildren(
        nodes.length === 0 ? emptyState("The server is in no cluster", text) : make("div", "cards", ...nodes.map(card)),
      );
    } catch {
      // The door says that it is lost; what was there stays.
    }
  }
}

function card({ id, self, gate, draining, services, remotes, labels }: NodeEntry): HTMLElement {
  return make(
    "article",
    "card",
    make(
      "header",
      "card-head",
      make("h2", "", id),
      make(
        "span",
        "badges",
        ...(self ? [badge("this node", "accent")] : []),
        ...(gate ? [badge("gate")] : []),
        ...(draining ? [badge("draining", "warn")] : []),
      ),
    ),
    facts([
      ["Services", services.join(", ")],
      ["Remotes", remotes.join(", ")],
      ...Object.entries(labels).map(([name, value]) => [name, value] as const),
    ]),
  );
}
