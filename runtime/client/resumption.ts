import type { NanowireError } from "../base/error.js";
import { Delivery } from "../protocol/delivery.js";
import type { HandshakeResponse } from "../protocol/handshake.js";
import { packetHeaderBytes } from "../protocol/limits.js";
import { encodePacket } from "../protocol/packet.js";
import * as packetType from "../protocol/packet-type.js";
import { decodeResumeOffer } from "../protocol/resume.js";
import { decodeSystem, encodeSystem, hasCapability } from "../protocol/system.js";
import { encodeJson } from "../protocol/utf8.js";
import type { ClientSocket } from "../transport/client-socket.js";
import type { Resuming } from "./resuming.js";

/**
 * Lets a connection that is made again go on with its session, where the server keeps sessions (its option `resume`): `connect(url, { reconnect: { resume:
 * resumption } })`. Pushes that came meanwhile are replayed in order, and requests that were under way are answered, each once; what was sent and did not
 * arrive is sent again. docs/client.md tells when that is not possible.
 */
export function resumption(): Resuming {
  return new SessionResumption();
}

class SessionResumption implements Resuming {
  resumed = false;
  #token = "";
  /** What carries the link, once its handshake is taken. */
  #socket: ClientSocket | undefined;
  /** Since a server has agreed. */
  #delivery: Delivery | undefined;

  get keeps(): boolean {
    return this.#delivery !== undefined;
  }

  claim(handshake: Uint8Array): Uint8Array {
    this.#socket = undefined;
    if (this.#delivery === undefined) {
      return handshake;
    }
    const { received, forgotten } = this.#delivery;
    const request = decodeSystem(handshake.subarray(packetHeaderBytes)) as { readonly sys: object };
    const sys = { ...request.sys, resume: { token: this.#token, received, forgotten } };
    return encodePacket(packetType.handshake, encodeJson({ ...request, sys }));
  }

  agree(sys: HandshakeResponse["sys"], socket: ClientSocket): void {
    this.#socket = socket;
    const offer = hasCapability(sys, "resume") ? decodeResumeOffer(sys.resume) : undefined;
    this.resumed = offer?.received !== undefined && this.#delivery !== undefined;
    if (this.resumed) {
      this.#sendAgain(offer?.received);
    } else {
      this.#token = offer?.token ?? "";
      this.#delivery = offer && new Delivery(offer);
    }
  }

  sent(packet: Uint8Array): void {
    this.#delivery?.keep(packet);
  }

  received(bytes: number): void {
    if (this.#delivery?.receive(bytes) === true) {
      this.beat();
    }
  }

  beat(): void {
    const told = this.#delivery?.tell();
    if (told !== undefined) {
      this.#tell(told);
    }
  }

  acknowledged(count: unknown): void {
    if (count !== undefined) {
      this.#delivery?.acknowledged(count);
    }
  }

  part({ code }: NanowireError): void {
    if (this.keeps && !losses.has(code)) {
      this.forget();
      this.#tell({ leave: true });
    }
  }

  forget(): void {
    this.#delivery = undefined;
  }

  /** @param received how many messages the server has got */
  #sendAgain(received: unknown): void {
    this.#delivery?.goOnAfter(received);
    const packets = this.#delivery?.packets();
    if (packets !== undefined && packets.length > 0) {
      this.#socket?.send(packets);
    }
  }

  /** A socket that cannot send is told of elsewhere, and nothing is lost with what is said here. */
  #tell(message: object): void {
    try {
      this.#socket?.send(encodeSystem(message));
    } catch {}
  }
}

/** The ends of a link after which the session can go on with another. After any other, the same would come again. */
const losses: ReadonlySet<string> = new Set(["connection_lost", "heartbeat_timeout"]);
