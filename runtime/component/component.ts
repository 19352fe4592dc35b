import { LifeCycle } from "./life-cycle.js";
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
export abstract class Component extends LifeCycle {
  readonly #service: AnyService;

  /** Called by the generated stub with the service that it stands for. */
  protected constructor(service: AnyService) {
    super();
    this.#service = service;
  }

  /** The service that a component implements. */
  static serviceOf(component: Component): AnyService {
    return component.#service;
  }
}
