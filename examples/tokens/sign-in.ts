import { type CryptoKey, SignJWT } from "jose";
import { algorithm, audience, issuer } from "./keys.js";

/** What a token may say other than usual, for the scenes in which one is refused. */
export interface TokenOptions {
  readonly audience?: string;
  /** How long it is good for, in seconds; less than 0: it was, until then. Default: 60 */
  readonly lifeSeconds?: number;
}

/**
 * What the web server does for somebody who has signed in: a token with which he may connect, and which is good for a minute. It is asked for when the client is about
 * to connect, so it need not last: the session does.
 */
export function signToken(privateKey: CryptoKey, subject: string, options: TokenOptions = {}): Promise<string> {
  const { audience: whom = audience, lifeSeconds = 60 } = options;
  const now = Math.floor(Date.now() / 1_000);
  return new SignJWT({})
    .setProtectedHeader({ alg: algorithm })
    .setSubject(subject)
    .setIssuer(issuer)
    .setAudience(whom)
    .setIssuedAt(now)
    .setExpirationTime(now + lifeSeconds)
    .sign(privateKey);
}
