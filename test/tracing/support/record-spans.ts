import type { Sampler } from "@opentelemetry/sdk-trace-node";
import { onTestFinished } from "vitest";
import { SpanRecorder } from "./span-recorder.js";

/** Registers OpenTelemetry's SDK until the test is over. */
export function recordSpans(sampler?: Sampler): SpanRecorder {
  const recorder = new SpanRecorder(sampler);
  onTestFinished(() => recorder.close());
  return recorder;
}
