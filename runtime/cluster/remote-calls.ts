import type { Clock } from "../base/clock.js";
import { codeOf, NanowireError, toNanowireError } from "../base/error.js";
import type {
  RemoteAnswer,
  RemoteCallAllOptions,
  RemoteCallOptions,
  RemoteTellAllOptions,
  RemoteTellOptions,
} from "../component/remote-caller.js";
import type { RemoteMethod } from "../component/remote-method.js";
import { readShardKey } from "../protocol/shard-key.js";
import { traced, tracedAtOnce } from "../tracing/traced.js";
import type { SentMessage, Tracing } from "../tracing/tracing.js";
import type { ClusterNode } from "./cluster-node.js";
import type { HostedRemotes } from "./hosted-remotes.js";
import { jobKey } from "./job-attempt.js";
import type { Job } from "./job-queue.js";
import type { NodeInfo } from "./node-info.js";
import type { OwnRemotes } from "./own-remotes.js";
import { Peer } from "./peer.js";
import type { AskOptions, Questions } from "./questions.js";
import { RemoteTraffic } from "./remote-traffic.js";
import { chooseByKey, nobodyServes, stayingOf } from "./routing.js";

/** What calls of remotes need of the node that makes them. */
export interface RemoteCallsHost {
  readonly node: ClusterNode;
  readonly questions: Questions;
  readonly remotes: HostedRemotes;
  readonly ownRemotes: OwnRemotes;
  readonly clock: Clock;
  /** Milliseconds that a call may take where neither its caller nor its method says so; 0: for ever. */
  readonly requestTimeoutMs: number;
  /** What every call and tell carries besides its own metadata. */
  readonly callMetadata: CallMetadata;
  readonly tracing: Tracing | undefined;
}

/** What every call and tell of a node carries: always the same, or what is told each time. */
export type CallMetadata = Readonly<Record<string, string>> | (() => Readonly<Record<string, string>>);

/** Calls remotes: those of other nodes, and this one's own. */
export class RemoteCalls {
  readonly traffic = new RemoteTraffic();
  readonly #host: RemoteCallsHost;
  readonly #random: () => number;

  /** @param random chooses among nodes: 0 to 1, without 1 */
  constructor(host: RemoteCallsHost, random: () => number = Math.random) {
    this.#host = host;
    this.#random = random;
  }

  async call<Req, Res>(method: RemoteMethod<Req, Res>, request: Req, options: RemoteCallOptions = {}): Promise<Res> {
    return this.#counted(async () => {
      const outgoing = this.#outgoing(method, request, options);
      return this.#answer(this.#found("call", method, options.node, outgoing.payload), method, outgoing);
    });
  }

  tell<Req>(method: RemoteMethod<Req, void>, message: Req, options: RemoteTellOptions = {}): void {
    const payload = encode(method, message);
    const metadata = this.#metadata(options.metadata);
    this.#tell(this.#found("tell", method, options.node, payload), method.route, payload, metadata);
  }

  async callAll<Req, Res>(
    method: RemoteMethod<Req, Res>,
    request: Req,
    options: RemoteCallAllOptions = {},
  ): Promise<readonly RemoteAnswer<Res>[]> {
    const outgoing = this.#outgoing(method, request, options);
    return Promise.all(
      this.#allHosts(method.service).map(async (host): Promise<RemoteAnswer<Res>> => {
        const node = host.id;
        try {
          const value = await this.#counted(async () => {
            this.#assertServes(host, method);
            return this.#answer(host, method, outgoing);
          });
          return { node, ok: true, value };
        } catch (error) {
          return { node, ok: false, error: toNanowireError(error, "internal", "the call could not be made") };
        }
      }),
    );
  }

  tellAll<Req>(method: RemoteMethod<Req, void>, message: Req, options: RemoteTellAllOptions = {}): void {
    const payload = encode(method, message);
    const metadata = this.#metadata(options.metadata);
    // This node comes last: what is too long for the others is told to nobody.
    for (const host of this.#hostsOf(method.service).reverse()) {
      if (this.#serves(host, method)) {
        this.#tell(host, method.route, payload, metadata);
      }
    }
  }

  /**
   * Makes one attempt of a job: on this node, or on the one that its shard key belongs to. Resolved when the handler has returned.
   *
   * @throws NanowireError as {@link call}
   */
  async attempt({ route, payload }: Job, options: Pick<AskOptions, "metadata" | "signal" | "context">): Promise<void> {
    const { node, remotes, requestTimeoutMs } = this.#host;
    const method = remotes.method(route);
    const { info } = node;
    if (method === undefined || method.reliable !== true || info === undefined) {
      throw new NanowireError("unavailable", `no job can call ${route} here`);
    }
    const host = method.shardKey === undefined ? this.#here(info) : this.#choose(method, undefined, payload);
    await this.#send(host, route, { payload, timeoutMs: method.timeoutMs ?? requestTimeoutMs, ...options });
  }

  /**
   * What goes out of a message, and with it.
   *
   * @throws NanowireError `invalid_payload`, `invalid_option`
   */
  written<Req>(
    method: RemoteMethod<Req, unknown>,
    message: Req,
    metadata: Readonly<Record<string, string>> | undefined,
  ): { readonly payload: Uint8Array; readonly metadata: Readonly<Record<string, string>> } {
    return { payload: encode(method, message), metadata: this.#metadata(metadata) };
  }

  // what goes out

  #outgoing<Req>(method: Called & Takes<Req>, request: Req, options: RemoteCallAllOptions): Outgoing {
    return {
      payload: encode(method, request),
      timeoutMs: this.#timeoutMs(method, options),
      metadata: this.#metadata(options.metadata),
      signal: options.signal,
    };
  }

  #timeoutMs({ route, timeoutMs: ofMethod }: Called, options: RemoteCallAllOptions): number {
    const { timeoutMs = ofMethod ?? this.#host.requestTimeoutMs, deadlineMs } = options;
    if (typeof timeoutMs !== "number" || !(timeoutMs >= 0 && timeoutMs <= mostTimeoutMs)) {
      const message = `timeoutMs ${String(timeoutMs)} of a call of ${route} is not a number from 0 to ${mostTimeoutMs}`;
      throw new NanowireError("invalid_option", message);
    }
    if (deadlineMs === undefined) {
      return Math.ceil(timeoutMs);
    }
    const leftMs = deadlineMs - this.#host.clock.now();
    return leftMs > 0 ? Math.ceil(Math.min(leftMs, timeoutMs === 0 ? mostTimeoutMs : timeoutMs)) : over;
  }

  #metadata(own: Readonly<Record<string, string>> | undefined): Readonly<Record<string, string>> {
    const { callMetadata } = this.#host;
    const metadata = { ...(typeof callMetadata === "function" ? asked(callMetadata) : callMetadata), ...own };
    for (const [key, value] of Object.entries(metadata)) {
      if (typeof value !== "string") {
        const message = `metadata ${key} of a call is of type ${typeof value}, and no string`;
        throw new NanowireError("invalid_option", message);
      }
    }
    if (Object.hasOwn(metadata, jobKey)) {
      throw new NanowireError("invalid_option", `metadata ${jobKey} of a call is the cluster's own name`);
    }
    return metadata;
  }

  async #answer<Res>(host: Host, method: Called & Returns<Res>, outgoing: Outgoing): Promise<Res> {
    return decode(method, await this.#ask(host, method.route, outgoing));
  }

  async #ask(host: Host, route: string, outgoing: Outgoing): Promise<Uint8Array> {
    const trace = this.#host.tracing?.send({ kind: "call", route, node: host.id });
    return trace === undefined
      ? this.#send(host, route, outgoing)
      : traced(trace, () => this.#send(host, route, { ...outgoing, context: trace.context }));
  }

  async #send(host: Host, route: string, outgoing: Outgoing): Promise<Uint8Array> {
    const { questions, ownRemotes } = this.#host;
    if (outgoing.timeoutMs === over) {
      throw new NanowireError("deadline_exceeded", `the deadline of a call of ${route} was over before it was made`);
    }
    return host instanceof Peer
      ? questions.ask(host, route, outgoing.payload, outgoing)
      : ownRemotes.ask(host.id, route, outgoing.payload, outgoing);
  }

  async #counted<T>(call: () => Promise<T>): Promise<T> {
    const { traffic } = this;
    traffic.calls++;
    traffic.pending++;
    try {
      return await call();
    } catch (error) {
      traffic.failed(codeOf(error));
      throw error;
    } finally {
      traffic.pending--;
    }
  }

  #tell(host: Host, route: string, payload: Uint8Array, metadata: Readonly<Record<string, string>>): void {
    const { tracing, ownRemotes } = this.#host;
    const trace = tracing?.send({ kind: "tell", route, node: host.id });
    tracedAtOnce(trace, () =>
      host instanceof Peer
        ? host.out.tell({ route, metadata, payload, context: trace?.context })
        : ownRemotes.tell(host.id, route, payload, metadata, trace?.context),
    );
    this.traffic.tells++;
  }

  // who gets it

  /** Chooses who gets a message; that there is nobody is traced, too. */
  #found(kind: SentMessage["kind"], method: Called, wanted: string | undefined, payload: Uint8Array): Host {
    try {
      return this.#choose(method, wanted, payload);
    } catch (error) {
      const trace = this.#host.tracing?.send({ kind, route: method.route, node: wanted });
      trace?.failed(codeOf(error), error);
      trace?.ended();
      throw error;
    }
  }

  /**
   * @param payload a method's shard key is read from it
   * @throws NanowireError `unavailable`
   */
  #choose(method: Called, wanted: string | undefined, payload: Uint8Array): Host {
    const hosts = this.#hostsOf(method.service);
    if (wanted !== undefined) {
      const host = hosts.find(({ id }) => id === wanted);
      if (host === undefined) {
        throw new NanowireError("unavailable", `node ${wanted} does not host ${method.service}, or is not there`);
      }
      this.#assertServes(host, method);
      return host;
    }
    const candidates = stayingOf(hosts.filter((host) => this.#serves(host, method)));
    const { shardKey } = method;
    const chosen =
      shardKey === undefined
        ? this.#lessBusyOfTwo(candidates)
        : chooseByKey(readShardKey(payload, 0, payload.length, shardKey), candidates);
    if (chosen === undefined) {
      throw this.#nobody(method, hosts);
    }
    return chosen;
  }

  /**
   * Of two that chance chooses, the one with fewer calls of this node under way: nearly as even as the best of all, and a node that fails at once, and so has none under way, does
   * not draw all calls.
   */
  #lessBusyOfTwo(hosts: readonly Host[]): Host | undefined {
    const one = hosts[Math.floor(this.#random() * hosts.length)];
    const other = hosts[Math.floor(this.#random() * hosts.length)];
    return one === undefined || other === undefined || one.asksPending <= other.asksPending ? one : other;
  }

  /** Those that host a service, in the order of their ids. */
  #allHosts(service: string): Host[] {
    return this.#hostsOf(service).sort((left, right) => (left.id < right.id ? -1 : 1));
  }

  #hostsOf(service: string): Host[] {
    const { node, remotes } = this.#host;
    const { info } = node;
    const others: Host[] = [...node.remoteHostsOf(service)];
    return info !== undefined && remotes.hosts(service) ? [this.#here(info), ...others] : others;
  }

  #here(info: NodeInfo): Here {
    const { node, ownRemotes } = this.#host;
    return { id: info.id, seed: node.seed, info, asksPending: ownRemotes.pending };
  }

  #serves(host: Host, method: Called): boolean {
    return isReached(host) && this.#knows(host, method);
  }

  #knows(host: Host, { service, route, fingerprint }: Called): boolean {
    return host instanceof Peer
      ? host.servesRemote(service, route, fingerprint)
      : this.#host.remotes.methods.serve(service, route, fingerprint);
  }

  /** @throws NanowireError `unavailable` when calls of a method cannot be made there */
  #assertServes(host: Host, method: Called): void {
    if (!isReached(host)) {
      throw new NanowireError("unavailable", `node ${host.id} cannot be reached`);
    }
    if (!this.#knows(host, method)) {
      const message = `node ${host.id} has no ${method.route} as this node knows it`;
      throw new NanowireError("unavailable", message);
    }
  }

  #nobody({ service, route }: Called, hosts: readonly Host[]): NanowireError {
    if (this.#host.node.info === undefined) {
      return new NanowireError("unavailable", `${route} cannot be called: this node is in no cluster now`);
    }
    const reached = hosts.filter(isReached);
    return nobodyServes(service, route, hosts, reached, "this node");
  }
}

/** A node that may be called: another one, or this one. */
type Host = Peer | Here;

/** This node, as one that may be called. */
type Here = Pick<Peer, "id" | "seed" | "info" | "asksPending">;

/** What of a method says who can answer it, and until when. */
type Called = Pick<RemoteMethod<never, never>, "service" | "route" | "fingerprint" | "shardKey" | "timeoutMs">;

/** Of a method, what writes requests. */
type Takes<Req> = Pick<RemoteMethod<Req, unknown>, "request">;

/** Of a method, what reads answers. */
type Returns<Res> = Pick<RemoteMethod<unknown, Res>, "response">;

/** A call, encoded; its time-out may be {@link over}. */
interface Outgoing extends AskOptions {
  readonly payload: Uint8Array;
}

function asked(metadata: () => Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  try {
    return metadata();
  } catch (error) {
    throw new NanowireError("internal", "callMetadata of the cluster failed", { cause: error });
  }
}

function isReached(host: Host): boolean {
  return !(host instanceof Peer) || host.unreachable === undefined;
}

function encode<Req>({ route, request }: Called & Takes<Req>, message: Req): Uint8Array {
  try {
    return request.encode(message).finish();
  } catch (error) {
    throw new NanowireError("invalid_payload", `what is to be sent is no message of ${route}`, { cause: error });
  }
}

function decode<Res>({ route, response }: Called & Returns<Res>, answer: Uint8Array): Res {
  try {
    return response.decode(answer);
  } catch (error) {
    const message = `the answer of ${answer.length} bytes is no message that ${route} returns`;
    throw new NanowireError("invalid_response", message, { cause: error });
  }
}

/** The time-out of a call whose deadline had passed before it was made. */
const over = -1;

/** The longest that a timer of the machine can wait. */
const mostTimeoutMs = 2_147_483_647;
