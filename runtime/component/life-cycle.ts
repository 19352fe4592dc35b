import type { Awaitable } from "../base/awaitable.js";

/** The life of a component or a remote: what is called when that which hosts it starts and stops. Each is awaited before the next. */
export abstract class LifeCycle {
  /** Called once before the server listens. An error here stops the start: what was begun is shut down again. */
  init(): Awaitable<void> {}

  /** Called once when every component is initialised, before the server listens. */
  afterInit(): Awaitable<void> {}

  /** Called once when the server stops, while the sessions are still open. */
  beforeShutdown(): Awaitable<void> {}

  /** Called once when the server stops, after the sessions are closed. */
  shutdown(): Awaitable<void> {}
}
