import type { Awaitable } from "../base/awaitable.js";
import type { Clock } from "../base/clock.js";
import { NanowireError } from "../base/error.js";
import type { Turn } from "../base/turn.js";
import { type AnyRemoteHandler, Remote } from "../component/remote.js";
import type { RemoteMethod } from "../component/remote-method.js";
import { OrderedMailbox } from "../schedule/mailbox.js";
import type { Timekeeper } from "../schedule/timekeeper.js";
import type { Tracing } from "../tracing/tracing.js";
import { HostedMethods } from "./hosted-methods.js";
import type { HostedService } from "./node-info.js";
import { type RemoteEndpoint, type RemoteMessage, RemoteRun, type RemoteRunHost } from "./remote-run.js";
import { RemoteTraffic } from "./remote-traffic.js";

/** What the remotes of a node need of it. */
export interface HostedRemotesHost {
  readonly clock: Clock;
  readonly turn: Turn;
  /** Where the times are kept that handlers may take. */
  readonly deadlines: Timekeeper;
  /** Milliseconds that a tell may take whose method names no time-out; 0: for ever. */
  readonly requestTimeoutMs: number;
  readonly tracing: Tracing | undefined;
}

/** The remotes of a node: what they answer, whoever asks. */
export class HostedRemotes implements RemoteRunHost {
  /** What the node tells the others of them. */
  readonly services: readonly HostedService[];
  readonly methods: HostedMethods;
  readonly traffic = new RemoteTraffic();
  readonly deadlines: Timekeeper;
  readonly #clock: Clock;
  readonly #endpoints = new Map<string, RemoteEndpoint>();
  readonly #mailboxes = new Map<Remote, OrderedMailbox>();
  readonly #runs = new Set<RemoteRun>();

  /** @throws NanowireError `invalid_route` (startup) when two of their methods have one route */
  constructor(remotes: readonly Remote[], host: HostedRemotesHost) {
    this.deadlines = host.deadlines;
    this.#clock = host.clock;
    for (const remote of remotes) {
      this.#add(remote, host);
    }
    this.services = remotes.map(serviceOf);
    this.methods = new HostedMethods(this.services);
  }

  /** The routes that are answered here. */
  get routes(): Iterable<string> {
    return this.#endpoints.keys();
  }

  /** The services of which methods may be called by jobs. */
  get reliableServices(): readonly string[] {
    const methods = [...this.#endpoints.values()].map(({ handler }) => handler.method);
    return [...new Set(methods.filter(({ reliable }) => reliable === true).map(({ service }) => service))];
  }

  /** A method that is answered here; undefined where there is none of that route. */
  method(route: string): RemoteMethod<unknown, unknown> | undefined {
    return this.#endpoints.get(route)?.handler.method;
  }

  /** Whether a service is hosted here. */
  hosts(service: string): boolean {
    return this.services.some(({ name }) => name === service);
  }

  /** Where a remote's messages of the order `service` take their turn; undefined when it has no method of that order. */
  mailboxOf(remote: Remote): OrderedMailbox | undefined {
    return this.#mailboxes.get(remote);
  }

  /** Whether nothing that came is under way, so that a drain need not wait. */
  letGo(): boolean {
    return this.#runs.size === 0;
  }

  /**
   * Has a message handled.
   *
   * @returns the answer's payload; nothing of interest for a tell
   * @throws whatever the handler throws, or the promise is rejected with it; NanowireError `unavailable`, `invalid_payload`, `deadline_exceeded`
   */
  handle(route: string, message: RemoteMessage): Awaitable<Uint8Array> {
    const endpoint = this.#endpoints.get(route);
    if (endpoint === undefined) {
      throw new NanowireError("unavailable", `nobody answers ${route} here`);
    }
    const { traffic } = this;
    traffic.calls += message.told ? 0 : 1;
    traffic.tells += message.told ? 1 : 0;
    traffic.pending++;
    const run = new RemoteRun(endpoint, message, this);
    this.#runs.add(run);
    return run.begin();
  }

  /** The node leaves its cluster: nobody waits for what is under way. */
  giveUp(reason: NanowireError): void {
    for (const run of [...this.#runs]) {
      run.giveUp(reason);
    }
  }

  now(): number {
    return this.#clock.now();
  }

  ended(run: RemoteRun, code: string | undefined): void {
    this.#runs.delete(run);
    this.traffic.pending--;
    if (code !== undefined) {
      this.traffic.failed(code);
    }
  }

  #add(remote: Remote, { turn, requestTimeoutMs, tracing }: HostedRemotesHost): void {
    const mailbox = new OrderedMailbox(turn);
    for (const handler of handlersOf(remote)) {
      const { method, order } = handler;
      if (this.#endpoints.has(method.route)) {
        throw new NanowireError("invalid_route", `two remotes have the route ${method.route}`);
      }
      if (order === "service") {
        this.#mailboxes.set(remote, mailbox);
      }
      this.#endpoints.set(method.route, {
        remote,
        handler,
        tellTimeoutMs: method.timeoutMs ?? requestTimeoutMs,
        mailbox: order === "service" ? mailbox : undefined,
        observer: tracing?.route(method.route, method.kind),
      });
    }
  }
}

function handlersOf(remote: Remote): readonly AnyRemoteHandler<Remote>[] {
  // Each is called with the remote that it was defined for.
  return Remote.definitionOf(remote).handlers as readonly AnyRemoteHandler<Remote>[];
}

function serviceOf(remote: Remote): HostedService {
  const methods = handlersOf(remote).map(({ method }) => [method.route, method.fingerprint ?? ""] as const);
  return { name: Remote.definitionOf(remote).name, methods: Object.fromEntries(methods) };
}
