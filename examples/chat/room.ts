import { Group, NanowireError, type Session } from "nanowire";
import type { JoinRequest, JoinResponse, SayRequest } from "../../generated/chat/v1/room.js";
import { RoomComponent, RoomEvents } from "../../generated/chat/v1/room.server.js";
import { lengthOf, maxNameLength, maxTextLength } from "./limits.js";

/**
 * One room, which everybody shares. That only members may speak and leave, and how fast they may speak, is declared in
 * room.proto and held by the runtime: nothing here asks for it.
 */
export class Room extends RoomComponent {
  readonly #members = new Group("room");
  /** The names that are taken, each with what ends the watch over its owner's connection. */
  readonly #names = new Map<string, () => void>();

  /** @throws NanowireError `invalid_name`, `already_joined`, `name_taken` */
  override async join(session: Session, request: JoinRequest): Promise<JoinResponse> {
    const name = request.name.trim().normalize();
    assertName(name);
    if (this.#members.contains(session)) {
      throw new NanowireError("already_joined", `you are in the room already, as ${session.uid}`);
    }
    if (this.#names.has(keyOf(name))) {
      throw new NanowireError("name_taken", `somebody in the room is called ${name} already`);
    }
    // Taken before anything is awaited: of two who come at once under one name, one is refused.
    this.#names.set(keyOf(name), () => {});
    try {
      await session.bind(name);
      RoomEvents.joined(this.#members, { name });
      this.#members.add(session);
    } catch (error) {
      this.#names.delete(keyOf(name));
      throw error;
    }
    // The group lets go of a session that closes; the others still want to know.
    this.#names.set(
      keyOf(name),
      session.onClose(() => this.#gone(name)),
    );
    return { members: this.#members.uids() };
  }

  /** @throws NanowireError `invalid_text`: to a notify nobody answers, but it is counted and logged */
  override say(session: Session, message: SayRequest): void {
    const text = message.text.trim();
    assertText(text);
    RoomEvents.said(this.#members, { name: session.uid, text, atMs: BigInt(Date.now()) });
  }

  override async leave(session: Session): Promise<void> {
    this.#members.leave(session);
    this.#gone(session.uid);
    await session.unbind();
  }

  /** The server stops, and everybody goes: nobody needs to hear of everybody else. */
  override beforeShutdown(): void {
    this.#members.leaveAll();
  }

  #gone(name: string): void {
    const stopWatching = this.#names.get(keyOf(name));
    stopWatching?.();
    this.#names.delete(keyOf(name));
    RoomEvents.left(this.#members, { name });
  }
}

/** Ada and ada are one name. */
function keyOf(name: string): string {
  return name.normalize("NFKC").toLowerCase();
}

function assertName(name: string): void {
  const length = lengthOf(name);
  if (length === 0 || length > maxNameLength) {
    throw new NanowireError("invalid_name", `a name of ${length} characters is not one of 1 to ${maxNameLength}`);
  }
  if (unseen.test(name)) {
    throw new NanowireError("invalid_name", "a name has only characters that can be seen");
  }
}

function assertText(text: string): void {
  const length = lengthOf(text);
  if (length === 0 || length > maxTextLength) {
    throw new NanowireError("invalid_text", `a message of ${length} characters is not one of 1 to ${maxTextLength}`);
  }
}

/** Control characters, direction marks, line breaks and the like: with them one name can be made to look like another. */
const unseen = /[\p{C}\p{Zl}\p{Zp}]/u;
