import { type CaptureHead, captureVersion } from "./capture-line.js";
import type { CaptureTypes } from "./capture-types.js";

/** The first line of a capture. */
export function captureHead(
  source: string,
  { dictVersion, fingerprint }: CaptureTypes,
  showsSecrets: boolean,
): CaptureHead {
  return {
    nanowire: "capture",
    version: captureVersion,
    ...(dictVersion === "" ? {} : { dictVersion }),
    ...(fingerprint === "" ? {} : { types: fingerprint }),
    source,
    ...(showsSecrets ? { secrets: true } : {}),
  };
}
