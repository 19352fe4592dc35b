import { NanowireError } from "nanowire/client";
import { byId } from "../../browser/elements.js";
import { type ChatObserver, ChatSession } from "../chat-session.js";
import { JoinView } from "./join-view.js";
import { RoomView } from "./room-view.js";

const url = `${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}`;
const title = document.title;

/** The page's state: a connection or none, and the name under which one is in the room, or was when it was lost. */
class ChatPage implements ChatObserver {
  readonly #status = byId("status", HTMLElement);
  readonly #joinView = new JoinView((name) => void this.#join(name));
  readonly #roomView = new RoomView({
    say: (text) => this.#say(text),
    leave: () => void this.#leave(),
    reconnect: () => void this.#reconnect(),
  });
  #session: ChatSession | undefined;
  /** Empty while one is not in the room. */
  #name = "";
  #unread = 0;

  constructor() {
    document.addEventListener("visibilitychange", () => this.#countUnread(0));
  }

  // what happens in the room

  joined(name: string): void {
    this.#showMembers();
    this.#roomView.addNote(`${name} joined`);
  }

  said({ name, text, atMs }: { readonly name: string; readonly text: string; readonly atMs: bigint }): void {
    this.#roomView.addMessage({ name, text, atMs: Number(atMs), own: name === this.#name });
    if (document.hidden) {
      this.#countUnread(this.#unread + 1);
    }
  }

  left(name: string): void {
    this.#showMembers();
    this.#roomView.addNote(`${name} left`);
  }

  closed(reason: NanowireError): void {
    this.#session = undefined;
    this.#showStatus("lost", "Disconnected");
    if (this.#name !== "") {
      this.#roomView.showLost(explain(reason));
    }
  }

  // what the person does

  async #join(name: string): Promise<void> {
    try {
      await this.#enter(name);
    } catch (error) {
      this.#joinView.show(explain(error));
    }
  }

  async #reconnect(): Promise<void> {
    this.#roomView.showReconnecting();
    try {
      await this.#enter(this.#name);
    } catch (error) {
      if (this.#session === undefined) {
        this.#roomView.showLost(explain(error));
      } else {
        // Connected, but not let in: the name may be somebody else's by now.
        this.#showJoin(explain(error));
      }
    }
  }

  async #enter(name: string): Promise<void> {
    const session = this.#session ?? (await this.#connect());
    await session.join(name, (known) => {
      this.#name = known;
      this.#joinView.hide();
      this.#showMembers();
      const others = session.members.length - 1;
      this.#roomView.addNote(`You joined as ${known}${others === 0 ? ". Nobody else is here yet." : ""}`);
      this.#roomView.show();
    });
  }

  async #connect(): Promise<ChatSession> {
    this.#showStatus("connecting", "Connecting …");
    try {
      this.#session = await ChatSession.open(url, this);
    } catch (error) {
      this.#showStatus("lost", "Disconnected");
      throw error;
    }
    this.#showStatus("online", "Connected");
    return this.#session;
  }

  #say(text: string): boolean {
    if (this.#session === undefined) {
      return false;
    }
    this.#session.say(text);
    return true;
  }

  async #leave(): Promise<void> {
    const session = this.#session;
    this.#showJoin("");
    try {
      await session?.leave();
    } catch {
      // Whoever cannot say goodbye hangs up: the room then knows as well.
      session?.close();
    }
  }

  #showJoin(problem: string): void {
    this.#name = "";
    this.#roomView.hide();
    this.#roomView.clear();
    this.#joinView.show(problem);
  }

  #showMembers(): void {
    this.#roomView.showMembers(this.#session?.members ?? [], this.#name);
  }

  #showStatus(state: "connecting" | "online" | "lost", text: string): void {
    this.#status.dataset["state"] = state;
    this.#status.textContent = text;
  }

  #countUnread(count: number): void {
    this.#unread = count;
    document.title = count === 0 ? title : `(${count}) ${title}`;
  }
}

/** What went wrong, for a person. */
function explain(error: unknown): string {
  if (!(error instanceof NanowireError)) {
    return "Something went wrong in this page.";
  }
  switch (error.code) {
    case "name_taken":
      return "That name is taken. Try another one.";
    case "invalid_name":
      return "A name has 1 to 24 characters, all of which can be seen.";
    case "kicked":
      return `The server asked you to go${error.details["reason"] ? `: ${error.details["reason"]}` : "."}`;
    case "connect_failed":
    case "handshake_timeout":
      return "The server cannot be reached.";
    case "connection_lost":
    case "heartbeat_timeout":
    case "unavailable":
      return "The connection to the server is lost.";
    default:
      return `The server says: ${error.message}`;
  }
}

/** An on-screen keyboard covers the page in some browsers: the app is as high as what is left of the window. */
function followKeyboard(viewport: VisualViewport): void {
  const fit = (): void => document.documentElement.style.setProperty("--height", `${viewport.height}px`);
  viewport.addEventListener("resize", fit);
  viewport.addEventListener("scroll", () => window.scrollTo(0, 0));
}

if (window.visualViewport !== null) {
  followKeyboard(window.visualViewport);
}
new ChatPage();
