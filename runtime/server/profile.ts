import type { HandshakeRequest } from "../protocol/handshake.js";
import { type SerializerName, serializerNames } from "../protocol/serializer.js";

/** How a client is spoken to, as its handshake tells. */
export interface Profile {
  readonly serializer: SerializerName;
  /** Whether it is sent the dictionary. */
  readonly sendDictionary: boolean;
  /** Whether the routes of pushes may go to it as codes, before it has sent one itself. */
  readonly compressPushes: boolean;
}

/** Which serializer a server speaks: one for all, or each client's own. */
export type SerializerOption = SerializerName | "auto";

/**
 * Recognises a client.
 *
 * - `sys.serializer` names a serializer that there is: that one.
 * - nano's and pomelo's browser clients (`sys.type` begins with `js-`) name none and speak JSON.
 * - Everybody else speaks protobuf.
 *
 * Pushes go out with codes only to a client that is known to look at the dictionary: one that names its hash, ours, and the browser
 * clients. libpitaya, for one, never reads it.
 */
export function profileOf({ sys }: HandshakeRequest, option: SerializerOption, dictVersion: string): Profile {
  const hasDictionary = sys.dictVersion === dictVersion;
  const browserClient = sys.type?.startsWith("js-") === true;
  return {
    serializer: option === "auto" ? (named(sys.serializer) ?? (browserClient ? "json" : "protobuf")) : option,
    sendDictionary: !hasDictionary,
    compressPushes: hasDictionary || browserClient || sys.type === "nanowire",
  };
}

function named(name: string | undefined): SerializerName | undefined {
  return serializerNames.find((known) => known === name);
}
