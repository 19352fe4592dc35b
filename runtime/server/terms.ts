import type { Clock } from "../base/clock.js";
import type { Dictionary } from "../protocol/dictionary.js";
import type { HandshakeRequest, HandshakeResponse } from "../protocol/handshake.js";
import { type Serializer, type SerializerName, serializers } from "../protocol/serializer.js";
import { type Profile, profileOf } from "./profile.js";

/** Which serializer a server speaks: each client's own (`auto`), or one for all, by its name. */
export type SerializerOption = SerializerName | "auto";

/** The options that say how clients are spoken to. */
export interface TermsOptions {
  readonly profiles: readonly Profile[];
  readonly serializer: SerializerOption;
  readonly serializers: readonly Serializer[];
  readonly heartbeatIntervalMs: number;
  readonly clock: Clock;
}

/** How one client is spoken to, from its handshake on: what its profile says, and what it asked for. */
export interface Terms {
  readonly profile: Profile;
  readonly serializer: Serializer;
  /** Whether it has the server's dictionary already. */
  readonly hasDictionary: boolean;
  /** What it is told of heartbeats, in seconds; 0: there are none. */
  readonly heartbeatSeconds: number;
}

/**
 * What holds for a client.
 *
 * The serializer is the one of the server's option; where that is `auto`, the one that the client names; where the
 * server has none of that name, its profile's: that there is that one was seen to when the server was made.
 */
export function termsOf(handshake: HandshakeRequest, options: TermsOptions, dictionary: Dictionary): Terms {
  const profile = profileOf(handshake, options.profiles);
  const wanted = options.serializer === "auto" ? handshake.sys.serializer : options.serializer;
  return {
    profile,
    serializer: (serializerNamed(wanted, options) ?? serializerNamed(profile.serializer, options)) as Serializer,
    hasDictionary: handshake.sys.dictVersion === dictionary.version,
    heartbeatSeconds: heartbeatSeconds(profile, options.heartbeatIntervalMs),
  };
}

/** What is told of heartbeats and of the dictionary. */
export function sysOf(terms: Terms, options: TermsOptions, dictionary: Dictionary): HandshakeResponse["sys"] {
  const { profile, serializer, hasDictionary } = terms;
  return {
    heartbeat: terms.heartbeatSeconds,
    servertime: Math.floor(options.clock.now() / 1_000),
    serializer: serializer.name,
    dictVersion: dictionary.version,
    ...(profile.useDict && dictionary.size > 0 ? { useDict: true } : {}),
    ...(hasDictionary || dictionary.size === 0 ? {} : { dict: dictionary.toObject() }),
  };
}

/** Whether routes may go to the client as codes, before it has sent one itself. */
export function startsWithCodes({ profile, hasDictionary }: Terms): boolean {
  return profile.pushCodes === "always" || (profile.pushCodes === "learned" && hasDictionary);
}

/** A serializer that ships, or one of those that the server was given. */
export function serializerNamed(
  name: string | undefined,
  { serializers: given }: Pick<TermsOptions, "serializers">,
): Serializer | undefined {
  const isNamed = (serializer: Serializer): boolean => serializer.name === name;
  return shippedSerializers.find(isNamed) ?? given.find(isNamed);
}

const shippedSerializers: readonly Serializer[] = Object.values(serializers);

/**
 * A client that reads an integer would take half a second for none. It lives with heartbeats that come more often than it was told,
 * and is closed for a silence of twice what it was told.
 */
function heartbeatSeconds({ heartbeat }: Profile, intervalMs: number): number {
  const seconds = intervalMs / 1_000;
  if (heartbeat === "positive" && seconds === 0) {
    return secondsForNone;
  }
  return heartbeat === "any" ? seconds : Math.ceil(seconds);
}

/** Eleven days: a connection hardly comes to one. Twice as much, in milliseconds, still fits 31 bits. */
const secondsForNone = 1_000_000;
