import { existsSync, readdirSync, readFileSync } from "node:fs";
import { hex } from "../protocol/hex.js";

/** An input that is kept. */
export interface Sample {
  readonly file: string;
  readonly bytes: Uint8Array;
}

/** Reads the inputs of a target: annotated hex from `.hex`, and from any other file its bytes. */
export function readCorpus(folder: string): Sample[] {
  return existsSync(folder)
    ? readdirSync(folder)
        .sort()
        .map((name) => ({ file: name, bytes: readSample(`${folder}/${name}`) }))
    : [];
}

/** Reads one input. */
export function readSample(file: string): Uint8Array {
  const bytes = new Uint8Array(readFileSync(file));
  return file.endsWith(".hex") ? hex(new TextDecoder().decode(bytes)) : bytes;
}
