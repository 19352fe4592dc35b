import type { NanowireError } from "../base/error.js";
import type { HandshakeResponse } from "../protocol/handshake.js";
import type { ClientSocket } from "../transport/client-socket.js";

/** What a connection asks of that which resumes its session: `resumption` makes it. It is apart, so that a program that does without carries nothing of it. */
export interface Resuming {
  /** Whether there is a session to come back to. */
  readonly keeps: boolean;
  /** Whether the session of the link before goes on; false: it is a new one. */
  readonly resumed: boolean;
  /** A link begins: returns the handshake's packet, with what is said to come back. */
  claim(handshake: Uint8Array): Uint8Array;
  /**
   * Takes in the server's answer, which is acknowledged already, and sends again what has to be.
   *
   * @param socket what carries the link
   * @throws NanowireError `invalid_acknowledgment`
   */
  agree(sys: HandshakeResponse["sys"], socket: ClientSocket): void;
  /** A message is sent. Its packet is kept as it is. */
  sent(packet: Uint8Array): void;
  /** A message, with so many bytes of payload, is handled: it is not to come again. */
  received(bytes: number): void;
  /** A heartbeat is sent: a time to tell the server what came. */
  beat(): void;
  /**
   * The server has got so many messages, if it says so.
   *
   * @throws NanowireError `invalid_acknowledgment`
   */
  acknowledged(count: unknown): void;
  /** The link ends. When the session ends with it, the server is told. */
  part(reason: NanowireError): void;
  /** The session is not to be resumed any more. */
  forget(): void;
}

/** Makes what resumes one connection's session. */
export type Resumption = () => Resuming;
