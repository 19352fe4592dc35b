/** A value, or a promise of it: what a handler may return. A handler that returns no promise costs none. */
export type Awaitable<T> = T | Promise<T>;

/** Whether a value is to be awaited. */
export function isPromise(value: unknown): value is Promise<unknown> {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
}
