import { connect, type NanowireError } from "nanowire/client";
import { RoomClient, RoomEventsClient } from "../../generated/chat/v1/room.client.js";
import type { UserSaid } from "../../generated/chat/v1/room.js";
import { dictVersion } from "../../generated/routes.js";

/** Is told what happens in the room. */
export interface ChatObserver {
  joined(name: string): void;
  said(message: UserSaid): void;
  left(name: string): void;
  /** The connection is gone, by whichever side. Called once. */
  closed(reason: NanowireError): void;
}

/** One person's end of the chat, for the page and for the terminal: the connection, and who is in the room. */
export class ChatSession {
  readonly #room: RoomClient;
  readonly #close: () => void;
  #members: string[] = [];

  private constructor(room: RoomClient, close: () => void) {
    this.#room = room;
    this.#close = close;
  }

  /** Connects. Rejects with what `connect` of nanowire/client rejects with. */
  static async open(url: string, observer: ChatObserver): Promise<ChatSession> {
    const connection = await connect(url, { dictVersion });
    const session = new ChatSession(new RoomClient(connection), () => connection.close());
    const events = new RoomEventsClient(connection);
    events.onJoined(({ name }) => {
      session.#members.push(name);
      observer.joined(name);
    });
    events.onSaid((message) => observer.said(message));
    events.onLeft(({ name }) => {
      session.#members = session.#members.filter((member) => member !== name);
      observer.left(name);
    });
    connection.onClose((reason) => observer.closed(reason));
    return session;
  }

  /** Who is in the room, in the order of arrival; empty while this session is not in it. */
  get members(): readonly string[] {
    return this.#members;
  }

  /**
   * Enters the room. `entered` is called with the name that the room knows you by, before anything is told that happens
   * after it.
   *
   * Rejects with the server's error: `name_taken`, `invalid_name`; or with the connection's.
   */
  async join(name: string, entered: (name: string) => void): Promise<void> {
    const { members } = await this.#room.join({ name });
    this.#members = members;
    // Who comes last in the order of arrival has just arrived.
    entered(members.at(-1) ?? name);
  }

  /** Says something. It is heard like everybody else's: when the server has told all members. */
  say(text: string): void {
    this.#room.say({ text });
  }

  /** Leaves the room; the connection stays, and one can join again. */
  async leave(): Promise<void> {
    await this.#room.leave();
    this.#members = [];
  }

  /** Ends the connection: the server takes the session out of the room by itself. */
  close(): void {
    this.#close();
  }
}
