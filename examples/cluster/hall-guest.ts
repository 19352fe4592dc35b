import { type ClientConnection, connect, NanowireError } from "nanowire/client";
import { RoomEventsClient, RoomsClient, TopicsClient } from "./generated/hall/v1/hall.client.js";
import { dictVersion } from "./generated/routes.js";

/** Is told what happens to a guest. */
export interface GuestObserver {
  /** The guest is in the room: at first, and again when another node has it. */
  entered(node: string, members: readonly string[], topic: string): void;
  joined(name: string): void;
  said(name: string, text: string): void;
  topicChanged(text: string): void;
  /** The node that had the room is gone. */
  moved(): void;
}

/** One person in one room, whichever node has it: when that is gone, the guest joins again by itself. */
export class HallGuest {
  readonly name: string;
  readonly room: string;
  readonly #connection: ClientConnection;
  readonly #rooms: RoomsClient;
  readonly #observer: GuestObserver;
  /** The joining that is under way. */
  #joining: Promise<void> | undefined;

  private constructor(name: string, room: string, connection: ClientConnection, observer: GuestObserver) {
    this.name = name;
    this.room = room;
    this.#connection = connection;
    this.#rooms = new RoomsClient(connection);
    this.#observer = observer;
    const events = new RoomEventsClient(connection);
    events.onJoined(({ name: who }) => observer.joined(who));
    events.onSaid(({ name: who, text }) => observer.said(who, text));
    events.onTopicChanged(({ text }) => observer.topicChanged(text));
    events.onMoved(() => {
      observer.moved();
      // What goes wrong is told to whoever says something next.
      this.#join().catch(() => {});
    });
  }

  /** Connects to a gate, and enters the room. Rejects with what `connect`, or the room, rejects with. */
  static async enter(url: string, name: string, room: string, observer: GuestObserver): Promise<HallGuest> {
    const guest = new HallGuest(name, room, await connect(url, { dictVersion }), observer);
    await guest.#join();
    return guest;
  }

  /** Says something. Resolved when the room has heard it; a room that has moved is entered again first. */
  async say(text: string): Promise<void> {
    await this.#again(async () => {
      await this.#joining;
      await this.#rooms.say({ room: this.room, text });
    });
  }

  /** Says what the room is about. */
  async setTopic(text: string): Promise<void> {
    await new TopicsClient(this.#connection).set({ room: this.room, text });
  }

  close(): void {
    this.#connection.close();
  }

  async #join(): Promise<void> {
    this.#joining ??= this.#again(async () => {
      const { node, members, topic } = await this.#rooms.join({ room: this.room, name: this.name });
      this.#observer.entered(node, members, topic);
    }).finally(() => {
      this.#joining = undefined;
    });
    await this.#joining;
  }

  /** Does something, and once more when the node died that was to do it. */
  async #again(task: () => Promise<void>): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await task();
        return;
      } catch (error) {
        const code = error instanceof NanowireError ? error.code : "";
        if (attempt === mostAttempts || !["unavailable", "not_in_room"].includes(code)) {
          throw error;
        }
        if (code === "not_in_room") {
          await this.#join();
        }
      }
    }
  }
}

/** A room moves when its node dies: that three die one after the other under the same words is not to be expected. */
const mostAttempts = 4;
