import type { Clock } from "../../../runtime/base/clock.js";
import { NanowireError } from "../../../runtime/base/error.js";
import { Turn } from "../../../runtime/base/turn.js";
import { ClusterNode } from "../../../runtime/cluster/cluster-node.js";
import { defaultLinkSettings } from "../../../runtime/cluster/link.js";
import type { MemoryNetwork } from "../../../runtime/cluster/memory-network.js";
import type { PeerGuest } from "../../../runtime/cluster/peer.js";
import { Questions } from "../../../runtime/cluster/questions.js";
import { UserDirectory } from "../../../runtime/cluster/user-directory.js";
import { Session, type SessionLink } from "../../../runtime/session/session.js";
import { type SecondSession, SessionRegistry } from "../../../runtime/session/session-registry.js";
import { KeptLog } from "../../support/log.js";
import { nodeInfo } from "./watching-host.js";

/** A gate without clients: sessions are opened, bound and closed by hand. */
export class DirectoryNode {
  readonly id: string;
  readonly log = new KeptLog();
  readonly sessions: SessionRegistry;
  readonly node: ClusterNode;
  readonly users: UserDirectory;
  /** The ids of sessions that were kicked. */
  readonly kicked: string[] = [];
  #lastSession = 0;

  private constructor(id: string, network: MemoryNetwork, clock: Clock, second: SecondSession) {
    this.id = id;
    const { log } = this;
    const turn = new Turn();
    const binding = { second, kickReason: "signed in elsewhere", rebind: true };
    const questions = new Questions(log, clock);
    this.sessions = new SessionRegistry(log, binding, undefined);
    this.node = new ClusterNode(
      network.driver(),
      { ...defaultLinkSettings, maxFrameBytes: 65_536 },
      { logger: log, clock, turn },
      {
        logger: log,
        numbered() {},
        opened: (): PeerGuest => {
          throw new TypeError("no session comes here");
        },
        pushed() {},
        pushedBound() {},
        asked: (peer, ask, record) => questions.asked(peer, ask, record),
        told: (peer, record) => questions.told(peer, record),
        canceled: (peer, ask) => questions.canceled(peer, ask),
        broken: (peer, reason) => {
          questions.broken(peer, reason);
          this.users.broken(peer);
        },
      },
    );
    const { node } = this;
    const serializerOf = (): string => "protobuf";
    this.users = new UserDirectory({ clock, logger: log, turn, node, questions, binding, serializerOf });
    this.users.listenTo(this.sessions);
    this.sessions.arbiter = this.users;
  }

  static async join(
    id: string,
    network: MemoryNetwork,
    clock: Clock,
    second: SecondSession = "allow",
  ): Promise<DirectoryNode> {
    const made = new DirectoryNode(id, network, clock, second);
    await made.node.join({ ...nodeInfo(id), gate: true });
    made.users.nodesChanged();
    return made;
  }

  /** A client has finished its handshake. */
  open(): Session {
    const link: SessionLink = {
      binder: this.sessions,
      transport: "memory",
      remoteAddress: "memory",
      logger: this.log,
      waiting: { bytes: 0, messages: 0 },
      blocked: false,
      sendPush: () => true,
      sendKick: () => void this.kicked.push(session.id),
      close: (reason) => this.close(session, reason),
    };
    const session: Session = new Session(`${this.id}:${++this.#lastSession}`, { sys: {}, user: undefined }, link);
    this.sessions.open(session);
    return session;
  }

  /** A session is over. */
  close(session: Session, reason = new NanowireError("connection_lost", "the client is gone")): void {
    this.sessions.close(session);
    session.ended(reason);
    this.sessions.tellClosed(session, reason);
  }

  /** A session's connection breaks, and comes back. */
  suspend(session: Session, isSuspended: boolean): void {
    if (isSuspended) {
      session.suspend(new NanowireError("connection_lost", "the client is gone"));
      this.sessions.tellSuspended(session, new NanowireError("connection_lost", "the client is gone"));
    } else {
      session.resume();
      this.sessions.tellResumed(session);
    }
  }

  /** What it keeps for all: `uid session`, in order. */
  get kept(): string[] {
    return [...this.users.kept()]
      .map(({ uid, session, gate, suspended }) => `${uid} ${session} at ${gate}${suspended ? " suspended" : ""}`)
      .sort();
  }

  /** What it should be kept of its sessions: `uid session`, in order. */
  get bound(): { readonly uid: string; readonly text: string }[] {
    return [...this.sessions.all()]
      .filter(({ bound }) => bound)
      .map(({ uid, id, suspended }) => ({ uid, text: `${uid} ${id} at ${this.id}${suspended ? " suspended" : ""}` }));
  }
}
