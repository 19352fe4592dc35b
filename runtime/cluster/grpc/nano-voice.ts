import { unzipSync } from "node:zlib";
import { status } from "@grpc/grpc-js";
import type { CancelTimer } from "../../base/clock.js";
import { NanowireError } from "../../base/error.js";
import type { InPlaceCodec } from "../../protocol/in-place.js";
import type { Serializer } from "../../protocol/serializer.js";
import type { ClusterHost } from "../driver.js";
import type { Peer, PeerGuest } from "../peer.js";
import type { PeerVoice } from "../peer-voice.js";
import { type AskRecord, callFlags, type Opening, type PushRecord } from "../records.js";
import { parseAddress } from "./address.js";
import type { RequestMessage } from "./clusterpb.js";
import { probe } from "./probe.js";
import { type Dialing, detailsOf, RpcClient, statusOf } from "./rpc-client.js";
import { type Method, memberService } from "./services.js";
import { SessionLine } from "./session-line.js";

/** What is shared by the voices of a node. */
export interface NanoVoiceSettings {
  readonly host: ClusterHost;
  readonly dialing: Dialing;
  readonly heartbeatIntervalMs: number;
  /** Where the node of this process is reached: it is the gate, to nano's members. */
  readonly address: string;
  /** What the clients of nano's gates write their payloads in. */
  readonly serializer: Serializer;
  /** Gives a request a number that comes back with its answer. nano's answers do not say which member they are of. */
  expect(request: ExpectedAnswer): bigint;
  /** No answer is waited for any more. */
  forget(id: bigint): void;
  /** The voice is no longer used. */
  closed(voice: NanoVoice): void;
}

/** Where the answer to a request goes. */
export interface ExpectedAnswer {
  readonly voice: NanoVoice;
  readonly visit: number;
  readonly call: number;
  readonly sessionId: bigint;
}

/** A session of ours at the node, or of its own here. */
interface Known {
  readonly sessionId: bigint;
  readonly line: SessionLine;
  /** The requests whose answers are to come. */
  readonly expected: Set<bigint>;
}

/** How long a node of nano's may take to say that it has got a message. */
const mostAckMs = 10_000;

/**
 * Speaks with a node of nano's in nano's calls. To its member this node is a gate: it hands over requests, and gets answers and pushes by calls of their own. To its
 * gate this node is a member. What nano has no word for is left unsaid: errors, uids, a session's data.
 */
export class NanoVoice implements PeerVoice {
  /** Where the node is. */
  readonly address: string;
  readonly peer: Peer;
  readonly #settings: NanoVoiceSettings;
  readonly #client: RpcClient;
  /** By the visit's number. */
  readonly #visits = new Map<number, Known>();
  /** By the number that the session has here. */
  readonly #guests = new Map<number, Known>();
  readonly #visitNumbers = new Map<bigint, number>();
  readonly #guestNumbers = new Map<bigint, number>();
  #lastGuest = 0;
  #isClosed = false;
  #cancelLook: CancelTimer = () => {};

  constructor(address: string, peer: Peer, settings: NanoVoiceSettings) {
    this.address = address;
    this.peer = peer;
    this.#settings = settings;
    this.#client = new RpcClient(address, settings.dialing);
  }

  /** The visit of a session of ours there. */
  visitOf(sessionId: bigint): number | undefined {
    return this.#visitNumbers.get(sessionId);
  }

  /** A message of a session of its own came: the session is here from the first on. */
  called(message: Omit<RequestMessage, "gateAddr">, isNotify: boolean): void {
    const { sessionId, id, route, data } = message;
    let number = this.#guestNumbers.get(sessionId);
    let guest = number === undefined ? undefined : this.peer.guests.get(number);
    if (number === undefined || guest === undefined) {
      number = ++this.#lastGuest;
      this.#guestNumbers.set(sessionId, number);
      this.#guests.set(number, { sessionId, line: new SessionLine(), expected: new Set() });
      guest = this.peer.opened(number, this.#opening(sessionId));
    }
    guest.called(Number(id), isNotify ? callFlags.notify : 0, route, data, 0, data.length);
  }

  /** A session of its own is over there. Returns whether it was here. */
  guestClosed(sessionId: bigint): boolean {
    const number = this.#guestNumbers.get(sessionId);
    if (number === undefined) {
      return false;
    }
    const guest: PeerGuest | undefined = this.peer.guests.get(number);
    this.#dropGuest(number);
    this.peer.guests.delete(number);
    guest?.closed(new NanowireError("closed", `gate ${this.peer.id} closed the session`));
    return true;
  }

  forget(): void {
    for (const known of [...this.#visits.values(), ...this.#guests.values()]) {
      this.#release(known);
    }
    this.#visits.clear();
    this.#guests.clear();
    this.#visitNumbers.clear();
    this.#guestNumbers.clear();
  }

  /** The node is gone. */
  end(): void {
    this.#isClosed = true;
    this.#cancelLook();
    this.forget();
    this.#client.close();
    this.#settings.closed(this);
  }

  // as a gate

  open(visit: number, { id }: Opening): void {
    const sessionId = BigInt(/^\d{1,19}$/.test(id) ? id : 0);
    this.#visits.set(visit, { sessionId, line: new SessionLine(), expected: new Set() });
    this.#visitNumbers.set(sessionId, visit);
  }

  call(visit: number, call: number, flags: number, route: string, bytes: Uint8Array, start: number, end: number): void {
    const known = this.#visits.get(visit);
    if (known === undefined) {
      return;
    }
    const payload = Uint8Array.prototype.slice.call(bytes, start, end);
    const data = (flags & callFlags.compressed) === 0 ? payload : this.#inflate(payload);
    const gateAddr = this.#settings.address;
    const { sessionId } = known;
    if ((flags & callFlags.notify) !== 0) {
      known.line.add(async () => {
        await this.#call(memberService.HandleNotify, { gateAddr, sessionId, route, data });
        this.peer.visits.get(visit)?.done(call);
      });
      return;
    }
    known.line.add(async () => {
      const id = this.#settings.expect({ voice: this, visit, call, sessionId });
      known.expected.add(id);
      const error = await this.#call(memberService.HandleRequest, { gateAddr, sessionId, id, route, data });
      if (error !== undefined && known.expected.delete(id)) {
        this.#settings.forget(id);
        this.peer.visits.get(visit)?.failed(call, error);
      }
    });
  }

  /** A request of ours was answered. */
  answered(id: bigint, { visit, call }: ExpectedAnswer, payload: Uint8Array): void {
    if (this.#visits.get(visit)?.expected.delete(id) === true) {
      this.peer.visits.get(visit)?.answered(call, payload);
    }
  }

  closed(visit: number): void {
    const known = this.#visits.get(visit);
    if (known !== undefined) {
      this.#visits.delete(visit);
      this.#visitNumbers.delete(known.sessionId);
      this.#release(known);
      known.line.add(async () => void (await this.#call(memberService.SessionClosed, { sessionId: known.sessionId })));
    }
  }

  // as a member

  answer(visit: number, call: number, payload: Uint8Array): void {
    const data = payload.slice();
    this.#tellGuest(visit, ({ sessionId }) =>
      this.#call(memberService.HandleResponse, { sessionId, id: BigInt(call), data }),
    );
  }

  answerInPlace(visit: number, call: number, codec: InPlaceCodec<unknown>, value: unknown): void {
    this.answer(visit, call, this.#settings.serializer.encode(codec, value));
  }

  failure(visit: number, call: number, error: NanowireError): void {
    const session = this.#guests.get(visit)?.sessionId;
    const fields = { node: this.peer.id, session: String(session), call, code: error.code };
    this.#settings.host.logger.info(
      fields,
      "a request that came by a gate of nano's failed: nano has no answer for that",
    );
  }

  done(): void {}

  push({ route, payload }: PushRecord, visits: readonly number[]): void {
    const data = payload.slice();
    for (const visit of visits) {
      this.#tellGuest(visit, ({ sessionId }) => this.#call(memberService.HandlePush, { sessionId, route, data }));
    }
  }

  /** nano's sessions are bound where they are bound, and nowhere else. */
  bind(visit: number, ask: number, uid: string): void {
    queueMicrotask(() => {
      this.peer.guests.get(visit)?.uidChanged(uid);
      this.peer.replied(ask, new Uint8Array(0));
    });
  }

  kick(visit: number): void {
    this.#closeGuest(visit);
  }

  close(visit: number): void {
    this.#closeGuest(visit);
  }

  // what nano has no word for

  uid(): void {}
  suspended(): void {}
  resumed(): void {}
  gateData(): void {}
  memberData(): void {}
  tell(): void {}
  reply(): void {}
  refusal(): void {}
  cancel(): void {}
  pushBound(): void {}

  ask(ask: number, { route }: AskRecord): void {
    queueMicrotask(() => {
      const message = `node ${this.peer.id} is nano's: it has no service between nodes, and no ${route}`;
      this.peer.refused(ask, new NanowireError("unavailable", message));
    });
  }

  #tellGuest(visit: number, call: (known: Known) => Promise<unknown>): void {
    const known = this.#guests.get(visit);
    try {
      known?.line.add(async () => void (await call(known)));
    } catch (error) {
      // A push to many must not end at one whose gate takes nothing.
      const fields = { error, node: this.peer.id, session: String(known?.sessionId) };
      this.#settings.host.logger.warn(fields, "a gate of nano's takes nothing: what a session is told is lost");
    }
  }

  /** Its gate closes the session, and says so to every member. */
  #closeGuest(visit: number): void {
    this.#tellGuest(visit, ({ sessionId }) => this.#call(memberService.CloseSession, { sessionId }));
    this.#dropGuest(visit);
  }

  #dropGuest(visit: number): void {
    const known = this.#guests.get(visit);
    if (known !== undefined) {
      this.#guests.delete(visit);
      this.#guestNumbers.delete(known.sessionId);
    }
  }

  #release({ line, expected }: Known): void {
    line.clear();
    for (const id of expected) {
      this.#settings.forget(id);
    }
    expected.clear();
  }

  /** @returns why it failed */
  async #call<Request, Response>(
    method: Method<Request, Response>,
    request: Request,
  ): Promise<NanowireError | undefined> {
    if (this.#isClosed) {
      return new NanowireError("unavailable", `node ${this.peer.id} is gone`);
    }
    try {
      await this.#client.call(method, request, mostAckMs);
      return undefined;
    } catch (error) {
      const { id } = this.peer;
      const reason = detailsOf(error);
      const isUnknown = /service not found/.test(reason);
      if (!isUnknown) {
        this.#settings.host.logger.debug(
          { node: id, method: method.path, reason },
          "a call of a node of nano's failed",
        );
      }
      if (statusOf(error) === status.UNAVAILABLE) {
        void this.#look();
      }
      const code = isUnknown ? "unknown_route" : "unavailable";
      return new NanowireError(code, `node ${id} did not take it: ${reason}`, { details: { node: id }, cause: error });
    }
  }

  /** Looks whether its process is there; if not, nothing is sent there until it is. */
  async #look(): Promise<void> {
    const { host, heartbeatIntervalMs } = this.#settings;
    const address = parseAddress(this.address);
    const found = address === undefined ? "silent" : await probe(address, 2 * heartbeatIntervalMs);
    if (this.#isClosed) {
      return;
    }
    const { peer } = this;
    if (found === "refused" && peer.unreachable === undefined) {
      const reason = new NanowireError("unavailable", `nobody takes connections at node ${peer.id}`);
      peer.unreachable = reason;
      peer.fail(reason);
    } else if (found === "listening") {
      peer.unreachable = undefined;
    }
    if (peer.unreachable !== undefined) {
      this.#cancelLook();
      this.#cancelLook = host.clock.after(heartbeatIntervalMs, () => void this.#look());
    }
  }

  #inflate(payload: Uint8Array): Uint8Array {
    try {
      return unzipSync(payload, { maxOutputLength: this.#settings.host.maxFrameBytes });
    } catch (error) {
      throw new NanowireError("invalid_payload", "a compressed payload cannot be inflated for a node of nano's", {
        cause: error,
      });
    }
  }

  #opening(sessionId: bigint): Opening {
    return {
      id: String(sessionId),
      uid: "",
      transport: "nano",
      remoteAddress: "",
      proxyAddress: "",
      serializer: this.#settings.serializer.name,
      handshake: '{"sys":{},"user":null}',
    };
  }
}
