import { NanowireError } from "../base/error.js";
import type { HandshakeRequest } from "../protocol/handshake.js";
import type { SerializerName } from "../protocol/serializer.js";

/**
 * How one kind of client is spoken to. The kinds that are known by themselves are in {@link wireProfiles}; one of your own is
 * handed to `createServer({ profiles })`, where it comes before them.
 */
export interface Profile {
  /** For logs and errors. */
  readonly name: string;
  /** Whether a handshake comes from a client of this kind. The first profile that says so is taken. */
  readonly recognises: (handshake: HandshakeRequest) => boolean;
  /** What such a client speaks where its handshake names no serializer that the server has. */
  readonly serializer: SerializerName;
  /**
   * What it gets for a request that failed.
   * - `flagged`: a response with flag E, the error as payload.
   * - `unflagged`: the same without the flag, for clients that stumble over it. Only for those that look at `code` in every reply.
   * - `none`: no answer at all, as nano has it: for clients that would take the error's bytes for the reply's.
   */
  readonly errors: "flagged" | "unflagged" | "none";
  /** Whether it knows flag G, and can be sent a payload as a zlib stream. */
  readonly inflatesPayloads: boolean;
  /** Whether it looks for a zlib stream in the answer to its handshake. */
  readonly inflatesHandshake: boolean;
  /** The body of a kick: `{"reason": …}`, or nothing. */
  readonly kickBody: "json" | "empty";
  /**
   * What `sys.heartbeat` may be: any number of seconds, 0 for none; `whole` seconds, rounded up; `positive`, whole seconds and never 0.
   */
  readonly heartbeat: "any" | "whole" | "positive";
  /**
   * When the routes of pushes may go to it as codes.
   * - `always`: it reads the dictionary in the answer to its handshake.
   * - `learned`: once it has sent a code itself, or where it names the dictionary's hash.
   * - `never`: it cannot read them.
   */
  readonly pushCodes: "always" | "learned" | "never";
  /** Whether it is told `sys.useDict`. */
  readonly useDict: boolean;
  /** Whether it takes a response with a payload of no bytes. Where not, it gets the serializer's `emptyPayload`. */
  readonly emptyResponses: boolean;
  /** Whether it takes more than one packet in a WebSocket frame. */
  readonly manyPacketsAFrame: boolean;
}

/** The profiles that ship, in the order in which they are asked. */
export const wireProfiles = {
  /** Our own client. */
  nanowire: {
    name: "nanowire",
    recognises: ({ sys }) => sys.type === "nanowire",
    serializer: "protobuf",
    errors: "flagged",
    inflatesPayloads: true,
    inflatesHandshake: true,
    kickBody: "json",
    heartbeat: "any",
    pushCodes: "always",
    useDict: false,
    emptyResponses: true,
    manyPacketsAFrame: true,
  },
  /**
   * libpitaya and pitaya's client in Go. libpitaya ignores `dict`, and ends its process over a `useDict` that it has no dictionary
   * for; the other sends codes when it has read it, and ends its own over a heartbeat of 0.
   */
  pitaya: {
    name: "pitaya",
    recognises: ({ sys }) => sys.libVersion !== undefined || sys.platform !== undefined,
    serializer: "protobuf",
    errors: "flagged",
    inflatesPayloads: true,
    inflatesHandshake: true,
    kickBody: "empty",
    heartbeat: "positive",
    pushCodes: "learned",
    useDict: false,
    emptyResponses: true,
    manyPacketsAFrame: true,
  },
  /**
   * nano's, pomelo's and pinus' clients in JavaScript. They parse the body of a kick, whatever it is, and read past the
   * bits of a flag that they do not know: an error comes to them as a reply with `code` and `msg`.
   */
  browser: {
    name: "browser",
    recognises: ({ sys }) => sys.type?.startsWith("js-") === true,
    serializer: "json",
    errors: "flagged",
    inflatesPayloads: false,
    inflatesHandshake: false,
    kickBody: "json",
    heartbeat: "any",
    pushCodes: "always",
    useDict: true,
    emptyResponses: false,
    manyPacketsAFrame: true,
  },
  /** pomelo's native clients: C and Unity. libpomelo keeps only the lower eight bits of the codes that it is to receive. */
  pomelo: {
    name: "pomelo",
    recognises: ({ sys }) => sys.type === "c" || sys.type === "unity-socket",
    serializer: "json",
    errors: "flagged",
    inflatesPayloads: false,
    inflatesHandshake: false,
    kickBody: "json",
    heartbeat: "whole",
    pushCodes: "never",
    useDict: true,
    emptyResponses: false,
    manyPacketsAFrame: true,
  },
  /**
   * nano's client in Go, whose handshake is empty. It knows neither errors nor the dictionary, and drops a response with an empty
   * payload.
   */
  nano: {
    name: "nano",
    recognises: ({ isEmpty }) => isEmpty === true,
    serializer: "protobuf",
    errors: "none",
    inflatesPayloads: false,
    inflatesHandshake: false,
    kickBody: "json",
    heartbeat: "whole",
    pushCodes: "learned",
    useDict: false,
    emptyResponses: false,
    manyPacketsAFrame: true,
  },
  /** Everybody else: what is understood by most. */
  other: {
    name: "other",
    recognises: () => true,
    serializer: "protobuf",
    errors: "flagged",
    inflatesPayloads: false,
    inflatesHandshake: false,
    kickBody: "json",
    heartbeat: "whole",
    pushCodes: "learned",
    useDict: false,
    emptyResponses: true,
    manyPacketsAFrame: true,
  },
} as const satisfies Readonly<Record<string, Profile>>;

const shippedProfiles: readonly Profile[] = Object.values(wireProfiles);

/** Recognises a client: by the profiles that are given, then by those that ship. */
export function profileOf(handshake: HandshakeRequest, given: readonly Profile[]): Profile {
  const isOf = (profile: Profile): boolean => profile.recognises(handshake);
  return given.find(isOf) ?? shippedProfiles.find(isOf) ?? wireProfiles.other;
}

/**
 * Refuses what is no profile: a program in JavaScript has no types to say so.
 *
 * @throws NanowireError `invalid_option`
 */
export function assertProfile(profile: Profile, index: number): void {
  for (const [field, values] of Object.entries(fields)) {
    const value: unknown = profile?.[field as keyof Profile];
    const fits = typeof values === "string" ? typeof value === values : values.includes(value);
    if (!fits) {
      const wanted = typeof values === "string" ? `a ${values}` : values.join(", ");
      throw new NanowireError("invalid_option", `profiles[${index}].${field} ${String(value)} is not ${wanted}`);
    }
  }
}

/** What a profile's fields may be: of a type, or one of some. */
const fields: Readonly<Record<keyof Profile, "string" | "function" | readonly unknown[]>> = {
  name: "string",
  recognises: "function",
  serializer: "string",
  errors: ["flagged", "unflagged", "none"],
  inflatesPayloads: [true, false],
  inflatesHandshake: [true, false],
  kickBody: ["json", "empty"],
  heartbeat: ["any", "whole", "positive"],
  pushCodes: ["always", "learned", "never"],
  useDict: [true, false],
  emptyResponses: [true, false],
  manyPacketsAFrame: [true, false],
};
