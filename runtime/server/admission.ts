import { type Awaitable, isPromise } from "../base/awaitable.js";
import { NanowireError, toNanowireError } from "../base/error.js";
import type { Logger } from "../base/logger.js";
import type { Dictionary } from "../protocol/dictionary.js";
import {
  decodeHandshakeRequest,
  type HandshakeRequest,
  type HandshakeResponse,
  handshakeOk,
  handshakeRefused,
} from "../protocol/handshake.js";
import type { Capability } from "../protocol/system.js";
import type { HandshakeContext, ResolvedOptions } from "./options.js";
import { sysOf, type Terms, termsOf } from "./terms.js";

/** What a handshake is judged with. */
export interface AdmissionHost {
  readonly logger: Logger;
  readonly options: ResolvedOptions;
  readonly dictionary: Dictionary;
  /** Whether every message can be JSON. */
  readonly speaksJson: boolean;
}

/** A handshake that was taken. */
export interface Admission {
  readonly handshake: HandshakeRequest;
  readonly terms: Terms;
  readonly response: HandshakeResponse;
}

/**
 * Judges a client's handshake. A promise is returned only when the application's own judgement is one.
 *
 * @throws NanowireError `invalid_handshake` when it is none, `handshake_refused` when the server cannot or the application will not take
 * it
 */
export function admit(body: Uint8Array, context: HandshakeContext, host: AdmissionHost): Awaitable<Admission> {
  const handshake = decodeHandshakeRequest(body);
  const terms = termsOf(handshake, host.options, host.dictionary);
  if (terms.serializer.usesJson === true && !host.speaksJson) {
    throw new NanowireError("handshake_refused", "the server was generated without JSON; the client asks for it");
  }
  try {
    const user = host.options.onHandshake(handshake, context);
    return isPromise(user)
      ? user.then(
          (value) => admitted(handshake, terms, value, host),
          (error: unknown) => Promise.reject(refused(error, host.logger)),
        )
      : admitted(handshake, terms, user, host);
  } catch (error) {
    throw refused(error, host.logger);
  }
}

/** What a client that is not taken is told before its connection is closed. */
export function refusalOf(error: NanowireError): HandshakeResponse {
  return { code: handshakeRefused, sys: {}, error: error.code, reason: error.message };
}

function admitted(
  handshake: HandshakeRequest,
  terms: Terms,
  user: unknown,
  { options, dictionary }: AdmissionHost,
): Admission {
  const response: HandshakeResponse = {
    code: handshakeOk,
    sys: {
      ...sysOf(terms, options, dictionary),
      ...(Array.isArray(handshake.sys.capabilities) ? { capabilities: serverCapabilities } : {}),
    },
    ...(user === undefined ? {} : { user }),
  };
  return { handshake, terms, response };
}

/** The system messages that a server knows, for clients that know of such things. */
const serverCapabilities: readonly Capability[] = ["drain", "ping"];

/** The application's refusal: it keeps its code and message where they were meant for the client. */
function refused(error: unknown, logger: Logger): NanowireError {
  if (!(error instanceof NanowireError)) {
    logger.error({ error }, "onHandshake failed");
  }
  const meant = toNanowireError(error, "handshake_refused", "the server refused the handshake");
  return new NanowireError(meant.code, meant.message, { scope: "connection", cause: error, details: meant.details });
}
