import type { GroupEntry, Page, SessionEntry } from "../answers.js";
import { badge, button, facts, make, textField } from "./element.js";
import { bytesOf, messageOf, spanOf } from "./format.js";
import type { MessagesView } from "./messages-view.js";
import { PagedSource } from "./paged-source.js";
import type { Studio, View } from "./view.js";
import { VirtualTable } from "./virtual-table.js";

/** Who is there. */
export class SessionsView implements View {
  readonly name = "sessions";
  readonly title = "Sessions";
  readonly element: HTMLElement;
  readonly #studio: Studio;
  readonly #source: PagedSource<SessionEntry>;
  readonly #table: VirtualTable<SessionEntry>;
  readonly #searchField: HTMLInputElement;
  readonly #order: HTMLSelectElement;
  readonly #groupButton: HTMLButtonElement;
  readonly #status = make("span", "status-text");
  readonly #detail = make("aside", "detail");
  #group: GroupEntry | undefined;
  #opened = "";

  constructor(studio: Studio) {
    this.#studio = studio;
    this.#source = new PagedSource((offset, limit) => this.#fetch(offset, limit));
    this.#source.changed = () => this.#changed();
    this.#searchField = textField("Search sessions", "Id, uid or address", () => this.#restart());
    this.#order = make("select", "input");
    this.#order.ariaLabel = "Order";
    this.#order.append(new Option("Newest first", "newest"), new Option("Oldest first", "oldest"));
    this.#order.addEventListener("change", () => this.#restart());
    this.#groupButton = button("", "toggle", () => this.ofGroup(undefined));
    this.#groupButton.hidden = true;
    this.#table = new VirtualTable<SessionEntry>({
      label: "Sessions",
      columns: [
        { title: "Id", width: "172px", cell: ({ id }) => make("span", "mono", id) },
        { title: "User", width: "minmax(100px, 1fr)", cell: ({ uid }) => uid || make("span", "dim", "not bound") },
        { title: "State", width: "96px", cell: ({ state }) => badge(state, stateTones[state]) },
        {
          title: "Address",
          width: "minmax(110px, 0.8fr)",
          cell: ({ address, transport }) =>
            make("span", "", make("span", "mono", address), make("span", "dim", ` ${transport}`)),
        },
        { title: "Client", width: "minmax(100px, 0.8fr)", cell: ({ client }) => client },
        { title: "Groups", width: "minmax(100px, 1fr)", cell: ({ groups }) => groups.join(", ") },
        {
          title: "Waiting",
          width: "84px",
          numeric: true,
          cell: ({ waitingBytes }) => (waitingBytes === 0 ? "" : bytesOf(waitingBytes)),
        },
        {
          title: "Since",
          width: "96px",
          numeric: true,
          cell: ({ openedAtMs }) => (openedAtMs === 0 ? "" : spanOf(Date.now() - openedAtMs)),
        },
      ],
      source: this.#source,
      key: ({ id }) => id,
      empty: {
        title: "Nobody is there",
        text: "Clients whose handshake was taken are listed here, also those that are away and may come back.",
      },
      opened: (session) => this.#open(session),
    });
    const tools = make(
      "div",
      "tools",
      this.#searchField,
      this.#order,
      this.#groupButton,
      make("span", "spring"),
      this.#status,
    );
    this.#detail.hidden = true;
    this.element = make("section", "view", tools, make("div", "split", this.#table.element, this.#detail));
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

  key({ key }: KeyboardEvent): boolean {
    if (key === "Escape" && !this.#detail.hidden) {
      this.#close();
      return true;
    }
    return false;
  }

  /** Shows the members of a group alone; undefined: everybody. */
  ofGroup(group: GroupEntry | undefined): void {
    this.#group = group;
    this.#groupButton.hidden = group === undefined;
    this.#groupButton.textContent = `In ${group?.name ?? ""} ✕`;
    this.#groupButton.ariaPressed = "true";
    this.#restart();
  }

  #fetch(offset: number, limit: number): Promise<Page<SessionEntry>> {
    const query = new URLSearchParams({
      offset: String(offset),
      limit: String(limit),
      search: this.#searchField.value,
      order: this.#order.value,
      ...(this.#group === undefined ? {} : { group: String(this.#group.id) }),
    });
    return this.#studio.door.get<Page<SessionEntry>>(`sessions?${query}`);
  }

  #restart(): void {
    this.#table.toTop();
    void this.#source.restart();
  }

  #changed(): void {
    const { count, total } = this.#source;
    this.#status.textContent =
      count === total
        ? `${total.toLocaleString("en")} sessions`
        : `${count.toLocaleString("en")} of ${total.toLocaleString("en")}`;
    this.#table.refresh();
  }

  #open(session: SessionEntry): void {
    const { id, uid } = session;
    this.#opened = id;
    const close = button("Close", "quiet", () => this.#close());
    close.ariaLabel = "Close the session";
    const kick = button("Kick…", "danger", () => void this.#kick(session));
    kick.disabled = this.#studio.server?.readOnly === true;
    this.#detail.replaceChildren(
      make("header", "detail-head", make("h2", "", uid || `Session ${id}`), close),
      facts([
        ["Id", make("span", "mono", id)],
        ["User", uid],
        ["State", badge(session.state, stateTones[session.state])],
        ["Address", make("span", "mono", session.address)],
        ["Transport", session.transport],
        ["Client", session.client],
        ["Written in", session.serializer],
        ["Held by node", session.gate],
        ["Groups", session.groups.join(", ")],
        ["Waiting", bytesOf(session.waitingBytes)],
        ["Since", session.openedAtMs === 0 ? "" : new Date(session.openedAtMs).toLocaleString()],
      ]),
      make(
        "div",
        "actions",
        button("Its messages", "", () => this.#studio.go("messages", (view) => (view as MessagesView).ofSession(id))),
        kick,
      ),
    );
    this.#detail.hidden = false;
  }

  async #kick({ id, uid }: SessionEntry): Promise<void> {
    const reason = await this.#studio.confirm({
      title: `Kick ${uid || `session ${id}`}?`,
      text: "Its client is told why, and its connection is closed. A client that connects again by itself comes back.",
      label: "Why",
      value: "kicked by an operator",
      act: "Kick",
    });
    if (reason === undefined) {
      return;
    }
    try {
      await this.#studio.door.post(`sessions/${encodeURIComponent(id)}/kick`, { reason });
      this.#studio.say(`Kicked ${uid || id}`, "good");
      if (this.#opened === id) {
        this.#close();
      }
      await this.#source.reload();
    } catch (error) {
      this.#studio.say(messageOf(error), "bad");
    }
  }

  #close(): void {
    this.#opened = "";
    this.#detail.hidden = true;
    this.#detail.replaceChildren();
    this.#table.focus();
  }
}

const stateTones = { open: "good", blocked: "bad", suspended: "warn" } as const;
