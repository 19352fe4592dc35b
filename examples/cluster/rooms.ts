import { Group, NanowireError, type Session } from "nanowire";
import type { JoinRequest, JoinResponse, RoomTopic, SayRequest } from "./generated/hall/v1/hall.js";
import {
  RoomEvents,
  RoomsComponent,
  RoomTopicsRemote,
  type TopicBookRemoteClient,
} from "./generated/hall/v1/hall.server.js";

/** The rooms that this node has. Which node has a room, its name says: `shard_key` in hall.proto. */
export class Rooms extends RoomsComponent {
  readonly #node: string;
  readonly #topics: () => TopicBookRemoteClient;
  readonly #rooms = new Map<string, Group>();

  /**
   * @param node what this node is called
   * @param topics asks the node of the topics; there is one when the server runs
   */
  constructor(node: string, topics: () => TopicBookRemoteClient) {
    super();
    this.#node = node;
    this.#topics = topics;
  }

  /** @throws NanowireError `invalid_name`, `already_bound` for another name */
  override async join(session: Session, { room, name }: JoinRequest): Promise<JoinResponse> {
    assertName("room", room);
    assertName("name", name);
    // Bound at the gate, where the client is; every other node that the session visits knows it, too.
    await session.bind(name);
    const { text: topic } = await this.#topics().find({ room });
    const group = this.#room(room);
    if (!group.contains(session)) {
      RoomEvents.joined(group, { name });
      group.add(session);
    }
    return { members: group.uids(), topic, node: this.#node };
  }

  /** @throws NanowireError `not_in_room` */
  override say(session: Session, { room, text }: SayRequest): void {
    const group = this.#rooms.get(room);
    if (group?.contains(session) !== true) {
      throw new NanowireError("not_in_room", `${session.uid} is not in the room ${room}`);
    }
    // To each gate goes one message, however many of its clients are in the room.
    RoomEvents.said(group, { name: session.uid, text });
  }

  /** What a room is about has changed. */
  topicChanged(topic: RoomTopic): void {
    const group = this.#rooms.get(topic.room);
    if (group !== undefined) {
      RoomEvents.topicChanged(group, topic);
    }
  }

  #room(name: string): Group {
    const group = this.#rooms.get(name) ?? new Group(name, { onEmpty: () => this.#rooms.delete(name) });
    this.#rooms.set(name, group);
    return group;
  }
}

/** Hears of topics, from the node that keeps them. */
export class RoomTopics extends RoomTopicsRemote {
  readonly #rooms: Rooms;

  constructor(rooms: Rooms) {
    super();
    this.#rooms = rooms;
  }

  override changed(_context: unknown, topic: RoomTopic): void {
    this.#rooms.topicChanged(topic);
  }
}

function assertName(what: string, name: string): void {
  if (name.trim() !== name || name.length === 0 || name.length > 24) {
    throw new NanowireError(
      "invalid_name",
      `a ${what} of ${name.length} characters is not one of 1 to 24, without spaces around`,
    );
  }
}
