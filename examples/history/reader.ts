import { type ClientConnection, connect } from "nanowire/client";
import { RoomClient, RoomEventsClient } from "./generated/history/v1/room.client.js";
import type { Message, Page } from "./generated/history/v1/room.js";
import { dictVersion } from "./generated/routes.js";

/** A client that has what was said, each once and in its order, whether it heard it or read it. */
export class Reader {
  readonly connection: ClientConnection;
  readonly room: RoomClient;
  readonly #messages = new Map<bigint, Message>();
  #more = false;

  private constructor(connection: ClientConnection) {
    this.connection = connection;
    this.room = new RoomClient(connection);
    new RoomEventsClient(connection).onSaid((message) => void this.#messages.set(message.id, message));
  }

  static async enter(url: string, name: string): Promise<Reader> {
    const reader = new Reader(await connect(url, { dictVersion }));
    reader.#take(await reader.room.enter({ name }));
    return reader;
  }

  /** What it has. */
  get messages(): readonly Message[] {
    return [...this.#messages.values()].sort((one, other) => (one.id < other.id ? -1 : 1));
  }

  /** Whether there is more before that. */
  get more(): boolean {
    return this.#more;
  }

  /** Reads what was said before. */
  async readBack(): Promise<void> {
    const [first] = this.messages;
    if (first !== undefined && this.#more) {
      this.#take(await this.room.before({ id: first.id }));
    }
  }

  leave(): void {
    this.connection.close();
  }

  #take({ messages, more }: Page): void {
    for (const message of messages) {
      this.#messages.set(message.id, message);
    }
    this.#more = more;
  }
}
