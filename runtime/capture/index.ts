// `nanowire/capture`: what `nanowire tap` and `nanowire replay` run, and captures in a test of your own.

export type { Descriptors } from "../protocol/descriptors-file.js";
export type {
  CaptureHead,
  CaptureLine,
  CloseLine,
  Direction,
  FaultLine,
  GapLine,
  HandshakeLine,
  HeartbeatLine,
  KickLine,
  LineBase,
  LinePayload,
  LostLine,
  NotifyLine,
  OpenLine,
  PushLine,
  RequestLine,
  ResponseLine,
  SystemLine,
} from "./capture-line.js";
export { type Capture, type NumberedLine, readCapture } from "./read-capture.js";
export { type ReplayOptions, replay } from "./replay.js";
export { type ReplayDifference, type ReplayReport, showReport } from "./replay-report.js";
export { type RunReplayOptions, runReplay } from "./run-replay.js";
export { type CaptureProcess, runTap, type TapOptions } from "./run-tap.js";
