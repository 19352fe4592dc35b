import type { Awaitable } from "../base/awaitable.js";
import type { ServiceDefinition } from "./service.js";

/** A service definition of a component whose type is not known here. */
export type AnyService = ServiceDefinition<never>;

/**
 * What a generated component stub extends: an object that implements one service, and its life cycle.
 *
 * `server.start()` calls `init` of every component in the order they were given, then `afterInit` of every one, then
 * opens the listeners. `server.stop()` closes the listeners, then calls `beforeShutdown` of every component in reverse order, then
 * `shutdown` of every one in reverse order. Each is awaited before the next.
 */
export abstract class Component {
  readonly #service: AnyService;

  /** Called by the generated stub with the service that it stands for. */
  protected constructor(service: AnyService) {
    this.#service = service;
  }

  /** Called once before the server listens. An error here stops the start: what was begun is shut down again. */
  init(): Awaitable<void> {}

  /** Called once when every component is initialised, before the server listens. */
  afterInit(): Awaitable<void> {}

  /** Called once when the server stops, while the sessions are still open. */
  beforeShutdown(): Awaitable<void> {}

  /** Called once when the server stops, after the sessions are closed. */
  shutdown(): Awaitable<void> {}

  /** The service that a component implements. */
  static serviceOf(component: Component): AnyService {
    return component.#service;
  }
}
