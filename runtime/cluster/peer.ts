// A hot file: every record of another node goes through here, to the session that it is about.

import type { TraceContext } from "../base/call-observer.js";
import { NanowireError } from "../base/error.js";
import type { Logger } from "../base/logger.js";
import { decodeErrorProtobuf } from "../protocol/error-payload.js";
import type { Serializer } from "../protocol/serializer.js";
import type { OutgoingPush, PushRelay } from "../session/push.js";
import type { Session } from "../session/session.js";
import { HostedMethods } from "./hosted-methods.js";
import { nodeSeed } from "./key-weight.js";
import { Link, type LinkHost, type LinkReceiver } from "./link.js";
import type { NodeInfo } from "./node-info.js";
import { PeerOut } from "./peer-out.js";
import type { PeerVoice } from "./peer-voice.js";
import { PushTargets } from "./push-targets.js";
import { RecordReader } from "./record-reader.js";
import { type AskRecord, type Opening, type PushRecord, pushFlags, recordType } from "./records.js";

/** A session of ours at a member, and its calls that are under way there. */
export interface PeerVisit {
  readonly session: Session;
  answered(call: number, payload: Uint8Array): void;
  failed(call: number, error: NanowireError): void;
  done(call: number): void;
  /** The member wants the session bound; unbound, if `uid` is empty. It is told by a reply or a refusal of `ask`. */
  bind(ask: number, uid: string): void;
  kick(reason: string): void;
  close(reason: NanowireError): void;
  /** What the member has changed of the session's data. */
  dataChanged(changes: string): void;
  /** The member is gone, and what was under way there. */
  lost(reason: NanowireError): void;
}

/** A session of a gate, here at a member. */
export interface PeerGuest {
  /**
   * A message came; its payload is in `bytes`, from `start` to `end`.
   *
   * @param context what it carries for whoever traces it
   */
  called(
    call: number,
    flags: number,
    route: string,
    bytes: Uint8Array,
    start: number,
    end: number,
    context?: TraceContext,
  ): void;
  uidChanged(uid: string): void;
  dataChanged(changes: string): void;
  suspended(reason: NanowireError): void;
  resumed(): void;
  /** The session is over; or its gate is gone, and the session with it. */
  closed(reason: NanowireError): void;
}

/** Waits for what another node answers. */
export interface PeerAsk {
  replied(payload: Uint8Array): void;
  refused(error: NanowireError): void;
}

/** Told what another node says, where that is not about something it knows already. */
export interface PeerHost {
  readonly logger: Logger;
  /** This node has a number that no other has. */
  numbered(number: number): void;
  /** A session of the peer comes here. */
  opened(peer: Peer, visit: number, opening: Opening): PeerGuest;
  /** A member pushes to sessions of ours. */
  pushed(peer: Peer, push: PushRecord, sessions: readonly Session[]): void;
  /** A node pushes to sessions of ours that are bound, or were. */
  pushedBound(peer: Peer, push: PushRecord, bindings: readonly number[]): void;
  asked(peer: Peer, ask: number, record: AskRecord): void;
  told(peer: Peer, record: AskRecord): void;
  canceled(peer: Peer, ask: number): void;
  /** What the peer had of ours, and we of its, is gone. */
  broken(peer: Peer, reason: NanowireError): void;
}

/** Another node, as this one talks with it: as a gate with a member, as a member with a gate, as a node with any other; all three perhaps. */
export class Peer implements LinkReceiver, PushRelay {
  readonly id: string;
  /** Its id's part of the hash that a key's node is chosen by. */
  readonly seed: number;
  /** The way there and back. */
  readonly link: Link;
  /** Whether it is a node of another kind, which a driver speaks with: its link is not used. */
  readonly isForeign: boolean;
  /** What is said to it. */
  readonly out: PeerVoice;
  /** Sessions of ours that are there, by the numbers that we gave them. */
  readonly visits = new Map<number, PeerVisit>();
  /** Sessions of its own that are here, by the numbers that it gave them. */
  readonly guests = new Map<number, PeerGuest>();
  /** Why nobody can be reached there at the moment; undefined: as far as we know, somebody can. */
  unreachable: NanowireError | undefined;
  /** How many calls of our sessions are under way there. */
  underWay = 0;
  #info: NodeInfo | undefined;
  /** Of the services of kind HANDLER that it hosts. */
  #methods = new HostedMethods([]);
  /** Of those of kind REMOTE. */
  #remoteMethods = new HostedMethods([]);
  readonly #host: PeerHost;
  readonly #reader = new RecordReader();
  readonly #asks = new Map<number, PeerAsk>();
  /** Whom it pushes to. */
  readonly #targets = new PushTargets();
  /** What the numbers stand for that it uses for routes. */
  #routes: string[] = [];
  /** What the next record carries for whoever traces it. */
  #context: TraceContext | undefined;
  #lastVisit = 0;
  #lastAsk = 0;

  /**
   * @param epoch of the link, see {@link Link}
   * @param speak makes what speaks to a node of another kind. Default: it is one of ours, and the link is used
   */
  constructor(id: string, linkHost: LinkHost, epoch: number, host: PeerHost, speak?: (peer: Peer) => PeerVoice) {
    this.id = id;
    this.seed = nodeSeed(id);
    this.#host = host;
    this.link = new Link(linkHost, id, epoch, this);
    this.isForeign = speak !== undefined;
    this.out = speak?.(this) ?? new PeerOut(this.link);
  }

  /** What is under way there has failed, and what is here of it ends. */
  fail(reason: NanowireError): void {
    if (this.isForeign) {
      this.broken(reason);
    } else {
      this.link.break(reason);
    }
  }

  /** A session of the peer comes here. */
  opened(visit: number, opening: Opening): PeerGuest {
    const guest = this.#host.opened(this, visit, opening);
    this.guests.set(visit, guest);
    return guest;
  }

  /** What it says of itself; undefined as long as only frames came of it. */
  get info(): NodeInfo | undefined {
    return this.#info;
  }

  /** It says this of itself from now on. */
  describe(info: NodeInfo): void {
    this.#info = info;
    this.#methods = new HostedMethods(info.services);
    this.#remoteMethods = new HostedMethods(info.remotes);
  }

  /**
   * Whether it understands a gate's calls of a method.
   *
   * @param fingerprint of the gate's method; undefined: it has none
   */
  serves(service: string, route: string, fingerprint: string | undefined): boolean {
    return this.#methods.serve(service, route, fingerprint);
  }

  /** The same of a method of a service of kind REMOTE. */
  servesRemote(service: string, route: string, fingerprint: string | undefined): boolean {
    return this.#remoteMethods.serve(service, route, fingerprint);
  }

  /** Whether nothing of ours is there, and nothing of its own here. */
  get isIdle(): boolean {
    return this.visits.size + this.guests.size + this.#asks.size === 0;
  }

  relay(push: OutgoingPush, serializer: Serializer, targets: readonly number[]): void {
    this.out.push(pushRecord(push, serializer, push.payload(serializer)), targets);
  }

  /** Has a session of ours known by a number. */
  addVisit(visit: PeerVisit): number {
    const number = ++this.#lastVisit;
    this.visits.set(number, visit);
    return number;
  }

  /** A session of ours is over. */
  removeVisit(visit: number): void {
    this.visits.delete(visit);
    this.#targets.forget();
  }

  /** How many questions to it wait for an answer. */
  get asksPending(): number {
    return this.#asks.size;
  }

  /** Has somebody wait for an answer. Returns the number of the question. */
  addAsk(ask: PeerAsk): number {
    const number = ++this.#lastAsk;
    this.#asks.set(number, ask);
    return number;
  }

  /** Nobody waits any more. Returns whether somebody did. */
  removeAsk(ask: number): boolean {
    return this.#asks.delete(ask);
  }

  /** A question is answered. */
  replied(ask: number, payload: Uint8Array): void {
    const waiting = this.#asks.get(ask);
    this.#asks.delete(ask);
    waiting?.replied(payload);
  }

  /** A question is answered with an error. */
  refused(ask: number, error: NanowireError): void {
    const waiting = this.#asks.get(ask);
    this.#asks.delete(ask);
    waiting?.refused(error);
  }

  /** Whole records came. When one cannot be read, nothing can be believed of what was said before. */
  records(bytes: Uint8Array, start: number, end: number): void {
    const reader = this.#reader;
    try {
      const { epoch } = this.link;
      reader.begin(bytes, start, end);
      // What is done about one record may break the link: then the others are of a life that is over.
      for (let type = reader.next(); type !== 0 && this.link.epoch === epoch; type = reader.next()) {
        this.#record(type, reader);
      }
    } catch (error) {
      this.#host.logger.error(
        { error, node: this.id },
        "what a node said could not be taken: the link to it begins anew",
      );
      this.link.break(
        new NanowireError("unavailable", `what node ${this.id} said could not be taken`, { cause: error }),
      );
    }
  }

  /** The link broke: whoever waits for something there is told, and what is here of it ends. */
  broken(reason: NanowireError): void {
    const visits = [...this.visits.values()];
    const guests = [...this.guests.values()];
    const asks = [...this.#asks.values()];
    this.visits.clear();
    this.#targets.forget();
    this.guests.clear();
    this.#asks.clear();
    this.#routes = [];
    this.#context = undefined;
    this.underWay = 0;
    this.out.forget();
    for (const visit of visits) {
      visit.lost(reason);
    }
    for (const ask of asks) {
      const message = `node ${this.id}, which had the call, is gone: ${reason.message}`;
      ask.refused(new NanowireError("unavailable", message, { details: { node: this.id }, cause: reason }));
    }
    for (const guest of guests) {
      guest.closed(
        new NanowireError("connection_lost", `gate ${this.id} is gone: ${reason.message}`, { cause: reason }),
      );
    }
    this.#host.broken(this, reason);
  }

  #record(type: number, reader: RecordReader): void {
    switch (type) {
      case recordType.call: {
        const guest = this.guests.get(reader.number());
        const call = reader.number();
        const flags = reader.number();
        const route = this.#route(reader.number());
        guest?.called(call, flags, route, reader.bytes, reader.at, reader.end, this.#takeContext());
        break;
      }
      case recordType.answer: {
        const visit = this.visits.get(reader.number());
        visit?.answered(reader.number(), reader.rest());
        break;
      }
      case recordType.done: {
        const visit = this.visits.get(reader.number());
        visit?.done(reader.number());
        break;
      }
      case recordType.failure: {
        const visit = this.visits.get(reader.number());
        visit?.failed(reader.number(), decodeErrorProtobuf(reader.rest()));
        break;
      }
      case recordType.push:
        this.#push(reader);
        break;
      case recordType.route:
        this.#learnRoute(reader.number(), reader.text());
        break;
      case recordType.open:
        this.#open(reader);
        break;
      case recordType.closed: {
        const visit = reader.number();
        const guest = this.guests.get(visit);
        this.guests.delete(visit);
        guest?.closed(readReason(reader));
        break;
      }
      default:
        this.#rare(type, reader);
    }
  }

  #rare(type: number, reader: RecordReader): void {
    if (type === recordType.context) {
      this.#context = readMetadata(reader);
      return;
    }
    const number = reader.number();
    switch (type) {
      case recordType.uid:
        this.guests.get(number)?.uidChanged(reader.text());
        break;
      case recordType.gateData:
        this.guests.get(number)?.dataChanged(reader.text());
        break;
      case recordType.suspended:
        this.guests.get(number)?.suspended(readReason(reader));
        break;
      case recordType.resumed:
        this.guests.get(number)?.resumed();
        break;
      case recordType.memberData:
        this.visits.get(number)?.dataChanged(reader.text());
        break;
      case recordType.bind:
        this.visits.get(number)?.bind(reader.number(), reader.text());
        break;
      case recordType.kick:
        this.visits.get(number)?.kick(reader.text());
        break;
      case recordType.close:
        this.visits.get(number)?.close(readReason(reader));
        break;
      case recordType.ask: {
        const route = this.#route(reader.number());
        const timeoutMs = reader.number();
        const metadata = readMetadata(reader);
        const context = this.#takeContext();
        this.#host.asked(this, number, { route, timeoutMs, metadata, payload: reader.rest(), context });
        break;
      }
      case recordType.tell: {
        const metadata = readMetadata(reader);
        const context = this.#takeContext();
        this.#host.told(this, { route: this.#route(number), timeoutMs: 0, metadata, payload: reader.rest(), context });
        break;
      }
      case recordType.reply:
        this.replied(number, reader.rest());
        break;
      case recordType.refusal:
        this.refused(number, decodeErrorProtobuf(reader.rest()));
        break;
      case recordType.cancel:
        this.#host.canceled(this, number);
        break;
      case recordType.pushBound:
        this.#pushBound(number, reader);
        break;
      default:
        // A newer version says something that we do not know.
        this.#host.logger.debug({ node: this.id, type }, "a record of an unknown type was left alone");
    }
  }

  #takeContext(): TraceContext | undefined {
    const context = this.#context;
    if (context !== undefined) {
      this.#context = undefined;
    }
    return context;
  }

  #open(reader: RecordReader): void {
    const visit = reader.number();
    if (this.guests.has(visit)) {
      throw new NanowireError("invalid_message", `node ${this.id} opens the visit ${visit}, which is open`);
    }
    const opening: Opening = {
      id: reader.text(),
      uid: reader.text(),
      transport: reader.text(),
      remoteAddress: reader.text(),
      proxyAddress: reader.text(),
      serializer: reader.text(),
      handshake: reader.text(),
    };
    this.opened(visit, opening);
  }

  #pushBound(flags: number, reader: RecordReader): void {
    const route = this.#route(reader.number());
    const serializer = reader.text();
    const key = reader.text();
    const count = reader.number();
    const bindings: number[] = [];
    let number = 0;
    for (let index = 0; index < count; index++) {
      number += reader.distance();
      bindings.push(number);
    }
    this.#host.pushedBound(this, { route, flags, serializer, key, payload: reader.rest() }, bindings);
  }

  #push(reader: RecordReader): void {
    const flags = reader.number();
    const route = this.#route(reader.number());
    const serializer = reader.text();
    const key = reader.text();
    const sessions = this.#targets.read(reader, this.visits);
    if (sessions.length > 0) {
      this.#host.pushed(this, { route, flags, serializer, key, payload: reader.rest() }, sessions);
    }
  }

  #learnRoute(number: number, route: string): void {
    if (number !== this.#routes.length) {
      throw new NanowireError("invalid_message", `node ${this.id} gives ${route} the number ${number}, out of turn`);
    }
    this.#routes.push(route);
  }

  #route(number: number): string {
    const route = this.#routes[number];
    if (route === undefined) {
      throw new NanowireError(
        "invalid_message",
        `node ${this.id} uses the number ${number}, which stands for no route`,
      );
    }
    return route;
  }
}

/** A push, as it is told to a gate. */
export function pushRecord(push: OutgoingPush, { name }: Serializer, payload: Uint8Array): PushRecord {
  const { overflow, route, key } = push;
  const flags = overflow === "drop" ? pushFlags.drop : overflow === "conflate" ? pushFlags.conflate : 0;
  // The key begins with the route.
  return { route, flags, serializer: name, key: overflow === "conflate" ? key.slice(route.length + 1) : "", payload };
}

function readReason(reader: RecordReader): NanowireError {
  const code = reader.text();
  return new NanowireError(code, reader.text());
}

function readMetadata(reader: RecordReader): Record<string, string> {
  const words = reader.number();
  const entries: [string, string][] = [];
  for (let index = 0; index < words; index += 2) {
    const key = reader.text();
    entries.push([key, reader.text()]);
  }
  return Object.fromEntries(entries);
}
