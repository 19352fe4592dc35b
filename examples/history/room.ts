import { Group, NanowireError, type Session } from "nanowire";
import type {
  BeforeRequest,
  EnterRequest,
  Message,
  Page,
  SayRequest,
  SearchRequest,
} from "./generated/history/v1/room.js";
import { RoomComponent, RoomEvents } from "./generated/history/v1/room.server.js";
import type { Messages } from "./messages.js";

const maxTextLength = 250;
const maxSearchLength = 100;

/** A room that keeps what was said in it. */
export class Room extends RoomComponent {
  readonly #members = new Group("room");
  readonly #messages: Messages;

  constructor(messages: Messages) {
    super();
    this.#messages = messages;
  }

  /** @throws NanowireError `invalid_name` */
  override async enter(session: Session, { name }: EnterRequest): Promise<Page> {
    if (!/^[\p{L}\p{N}_-]{1,20}$/u.test(name)) {
      throw new NanowireError("invalid_name", "a name is 1 to 20 letters, digits, - and _");
    }
    await session.bind(name);
    // First to hear, then to read: what is said in between comes twice, and is known by its id; the other way it would never come.
    this.#members.add(session);
    return this.#messages.before();
  }

  /** @throws NanowireError `invalid_text` */
  override async say({ uid }: Session, { text }: SayRequest): Promise<Message> {
    const said = text.trim();
    if (said === "" || said.length > maxTextLength) {
      throw new NanowireError("invalid_text", `a text has 1 to ${maxTextLength} characters, not ${said.length}`);
    }
    const message = await this.#messages.keep(uid, said, Date.now());
    RoomEvents.said(this.#members, message);
    return message;
  }

  override before(_session: Session, { id }: BeforeRequest): Promise<Page> {
    return this.#messages.before(id);
  }

  /** @throws NanowireError `invalid_search` */
  override search(_session: Session, { text }: SearchRequest): Promise<Page> {
    if (text === "" || text.length > maxSearchLength) {
      throw new NanowireError(
        "invalid_search",
        `what is searched has 1 to ${maxSearchLength} characters, not ${text.length}`,
      );
    }
    return this.#messages.search(text);
  }
}
