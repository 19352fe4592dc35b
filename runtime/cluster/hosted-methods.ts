import type { HostedService } from "./node-info.js";

/** The methods of a node's services, for the question whether it understands a call. */
export class HostedMethods {
  /** The routes, and the fingerprints of their methods. */
  readonly #methods: ReadonlyMap<string, string>;
  /** The services of which the node does not tell which methods they have. */
  readonly #wholeServices: ReadonlySet<string>;

  constructor(services: readonly HostedService[]) {
    this.#methods = new Map(services.flatMap(({ methods }) => Object.entries(methods)));
    this.#wholeServices = new Set(
      services.filter(({ methods }) => Object.keys(methods).length === 0).map(({ name }) => name),
    );
  }

  /**
   * Whether the node understands calls of a method.
   *
   * @param fingerprint of the caller's method; undefined: it has none
   */
  serve(service: string, route: string, fingerprint: string | undefined): boolean {
    const theirs = this.#methods.get(route);
    return theirs === undefined
      ? this.#wholeServices.has(service)
      : theirs === "" || fingerprint === undefined || theirs === fingerprint;
  }
}
