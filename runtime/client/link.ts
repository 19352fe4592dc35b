// A hot file: every message that a client sends or receives passes it.

import type { CancelTimer } from "../base/clock.js";
import { NanowireError, toNanowireError } from "../base/error.js";
import type { Listeners } from "../base/listeners.js";
import { isRouteCode } from "../protocol/dictionary.js";
import { decodeErrorProtobuf } from "../protocol/error-payload.js";
import { decodeHandshakeResponse, type HandshakeResponse } from "../protocol/handshake.js";
import { handshakeOk } from "../protocol/limits.js";
import { decodeMessageHeader, MessageHeader } from "../protocol/message-decoder.js";
import * as messageType from "../protocol/message-type.js";
import { encodePacket } from "../protocol/packet.js";
import type { PacketType } from "../protocol/packet-type.js";
import * as packetType from "../protocol/packet-type.js";
import {
  type ComeBack,
  type Drain,
  decodeComeBack,
  decodeDrain,
  decodeSystem,
  encodeSystem,
  hasCapability,
  textOf,
} from "../protocol/system.js";
import type { ClientSocket, Dial } from "../transport/client-socket.js";
import type { ServerHandshake } from "./client-connection.js";
import type { ClientSerializer } from "./client-serializer.js";
import type { ConnectSettings } from "./connect-options.js";
import { Heartbeat } from "./heartbeat.js";
import { Inbox, type InboxHandler } from "./inbox.js";
import { isDeflated } from "./inflate.js";
import type { PendingRequests } from "./pending-requests.js";
import type { PushListeners } from "./push-listeners.js";
import type { Resuming } from "./resuming.js";
import type { MeasuredRoundTrip } from "./round-trip.js";

/** What a connection keeps while its links come and go. */
export interface LinkHost {
  readonly settings: ConnectSettings;
  readonly pending: PendingRequests;
  readonly pushes: PushListeners;
  readonly kickListeners: Listeners<string>;
  readonly roundTrip: MeasuredRoundTrip;
  /** What resumes the session; undefined: nothing does. */
  readonly resuming: Resuming | undefined;
  /** The handshake of a link is taken and acknowledged: messages can be sent. */
  opened(link: Link): void;
  /** A link ended, or none was made. Told once of each that was begun. */
  ended(link: Link, reason: NanowireError): void;
  /** The server is about to stop. */
  drained(drain: Drain): void;
}

/** The route of a method, and its code in the dictionary that the client was generated with. */
export interface Coded {
  readonly route: string;
  readonly code: number;
}

/** One link of a connection to its server, whatever carries it: from one go at connecting to the end of its socket. */
export class Link implements InboxHandler {
  /** What the server says of trying again, where it refused the handshake or told the client to go. */
  comeBack: ComeBack | undefined;
  /** Since it was taken. */
  handshake!: ServerHandshake;
  /** What was agreed upon; undefined: protobuf. */
  serializer: ClientSerializer | undefined;

  readonly #host: LinkHost;
  readonly #settings: ConnectSettings;
  readonly #inbox: Inbox;
  /** The header of the message that is being handled. */
  readonly #header = new MessageHeader();
  /** Tells the dialler to give up. */
  readonly #controller = new AbortController();

  #state: "dialling" | "handshake" | "open" | "closed" = "dialling";
  #socket: ClientSocket | undefined;
  /** Ends the time for connecting and the handshake together. */
  #cancelTimer: CancelTimer | undefined;
  /** When the client's handshake was sent. */
  #startedAt = 0;
  /** The routes' codes that the server sent, */
  #codes: ReadonlyMap<string, number> | undefined;
  /** and the codes' routes. */
  #routes: Map<number, string> | undefined;
  /** Whether the server has the codes that the client was generated with. */
  #generatedCodes = false;
  #heartbeat: Heartbeat | undefined;
  /** Whether the server answers pings. */
  #pings = false;
  /** The ping that was sent last. */
  #ping = 0;
  #pingedAt = 0;
  /** Since an answer was handed over: what waits for it goes on now, and is resolved when that is done. */
  #answered: Promise<void> | undefined;

  constructor(host: LinkHost) {
    this.#host = host;
    this.#settings = host.settings;
    this.#inbox = new Inbox(this, host.settings.maxPacketBytes);
  }

  /** Connects, and shakes hands. Called once. */
  start(dial: Dial): void {
    const { clock, connectTimeoutMs } = this.#settings;
    if (connectTimeoutMs > 0) {
      this.#cancelTimer = clock.after(connectTimeoutMs, () => this.#timeOut());
    }
    // What a dialler throws is a rejection, too.
    new Promise<ClientSocket>((resolve) => resolve(dial(this.#controller.signal))).then(
      (socket) => this.#begin(socket),
      (error: unknown) => this.fail(toNanowireError(error, "connect_failed", "the connection could not be made")),
    );
  }

  /** The code that a route is sent as; 0: it is sent in full. */
  codeOf({ route, code }: Coded): number {
    return this.#generatedCodes ? code : (this.#codes?.get(route) ?? 0);
  }

  /** Sends a message's packet, which is not written to afterwards. */
  send(packet: Uint8Array): void {
    this.#host.resuming?.sent(packet);
    this.#send(packet);
  }

  /** Says that nothing more will be sent: the server closes when it has handled all that was. */
  leave(): void {
    this.#send(encodeSystem({ leave: true }));
  }

  /** Ends the link for a reason; the first reason counts. */
  fail(reason: NanowireError): void {
    const state = this.#state;
    if (state === "closed") {
      return;
    }
    this.#state = "closed";
    this.#cancelTimer?.();
    this.#inbox.stop();
    this.#heartbeat?.stop();
    if (state !== "open") {
      this.#controller.abort(reason);
    }
    if (this.#socket !== undefined) {
      this.#host.resuming?.part(reason);
      this.#close(this.#socket);
      this.#settings.logger.debug({ code: reason.code, reason: reason.message }, "the connection is closed");
    }
    this.#host.ended(this, reason);
  }

  heard(): void {
    this.#heartbeat?.heard();
  }

  heartbeat(): void {
    // go nano's server sends heartbeats before the handshake, too.
    this.#heartbeat?.received();
  }

  failed(error: unknown): void {
    this.fail(toNanowireError(error, "internal", "the client failed", "connection"));
  }

  lost(error: NanowireError | undefined): void {
    const when = this.#state === "handshake" ? " before it answered the handshake" : "";
    this.fail(error ?? new NanowireError("connection_lost", `the server closed the connection${when}`));
  }

  packet(type: PacketType, bytes: Uint8Array, start: number, end: number): void {
    if (type === packetType.data && this.#state === "open") {
      this.#receiveMessage(bytes, start, end);
    } else if (type === packetType.system && this.#state === "open") {
      this.#receiveSystem(bytes.subarray(start, end));
    } else if (type === packetType.kick) {
      this.#receiveKick(bytes.subarray(start, end));
    } else if (type === packetType.handshake && this.#state === "handshake") {
      this.#receiveHandshake(bytes.subarray(start, end));
    } else {
      throw new NanowireError("unexpected_packet", `a packet of type ${type} came in the state ${this.#state}`);
    }
  }

  #timeOut(): void {
    const { connectTimeoutMs } = this.#settings;
    this.fail(
      this.#socket === undefined
        ? new NanowireError("connect_failed", `the connection was not made within ${connectTimeoutMs} ms`)
        : new NanowireError(
            "handshake_timeout",
            `the server did not answer the handshake within ${connectTimeoutMs} ms`,
          ),
    );
  }

  /** Begins with the handshake. */
  #begin(socket: ClientSocket): void {
    if (this.#state === "closed") {
      this.#close(socket);
      return;
    }
    this.#state = "handshake";
    this.#socket = socket;
    this.#startedAt = this.#settings.clock.steady();
    socket.start(this.#inbox);
    if (this.#isIn("handshake")) {
      const { handshake } = this.#settings;
      this.#send(this.#host.resuming?.claim(handshake) ?? handshake);
    }
  }

  #receiveHandshake(body: Uint8Array): void {
    if (!isDeflated(body)) {
      this.#shakeHands(body);
      return;
    }
    this.#inbox.inflate(
      body,
      (inflated) => this.#shakeHands(inflated),
      (error) => {
        throw toNanowireError(error, "invalid_handshake", "the handshake cannot be inflated");
      },
    );
  }

  #shakeHands(body: Uint8Array): void {
    const response = decodeHandshakeResponse(body);
    this.comeBack = decodeComeBack(response.retry);
    assertTaken(response);
    const { sys, user } = response;
    this.serializer = serializerOf(sys, this.#settings);
    this.#takeDictionary(sys);
    this.handshake = { user, servertime: sys.servertime };
    this.#state = "open";
    this.#cancelTimer?.();
    this.#pings = hasCapability(sys, "ping");
    if (Array.isArray(sys.capabilities)) {
      this.#inbox.takeSystem();
    }
    this.#host.roundTrip.sample(this.#settings.clock.steady() - this.#startedAt);
    this.#settings.logger.debug({ heartbeat: sys.heartbeat, routes: this.#codes?.size }, "connected");
    this.#send(encodePacket(packetType.handshakeAck));
    this.#host.resuming?.agree(sys, this.#socket as ClientSocket);
    this.#startHeartbeat(sys.heartbeat ?? 0);
    if (this.#isIn("open")) {
      this.#host.opened(this);
    }
  }

  #takeDictionary({ dict, dictVersion }: HandshakeResponse["sys"]): void {
    if (dict === undefined) {
      this.#generatedCodes = dictVersion !== undefined && dictVersion === this.#settings.dictVersion;
      return;
    }
    this.#codes = new Map(Object.entries(dict));
    this.#routes = new Map();
    for (const [route, code] of this.#codes) {
      // go nano may give the code 0, which stands for none here: such a route is sent in full.
      if (code !== 0) {
        if (route === "" || !isRouteCode(code) || this.#routes.has(code)) {
          throw new NanowireError("invalid_handshake", `sys.dict gives the route ${route} the code ${code}`);
        }
        this.#routes.set(code, route);
      }
    }
  }

  #startHeartbeat(intervalSeconds: number): void {
    if (intervalSeconds === 0 || !this.#isIn("open")) {
      return;
    }
    this.#heartbeat = new Heartbeat(
      this.#settings.clock,
      intervalSeconds,
      () => this.#beat(),
      (error) => this.fail(error),
    );
    this.#heartbeat.start();
  }

  /** What is sent every interval. */
  #beat(): void {
    this.#send(encodePacket(packetType.heartbeat));
    this.#host.resuming?.beat();
    if (this.#pings) {
      this.#pingedAt = this.#settings.clock.steady();
      this.#send(encodeSystem({ ping: ++this.#ping }));
    }
  }

  #receiveKick(body: Uint8Array): void {
    // pomelo's is JSON, pitaya's is empty. Whatever else it is, there is no reason in it.
    const { reason: told, retry } = decodeSystem(body);
    const reason = textOf(told) ?? "";
    this.comeBack = decodeComeBack(retry);
    this.#host.kickListeners.call(reason, this.#settings.logger);
    const message = `the server told the client to go${reason && `: ${reason}`}`;
    this.fail(new NanowireError("kicked", message, { details: { reason } }));
  }

  #receiveSystem(body: Uint8Array): void {
    const { pong, drain: told, received } = decodeSystem(body);
    this.#host.resuming?.acknowledged(received);
    const drain = decodeDrain(told);
    if (pong === this.#ping) {
      this.#host.roundTrip.sample(this.#settings.clock.steady() - this.#pingedAt);
    }
    if (drain !== undefined) {
      this.#host.drained(drain);
    }
  }

  #receiveMessage(bytes: Uint8Array, start: number, end: number): void {
    const header = this.#header;
    decodeMessageHeader(bytes, start, end, header);
    if (header.type !== messageType.response && header.type !== messageType.push) {
      throw new NanowireError("invalid_message", `a message of type ${header.type} came, which only a client sends`);
    }
    const payload = bytes.subarray(header.payloadStart, end);
    if (header.compressed) {
      this.#inbox.inflate(
        payload,
        (inflated) => this.#receivePayload(inflated),
        (error) => this.#missPayload(error),
      );
    } else {
      this.#receivePayload(payload);
    }
  }

  #receivePayload(payload: Uint8Array): void {
    if (this.#header.type === messageType.response) {
      this.#receiveResponse(payload);
    } else if (this.#answered === undefined) {
      this.#receivePush(payload);
    } else {
      // The header is this push's until the next packet is handled, which comes after it.
      this.#inbox.hold(this.#answered, () => this.#receivePush(payload));
    }
  }

  #receivePush(payload: Uint8Array): void {
    this.#host.resuming?.received(payload.length);
    const { code, route } = this.#header;
    const key = code === 0 ? route : this.#generatedCodes ? code : this.#routeOf(code);
    if (!this.#host.pushes.receive(key, payload)) {
      this.#settings.logger.debug({ route, code }, "a push came that nobody listens to");
    }
  }

  #receiveResponse(payload: Uint8Array): void {
    this.#host.resuming?.received(payload.length);
    const { id, error } = this.#header;
    const request = this.#host.pending.take(id);
    if (request?.sentAt !== undefined && !this.#pings) {
      this.#host.roundTrip.sample(this.#settings.clock.steady() - request.sentAt);
    }
    if (request === undefined) {
      this.#settings.logger.debug({ id }, "an answer came that no request waits for");
    } else if (error) {
      request.reject(this.serializer?.error(payload) ?? decodeErrorProtobuf(payload));
    } else {
      request.answer(payload);
    }
    this.#answered ??= continuations().then(() => {
      this.#answered = undefined;
    });
  }

  /** The payload cannot be inflated. It is the message that is lost for that, not the connection. */
  #missPayload(error: unknown): void {
    this.#host.resuming?.received(0);
    const { type, id, route, code } = this.#header;
    if (type === messageType.push) {
      this.#settings.logger.warn({ route, code, error }, "a push cannot be inflated");
    } else {
      const reason = new NanowireError("invalid_response", "the answer cannot be inflated", { cause: error });
      this.#host.pending.take(id)?.reject(reason);
    }
  }

  #routeOf(code: number): string {
    const route = this.#routes?.get(code);
    if (route === undefined) {
      throw new NanowireError(
        "unknown_code",
        `a push came with the route code ${code}, which is not in the dictionary`,
      );
    }
    return route;
  }

  /** A method, for the compiler: any call may have ended the link. */
  #isIn(state: "handshake" | "open"): boolean {
    return this.#state === state;
  }

  #send(packet: Uint8Array): void {
    if (this.#state === "closed") {
      return;
    }
    try {
      this.#socket?.send(packet);
    } catch (error) {
      this.fail(toNanowireError(error, "connection_lost", "the socket could not send"));
    }
  }

  #close(socket: ClientSocket): void {
    try {
      socket.close();
    } catch (error) {
      this.#settings.logger.warn({ error }, "the socket could not be closed");
    }
  }
}

/**
 * Refuses an answer that refuses the client.
 *
 * @throws NanowireError `handshake_refused`
 */
function assertTaken({ code, error, reason }: HandshakeResponse): void {
  if (code !== handshakeOk) {
    const why = { ...(error && { error }), ...(reason && { reason }) };
    const message = [`the server refused the handshake with code ${code}`, ...Object.values(why)].join(": ");
    throw new NanowireError("handshake_refused", message, { details: { code: String(code), ...why } });
  }
}

/**
 * The serializer that the server chose, or the one that was asked for where it says nothing; undefined: protobuf.
 *
 * @throws NanowireError `invalid_handshake` for one that this client does not have
 */
function serializerOf(sys: HandshakeResponse["sys"], { serializers }: ConnectSettings): ClientSerializer | undefined {
  const chosen = sys.serializer ?? serializers[0]?.name ?? "protobuf";
  const found = serializers.find(({ name }) => name === chosen);
  if (found === undefined && chosen !== "protobuf") {
    const spoken = ["protobuf", ...serializers.map(({ name }) => name)].join(", ");
    throw new NanowireError("invalid_handshake", `the server speaks ${chosen}; this client speaks ${spoken}`);
  }
  return found;
}

/**
 * Resolved when those who were handed an answer have gone on from their `await`: as far as through an asynchronous
 * function of their own around the call, or two.
 */
async function continuations(): Promise<void> {
  for (let step = 0; step < 8; step++) {
    await undefined;
  }
}
