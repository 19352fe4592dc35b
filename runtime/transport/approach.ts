import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { NanowireError, toNanowireError } from "../base/error.js";
import { Arrival, type Refusal } from "./arrival.js";
import type { Arrivals } from "./arrivals.js";
import type { Certificates } from "./certificates.js";
import { clientHelloBytes } from "./client-hello.js";
import type { HandshakeGate, Waiting } from "./handshake-gate.js";
import { readProxyHeader } from "./proxy-header.js";

/** What a connection may speak, and who takes it then. */
export interface Face {
  /** Which of the proxies' options counts. */
  readonly kind: "tcp" | "ws";
  /** The arrival is the face's from now on, to be accepted or sent away; its socket is read when this returns. */
  take(arrival: Arrival): void;
  /** What a client is told that is not taken. */
  refusal(error: NanowireError): Refusal;
}

/** What stands between the sockets of a listener and its faces. */
export interface Entrance {
  /** One; or the native protocol's and WebSocket's, told apart by the first byte. */
  readonly faces: readonly [Face, ...Face[]];
  /** With TLS. */
  readonly certificates: Certificates | undefined;
  /** What TLS says of the protocol within, to a client that asks. */
  readonly alpnProtocols: readonly string[];
  readonly gate: HandshakeGate;
}

/**
 * The way of one arrival to its face: the PROXY header is read, TLS begins, the protocol is recognised; what is not needed
 * is left out. Each waits for this client's bytes alone, which are bounded; the handshake's time bounds all of it.
 */
export class Approach implements Waiting {
  readonly #arrival: Arrival;
  readonly #entrance: Entrance;
  #stage: "header" | "hello" | "gate" | "face" = "header";
  /** Whether there was a PROXY header. */
  #headed = false;
  /** What was read and is not used up yet. */
  #held: Buffer = nothing;

  /** @param peer the address of the other end */
  constructor(socket: Socket, peer: string, arrivals: Arrivals, entrance: Entrance) {
    this.#arrival = new Arrival(socket, peer, arrivals);
    this.#entrance = entrance;
  }

  begin(): void {
    const { faces } = this.#entrance;
    const [face] = faces;
    if (!this.#needsFirstByte) {
      this.#arrival.refusal = face.refusal;
    }
    this.#attempt(() => {
      this.#arrival.begin();
      this.#read();
      if (!this.#arrival.byProxy || !faces.some((each) => this.#wantsHeader(each))) {
        this.#stage = this.#stageAfterHeader();
        this.#advance();
      }
    });
  }

  enter(): boolean {
    if (this.#arrival.over) {
      return false;
    }
    this.#attempt(() => this.#secure());
    return true;
  }

  readonly #onData = (chunk: Buffer): void => {
    if (!this.#arrival.over) {
      this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
      this.#attempt(() => this.#advance());
    }
  };

  /** The client says nothing more, and has not said enough. */
  readonly #onEnd = (): void => this.#arrival.destroy(undefined);

  readonly #onTlsError = (error: Error & { code?: string }): void => {
    // What TLS complains of bears such a code; all else is the network's.
    if (error.code?.startsWith("ERR_SSL") === true) {
      const message = `the TLS handshake failed: ${error.message.trim()}`;
      this.#arrival.because(new NanowireError("tls_failed", message, { cause: error }));
    }
  };

  #advance(): void {
    if (this.#stage === "header" && !this.#readHeader()) {
      return;
    }
    if (this.#stage === "hello" && clientHelloBytes(this.#held) !== "more") {
      this.#stage = "gate";
      this.#stopReading();
      this.#entrance.gate.queue(this);
    } else if (this.#stage === "face" && (this.#held.length > 0 || !this.#needsFirstByte)) {
      this.#enter(this.#recognise());
    }
  }

  /** @returns whether it is whole */
  #readHeader(): boolean {
    const header = readProxyHeader(this.#held);
    if (header === "more") {
      return false;
    }
    this.#stage = this.#stageAfterHeader();
    if (header === "none") {
      // Where both protocols are spoken one of them may go without; which one it is shows later.
      if (this.#entrance.faces.every((face) => this.#wantsHeader(face))) {
        throw headerMissing();
      }
      return true;
    }
    this.#headed = true;
    this.#held = this.#held.subarray(header.length);
    if (header.source !== undefined) {
      this.#arrival.comesFrom({ address: header.source, proxy: this.#arrival.origin.address });
    }
    return true;
  }

  /** Whether a client is there only when it says something: TLS has to be done, or its protocol to be seen. */
  get #needsFirstByte(): boolean {
    const { faces, certificates } = this.#entrance;
    return faces.length > 1 || certificates !== undefined;
  }

  /** HTTP begins with a method, in capitals; a packet with its type, 1 to 5. */
  #recognise(): Face {
    const { faces } = this.#entrance;
    const [first = 0] = this.#held;
    const kind = first >= 0x41 && first <= 0x5a ? "ws" : "tcp";
    return faces.find((face) => face.kind === kind) ?? faces[0];
  }

  #enter(face: Face): void {
    this.#arrival.refusal = face.refusal;
    if (this.#arrival.byProxy && this.#wantsHeader(face) !== this.#headed) {
      throw this.#headed ? headerUnexpected(face) : headerMissing();
    }
    this.#stopReading();
    this.#giveBack();
    face.take(this.#arrival);
    // Whoever took it listens by now.
    this.#arrival.socket.resume();
  }

  #secure(): void {
    this.#giveBack();
    const { certificates, alpnProtocols } = this.#entrance;
    const options = (certificates as Certificates).socketOptions();
    const named = alpnProtocols.length === 0 ? options : { ...options, ALPNProtocols: [...alpnProtocols] };
    const secure = new TLSSocket(this.#arrival.socket, named);
    // A client that negotiates anew lets the server sign again and again.
    secure.disableRenegotiation();
    secure.on("error", this.#onTlsError);
    this.#arrival.goOnWith(secure);
    this.#stage = "face";
    this.#read();
  }

  #stageAfterHeader(): "hello" | "face" {
    return this.#entrance.certificates === undefined ? "face" : "hello";
  }

  #wantsHeader({ kind }: Face): boolean {
    return this.#arrival.host.proxies[kind] === "proxy-protocol";
  }

  #read(): void {
    this.#arrival.socket.on("end", this.#onEnd).on("data", this.#onData);
  }

  #stopReading(): void {
    this.#arrival.socket.pause().off("data", this.#onData).off("end", this.#onEnd).off("error", this.#onTlsError);
  }

  /** What was read ahead is read again by whoever comes next. */
  #giveBack(): void {
    if (this.#held.length > 0) {
      this.#arrival.socket.unshift(this.#held);
      this.#held = nothing;
    }
  }

  #attempt(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.#stopReading();
      this.#held = nothing;
      this.#arrival.sendAway(toNanowireError(error, "internal", "a connection could not be begun"));
    }
  }
}

function headerMissing(): NanowireError {
  return new NanowireError("invalid_proxy_header", "a trusted proxy's connection does not begin with a PROXY header");
}

function headerUnexpected({ kind }: Face): NanowireError {
  const message = `a trusted proxy's connection begins with a PROXY header, and proxy.${kind} tells of none`;
  return new NanowireError("invalid_proxy_header", message);
}

const nothing = Buffer.alloc(0);
