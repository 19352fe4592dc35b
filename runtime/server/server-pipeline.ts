import { NanowireError } from "../base/error.js";
import { noSuchName } from "../base/known-names.js";
import { Component } from "../component/component.js";
import { Pipeline } from "../pipeline/pipeline.js";

/** Service → its routes. */
export type RoutesOfServices = ReadonlyMap<string, readonly string[]>;

/** Which steps are nearer to the socket: in comes a message by the server's first, and out it goes by them last. */
type Direction = "in" | "out";

/**
 * The steps of a server: those that every message goes through, and those of single services.
 *
 * @typeParam Step {@link InboundStep} or {@link OutboundStep}
 */
export class ServerPipeline<Step> extends Pipeline<Step> {
  readonly #direction: Direction;
  readonly #routes: RoutesOfServices;
  readonly #ofServices = new Map<string, Pipeline<Step>>();
  readonly #byRoute = new Map<string, JoinedSteps<Step>>();

  /** @internal A server makes its own. */
  constructor(direction: Direction, routes: RoutesOfServices) {
    super();
    this.#direction = direction;
    this.#routes = routes;
  }

  /**
   * The steps of one service: `server.inbound.of(room).pushBack(step)`. What comes in goes through the server's steps first,
   * then through the service's; what goes out the other way round.
   *
   * @param service a component of the server, or the name of a service: what its routes have before their last dot. The pushes of a
   * PUSH service, which has no component, go out under its name: `server.outbound.of("RoomEvents")`
   * @throws NanowireError `invalid_option` for a service that the server does not have
   */
  of(service: Component | string): Pipeline<Step> {
    const name = service instanceof Component ? Component.serviceOf(service).name : service;
    const known = this.#ofServices.get(name);
    if (known !== undefined) {
      return known;
    }
    const routes = this.#routes.get(name);
    if (routes === undefined) {
      throw new NanowireError("invalid_option", noSuchName(`service ${name}`, name, this.#routes.keys()));
    }
    const pipeline = new Pipeline<Step>();
    this.#ofServices.set(name, pipeline);
    for (const route of routes) {
      this.#byRoute.set(route, new JoinedSteps(pipeline));
    }
    return pipeline;
  }

  /** @internal The steps that a message of that route goes through, in their order. */
  stepsOf(route: string): readonly Step[] {
    const ofService = this.#ofServices.size === 0 ? undefined : this.#byRoute.get(route);
    return ofService === undefined ? this.steps : ofService.joined(this.steps, this.#direction);
  }
}

/** The steps of a service with those of its server: joined anew only when there are others. */
class JoinedSteps<Step> {
  readonly #pipeline: Pipeline<Step>;
  #ofServer: readonly Step[] = [];
  #ofService: readonly Step[] = [];
  #joined: readonly Step[] = [];

  constructor(pipeline: Pipeline<Step>) {
    this.#pipeline = pipeline;
  }

  joined(ofServer: readonly Step[], direction: Direction): readonly Step[] {
    const ofService = this.#pipeline.steps;
    if (ofServer !== this.#ofServer || ofService !== this.#ofService) {
      this.#ofServer = ofServer;
      this.#ofService = ofService;
      this.#joined = direction === "in" ? [...ofServer, ...ofService] : [...ofService, ...ofServer];
    }
    return this.#joined;
  }
}
