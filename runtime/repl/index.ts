// `nanowire/repl`: what `nanowire repl` runs.

export type { Descriptors } from "../protocol/descriptors-file.js";
export { type ReplOptions, runRepl } from "./run-repl.js";
