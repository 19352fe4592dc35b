// `nanowire/up`: several processes of one machine, started, watched and stopped together.

export { type RunUpOptions, runUp } from "./run-up.js";
export { Up, type UpOptions, up } from "./up.js";
export { findUpMistakes, type UpConfig, type UpMistake, type UpRole } from "./up-config.js";
export type { UpEnd, UpEvent, UpLine, UpProcess, UpProcessState, UpState } from "./up-events.js";
export { reportReady, type UpWorker, upWorker } from "./up-worker.js";
