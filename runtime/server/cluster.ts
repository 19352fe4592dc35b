import { NanowireError } from "../base/error.js";
import type { NodeChange, NodeGone } from "../cluster/cluster-node.js";
import type { NodeInfo } from "../cluster/node-info.js";
import type {
  EnqueuedJob,
  EnqueueOptions,
  RemoteAnswer,
  RemoteCallAllOptions,
  RemoteCaller,
  RemoteCallOptions,
  RemoteTellAllOptions,
  RemoteTellOptions,
} from "../component/remote-caller.js";
import type { ReliableMethod, RemoteMethod } from "../component/remote-method.js";
import type { Session } from "../session/session.js";
import { LocatedUsers } from "./located-users.js";
import type { ServerCluster, VisitLost } from "./server-cluster.js";
import type { Visits } from "./visits.js";

/**
 * The cluster, as the server that is a node of it sees it: `server.cluster`. Generated callers of remotes are made with it: `new LedgerRemoteClient(server.cluster)`.
 */
export class Cluster implements RemoteCaller {
  readonly #cluster: ServerCluster;
  readonly #visitsOf: (session: Session) => Visits | undefined;

  /** @internal A server makes its own. @param visitsOf the visits of a session whose client this node holds */
  constructor(cluster: ServerCluster, visitsOf: (session: Session) => Visits | undefined) {
    this.#cluster = cluster;
    this.#visitsOf = visitsOf;
  }

  /** This node; undefined while the server is stopped. */
  get self(): NodeInfo | undefined {
    return this.#cluster.node.info;
  }

  /** The other nodes, in the order of their ids. The array is the caller's. */
  get others(): NodeInfo[] {
    return this.#cluster.node.others;
  }

  /** Another node, or this one, by its id; undefined when there is none. */
  node(id: string): NodeInfo | undefined {
    return this.self?.id === id ? this.self : this.#cluster.node.peer(id)?.info;
  }

  /** Calls `listener` for every node that comes. Returns what takes the listener back. */
  onNodeJoin(listener: (joined: NodeChange) => void): () => void {
    return this.#cluster.node.joins.add(listener);
  }

  /** Calls `listener` for every node that says something else of itself: that it drains. Returns what takes the listener back. */
  onNodeChange(listener: (changed: NodeChange) => void): () => void {
    return this.#cluster.node.changes.add(listener);
  }

  /** Calls `listener` for every node that left or died; what it had under way has failed by then. Returns what takes the listener back. */
  onNodeLeave(listener: (gone: NodeGone) => void): () => void {
    return this.#cluster.node.leaves.add(listener);
  }

  /**
   * Calls `listener` for every session of this gate whose messages went to a node that is gone: what that node knew of the session (the room it was in) is gone too,
   * and its next message goes to another. Requests that were under way fail with `unavailable`. Returns what takes the listener back.
   */
  onVisitLost(listener: (lost: VisitLost) => void): () => void {
    return this.#cluster.lostVisits.add(listener);
  }

  /** Calls a method of a remote on one node, and waits for its answer: {@link RemoteCaller.call}. */
  call<Req, Res>(method: RemoteMethod<Req, Res>, request: Req, options?: RemoteCallOptions): Promise<Res> {
    return this.#cluster.calls.call(method, request, options);
  }

  /** Tells one node something: {@link RemoteCaller.tell}. */
  tell<Req>(method: RemoteMethod<Req, void>, message: Req, options?: RemoteTellOptions): void {
    this.#cluster.calls.tell(method, message, options);
  }

  /** Calls a method on every node that hosts the remote, this one included: {@link RemoteCaller.callAll}. */
  callAll<Req, Res>(
    method: RemoteMethod<Req, Res>,
    request: Req,
    options?: RemoteCallAllOptions,
  ): Promise<readonly RemoteAnswer<Res>[]> {
    return this.#cluster.calls.callAll(method, request, options);
  }

  /** Tells every node that hosts the remote something, this one included: {@link RemoteCaller.tellAll}. */
  tellAll<Req>(method: RemoteMethod<Req, void>, message: Req, options?: RemoteTellAllOptions): void {
    this.#cluster.calls.tellAll(method, message, options);
  }

  /** Has a method called at least once, whoever dies: {@link RemoteCaller.enqueue}. */
  enqueue<Req>(method: ReliableMethod<Req>, message: Req, options?: EnqueueOptions): Promise<EnqueuedJob> {
    return this.#cluster.jobs.enqueue(method, message, options);
  }

  /** The id of the node that handles a session's messages of a service; undefined when none was chosen yet, or another node holds the client. */
  routeOf(session: Session, service: string): string | undefined {
    return this.#visitsOf(session)?.routeOf(service);
  }

  /**
   * Has a session's messages of a service handled by a node from here on. Those that are on their way to another one are not touched.
   *
   * @param node its id; undefined: one is chosen for the next message, as for the first
   * @throws NanowireError `unavailable` when the node does not host the service or cannot be reached; `invalid_state` for a session whose client
   * another node holds; `session_closed`
   */
  route(session: Session, service: string, node: string | undefined): void {
    if (session.closed) {
      throw new NanowireError("session_closed", `session ${session.id} is closed`);
    }
    const visits = this.#visitsOf(session);
    if (visits === undefined) {
      const holder =
        session.gate === undefined ? "this node forwards nothing" : `node ${session.gate} holds its client`;
      throw new NanowireError("invalid_state", `session ${session.id} is not routed here: ${holder}`);
    }
    visits.route(service, node);
  }

  /**
   * Finds out where users are: at which gates, in which sessions.
   *
   * @param uids one, or any number: an array, a set
   * @throws NanowireError `unavailable` when a node that knows of some of them cannot be asked; `deadline_exceeded`
   */
  async locate(uids: string | Iterable<string>): Promise<LocatedUsers> {
    const list = [...new Set(typeof uids === "string" ? [uids] : uids)];
    const { found, error } = await this.#cluster.users.find(list);
    if (error !== undefined) {
      throw error;
    }
    return new LocatedUsers(list, found, this.#cluster.userPushes);
  }

  /**
   * Kicks a user, wherever he is: every session that is bound to the uid, as {@link Session.kick} does.
   *
   * @returns how many sessions there were
   * @throws NanowireError as {@link locate}
   */
  async kick(uid: string, reason: string): Promise<number> {
    const { found, error } = await this.#cluster.users.find([uid]);
    if (error !== undefined) {
      throw error;
    }
    return await this.#cluster.users.kickAll(found, reason);
  }
}
