import { NanowireError, type RemoteContext, type Session } from "nanowire";
import type { RoomName, RoomTopic } from "./generated/hall/v1/hall.js";
import { type RoomTopicsRemoteAll, TopicBookRemote, TopicsComponent } from "./generated/hall/v1/hall.server.js";

/** What each room is about. */
export class TopicBook extends TopicBookRemote {
  readonly #topics = new Map<string, string>();

  override find(_context: RemoteContext, { room }: RoomName): RoomTopic {
    return { room, text: this.#topics.get(room) ?? "" };
  }

  /** @throws NanowireError `invalid_topic` */
  set({ room, text }: RoomTopic): void {
    if (text.length > 200) {
      throw new NanowireError("invalid_topic", `a topic of ${text.length} characters is longer than 200`);
    }
    this.#topics.set(room, text);
  }
}

/** Takes topics from clients, and tells the nodes of the rooms. */
export class Topics extends TopicsComponent {
  readonly #book: TopicBook;
  readonly #rooms: () => RoomTopicsRemoteAll;

  /** @param rooms tells every node that has rooms; there is one when the server runs */
  constructor(book: TopicBook, rooms: () => RoomTopicsRemoteAll) {
    super();
    this.#book = book;
    this.#rooms = rooms;
  }

  override set(_session: Session, topic: RoomTopic): void {
    this.#book.set(topic);
    this.#rooms().changed(topic);
  }
}
