import { onTestFinished, vi } from "vitest";

/** Takes the machine's time-outs in hand, which end a connection whose client does not hang up. Sockets go on as they are. */
export function fakeTimeouts(): void {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
}
