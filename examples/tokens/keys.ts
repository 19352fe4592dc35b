import { type CryptoKey, generateKeyPair } from "jose";

/** The keys of this program's run. Whoever signs in people has the private one, and the game only the public one: it can read tokens and make none. */
export interface Keys {
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
}

/** Makes keys that nobody has kept: a real server reads a public key from a file or a JWKS, with jose's `importSPKI` or `createRemoteJWKSet`. */
export function makeKeys(): Promise<Keys> {
  return generateKeyPair(algorithm);
}

/** Ed25519: short signatures, and nothing to choose wrongly. */
export const algorithm = "EdDSA";

/** Who signs tokens, and for whom: each is looked at. */
export const issuer = "https://accounts.example.com";
export const audience = "game";
