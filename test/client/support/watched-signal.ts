import { vi } from "vitest";

/** A signal that counts who listens. */
export function watchedSignal() {
  const controller = new AbortController();
  const { signal } = controller;
  const add = vi.spyOn(signal, "addEventListener");
  const remove = vi.spyOn(signal, "removeEventListener");
  return {
    signal,
    abort: () => controller.abort(),
    added: () => add.mock.calls.length,
    removed: () => remove.mock.calls.length,
  };
}
