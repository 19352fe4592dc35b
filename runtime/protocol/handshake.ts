import { NanowireError } from "../base/error.js";
import { maxHandshakeDepth } from "./limits.js";
import { encodeJson } from "./utf8.js";

export { handshakeOk, handshakeRefused, maxHandshakeDepth } from "./limits.js";

/** What a client says of itself in its handshake. What is not named here may be there as well. */
export interface HandshakeSys {
  /** What the client is: `js-websocket` for nano's and pomelo's browser clients, `nanowire` for ours. */
  readonly type?: string;
  /** The client's version. */
  readonly version?: string;
  /** The serializer that it wants: `protobuf` or `json`. */
  readonly serializer?: string;
  /** The hash of the dictionary that it has. */
  readonly dictVersion?: string | undefined;
  /** pitaya's clients: the platform they run on. */
  readonly platform?: string;
  /** pitaya's clients: the version of the client library. */
  readonly libVersion?: string;
  /** pitaya's clients: the version of the application. */
  readonly clientVersion?: string;
  /** The system messages that it knows, of those in docs/life-cycle.md; whatever the client wrote. */
  readonly capabilities?: unknown;
}

/** A client's handshake. */
export interface HandshakeRequest {
  /** There was nothing in the packet, not so much as an object: absent when there was. */
  readonly isEmpty?: true;
  /** What the client is, in the words of its library. */
  readonly sys: HandshakeSys;
  /** What the application put there; anything that JSON can say, `null` when nothing. */
  readonly user: unknown;
}

/** The server's answer to a handshake. */
export interface HandshakeResponse {
  /** 200: taken. 400, 500, 501: refused, and the server closes. */
  readonly code: number;
  readonly sys: {
    /** Seconds between heartbeats; 0: none. */
    readonly heartbeat?: number;
    /** Unix time of the server, in seconds. */
    readonly servertime?: number;
    /** Route → code. Absent when the client has it, or when there is none. */
    readonly dict?: Readonly<Record<string, number>>;
    /** The hash of the dictionary. */
    readonly dictVersion?: string;
    /** pomelo's clients: whether a dictionary is used, which they may have kept from before. */
    readonly useDict?: boolean;
    /** The serializer of every payload of this connection. */
    readonly serializer?: string;
    /** The system messages that the server knows (system.ts); whatever it wrote. */
    readonly capabilities?: unknown;
    /** How the session is resumed (resume.ts); whatever the server wrote. */
    readonly resume?: unknown;
  };
  /** What the application answered. */
  readonly user?: unknown;
  /** Of a refusal: the error's code. */
  readonly error?: string;
  /** Of a refusal: why. */
  readonly reason?: string;
  /** Of a refusal: where and when to try again (system.ts); whatever the server wrote. */
  readonly retry?: unknown;
}

/**
 * Reads a client's handshake. One of no bytes says nothing of the client: nano's own in Go sends that.
 *
 * @throws NanowireError `invalid_handshake`
 */
export function decodeHandshakeRequest(body: Uint8Array): HandshakeRequest {
  if (body.length === 0) {
    return { sys: {}, user: null, isEmpty: true };
  }
  assertShallow(lenientUtf8.decode(body));
  const value = parseObject(body);
  const sys = value["sys"] ?? {};
  if (!isObject(sys)) {
    throw invalid("sys is not an object");
  }
  const known = withoutNulls(sys);
  for (const name of requestTexts) {
    const { [name]: text } = known;
    if (text !== undefined && typeof text !== "string") {
      throw invalid(`sys.${name} is not a string`);
    }
  }
  return { sys: known as HandshakeSys, user: value["user"] ?? null };
}

/**
 * Reads the server's answer to a handshake, inflated already where the server had deflated it. What only informs the
 * client (`servertime`, `dictVersion`, `error`, `reason`) is left out where it has a wrong type.
 *
 * @throws NanowireError `invalid_handshake`
 */
export function decodeHandshakeResponse(body: Uint8Array): HandshakeResponse {
  const value = parseObject(body);
  const { code } = value;
  if (!isFiniteNumber(code)) {
    throw invalid("code is not a number");
  }
  const sys = value["sys"] ?? {};
  if (!isObject(sys)) {
    throw invalid("sys is not an object");
  }
  const known = withoutNulls(sys);
  const { heartbeat, dict, serializer } = known;
  if (heartbeat !== undefined && !(isFiniteNumber(heartbeat) && heartbeat >= 0)) {
    throw invalid("sys.heartbeat is not a number of seconds");
  }
  if (dict !== undefined && !(isObject(dict) && Object.values(dict).every(isFiniteNumber))) {
    throw invalid("sys.dict is not an object of numbers");
  }
  if (serializer !== undefined && typeof serializer !== "string") {
    throw invalid("sys.serializer is not a string");
  }
  // A client can go on, or say that it was refused, without these.
  dropUnless(known, "dictVersion", "string");
  dropUnless(known, "servertime", "number");
  dropUnless(value, "error", "string");
  dropUnless(value, "reason", "string");
  return { ...value, code, sys: known };
}

/** A handshake, either side's, as the body of a packet. */
export function encodeHandshake(handshake: HandshakeRequest | HandshakeResponse): Uint8Array {
  return encodeJson(handshake);
}

function parseObject(body: Uint8Array): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(strictUtf8.decode(body));
  } catch {
    // What the parser says shows some of the text, a token perhaps, and a cause is logged.
    throw invalid("the handshake is not JSON in UTF-8");
  }
  if (!isObject(value)) {
    throw invalid("the handshake is not an object");
  }
  return value;
}

/**
 * Looks at the nesting before anything is parsed: what comes after may recurse. A server looks, for its clients are strangers; a client, which has picked
 * its server, does not carry this.
 */
function assertShallow(json: string): void {
  let depth = 0;
  let inText = false;
  for (let offset = 0; offset < json.length; offset++) {
    const character = json.charAt(offset);
    if (character === '"') {
      inText = !inText;
    } else if (inText) {
      offset += character === "\\" ? 1 : 0;
    } else if ("[{".includes(character)) {
      if (++depth > maxHandshakeDepth) {
        throw invalid(`the handshake is nested deeper than ${maxHandshakeDepth} levels`);
      }
    } else if ("]}".includes(character)) {
      depth--;
    }
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Some clients and servers say `null` for what they do not say. */
function withoutNulls(value: Record<string, unknown>): Record<string, unknown> {
  for (const name in value) {
    if (value[name] === null) {
      delete value[name];
    }
  }
  return value;
}

/** JSON's `1e999` is read as Infinity. */
function isFiniteNumber(value: unknown): value is number {
  return Number.isFinite(value);
}

function dropUnless(value: Record<string, unknown>, name: string, type: "string" | "number"): void {
  if (typeof value[name] !== type) {
    delete value[name];
  }
}

function invalid(message: string): NanowireError {
  return new NanowireError("invalid_handshake", message);
}

const requestTexts = [
  "type",
  "version",
  "serializer",
  "dictVersion",
  "platform",
  "libVersion",
  "clientVersion",
] as const satisfies readonly (keyof HandshakeSys)[];

const lenientUtf8 = /* @__PURE__ */ new TextDecoder();
const strictUtf8 = new TextDecoder("utf-8", { fatal: true });
