import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GeneratorError } from "../error.js";
import type { WireFinding } from "../model/breaking-messages.js";
import { wireRules } from "../model/breaking-rules.js";
import { bufEnvironment } from "./buf.js";

/** buf ends with this code when it has found something. */
const foundSomething = 100;

/**
 * Asks buf which messages have changed so that bytes that were written before are misread.
 *
 * @param before a google.protobuf.FileDescriptorSet
 * @param after the same, with source information
 * @param json whether JSON is spoken too
 */
export function findWireChanges(
  bufBinary: string,
  before: Uint8Array,
  after: Uint8Array,
  json: boolean,
): WireFinding[] {
  const folder = mkdtempSync(join(tmpdir(), "nanowire-breaking-"));
  try {
    const [oldImage, newImage] = [join(folder, "before.binpb"), join(folder, "after.binpb")];
    writeFileSync(oldImage, before);
    writeFileSync(newImage, after);
    const use = json ? ["WIRE_JSON"] : ["WIRE"];
    const config = JSON.stringify({ version: "v2", breaking: { use } });
    const args = ["breaking", newImage, "--against", oldImage, "--error-format", "json", "--config", config];
    const { status, stdout, stderr, error } = spawnSync(bufBinary, args, {
      env: bufEnvironment(),
      encoding: "utf8",
      windowsHide: true,
      maxBuffer: 1 << 30,
    });
    if (error !== undefined || (status !== 0 && status !== foundSomething)) {
      throw GeneratorError.of(`buf could not compare the messages: ${error?.message ?? stderr.trim()}`);
    }
    return stdout.split("\n").flatMap(parseFinding);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** `{"path":"x.proto","start_line":3,"start_column":3,…,"type":"FIELD_SAME_NAME","message":"…"}`; rules of rpcs are left out. */
function parseFinding(line: string): WireFinding[] {
  if (line === "") {
    return [];
  }
  const found: Partial<Record<"path" | "start_line" | "start_column" | "type" | "message", unknown>> = JSON.parse(line);
  const { path, start_line, start_column, type, message } = found;
  if (typeof type !== "string" || !Object.hasOwn(wireRules, type)) {
    return [];
  }
  return [
    {
      rule: type,
      message: typeof message === "string" ? message : "",
      proto: typeof path === "string" ? path : "",
      line: typeof start_line === "number" ? start_line : 1,
      column: typeof start_column === "number" ? start_column : 1,
    },
  ];
}
