/*
 * A small encoder of the wire format, for the pages: the generator takes nothing of the runtime.
 *
 *     packet:   type (4: data) | length of the body, 3 bytes, big-endian | body
 *     message:  flag | id (varint), of a request or response | code of the route, 2 bytes, big-endian, but in a response | payload
 */

/** A part of a frame: some bytes and what they say. */
export interface FramePart {
  /** `packet type`, `length`, `flag`, `id`, `route code`, `payload`. */
  readonly name: string;
  /** `00 00 0b`; empty for a payload of no bytes. */
  readonly hex: string;
  /** What these bytes say: `11 bytes follow`. */
  readonly meaning: string;
}

/** What a message is. */
export type FrameKind = "request" | "notify" | "response" | "push";

/** A message that is to be shown. */
export interface FrameInput {
  readonly kind: FrameKind;
  readonly route: string;
  readonly code: number;
  /** The full name of the payload's type. */
  readonly type: string;
  readonly payload: Uint8Array;
}

const dataPacket = 4;
/** The type's bits of the flag, shifted into their place. */
const flags: Readonly<Record<FrameKind, number>> = { request: 0 << 1, notify: 1 << 1, response: 2 << 1, push: 3 << 1 };
const routeIsCode = 1;
/** The id that the shown requests have. */
const exampleId = 1;

/** The parts of a data packet with one message, in their order. */
export function frameParts({ kind, route, code, type, payload }: FrameInput): FramePart[] {
  const hasId = kind === "request" || kind === "response";
  const hasRoute = kind !== "response";
  const flag = flags[kind] | (hasRoute ? routeIsCode : 0);
  const bodyBytes = 1 + (hasId ? 1 : 0) + (hasRoute ? 2 : 0) + payload.length;
  const length = [bodyBytes >>> 16, (bodyBytes >>> 8) & 0xff, bodyBytes & 0xff];
  return [
    { name: "packet type", hex: hexOf([dataPacket]), meaning: "data" },
    {
      name: "length",
      hex: hexOf(length),
      meaning: `${bodyBytes} ${bodyBytes === 1 ? "byte follows" : "bytes follow"}`,
    },
    { name: "flag", hex: hexOf([flag]), meaning: hasRoute ? `${kind}, its route as a code` : `${kind}, no error` },
    ...(hasId ? [{ name: "id", hex: hexOf([exampleId]), meaning: idMeaning(kind) }] : []),
    ...(hasRoute ? [{ name: "route code", hex: hexOf([code >>> 8, code & 0xff]), meaning: `${code}: ${route}` }] : []),
    {
      name: "payload",
      hex: hexOf(payload),
      meaning: payload.length === 0 ? `${type}, no bytes` : `${type} as protobuf`,
    },
  ];
}

function idMeaning(kind: FrameKind): string {
  return kind === "request" ? `${exampleId}: the response bears it too` : `${exampleId}: that of the request`;
}

function hexOf(bytes: Iterable<number>): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
}
