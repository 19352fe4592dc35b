import { constants } from "node:os";
import process from "node:process";
import { NanowireError } from "../base/error.js";

/** Signals that ask a process to end. */
export const stopSignals: readonly NodeJS.Signals[] = ["SIGTERM", "SIGINT"];

/**
 * Refuses what is no signal, and those that no process hears.
 *
 * @throws NanowireError `invalid_option`
 */
export function assertSignals(signals: readonly unknown[]): void {
  for (const signal of signals) {
    if (typeof signal !== "string" || !Object.hasOwn(constants.signals, signal) || unheard.includes(signal)) {
      throw new NanowireError("invalid_option", `signals has ${String(signal)}, which is no signal that can be heard`);
    }
  }
}

/** Calls a function at every such signal. Returns what ends that: from then on they do what they did before. */
export function onSignals(signals: readonly NodeJS.Signals[], task: (signal: NodeJS.Signals) => void): () => void {
  const listeners = signals.map((signal) => ({ signal, listener: () => task(signal) }));
  for (const { signal, listener } of listeners) {
    process.on(signal, listener);
  }
  return () => {
    for (const { signal, listener } of listeners) {
      process.off(signal, listener);
    }
  };
}

/** Has a signal do what it does where nobody listens: mostly, end the process. Whoever does listen has heard it already. */
export function letSignalAct(signal: NodeJS.Signals): void {
  if (process.listenerCount(signal) === 0) {
    process.kill(process.pid, signal);
  }
}

const unheard = ["SIGKILL", "SIGSTOP"];
