import { byId, make } from "../../browser/elements.js";
import { maxTextLength } from "../limits.js";
import { makeAvatar, paintAs } from "./person.js";

/** What the room's buttons do. */
export interface RoomActions {
  /** Returns whether it was sent: only then is the text cleared away. */
  say(text: string): boolean;
  leave(): void;
  reconnect(): void;
}

/** A message as it is shown. */
export interface ShownMessage {
  readonly name: string;
  readonly text: string;
  readonly atMs: number;
  readonly own: boolean;
}

/** The room: what is said, who is there, and where one writes. */
export class RoomView {
  readonly #view = byId("room", HTMLElement);
  readonly #roomActions = byId("room-actions", HTMLElement);
  readonly #log = byId("log", HTMLElement);
  readonly #latest = byId("latest", HTMLButtonElement);
  readonly #lost = byId("lost", HTMLElement);
  readonly #lostReason = byId("lost-reason", HTMLElement);
  readonly #reconnect = byId("reconnect", HTMLButtonElement);
  readonly #form = byId("say", HTMLFormElement);
  readonly #text = byId("text", HTMLTextAreaElement);
  readonly #textLeft = byId("text-left", HTMLElement);
  readonly #send = byId("send", HTMLButtonElement);
  readonly #leave = byId("leave", HTMLButtonElement);
  readonly #members = byId("members", HTMLElement);
  readonly #membersList = byId("members-list", HTMLUListElement);
  readonly #membersCount = byId("members-count", HTMLElement);
  readonly #membersToggle = byId("members-toggle", HTMLButtonElement);
  readonly #actions: RoomActions;
  /** Whether the end of the log is in view: then it stays there. */
  #following = true;
  #scrollTop = 0;
  #previous: ShownMessage | undefined;
  #unseen = 0;

  constructor(actions: RoomActions) {
    this.#actions = actions;
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#say();
    });
    this.#text.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        this.#say();
      }
    });
    this.#text.addEventListener("input", () => this.#fit());
    this.#leave.addEventListener("click", () => actions.leave());
    this.#reconnect.addEventListener("click", () => actions.reconnect());
    this.#latest.addEventListener("click", () => {
      this.#follow();
      this.#text.focus();
    });
    this.#log.addEventListener("scroll", () => this.#scrolled());
    this.#membersToggle.addEventListener("click", () => this.#toggleMembers(!this.#membersShown));
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.#membersShown) {
        this.#toggleMembers(false);
        this.#membersToggle.focus();
      }
    });
    // Whoever has no mouse scrolls with the arrow keys; Safari does not let one by itself.
    this.#log.tabIndex = 0;
    // A keyboard that comes up, or a window that is turned, moves the end out of view.
    new ResizeObserver(() => {
      if (this.#following) {
        this.#follow();
      }
    }).observe(this.#log);
  }

  /** Shows the room, with the composer ready. */
  show(): void {
    this.#view.hidden = false;
    this.#roomActions.hidden = false;
    this.#setLost(false);
    this.#fit();
    this.#text.focus();
  }

  hide(): void {
    this.#view.hidden = true;
    this.#roomActions.hidden = true;
    this.#toggleMembers(false);
  }

  /** Forgets what was said and written. */
  clear(): void {
    this.#log.replaceChildren();
    this.#previous = undefined;
    this.#text.value = "";
    this.#follow();
  }

  showMembers(names: readonly string[], own: string): void {
    this.#membersCount.textContent = String(names.length);
    this.#membersList.replaceChildren(
      ...names.map((name) => {
        const label = make("bdi", "member-name", name);
        return make("li", "member", makeAvatar(name), label, ...(name === own ? [make("span", "you", "you")] : []));
      }),
    );
  }

  addMessage(message: ShownMessage): void {
    const { name, text, atMs, own } = message;
    const time = make("time", "time", clockTime.format(atMs));
    time.dateTime = new Date(atMs).toISOString();
    time.title = fullTime.format(atMs);
    const author = paintAs(make("bdi", "author", own ? "You" : name), name);
    const body = make("p", "text", text);
    body.dir = "auto";
    const bubble = make("div", "bubble", make("p", "byline", author, " ", time), body);
    const entry = make("div", own ? "message own" : "message", makeAvatar(name), bubble);
    if (this.#continues(message)) {
      entry.classList.add("continued");
    }
    this.#previous = message;
    this.#add(entry, own, true);
  }

  /** Says what happens in the room: who comes, who goes. */
  addNote(text: string): void {
    this.#previous = undefined;
    this.#add(make("p", "note", text), false, false);
  }

  /** The connection is gone: what was said stays in view. */
  showLost(reason: string): void {
    this.#setLost(true);
    this.#lostReason.textContent = reason;
    this.#reconnect.disabled = false;
    this.#reconnect.textContent = "Reconnect";
  }

  showReconnecting(): void {
    this.#reconnect.disabled = true;
    this.#leave.disabled = true;
    this.#reconnect.textContent = "Reconnecting …";
  }

  #setLost(lost: boolean): void {
    this.#lost.hidden = !lost;
    this.#send.disabled = lost;
    this.#leave.disabled = false;
    this.#view.classList.toggle("is-lost", lost);
  }

  #say(): void {
    if (this.#send.disabled || this.#text.value.trim() === "") {
      return;
    }
    if (this.#actions.say(this.#text.value)) {
      this.#text.value = "";
      this.#fit();
      this.#follow();
    }
    this.#text.focus();
  }

  #add(entry: HTMLElement, own: boolean, counts: boolean): void {
    // Somebody may have scrolled up whose event is yet to come: it waits for the next frame.
    this.#scrolled();
    this.#log.append(entry);
    if (this.#log.childElementCount > mostEntries) {
      this.#log.firstElementChild?.remove();
    }
    if (this.#following || own) {
      this.#follow();
    } else if (counts) {
      this.#unseen++;
      this.#latest.textContent = `${this.#unseen} new ${this.#unseen === 1 ? "message" : "messages"} ↓`;
      this.#latest.hidden = false;
    }
  }

  /** Whether it is said by the same person, soon after: then it is shown as one with the last. */
  #continues({ name, atMs }: ShownMessage): boolean {
    return this.#previous?.name === name && atMs - this.#previous.atMs < 120_000;
  }

  #follow(): void {
    this.#log.scrollTop = this.#log.scrollHeight;
    this.#following = true;
    this.#unseen = 0;
    this.#latest.hidden = true;
  }

  #scrolled(): void {
    const { scrollTop, scrollHeight, clientHeight } = this.#log;
    const wentUp = scrollTop < this.#scrollTop;
    this.#scrollTop = scrollTop;
    if (scrollHeight - clientHeight - scrollTop >= 40) {
      // Only a person scrolls up; a log that became smaller leaves the end without going anywhere.
      this.#following &&= !wentUp;
    } else {
      this.#following = true;
      this.#unseen = 0;
      this.#latest.hidden = true;
    }
  }

  /** Makes the box as high as its text, and says how much more it takes when that is little. */
  #fit(): void {
    this.#text.style.height = "auto";
    this.#text.style.height = `${this.#text.scrollHeight}px`;
    const left = maxTextLength - this.#text.value.length;
    this.#textLeft.textContent = left > 100 ? "" : `${left} left`;
  }

  get #membersShown(): boolean {
    return this.#members.classList.contains("is-open");
  }

  #toggleMembers(open: boolean): void {
    this.#members.classList.toggle("is-open", open);
    this.#membersToggle.ariaExpanded = String(open);
  }
}

/** More than that is nobody's to read, and the page stays quick. */
const mostEntries = 500;

const clockTime = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const fullTime = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });
