// A hot file: every message that a client sends or receives passes it.

import { ByteBuffer } from "../base/byte-buffer.js";
import { NanowireError, toNanowireError } from "../base/error.js";
import { Listeners } from "../base/listeners.js";
import type { ProtobufCodec } from "../protocol/codec.js";
import { Dictionary } from "../protocol/dictionary.js";
import { decodeErrorProtobuf } from "../protocol/error-payload.js";
import { decodeHandshakeResponse, type HandshakeResponse, handshakeOk } from "../protocol/handshake.js";
import { MessageType } from "../protocol/message.js";
import { decodeMessageHeader, MessageHeader } from "../protocol/message-decoder.js";
import { writeNotify, writeRequest } from "../protocol/message-encoder.js";
import { encodePacket, PacketType } from "../protocol/packet.js";
import type { ClientSocket } from "../transport/client-socket.js";
import type { ClientConnection, ServerHandshake } from "./client-connection.js";
import type { ClientSerializer } from "./client-serializer.js";
import { assertTimeout, type ConnectSettings } from "./connect-options.js";
import { Heartbeat } from "./heartbeat.js";
import { Inbox } from "./inbox.js";
import { isDeflated } from "./inflate.js";
import type { CallOptions, ClientMethod, ClientPush, Unsubscribe } from "./method.js";
import { canceled, PendingRequests } from "./pending-requests.js";
import { PushListeners, subscribe } from "./push-listeners.js";

/** Is told once how the handshake of a {@link Connection} ended. */
export interface HandshakeObserver {
  opened(): void;
  failed(reason: NanowireError): void;
}

/** A client's connection, from its handshake on, whatever carries it. */
export class Connection implements ClientConnection {
  readonly closed: Promise<NanowireError>;

  readonly #socket: ClientSocket;
  readonly #settings: ConnectSettings;
  readonly #observer: HandshakeObserver;
  readonly #inbox: Inbox;
  /** The header of the message that is being handled. */
  readonly #header = new MessageHeader();
  readonly #out = new ByteBuffer();
  readonly #pending: PendingRequests;
  readonly #pushes: PushListeners;
  readonly #kickListeners = new Listeners<string>();
  readonly #closeListeners = new Listeners<NanowireError>();

  #state: "handshake" | "open" | "closed" = "handshake";
  #handshake: ServerHandshake = { user: undefined, servertime: undefined };
  /** What was agreed upon; undefined: protobuf. */
  #serializer: ClientSerializer | undefined;
  /** The codes that the server sent. */
  #dictionary: Dictionary | undefined;
  /** Whether the server has the codes that the client was generated with. */
  #generatedCodes = false;
  #heartbeat: Heartbeat | undefined;
  /** Since an answer was handed over: what waits for it goes on now, and is resolved when that is done. */
  #answered: Promise<void> | undefined;
  #reason: NanowireError | undefined;
  #resolveClosed: (reason: NanowireError) => void = ignore;

  constructor(socket: ClientSocket, settings: ConnectSettings, observer: HandshakeObserver) {
    this.#socket = socket;
    this.#settings = settings;
    this.#observer = observer;
    this.#pending = new PendingRequests(settings.clock);
    this.#pushes = new PushListeners(settings.logger);
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    this.#inbox = new Inbox(
      {
        heard: () => this.#heartbeat?.heard(),
        // go nano's server sends heartbeats before the handshake, too.
        heartbeat: () => this.#heartbeat?.received(),
        packet: (type, bytes, start, end) => this.#receive(type, bytes, start, end),
        failed: (error) => this.fail(toConnectionError(error)),
        lost: (error) => this.#lose(error),
      },
      settings.maxPacketBytes,
    );
  }

  get state(): "open" | "closed" {
    return this.#state === "closed" ? "closed" : "open";
  }

  get handshake(): ServerHandshake {
    return this.#handshake;
  }

  /** Begins with the handshake. Called once. */
  start(): void {
    this.#socket.start(this.#inbox);
    if (this.#state === "handshake") {
      this.#send(this.#settings.handshake);
    }
  }

  request<Req, Res>(called: ClientMethod<Req, Res>, request: Req, options?: CallOptions): Promise<Res> {
    // What is thrown in here rejects the promise.
    return new Promise((resolve, reject) => {
      this.#assertOpen(called.route);
      const method = this.#serializer?.method(called) ?? called;
      const timeoutMs = options?.timeoutMs ?? this.#settings.requestTimeoutMs;
      assertTimeout("timeoutMs", timeoutMs);
      const signal = options?.signal;
      if (signal?.aborted) {
        throw canceled(method.route, signal);
      }
      const payload = encodePayload(method.route, method.request, request);
      const id = this.#pending.nextId();
      writeRequest(this.#out, id, method.route, this.#codeOf(method), payload);
      // First taken in, then sent: a socket may answer at once.
      this.#pending.add(id, method, timeoutMs, signal, resolve, reject);
      this.#sendOut();
    });
  }

  notify<Req>(called: ClientMethod<Req, void>, message: Req): void {
    this.#assertOpen(called.route);
    const method = this.#serializer?.method(called) ?? called;
    const payload = encodePayload(method.route, method.request, message);
    writeNotify(this.#out, method.route, this.#codeOf(method), payload);
    this.#sendOut();
  }

  on<T>(push: ClientPush<T>, listener: (message: T) => void): Unsubscribe {
    return this.#state === "closed" ? ignore : this.#pushes.add(this.#serializer?.push(push) ?? push, listener);
  }

  onClose(listener: (reason: NanowireError) => void): Unsubscribe {
    const end = subscribe(this.#closeListeners, listener);
    if (this.#reason !== undefined) {
      queueMicrotask(() => this.#tellClosed());
    }
    return end;
  }

  onKick(listener: (reason: string) => void): Unsubscribe {
    return this.#state === "closed" ? ignore : subscribe(this.#kickListeners, listener);
  }

  close(): void {
    this.fail(new NanowireError("closed", "the connection was closed by this side"));
  }

  /** Closes the connection for a reason; the first reason counts. */
  fail(reason: NanowireError): void {
    if (this.#state === "closed") {
      return;
    }
    const shakingHands = this.#state === "handshake";
    this.#state = "closed";
    this.#reason = reason;
    this.#inbox.stop();
    this.#heartbeat?.stop();
    this.#closeSocket();
    this.#settings.logger.debug({ code: reason.code, reason: reason.message }, "the connection is closed");
    this.#pending.close(reason);
    this.#pushes.clear();
    this.#kickListeners.clear();
    if (shakingHands) {
      this.#observer.failed(reason);
    }
    this.#tellClosed();
    this.#resolveClosed(reason);
  }

  #lose(error: NanowireError | undefined): void {
    const when = this.#state === "handshake" ? " before it answered the handshake" : "";
    this.fail(error ?? new NanowireError("connection_lost", `the server closed the connection${when}`));
  }

  #receive(type: PacketType, bytes: Uint8Array, start: number, end: number): void {
    if (type === PacketType.data && this.#state === "open") {
      this.#receiveMessage(bytes, start, end);
    } else if (type === PacketType.kick) {
      this.#receiveKick(bytes.subarray(start, end));
    } else if (type === PacketType.handshake && this.#state === "handshake") {
      this.#receiveHandshake(bytes.subarray(start, end));
    } else {
      throw new NanowireError("unexpected_packet", `a packet of type ${type} came in the state ${this.#state}`);
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
    assertTaken(response);
    const { sys, user } = response;
    this.#serializer = serializerOf(sys, this.#settings);
    this.#takeDictionary(sys);
    this.#handshake = { user, servertime: typeof sys.servertime === "number" ? sys.servertime : undefined };
    this.#state = "open";
    this.#settings.logger.debug({ heartbeat: sys.heartbeat, routes: this.#dictionary?.size }, "connected");
    this.#observer.opened();
    this.#send(encodePacket(PacketType.handshakeAck));
    this.#startHeartbeat(sys.heartbeat ?? 0);
  }

  #takeDictionary({ dict, dictVersion }: HandshakeResponse["sys"]): void {
    if (dict === undefined) {
      this.#generatedCodes = dictVersion !== undefined && dictVersion === this.#settings.dictVersion;
      return;
    }
    // go nano may give the code 0, which stands for none here: such a route is sent in full.
    const routes = Object.fromEntries(Object.entries(dict).filter(([, code]) => code !== 0));
    try {
      this.#dictionary = new Dictionary({ version: dictVersion ?? "", routes });
    } catch (error) {
      throw new NanowireError("invalid_handshake", "sys.dict is no route dictionary", { cause: error });
    }
  }

  #startHeartbeat(intervalSeconds: number): void {
    if (intervalSeconds === 0 || this.state === "closed") {
      return;
    }
    this.#heartbeat = new Heartbeat(
      this.#settings.clock,
      intervalSeconds,
      () => this.#send(encodePacket(PacketType.heartbeat)),
      (error) => this.fail(error),
    );
    this.#heartbeat.start();
  }

  #receiveKick(body: Uint8Array): void {
    const reason = decodeKickReason(body);
    this.#kickListeners.call(reason, this.#settings.logger);
    const message = `the server told the client to go${reason === "" ? "" : `: ${reason}`}`;
    this.fail(new NanowireError("kicked", message, { details: { reason } }));
  }

  #receiveMessage(bytes: Uint8Array, start: number, end: number): void {
    const header = this.#header;
    decodeMessageHeader(bytes, start, end, header);
    if (header.type !== MessageType.response && header.type !== MessageType.push) {
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
    if (this.#header.type === MessageType.response) {
      this.#receiveResponse(payload);
    } else if (this.#answered === undefined) {
      this.#receivePush(payload);
    } else {
      // The header is this push's until the next packet is handled, which comes after it.
      this.#inbox.hold(this.#answered, () => this.#receivePush(payload));
    }
  }

  #receivePush(payload: Uint8Array): void {
    const { code, route } = this.#header;
    const heard =
      code !== 0 && this.#generatedCodes
        ? this.#pushes.receiveCode(code, payload)
        : this.#pushes.receiveRoute(code === 0 ? route : this.#routeOf(code), payload);
    if (!heard) {
      this.#settings.logger.debug({ route, code }, "a push came that nobody listens to");
    }
  }

  #receiveResponse(payload: Uint8Array): void {
    const { id, error } = this.#header;
    const request = this.#pending.take(id);
    if (request === undefined) {
      this.#settings.logger.debug({ id }, "an answer came that no request waits for");
    } else if (error) {
      request.reject(this.#serializer?.error(payload) ?? decodeErrorProtobuf(payload));
    } else {
      request.answer(payload);
    }
    this.#answered ??= continuations().then(() => {
      this.#answered = undefined;
    });
  }

  /** The payload cannot be inflated. It is the message that is lost for that, not the connection. */
  #missPayload(error: unknown): void {
    const { type, id, route, code } = this.#header;
    if (type === MessageType.push) {
      this.#settings.logger.warn({ route, code, error }, "a push cannot be inflated");
    } else {
      const reason = new NanowireError("invalid_response", "the answer cannot be inflated", { cause: error });
      this.#pending.take(id)?.reject(reason);
    }
  }

  #routeOf(code: number): string {
    const route = this.#dictionary?.routeOf(code);
    if (route === undefined) {
      throw new NanowireError(
        "unknown_code",
        `a push came with the route code ${code}, which is not in the dictionary`,
      );
    }
    return route;
  }

  /** 0 where the route is to be sent in full. */
  #codeOf(method: { readonly route: string; readonly code: number }): number {
    if (this.#dictionary !== undefined) {
      return this.#dictionary.codeOf(method.route) ?? 0;
    }
    return this.#generatedCodes ? method.code : 0;
  }

  #assertOpen(route: string): void {
    if (this.#state !== "open") {
      const message = `${route} cannot be sent: the connection is closed`;
      throw new NanowireError("unavailable", message, { cause: this.#reason });
    }
  }

  /** Sends the packet that was written into the out-buffer, in an array of its own. */
  #sendOut(): void {
    const out = this.#out;
    if (out.bytes.length > keptBytes) {
      const packet = out.view();
      out.release();
      this.#send(packet);
    } else {
      const packet = out.bytes.slice(0, out.end);
      out.clear();
      this.#send(packet);
    }
  }

  #send(packet: Uint8Array): void {
    if (this.#state === "closed") {
      return;
    }
    try {
      this.#socket.send(packet);
    } catch (error) {
      this.fail(toNanowireError(error, "connection_lost", "the socket could not send"));
    }
  }

  #closeSocket(): void {
    try {
      this.#socket.close();
    } catch (error) {
      this.#settings.logger.warn({ error }, "the socket could not be closed");
    }
  }

  /** Each listener hears it once. */
  #tellClosed(): void {
    const listeners = this.#closeListeners;
    listeners.call(this.#reason as NanowireError, this.#settings.logger);
    listeners.clear();
  }
}

/**
 * Refuses an answer that refuses the client.
 *
 * @throws NanowireError `handshake_refused`
 */
function assertTaken({ code, error, reason }: HandshakeResponse): void {
  if (code !== handshakeOk) {
    const details: Record<string, string> = { code: String(code) };
    for (const [name, text] of Object.entries({ error, reason })) {
      if (typeof text === "string") {
        details[name] = text;
      }
    }
    const why = [details["error"], details["reason"]].filter((text) => text !== undefined).join(": ");
    const message = `the server refused the handshake with code ${code}${why === "" ? "" : `, ${why}`}`;
    throw new NanowireError("handshake_refused", message, { details });
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
    throw new NanowireError("invalid_handshake", `the server's serializer is ${chosen}; this client speaks ${spoken}`);
  }
  return found;
}

/** The reason in a kick's body: pomelo's is JSON, pitaya's is empty. Whatever else it is, there is no reason in it. */
function decodeKickReason(body: Uint8Array): string {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(body));
    const { reason } = value as { readonly reason?: unknown };
    return typeof reason === "string" ? reason : "";
  } catch {
    return "";
  }
}

function encodePayload<T>(route: string, codec: ProtobufCodec<T>, message: T): Uint8Array {
  try {
    return codec.encode(message).finish();
  } catch (error) {
    throw new NanowireError("invalid_payload", `the message for ${route} cannot be encoded`, { cause: error });
  }
}

function toConnectionError(error: unknown): NanowireError {
  return error instanceof NanowireError
    ? error
    : new NanowireError("internal", "the client failed", { cause: error, scope: "connection" });
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

function ignore(): void {}

/** A buffer that grew larger than this is sent as it is, and not kept. */
const keptBytes = 16 * 1024;
