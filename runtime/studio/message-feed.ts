// Called for every message that somebody watches: what is too much is counted, and told, and costs no more than that.

import type { ServerResponse } from "node:http";
import type { CancelTimer } from "../base/clock.js";
import type { InspectorHost, MessageWatcher, SeenKind, SeenMessage } from "../server/inspector.js";
import type { Session } from "../session/session.js";
import type { FeedLine, FeedMessage, FeedSession } from "./answers.js";
import type { FeedFilter } from "./feed-filter.js";

/** Tells one who watches what comes and goes: a line of JSON each. It never waits for him, and holds a bounded number of bytes for him. */
export class MessageFeed implements MessageWatcher {
  readonly #host: InspectorHost;
  readonly #filter: FeedFilter;
  readonly #payloads: boolean;
  readonly #response: ServerResponse;
  readonly #release: (() => void)[];
  readonly #cancelTick: CancelTimer;
  #lines: string[] = [];
  #length = 0;
  #flushDue = false;
  #lost = 0;
  #lostToldAt = Number.NEGATIVE_INFINITY;
  /** The second that is counted, and what was told in it. */
  #second = 0;
  #inSecond = 0;
  #quiet = true;

  /** @param payloads whether what messages hold may be told */
  constructor(host: InspectorHost, filter: FeedFilter, payloads: boolean, response: ServerResponse) {
    this.#host = host;
    this.#filter = filter;
    this.#payloads = payloads && filter.payloadBytes > 0;
    this.#response = response;
    const { sessionEvents: events } = host;
    this.#write({
      type: "start",
      atMs: host.clock.now(),
      node: host.nodes()[0]?.id ?? "",
      dictVersion: host.dictVersion(),
    });
    this.#release = [
      host.watch(this),
      events.onOpen((session) => this.#befell(session, "opened")),
      events.onBind(({ session }) => this.#befell(session, session.bound ? "bound" : "unbound")),
      events.onSuspend(({ session, reason }) => this.#befell(session, "suspended", reason.code)),
      events.onResume((session) => this.#befell(session, "resumed")),
      events.onClose(({ session, reason }) => this.#befell(session, "closed", reason.code)),
    ];
    this.#cancelTick = host.clock.every(tickMs, () => this.#tick());
  }

  /** Nobody watches any more. */
  close(): void {
    this.#cancelTick();
    for (const release of this.#release.splice(0)) {
      release();
    }
    this.#response.end();
  }

  wants(session: Session, route: string, kind: SeenKind): boolean {
    return this.#filter.takes(session, route, kind) && this.#hasRoom();
  }

  saw(seen: SeenMessage): void {
    const { atMs, direction, kind, session, route, id, code, bytes, durationMs, serializer, compressed } = seen;
    const message: FeedMessage = {
      type: "message",
      atMs,
      direction,
      kind,
      session: session.id,
      uid: session.uid,
      route,
      id: id === 0 ? "" : String(id),
      code,
      bytes,
      ...(durationMs === undefined ? {} : { durationMs: Math.round(durationMs * 1_000) / 1_000 }),
      serializer,
      compressed,
      ...this.#payloadOf(seen),
    };
    this.#write(message);
  }

  #payloadOf(seen: SeenMessage): Pick<FeedMessage, "payload" | "withheld"> {
    if (seen.bytes === 0) {
      return {};
    }
    if (!this.#payloads) {
      return { withheld: "off" };
    }
    if (seen.secret) {
      return { withheld: "secret" };
    }
    if (seen.bytes > this.#filter.payloadBytes) {
      return { withheld: "size" };
    }
    return { payload: Buffer.from(seen.payload()).toString("base64") };
  }

  #befell(session: Session, event: FeedSession["event"], code = ""): void {
    if (this.#filter.takesSession(session) && this.#hasRoom()) {
      const { id, uid } = session;
      this.#write({ type: "session", atMs: this.#host.clock.now(), event, session: id, uid, code });
    }
  }

  /** Whether one line more may be told; if not, it is lost. */
  #hasRoom(): boolean {
    const second = Math.floor(this.#host.clock.steady() / 1_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#inSecond = 0;
    }
    if (this.#inSecond >= this.#filter.rate || this.#length + this.#response.writableLength > mostWaiting) {
      this.#lost++;
      this.#flushSoon();
      return false;
    }
    this.#inSecond++;
    return true;
  }

  #write(line: FeedLine): void {
    const text = `${JSON.stringify(line)}\n`;
    this.#lines.push(text);
    this.#length += text.length;
    this.#quiet = false;
    this.#flushSoon();
  }

  /** All of a turn are written together. */
  #flushSoon(): void {
    if (!this.#flushDue) {
      this.#flushDue = true;
      setImmediate(() => this.#flush());
    }
  }

  #flush(): void {
    this.#flushDue = false;
    if (this.#response.writableEnded || this.#response.destroyed) {
      return;
    }
    this.#tellLost();
    if (this.#lines.length > 0) {
      this.#response.write(this.#lines.join(""));
      this.#lines = [];
      this.#length = 0;
    }
  }

  /** A few times a second at the most, however much is lost, and not to who still has enough to read. */
  #tellLost(): void {
    const { clock } = this.#host;
    const isFull = this.#response.writableLength > mostWaiting;
    if (this.#lost > 0 && !isFull && clock.steady() - this.#lostToldAt >= lostMs) {
      const line: FeedLine = { type: "lost", atMs: clock.now(), count: this.#lost };
      this.#lost = 0;
      this.#lostToldAt = clock.steady();
      this.#lines.push(`${JSON.stringify(line)}\n`);
    }
  }

  /** What was lost last is told, too, where nothing comes after it. */
  #tick(): void {
    if (this.#quiet && this.#response.writableLength === 0 && this.#lost === 0) {
      this.#write({ type: "alive", atMs: this.#host.clock.now() });
    }
    this.#quiet = true;
    this.#flushSoon();
  }
}

/** What may wait for somebody who reads slowly, in bytes, about. */
const mostWaiting = 1_048_576;

const lostMs = 250;

const tickMs = 2_000;
