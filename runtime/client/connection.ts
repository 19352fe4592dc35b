// A hot file: every message that a client sends passes it.

import { ByteBuffer } from "../base/byte-buffer.js";
import type { CancelTimer, Clock } from "../base/clock.js";
import { NanowireError, toNanowireError } from "../base/error.js";
import { Listeners } from "../base/listeners.js";
import type { ProtobufCodec } from "../protocol/codec.js";
import { writeNotify, writeRequest } from "../protocol/message-encoder.js";
import type { ComeBack, Drain } from "../protocol/system.js";
import type { Dial } from "../transport/client-socket.js";
import type { ClientConnection, ConnectionStatus, DrainNotice, ServerHandshake } from "./client-connection.js";
import type { ClientSerializer } from "./client-serializer.js";
import { type ConnectOptions, type ConnectSettings, resolveConnectOptions } from "./connect-options.js";
import { directConnection } from "./direct-connection.js";
import { keptBytes, maxTimeoutMs, steadyMs } from "./limits.js";
import { Link, type LinkHost } from "./link.js";
import type { CallOptions, ClientMethod, ClientPush, Unsubscribe } from "./method.js";
import { assertNumber } from "./number-option.js";
import { OfflineQueue } from "./offline-queue.js";
import { canceled, PendingRequests } from "./pending-requests.js";
import { PushListeners, subscribe } from "./push-listeners.js";
import type { Resuming } from "./resuming.js";
import { MeasuredRoundTrip } from "./round-trip.js";

/** Makes what dials: where `connect` was told to, or where the server sends the client. */
export type MakeDial = (settings: ConnectSettings, url: string | undefined) => Dial;

/**
 * Connects.
 *
 * @param machine the machine's clock
 * @throws NanowireError (as a rejection) what `connect` says
 */
export async function openConnection(
  makeDial: MakeDial,
  options: ConnectOptions,
  machine: Clock,
): Promise<ClientConnection> {
  const settings = resolveConnectOptions(options, machine);
  const dial = makeDial(settings, undefined);
  return await new Promise((resolve, reject) => {
    new Connection(makeDial, settings, resolve, reject).start(dial);
  });
}

/** A client's connection: what stays while its links to the server come and go, one at a time. */
class Connection implements ClientConnection, LinkHost {
  readonly settings: ConnectSettings;
  readonly pending: PendingRequests;
  readonly pushes: PushListeners;
  readonly kickListeners = new Listeners<string>();
  readonly roundTrip = new MeasuredRoundTrip();
  readonly offline: OfflineQueue;
  readonly resuming: Resuming | undefined;
  readonly closed: Promise<NanowireError>;
  handshake: ServerHandshake = { user: undefined, servertime: undefined };
  status: ConnectionStatus = { state: "connecting", attempt: 1 };

  readonly #makeDial: MakeDial;
  readonly #resolve: (connection: ClientConnection) => void;
  readonly #stateListeners = new Listeners<ConnectionStatus>();
  readonly #drainListeners = new Listeners<DrainNotice>();
  readonly #closeListeners = new Listeners<NanowireError>();
  /** Where messages are encoded. */
  readonly #out = new ByteBuffer();

  /** The attempt that is under way, or the last one. */
  #begun: Link | undefined;
  /** The link whose handshake was taken, until it ends. */
  #link: Link | undefined;
  /** The same, while anybody's messages may be sent on it. */
  #ready: Link | undefined;
  /** What was agreed upon in the first handshake, and is to be in each; undefined: protobuf. */
  #serializer: ClientSerializer | undefined;
  /** Whether `connect` was answered. */
  #connected = false;
  #openedAt = 0;
  /** Why the link before this one ended, or the last attempt failed. */
  #lostBy: NanowireError | undefined;
  /** Attempts in a row that failed. */
  #attempt = 0;
  /** Where the server sent the client; undefined: where `connect` was told to. */
  #url: string | undefined;
  /** Whether the server was told that nothing more is sent. */
  #leaving = false;
  /** When to come back from a server that is about to stop. */
  #comeBackAt: number | undefined;
  #cancelTimer: CancelTimer | undefined;

  constructor(
    makeDial: MakeDial,
    settings: ConnectSettings,
    resolve: (connection: ClientConnection) => void,
    reject: (error: NanowireError) => void,
  ) {
    this.#makeDial = makeDial;
    this.settings = settings;
    this.#resolve = resolve;
    this.pending = new PendingRequests(settings.clock);
    this.pushes = new PushListeners(settings.logger);
    this.offline = new OfflineQueue(settings.reconnect, this.pending);
    this.resuming = settings.reconnect?.resume?.();
    this.closed = new Promise((done) => this.#closeListeners.add(done));
    // Where it was resolved before, that is all.
    this.#closeListeners.add(reject);
  }

  get state(): ConnectionStatus["state"] {
    return this.status.state;
  }

  /** Called once. */
  start(dial: Dial): void {
    const { signal, onState } = this.settings;
    if (signal?.aborted) {
      this.handleEvent();
      return;
    }
    signal?.addEventListener("abort", this);
    if (onState !== undefined) {
      this.#stateListeners.add(onState);
    }
    this.#tell(this.status);
    this.#open(dial);
  }

  /** The caller's signal was aborted. */
  handleEvent(): void {
    this.#end(canceled(this.#connected ? "the connection" : "connecting", this.settings.signal as AbortSignal));
  }

  request<Req, Res>(method: ClientMethod<Req, Res>, request: Req, options?: CallOptions): Promise<Res> {
    return this.requestOn(this.#ready, method, request, options);
  }

  notify<Req>(method: ClientMethod<Req, void>, message: Req): void {
    this.notifyOn(this.#ready, method, message);
  }

  /** @param link undefined: it waits for one */
  requestOn<Req, Res>(
    link: Link | undefined,
    called: ClientMethod<Req, Res>,
    request: Req,
    options: CallOptions | undefined,
  ): Promise<Res> {
    // What is thrown in here rejects the promise.
    return new Promise((resolve, reject) => {
      this.#assertOpen(
        called.route,
        link === undefined ? this.settings.reconnect?.offlineRequests !== "wait" : link !== this.#link,
      );
      const method = this.#serializer?.method(called) ?? called;
      const timeoutMs = options?.timeoutMs ?? this.settings.requestTimeoutMs;
      assertNumber("timeoutMs", timeoutMs, 0, maxTimeoutMs);
      const signal = options?.signal;
      if (signal?.aborted) {
        throw canceled(method.route, signal);
      }
      const payload = encodePayload(method.route, method.request, request);
      const id = this.pending.nextId();
      writeRequest(this.#out, id, method.route, link?.codeOf(method) ?? 0, payload);
      const packet = this.#take();
      if (link === undefined) {
        this.#wait(id, method.route, packet);
      }
      // First taken in, then sent: a socket may answer at once.
      this.pending.add(id, method, timeoutMs, signal, resolve, reject, link !== undefined);
      link?.send(packet);
    });
  }

  /** @param link undefined: it waits for one */
  notifyOn<Req>(link: Link | undefined, called: ClientMethod<Req, void>, message: Req): void {
    this.#assertOpen(called.route, link !== undefined && link !== this.#link);
    const method = this.#serializer?.method(called) ?? called;
    const payload = encodePayload(method.route, method.request, message);
    writeNotify(this.#out, method.route, link?.codeOf(method) ?? 0, payload);
    const packet = this.#take();
    if (link === undefined) {
      this.#wait(0, method.route, packet);
    } else {
      link.send(packet);
    }
  }

  on<T>(push: ClientPush<T>, listener: (message: T) => void): Unsubscribe {
    return this.pushes.add(this.#serializer?.push(push) ?? push, listener);
  }

  onState(listener: (status: ConnectionStatus) => void): Unsubscribe {
    return subscribe(this.#stateListeners, listener);
  }

  onClose(listener: (reason: NanowireError) => void): Unsubscribe {
    const end = subscribe(this.#closeListeners, listener);
    if (this.#isClosed()) {
      queueMicrotask(() => this.#tellClosed());
    }
    return end;
  }

  onKick(listener: (reason: string) => void): Unsubscribe {
    return subscribe(this.kickListeners, listener);
  }

  onDrain(listener: (notice: DrainNotice) => void): Unsubscribe {
    return subscribe(this.#drainListeners, listener);
  }

  close(): void {
    this.#end(new NanowireError("closed", "the connection was closed by this side"));
  }

  drained(drain: Drain): void {
    const { clock, logger } = this.settings;
    if (this.#comeBackAt !== undefined || this.settings.reconnect === undefined) {
      return;
    }
    const delayMs = this.#takeDirections(drain);
    this.#comeBackAt = clock.steady() + delayMs;
    this.#drainListeners.call({ reason: drain.reason, delayMs, url: drain.url }, logger);
    if (drain.url === undefined) {
      this.#leave(drain.graceMs);
    } else {
      // There is another server to go to: it stays until its time has come.
      this.#cancelTimer = clock.after(delayMs, () => this.#leave(drain.graceMs));
    }
  }

  #open(dial: Dial): void {
    this.#begun = new Link(this);
    this.#begun.start(dial);
  }

  opened(link: Link): void {
    this.#link = link;
    this.#openedAt = this.settings.clock.steady();
    if (!this.resuming?.resumed) {
      this.handshake = link.handshake;
    }
    if (!this.#connected) {
      this.#connected = true;
      this.#serializer = link.serializer;
      if (this.settings.reconnect === undefined) {
        this.settings.signal?.removeEventListener("abort", this);
      }
      this.#welcome(link);
      this.#resolve(this);
    } else if (link.serializer !== this.#serializer) {
      link.fail(new NanowireError("invalid_handshake", "the server chose another serializer than before"));
    } else if (this.resuming?.resumed) {
      this.#welcome(link);
    } else {
      this.pending.lose(this.#lostBy as NanowireError);
      this.#logIn(link).then(
        () => this.#welcome(link),
        (error: unknown) => link.fail(toNanowireError(error, "internal", "onReconnected failed")),
      );
    }
  }

  async #logIn(link: Link): Promise<void> {
    await this.settings.reconnect?.onReconnected(directConnection(this, link));
  }

  /** Everybody's messages may be sent now: those that waited first. */
  #welcome(link: Link): void {
    for (let entry = this.#next(link); entry !== undefined; entry = this.#next(link)) {
      this.pending.send(entry.id);
      link.send(entry.packet);
    }
    if (this.#link === link) {
      if (!this.#leaving) {
        this.#ready = link;
      }
      this.#tell({ state: "open", resumed: this.resuming?.resumed === true });
    }
  }

  /** What is to be sent next, as long as the link lives. */
  #next(link: Link) {
    return this.#link === link ? this.offline.shift() : undefined;
  }

  /** Sends nothing more, and goes when the server has handled what was sent, or after a while. */
  #leave(graceMs: number): void {
    const link = this.#link;
    if (link === undefined) {
      return;
    }
    this.#leaving = true;
    this.#ready = undefined;
    link.leave();
    this.#cancelTimer = this.settings.clock.after(graceMs, () =>
      link.fail(new NanowireError("server_draining", `the server did not let the client go within ${graceMs} ms`)),
    );
  }

  ended(link: Link, reason: NanowireError): void {
    if (this.#isClosed()) {
      return;
    }
    const { reconnect, clock } = this.settings;
    const now = clock.steady();
    if (this.#link === undefined) {
      // Where the server sent the client nobody answers: next time to where `connect` was told to.
      this.#url = undefined;
    } else {
      if (now - this.#openedAt >= steadyMs) {
        this.#attempt = 0;
      }
      if (this.#ready === undefined) {
        // The client has said that it goes, or had not logged in yet: it begins anew.
        this.resuming?.forget();
      }
    }
    const comeBackAt = this.#comeBackAt;
    const told = comeBackAt === undefined ? link.comeBack : { afterMs: Math.max(comeBackAt - now, 0), spreadMs: 0 };
    this.#link = undefined;
    this.#lostBy = reason;
    this.#ready = undefined;
    this.#leaving = false;
    this.#comeBackAt = undefined;
    this.#cancelTimer?.();
    this.#attempt++;
    if (
      !this.#connected ||
      reconnect === undefined ||
      (reconnect.maxAttempts > 0 && this.#attempt > reconnect.maxAttempts) ||
      (told === undefined && isFinal(reason))
    ) {
      this.#end(reason);
      return;
    }
    if (!this.resuming?.keeps) {
      this.pending.lose(reason);
    }
    const { minDelayMs, maxDelayMs, jitter } = reconnect;
    const delayMs =
      told === undefined
        ? Math.min(minDelayMs * 2 ** (this.#attempt - 1), maxDelayMs) * (1 - jitter * Math.random())
        : this.#takeDirections(told);
    this.#cancelTimer = clock.after(delayMs, () => this.#reconnect());
    this.#tell({ state: "reconnecting", attempt: this.#attempt, delayMs, reason });
  }

  #reconnect(): void {
    this.#tell({ state: "connecting", attempt: this.#attempt });
    if (this.#isClosed()) {
      return;
    }
    let dial: Dial;
    try {
      dial = this.#makeDial(this.settings, this.#url);
    } catch (error) {
      // Only what the server told can be wrong here.
      this.settings.logger.warn({ error }, "the server sent the client to where it cannot go");
      dial = this.#makeDial(this.settings, undefined);
    }
    this.#open(dial);
  }

  /** Takes in where to come back to; returns after how many milliseconds. */
  #takeDirections({ afterMs, spreadMs, url }: ComeBack): number {
    this.#url = url ?? this.#url;
    return afterMs + spreadMs * Math.random();
  }

  /** Ends it for good; the first reason counts. */
  #end(reason: NanowireError): void {
    if (this.#isClosed()) {
      return;
    }
    this.status = { state: "closed", reason };
    this.#ready = undefined;
    this.#cancelTimer?.();
    this.settings.signal?.removeEventListener("abort", this);
    this.#begun?.fail(reason);
    this.pending.close(reason);
    this.offline.clear();
    this.pushes.clear();
    this.kickListeners.clear();
    this.#drainListeners.clear();
    this.#tell(this.status);
    this.#stateListeners.clear();
    this.#tellClosed();
  }

  #tell(status: ConnectionStatus): void {
    this.status = status;
    this.#stateListeners.call(status, this.settings.logger);
  }

  /** Each listener hears it once. */
  #tellClosed(): void {
    if (this.status.state === "closed") {
      this.#closeListeners.call(this.status.reason, this.settings.logger);
      this.#closeListeners.clear();
    }
  }

  #isClosed(): boolean {
    return this.status.state === "closed";
  }

  #assertOpen(route: string, refuses: boolean): void {
    if (this.status.state === "closed" || refuses) {
      const cause = "reason" in this.status ? this.status.reason : undefined;
      throw new NanowireError("unavailable", `${route} cannot be sent: the connection is ${this.state}`, { cause });
    }
  }

  /** The packet that was encoded, in an array of its own. */
  #take(): Uint8Array {
    const out = this.#out;
    if (out.bytes.length > keptBytes) {
      const packet = out.view();
      out.release();
      return packet;
    }
    const packet = out.bytes.slice(0, out.end);
    out.clear();
    return packet;
  }

  #wait(id: number, route: string, packet: Uint8Array): void {
    if (!this.offline.add(id, packet)) {
      const { messages, bytes } = this.offline;
      const message = `${route} cannot wait for a connection: ${messages} messages, ${bytes} bytes, wait already`;
      throw new NanowireError("unavailable", message);
    }
  }
}

function encodePayload<T>(route: string, codec: ProtobufCodec<T>, message: T): Uint8Array {
  try {
    return codec.encode(message).finish();
  } catch (error) {
    throw new NanowireError("invalid_payload", `the message for ${route} cannot be encoded`, { cause: error });
  }
}

/** Whether it would be the same the next time. A server that is full now may have room then. */
function isFinal({ code, details }: NanowireError): boolean {
  return finalCodes.includes(code) && !passingRefusals.includes(details["error"]);
}

const finalCodes: readonly string[] = ["kicked", "handshake_refused", "invalid_handshake"];
const passingRefusals: readonly unknown[] = ["server_full", "too_many_connections"];
