import process from "node:process";

/** Signals that ask a process to end. */
export const stopSignals: readonly NodeJS.Signals[] = ["SIGTERM", "SIGINT"];

/** Calls a function with every such signal. Returns what ends that: from then on they do what they did before. */
export function onSignals(signals: readonly NodeJS.Signals[], task: (signal: NodeJS.Signals) => void): () => void {
  for (const signal of signals) {
    process.on(signal, task);
  }
  return () => {
    for (const signal of signals) {
      process.off(signal, task);
    }
  };
}
