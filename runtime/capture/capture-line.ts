/*
 * A capture: lines of JSON, each an object. The first tells what it is; docs/capture.md tells each member.
 *
 *     {"nanowire":"capture","version":1,"dictVersion":"…","types":"…","source":"game.pcap"}
 *     {"time":"2026-11-22T10:00:00.000000Z","connection":1,"kind":"open","client":"10.0.0.7:50123","server":"10.0.0.1:3250","transport":"ws"}
 *     {"time":…,"connection":1,"direction":"in","kind":"request","id":1,"route":"Room.Join","payload":{"name":"ada"}}
 *     {"time":…,"connection":1,"direction":"out","kind":"response","id":1,"route":"Room.Join","code":"ok","durationMs":1.2,"payload":{…}}
 */

import type { JsonValue } from "@bufbuild/protobuf";

/** The version of the format: it is raised when a program that reads the old one would read the new one wrong. */
export const captureVersion = 1;

/** The first line. */
export interface CaptureHead {
  /** Says that it is one. */
  readonly nanowire: "capture";
  /** The version of the format. */
  readonly version: typeof captureVersion;
  /** The hash of the dictionary of the descriptors that it was decoded with; absent where they tell none. */
  readonly dictVersion?: string;
  /** The fingerprint of the types that it was decoded with: the first 16 digits of the SHA-256 of the FileDescriptorSet; absent where there were none. */
  readonly types?: string;
  /** Where it was taken: a file's name, or a server's URL. */
  readonly source: string;
  /** Present where secrets were asked for, and stand in it. */
  readonly secrets?: true;
}

/** What each line but the first says. */
export interface LineBase {
  /** When, in UTC, to the microsecond: `2026-11-22T10:00:00.000000Z`. */
  readonly time: string;
  /** Which connection: a number, from 1 on; 0: none. */
  readonly connection: number;
  /** Which session: where the source tells, its id; else a number, which connections share that resume one. */
  readonly session?: number | string;
  /** Who the session is bound to, where the source tells. */
  readonly uid?: string;
}

/** `in`: from the client; `out`: from the server. */
export type Direction = "in" | "out";

/** A payload: as JSON where its type is known, else as bytes. */
export interface LinePayload {
  /** As protobuf's JSON has it. */
  readonly payload?: JsonValue;
  /** `0x0a03616461`. */
  readonly bytes?: string;
  /** The paths of what was left out because it is secret: `payload.password`. */
  readonly redacted?: readonly string[];
}

/** A connection begins. */
export interface OpenLine extends LineBase {
  /** What the line tells. */
  readonly kind: "open";
  /** The client's address and port. Absent where the source does not tell it, as the two below. */
  readonly client?: string;
  /** The server's address and port. */
  readonly server?: string;
  /** What carries it: `ws`, `tcp`. */
  readonly transport?: string;
  /** Of a WebSocket: without its query. */
  readonly path?: string;
}

/** A client's handshake, or the server's answer. */
export interface HandshakeLine extends LineBase {
  /** What the line tells. */
  readonly kind: "handshake";
  /** From whom. */
  readonly direction: Direction;
  /** What the client says of itself, or the server agrees to. */
  readonly sys: Readonly<Record<string, JsonValue>>;
  /** Of an answer: 200, or why not. */
  readonly code?: number;
  /** Of a refusal: the error's code. */
  readonly error?: string;
  /** Of a refusal: why. */
  readonly reason?: string;
  /** What the application was told, or tells. */
  readonly user?: JsonValue;
  /** The places of what was left out because it is secret: `user`. */
  readonly redacted?: readonly string[];
}

/** A request. */
export interface RequestLine extends LineBase, LinePayload {
  /** What the line tells. */
  readonly kind: "request";
  /** From whom. */
  readonly direction: "in";
  /** A text where no number holds it. */
  readonly id: number | string;
  /** Its route; `#17` where nobody knows what code 17 is called. */
  readonly route: string;
}

/** What is not answered. */
export interface NotifyLine extends LineBase, LinePayload {
  /** What the line tells. */
  readonly kind: "notify";
  /** From whom. */
  readonly direction: "in";
  /** Its route; `#17` where nobody knows what code 17 is called. */
  readonly route: string;
}

/** The answer to a request. */
export interface ResponseLine extends LineBase, LinePayload {
  /** What the line tells. */
  readonly kind: "response";
  /** From whom. */
  readonly direction: "out";
  /** The request's. */
  readonly id: number | string;
  /** The request's; absent where that is not in the capture. */
  readonly route?: string;
  /** `ok`, or the error's. */
  readonly code: string;
  /** Milliseconds between the two. */
  readonly durationMs?: number;
  /** Of an error: what was said of it. */
  readonly error?: { readonly message: string; readonly details?: Readonly<Record<string, string>> };
}

/** What the server tells by itself. */
export interface PushLine extends LineBase, LinePayload {
  /** What the line tells. */
  readonly kind: "push";
  /** From whom. */
  readonly direction: "out";
  /** Its route; `#17` where nobody knows what code 17 is called. */
  readonly route: string;
}

/** The server tells the client to go. */
export interface KickLine extends LineBase {
  /** What the line tells. */
  readonly kind: "kick";
  /** From whom. */
  readonly direction: "out";
  /** Why, as the server says it. */
  readonly reason: string;
}

/** A heartbeat; only where they were asked for. */
export interface HeartbeatLine extends LineBase {
  /** What the line tells. */
  readonly kind: "heartbeat";
  /** From whom. */
  readonly direction: Direction;
}

/** A system message: its name alone. `ping`, `pong` and `received` only where heartbeats were asked for. */
export interface SystemLine extends LineBase {
  /** What the line tells. */
  readonly kind: "system";
  /** From whom. */
  readonly direction: Direction;
  /** Its name: `drain`. */
  readonly message: string;
}

/** Bytes are missing: nothing of that direction is read any more. */
export interface GapLine extends LineBase {
  /** What the line tells. */
  readonly kind: "gap";
  /** From whom. */
  readonly direction: Direction;
  /** How many. */
  readonly missingBytes: number;
}

/** Something cannot be read. */
export interface FaultLine extends LineBase {
  /** What the line tells. */
  readonly kind: "fault";
  /** Of whom; absent: of nobody alone. */
  readonly direction?: Direction;
  /** What, and why. */
  readonly message: string;
}

/** A connection ends; `nobody`: with the capture. */
export interface CloseLine extends LineBase {
  /** What the line tells. */
  readonly kind: "close";
  /** Who ended it. */
  readonly by: "client" | "server" | "nobody";
}

/** Messages are missing that were not told: more came than whoever listened took. */
export interface LostLine extends LineBase {
  /** What the line tells. */
  readonly kind: "lost";
  /** How many. */
  readonly count: number;
}

/** A line behind the first. */
export type CaptureLine =
  | OpenLine
  | HandshakeLine
  | RequestLine
  | NotifyLine
  | ResponseLine
  | PushLine
  | KickLine
  | HeartbeatLine
  | SystemLine
  | GapLine
  | FaultLine
  | LostLine
  | CloseLine;

/** Unix microseconds as a line tells them. */
export function timeText(timeUs: number): string {
  const millis = Math.floor(timeUs / 1_000);
  const rest = String(Math.round(timeUs - millis * 1_000)).padStart(3, "0");
  return `${new Date(Math.min(millis, lastMs)).toISOString().slice(0, -1)}${rest}Z`;
}

/** The Unix microseconds of such a text; NaN for another. */
export function timeOf(text: string): number {
  const [, until, rest] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3})(\d{3})Z$/.exec(text) ?? [];
  return until === undefined ? Number.NaN : Date.parse(`${until}Z`) * 1_000 + Number(rest);
}

/** The last moment of the year 9999. */
const lastMs = 253_402_300_799_999;
