import type { Turn } from "../base/turn.js";
import type { Dictionary } from "../protocol/dictionary.js";
import type { Serializer } from "../protocol/serializer.js";

/** Makes a zlib stream of a payload; undefined where the payload is to go as it is. */
export type Compress = (payload: Uint8Array) => Uint8Array | undefined;

/** In what form a push goes to some of its connections. Those that share a form share the object. */
export interface PushForm {
  readonly serializer: Serializer;
  /** Whose codes stand for routes; a route that it lacks goes in full, as all do where there is none. */
  readonly dictionary: Dictionary | undefined;
  /** Absent where payloads go as they are. */
  readonly compress: Compress | undefined;
  /** At whose end it is sent. */
  readonly turn: Turn;
}
