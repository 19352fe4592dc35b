import type { CryptoKey } from "jose";
import {
  createServer,
  type HandshakeRequest,
  type Logger,
  NanowireError,
  type Server,
  type Session,
  ws,
} from "nanowire";
import type { JoinRequest, JoinResponse } from "../../generated/chat/v1/room.js";
import { RoomComponent } from "../../generated/chat/v1/room.server.js";
import { subjectOf } from "./token-judge.js";

/** What the server is told. */
export interface GameServerOptions {
  /** Of whoever signs the tokens. */
  readonly publicKey: CryptoKey;
  readonly logger: Logger;
}

/**
 * A server whose clients show a signed token in their handshake. It is judged before there is a session: whoever has none costs no more than that. The session is the
 * subject's as long as it lives, however long the token was good for.
 */
export function createGameServer({ publicKey, logger }: GameServerOptions): Server {
  // A session has the handshake that was judged, so its subject need not be read anew, when the token has expired.
  const subjects = new WeakMap<HandshakeRequest, string>();
  return createServer({
    components: [new Room(subjects)],
    listen: [ws({ host: "127.0.0.1", port: 0 })],
    logger,
    resume: true,
    binding: { second: "kick", kickReason: "you have connected elsewhere" },
    onHandshake: async (handshake) => {
      const subject = await subjectOf(tokenIn(handshake.user), publicKey);
      subjects.set(handshake, subject);
      return { subject };
    },
    onBind: ({ handshake }, uid) => {
      if (uid !== subjects.get(handshake)) {
        throw new NanowireError("not_yours", `the token is not ${uid}'s`);
      }
    },
  });
}

/** A room in which everybody is who his token says. */
class Room extends RoomComponent {
  readonly #subjects: WeakMap<HandshakeRequest, string>;

  constructor(subjects: WeakMap<HandshakeRequest, string>) {
    super();
    this.#subjects = subjects;
  }

  /** A client that names nobody is its token's subject; one that names another is refused by `onBind`. */
  override async join(session: Session, { name }: JoinRequest): Promise<JoinResponse> {
    await session.bind(name || (this.#subjects.get(session.handshake) ?? ""));
    return { members: [session.uid] };
  }

  override say(): void {}
  override leave(): void {}
}

/** What a client puts into its handshake is a stranger's: it may be anything. */
function tokenIn(user: unknown): unknown {
  return typeof user === "object" && user !== null && "token" in user ? user.token : undefined;
}
