import { constants, inflateRawSync } from "node:zlib";
import { NanowireError } from "../base/error.js";

/** How one side's messages are deflated (RFC 7692). */
export interface DeflateTerms {
  /** Whether each message stands by itself. */
  readonly isWithoutContext: boolean;
}

/** Inflates the messages of one side, one after another: each may refer to what the last ones said. */
export class MessageInflater {
  readonly #terms: DeflateTerms;
  readonly #maxBytes: number;
  /** The last of what came out. */
  #window = new Uint8Array(0);

  /** @param maxBytes the most that a message may become */
  constructor(terms: DeflateTerms, maxBytes: number) {
    this.#terms = terms;
    this.#maxBytes = maxBytes;
  }

  /** How many bytes are kept for the next message. */
  get heldBytes(): number {
    return this.#window.length;
  }

  /** @throws NanowireError `invalid_frame` */
  inflate(message: Uint8Array): Uint8Array {
    let inflated: Uint8Array;
    try {
      inflated = inflateRawSync(Buffer.concat([message, tail]), {
        finishFlush: constants.Z_SYNC_FLUSH,
        maxOutputLength: this.#maxBytes,
        ...(this.#window.length === 0 ? {} : { dictionary: this.#window }),
      });
    } catch (cause) {
      const what = `a WebSocket message of ${message.length} bytes is no deflate stream, or longer than ${this.#maxBytes}`;
      throw new NanowireError("invalid_frame", what, { cause });
    }
    if (!this.#terms.isWithoutContext) {
      const kept = inflated.length >= windowBytes ? inflated : Buffer.concat([this.#window, inflated]);
      this.#window = Uint8Array.from(kept.subarray(-windowBytes));
    }
    return inflated;
  }
}

/**
 * What an answer to an upgrade says of compression.
 *
 * @param extensions its header `Sec-WebSocket-Extensions`
 * @returns the terms of the client's messages and of the server's; undefined where nothing is deflated
 */
export function readDeflateTerms(
  extensions: string,
): readonly [client: DeflateTerms, server: DeflateTerms] | undefined {
  const offer = extensions
    .split(",")
    .map((extension) => extension.split(";").map((part) => part.trim().toLowerCase()))
    .find(([name]) => name === "permessage-deflate");
  return (
    offer && [
      { isWithoutContext: offer.includes("client_no_context_takeover") },
      { isWithoutContext: offer.includes("server_no_context_takeover") },
    ]
  );
}

/** What every deflated message ends with, and the wire leaves out. */
const tail = Uint8Array.of(0x00, 0x00, 0xff, 0xff);
/** How far back a deflate stream refers. */
const windowBytes = 32_768;
