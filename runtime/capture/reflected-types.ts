import { NanowireError } from "../base/error.js";
import { dialNode, nodeSchemes } from "../client/dial-node.js";
import { parseDialUrl, showUrl } from "../client/dial-url.js";
import { connect } from "../client/index.js";
import { maxBodyBytes } from "../protocol/limits.js";
import { readReflection } from "../repl/read-reflection.js";
import { type CaptureTypes, typesOf } from "./capture-types.js";

/**
 * Asks a server what it speaks.
 *
 * @throws NanowireError `invalid_option` where it does not tell, or as `connect` does
 */
export async function typesOfServer(
  url: string,
  ca: Uint8Array | undefined,
  signal: AbortSignal,
): Promise<CaptureTypes> {
  const place = parseDialUrl(url, nodeSchemes);
  const wire = { maxPacketBytes: maxBodyBytes, ...(ca === undefined ? {} : { ca }) };
  const connection = await connect(dialNode(place, wire), { ...wire, signal });
  try {
    const descriptors = await readReflection(connection, "protobuf", signal);
    if (descriptors === undefined) {
      const what = `${showUrl(place)} does not tell its types: it has no reflection; name --proto or --descriptors`;
      throw new NanowireError("invalid_option", what);
    }
    return typesOf(descriptors);
  } finally {
    connection.close();
  }
}
