import { NanowireError, toNanowireError } from "../../../runtime/base/error.js";
import { type AnyRemoteHandler, Remote, type RemoteContext } from "../../../runtime/component/remote.js";
import type {
  RemoteAnswer,
  RemoteCallAllOptions,
  RemoteCaller,
  RemoteCallOptions,
  RemoteTellAllOptions,
  RemoteTellOptions,
} from "../../../runtime/component/remote-caller.js";
import type { RemoteMethod } from "../../../runtime/component/remote-method.js";

/** What a node hosts: service → the remote and its handlers. */
type Hosted = ReadonlyMap<
  string,
  { readonly remote: Remote; readonly handlers: ReadonlyMap<string, AnyRemoteHandler<Remote>> }
>;

/**
 * A cluster in one process, for tests: every message goes as bytes from one node to another, found by what a remote's own
 * definition says. It shows that the interface is enough to carry what is generated.
 */
export class MemoryCluster {
  readonly #nodes = new Map<string, Hosted>();
  /** `<node> <route> <bytes in hex>` of all that went to a node. */
  readonly wire: string[] = [];
  /** What tells have failed with. */
  readonly lost: unknown[] = [];

  /** Adds a node. */
  host(node: string, ...remotes: readonly Remote[]): void {
    const hosted = remotes.map((remote) => {
      const { name, handlers } = Remote.definitionOf(remote);
      const byRoute = new Map(
        (handlers as readonly AnyRemoteHandler<Remote>[]).map((handler) => [handler.method.route, handler]),
      );
      return [name, { remote, handlers: byRoute }] as const;
    });
    this.#nodes.set(node, new Map(hosted));
  }

  /** What a node calls the others with. @param now the time by which deadlines are told */
  callerOf(caller: string, now: () => number = () => 0): RemoteCaller {
    const send = this.#send.bind(this);
    const hostsOf = this.#hostsOf.bind(this);
    const contextOf = (options: RemoteCallAllOptions, timeoutMs: number): RemoteContext => ({
      caller,
      deadlineMs: timeoutMs === 0 ? undefined : now() + timeoutMs,
      signal: options.signal ?? new AbortController().signal,
      metadata: options.metadata ?? {},
    });
    const call = async <Req, Res>(
      method: RemoteMethod<Req, Res>,
      request: Req,
      node: string,
      options: RemoteCallAllOptions,
    ): Promise<Res> => {
      const bytes = method.request.encode(request).finish();
      const context = contextOf(options, options.timeoutMs ?? method.timeoutMs ?? 0);
      return method.response.decode(await send(node, method.route, method.service, bytes, context));
    };
    return {
      call: async (method, request, options: RemoteCallOptions = {}) =>
        call(method, request, this.#choose(method.service, options.node), options),
      callAll: async (method, request, options = {}) =>
        Promise.all(
          hostsOf(method.service).map(
            async (node): Promise<RemoteAnswer<Awaited<ReturnType<typeof method.response.decode>>>> => {
              try {
                return { node, ok: true, value: await call(method, request, node, options) };
              } catch (error) {
                return { node, ok: false, error: toNanowireError(error, "internal", "the remote failed") };
              }
            },
          ),
        ),
      tell: (method, message, options: RemoteTellOptions = {}) => {
        const bytes = method.request.encode(message).finish();
        const node = this.#choose(method.service, options.node);
        send(node, method.route, method.service, bytes, contextOf(options, 0)).catch((error) => this.lost.push(error));
      },
      enqueue: async () => {
        throw new NanowireError("unsupported", "no jobs are kept here");
      },
      tellAll: (method, message, options: RemoteTellAllOptions = {}) => {
        const bytes = method.request.encode(message).finish();
        for (const node of hostsOf(method.service)) {
          send(node, method.route, method.service, bytes, contextOf(options, 0)).catch((error) =>
            this.lost.push(error),
          );
        }
      },
    };
  }

  #hostsOf(service: string): string[] {
    return [...this.#nodes].flatMap(([node, hosted]) => (hosted.has(service) ? [node] : [])).sort();
  }

  #choose(service: string, wanted: string | undefined): string {
    const node = this.#hostsOf(service).find((host) => wanted === undefined || host === wanted);
    if (node === undefined) {
      throw new NanowireError("unavailable", `no node hosts ${service}`);
    }
    return node;
  }

  async #send(
    node: string,
    route: string,
    service: string,
    bytes: Uint8Array,
    context: RemoteContext,
  ): Promise<Uint8Array> {
    this.wire.push(`${node} ${route} ${Buffer.from(bytes).toString("hex")}`);
    const hosted = this.#nodes.get(node)?.get(service);
    const handler = hosted?.handlers.get(route);
    if (hosted === undefined || handler === undefined) {
      throw new NanowireError("unknown_route", `${node} has no ${route}`);
    }
    const { method, invoke } = handler;
    const answer = await invoke(hosted.remote, context, method.request.decode(bytes));
    return method.response.encode(answer).finish();
  }
}
