import { randomBytes, timingSafeEqual } from "node:crypto";
import type { Clock } from "../base/clock.js";
import { NanowireError } from "../base/error.js";
import type { ResumeClaim, ResumeRefusal } from "../protocol/resume.js";
import type { ResumeSettings } from "./resume-options.js";
import { type Keeper, Resumption } from "./resumption.js";
import type { Terms } from "./terms.js";

/** What bounds the sessions that are suspended. */
export interface ResumptionLimits {
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number;
}

/**
 * The sessions of a server that can be resumed. Those that are suspended take no place among the connections: they have bounds of the same size of their
 * own, and beyond these the one that is suspended longest ends.
 */
export class Resumptions implements Keeper {
  readonly clock: Clock;
  readonly settings: ResumeSettings;
  readonly #limits: ResumptionLimits;
  /** By the first part of their tokens, which is no secret. */
  readonly #byName = new Map<string, Resumption>();
  /** Longest suspended first, each with the network that it is counted under. */
  readonly #suspended = new Map<Resumption, string | undefined>();
  readonly #byNetwork = new Map<string, Set<Resumption>>();

  constructor(settings: ResumeSettings, limits: ResumptionLimits, clock: Clock) {
    this.settings = settings;
    this.#limits = limits;
    this.clock = clock;
  }

  /** How many are suspended. */
  get size(): number {
    return this.#suspended.size;
  }

  /** Makes a session's; its token is good when the session has begun. */
  offer(terms: Terms): Resumption {
    return new Resumption(randomBytes(nameBytes + secretBytes).toString("base64url"), terms, this);
  }

  /** A session has begun. */
  begun(resumption: Resumption): void {
    this.#byName.set(nameOf(resumption.token), resumption);
  }

  /**
   * What a client claims, if it may have it. The connection that the session had is given up then, where it still seemed to work: from here on the
   * session gets nothing more from it.
   */
  claimed(claim: ResumeClaim, terms: Terms): Resumption | ResumeRefusal {
    const resumption = this.#byName.get(nameOf(claim.token));
    if (resumption === undefined || !isSame(claim.token, resumption.token)) {
      return "unknown";
    }
    const refusal = refusalOf(claim, terms, resumption);
    if (refusal !== undefined) {
      // Whoever has the token cannot go on with it, and begins anew.
      const message = `the client came back, and its session could not be resumed: ${refusal}`;
      resumption.conversation.close(new NanowireError("connection_lost", message));
      return refusal;
    }
    resumption.conversation.giveWay();
    return resumption.suspended ? resumption : "unknown";
  }

  suspended(resumption: Resumption): void {
    const { network } = resumption.conversation;
    this.#suspended.set(resumption, network);
    if (network !== undefined) {
      const others = this.#byNetwork.get(network) ?? new Set();
      this.#byNetwork.set(network, others.add(resumption));
      if (others.size > this.#limits.maxConnectionsPerAddress) {
        const limit = `maxConnectionsPerAddress ${this.#limits.maxConnectionsPerAddress}`;
        endFirst(others.keys(), `${network} has more suspended sessions than ${limit}`);
      }
    }
    if (this.#suspended.size > this.#limits.maxConnections) {
      const limit = `maxConnections ${this.#limits.maxConnections}`;
      endFirst(this.#suspended.keys(), `there are more suspended sessions than ${limit}`);
    }
  }

  resumed(resumption: Resumption): void {
    const network = this.#suspended.get(resumption);
    this.#suspended.delete(resumption);
    if (network !== undefined) {
      const others = this.#byNetwork.get(network);
      if (others?.delete(resumption) && others.size === 0) {
        this.#byNetwork.delete(network);
      }
    }
  }

  ended(resumption: Resumption): void {
    this.resumed(resumption);
    this.#byName.delete(nameOf(resumption.token));
  }

  /** Ends all that are suspended: the server is about to stop. */
  endAll(reason: NanowireError): void {
    for (const resumption of [...this.#suspended.keys()]) {
      resumption.conversation.close(reason);
    }
  }
}

/** Why a session cannot go on, though its token is known. */
function refusalOf(
  { received, forgotten }: ResumeClaim,
  terms: Terms,
  resumption: Resumption,
): ResumeRefusal | undefined {
  const { terms: before } = resumption;
  const { delivery } = resumption.kept;
  if (
    before.profile !== terms.profile ||
    before.serializer !== terms.serializer ||
    before.hasDictionary !== terms.hasDictionary
  ) {
    return "profile";
  }
  const canServer = delivery.canGoOnAfter(received);
  const canClient = typeof forgotten === "number" && forgotten >= 0 && forgotten <= delivery.received;
  return canServer && canClient ? undefined : "gap";
}

function endFirst(resumptions: Iterator<Resumption>, message: string): void {
  const { value: first, done } = resumptions.next();
  if (done !== true) {
    first.conversation.close(new NanowireError("resume_overflow", message));
  }
}

/** The part of a token that it is found by. */
function nameOf(token: string): string {
  return token.slice(0, nameLength);
}

/** Takes the same time wherever the tokens differ. */
function isSame(claimed: string, token: string): boolean {
  const [left, right] = [Buffer.from(claimed), Buffer.from(token)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/** In base64 three bytes are four characters, so that the parts of a token do not share one. */
const nameBytes = 9;
const nameLength = 12;
const secretBytes = 24;
