import { type Awaitable, isPromise } from "../base/awaitable.js";
import { NanowireError, toNanowireError } from "../base/error.js";
import type { Logger } from "../base/logger.js";
import type { Dictionary } from "../protocol/dictionary.js";
import {
  decodeHandshakeRequest,
  type HandshakeRequest,
  type HandshakeResponse,
  type HandshakeSys,
  handshakeOk,
  handshakeRefused,
} from "../protocol/handshake.js";
import { decodeResumeClaim, type ResumeClaim, type ResumeOffer, type ResumeRefusal } from "../protocol/resume.js";
import { type Capability, hasCapability } from "../protocol/system.js";
import type { HandshakeContext, ResolvedOptions } from "./options.js";
import type { Resumption } from "./resumption.js";
import type { Resumptions } from "./resumptions.js";
import type { SharedValues } from "./shared-values.js";
import { sysOf, type Terms, termsOf } from "./terms.js";

/** What a handshake is judged with. */
export interface AdmissionHost {
  readonly logger: Logger;
  readonly options: ResolvedOptions;
  readonly dictionary: Dictionary;
  /** Whether every message can be JSON. */
  readonly speaksJson: boolean;
  /** The sessions that outlive their connections; undefined: none does. */
  readonly resumptions: Resumptions | undefined;
  /** What clients say of themselves, one object for all that say the same. */
  readonly clients: SharedValues<HandshakeSys>;
  /** What is agreed upon with them, in the same way. */
  readonly terms: SharedValues<Terms>;
}

/** A handshake that was taken. */
export interface Admission {
  readonly handshake: HandshakeRequest;
  readonly terms: Terms;
  readonly response: HandshakeResponse;
  /** By what the session can be resumed: a new one, or the one that goes on. Undefined: it cannot. */
  readonly resumption: Resumption | undefined;
  /** What the client said of the session that goes on; undefined: the session is new. */
  readonly resumes: ResumeClaim | undefined;
}

/**
 * Judges a client's handshake. A promise is returned only when the application's own judgement is one. A client that resumes its session was
 * judged when that began.
 *
 * @throws NanowireError `invalid_handshake` when it is none, `handshake_refused` when the server cannot or the application will not take
 * it
 */
export function admit(body: Uint8Array, context: HandshakeContext, host: AdmissionHost): Awaitable<Admission> {
  const told = decodeHandshakeRequest(body);
  const claim = decodeResumeClaim(told.sys);
  const handshake = shared("resume" in told.sys ? withoutClaim(told) : told, host.clients);
  const terms = host.terms.of(termsOf(handshake, host.options, host.dictionary));
  if (terms.serializer.usesJson === true && !host.speaksJson) {
    throw new NanowireError("handshake_refused", "the server was generated without JSON; the client asks for it");
  }
  const session = sessionOf(claim, terms, handshake, host.resumptions);
  if (session?.resumes !== undefined) {
    return admitted(handshake, terms, undefined, session, host);
  }
  try {
    const user = host.options.onHandshake(handshake, context);
    return isPromise(user)
      ? user.then(
          (value) => admitted(handshake, terms, value, session, host),
          (error: unknown) => Promise.reject(refused(error, host.logger)),
        )
      : admitted(handshake, terms, user, session, host);
  } catch (error) {
    throw refused(error, host.logger);
  }
}

/** What a client that is not taken is told before its connection is closed. */
export function refusalOf(error: NanowireError): HandshakeResponse {
  return { code: handshakeRefused, sys: {}, error: error.code, reason: error.message };
}

/** What is agreed upon with a client that knows how to resume a session. */
interface Resumable {
  readonly resumption: Resumption;
  /** Set when it goes on with a session. */
  readonly resumes?: ResumeClaim;
  /** Why it does not, though it wanted to. */
  readonly refused?: ResumeRefusal;
}

/** The session that a client claims, or the promise that its new one can be resumed; undefined where that cannot be. */
function sessionOf(
  claim: ResumeClaim | undefined,
  terms: Terms,
  { sys }: HandshakeRequest,
  resumptions: Resumptions | undefined,
): Resumable | undefined {
  if (resumptions === undefined || !hasCapability(sys, "resume")) {
    return undefined;
  }
  if (claim === undefined) {
    return { resumption: resumptions.offer(terms) };
  }
  const claimed = resumptions.claimed(claim, terms);
  return typeof claimed === "string"
    ? { resumption: resumptions.offer(terms), refused: claimed }
    : { resumption: claimed, resumes: claim };
}

function admitted(
  handshake: HandshakeRequest,
  terms: Terms,
  user: unknown,
  session: Resumable | undefined,
  { options, dictionary }: AdmissionHost,
): Admission {
  const capabilities = session === undefined ? serverCapabilities : resumeCapabilities;
  const response: HandshakeResponse = {
    code: handshakeOk,
    sys: {
      ...sysOf(terms, options, dictionary),
      ...(Array.isArray(handshake.sys.capabilities) ? { capabilities } : {}),
      ...(session === undefined ? {} : { resume: answerOf(session) }),
    },
    ...(user === undefined ? {} : { user }),
  };
  return { handshake, terms, response, resumption: session?.resumption, resumes: session?.resumes };
}

function answerOf({ resumption, resumes, refused }: Resumable): ResumeOffer {
  return {
    ...resumption.offer,
    ...(resumes === undefined ? {} : { received: resumption.kept.delivery.received }),
    ...(refused === undefined ? {} : { refused }),
  };
}

/** No program sees by what a session is resumed. */
function withoutClaim({ sys, ...rest }: HandshakeRequest): HandshakeRequest {
  const { resume: _, ...others } = sys as HandshakeRequest["sys"] & { readonly resume?: unknown };
  return { ...rest, sys: others };
}

/** The sessions of a thousand clients of one kind hold what these say of themselves once. */
function shared(handshake: HandshakeRequest, clients: AdmissionHost["clients"]): HandshakeRequest {
  return isFlat(handshake.sys) ? { ...handshake, sys: clients.of(handshake.sys) } : handshake;
}

/** Whether there is nothing in it but a few texts, numbers and lists of them. */
function isFlat(sys: object): boolean {
  const parts = sys as Readonly<Record<string, unknown>>;
  let count = 0;
  for (const name in parts) {
    const part = parts[name];
    const isValue = Array.isArray(part) ? part.every((item) => typeof item !== "object") : typeof part !== "object";
    if (!isValue || ++count > mostSharedParts) {
      return false;
    }
  }
  return true;
}

/** What says more than this is no client's that we know: to compare it would only cost time. */
const mostSharedParts = 16;

/** The system messages that a server knows, for clients that know of such things. */
const serverCapabilities: readonly Capability[] = ["drain", "ping"];

/** The same, where both sides can resume a session. */
const resumeCapabilities: readonly Capability[] = [...serverCapabilities, "resume"];

/** The application's refusal: it keeps its code and message where they were meant for the client. */
function refused(error: unknown, logger: Logger): NanowireError {
  if (!(error instanceof NanowireError)) {
    logger.error({ error }, "onHandshake failed");
  }
  const meant = toNanowireError(error, "handshake_refused", "the server refused the handshake");
  return new NanowireError(meant.code, meant.message, { scope: "connection", cause: error, details: meant.details });
}
