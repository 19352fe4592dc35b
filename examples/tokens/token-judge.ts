import { type CryptoKey, errors, jwtVerify } from "jose";
import { NanowireError } from "nanowire";
import { algorithm, audience, issuer } from "./keys.js";

/**
 * Reads whose a token is. The algorithm is the server's choice and never the token's.
 *
 * @param token what the client has sent, whatever it is
 * @throws NanowireError `no_token`, `token_expired`, `invalid_token`; none of them shows the token
 */
export async function subjectOf(token: unknown, publicKey: CryptoKey): Promise<string> {
  if (typeof token !== "string" || token === "") {
    throw new NanowireError("no_token", "the handshake has no token: sign in first");
  }
  let subject: string | undefined;
  try {
    const { payload } = await jwtVerify(token, publicKey, {
      algorithms: [algorithm],
      issuer,
      audience,
      requiredClaims: ["sub", "exp"],
    });
    subject = payload.sub;
  } catch (error) {
    throw refusalOf(error);
  }
  if (subject === undefined || subject === "") {
    throw new NanowireError("invalid_token", "the token names nobody");
  }
  return subject;
}

function refusalOf(error: unknown): NanowireError {
  if (error instanceof errors.JWTExpired) {
    return new NanowireError("token_expired", "the token has expired: ask for a new one, and connect again");
  }
  if (error instanceof errors.JWTClaimValidationFailed) {
    return new NanowireError("invalid_token", `the token's ${error.claim} is not what it has to be`);
  }
  return new NanowireError("invalid_token", "the token is none, or another key has signed it");
}
