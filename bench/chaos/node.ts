// A node of a cluster that is not to be spared, in a process of its own: `node node.js <NodeSettings as JSON>`. It answers what its parent asks, and ends with it.

import { setTimeout as wait } from "node:timers/promises";
import {
  type ClusterDriver,
  createServer,
  Group,
  type RemoteCaller,
  type RemoteContext,
  type Server,
  type Session,
  silentLogger,
  tcp,
} from "nanowire";
import { grpc, grpcMaster } from "nanowire/grpc";
import { nats } from "nanowire/nats";
import type { CountAnswer, CountRequest, EchoNumber, EnterAnswer, EnterRequest } from "../generated/bench/v1/chaos.js";
import { ChaosComponent, ChaosEvents, ChaosNodesRemote } from "../generated/bench/v1/chaos.server.js";
import { answerParent } from "../parent-process.js";
import { NodeCalls } from "./node-calls.js";
import type { NodeQuestion, NodeReady, NodeSettings, NodeView } from "./node-settings.js";

declare module "nanowire" {
  interface SessionData {
    /** The last question of the session that a member has answered. */
    lastCounted: number;
  }
}

type MemberSettings = Exclude<NodeSettings, { role: "master" }>;

const beatEveryMs = 100;
/** So many times its interval a node is silent before a master, or NATS, takes it to be dead. */
const heartbeatsMissed = 4;

class Chaos extends ChaosComponent {
  readonly group = new Group("entered");
  readonly #node: string;

  constructor(node: string) {
    super();
    this.#node = node;
  }

  override async enter(session: Session, { uid }: EnterRequest): Promise<EnterAnswer> {
    await session.bind(uid);
    if (!this.group.contains(session)) {
      this.group.add(session);
    }
    return { node: this.#node };
  }

  override async count(session: Session, { number, waitMs }: CountRequest): Promise<CountAnswer> {
    if (waitMs > 0) {
      await wait(waitMs);
    }
    session.data.lastCounted = number;
    return { number, node: this.#node, entered: this.group.contains(session) };
  }
}

class ChaosNodes extends ChaosNodesRemote {
  override echo(_context: RemoteContext, request: EchoNumber): EchoNumber {
    return request;
  }
}

const settings = JSON.parse(process.argv[2] ?? "") as NodeSettings;
if (settings.role === "master") {
  const { listen, patience } = settings;
  const master = grpcMaster({ listen, heartbeatIntervalMs: patience.heartbeatMs, logger: silentLogger });
  const address = await master.start();
  answerParent<NodeQuestion>((): NodeReady => ({ url: "", address }));
} else {
  await runNode(settings);
}

async function runNode({ role, id, carrier, patience, host }: MemberSettings): Promise<void> {
  const chaos = new Chaos(id);
  const cluster = { driver: driverOf({ carrier, patience, host }), id, ...patience };
  const common = {
    cluster,
    remotes: [new ChaosNodes()],
    logger: silentLogger,
    heartbeatIntervalMs: 2_000,
  };
  const server =
    role === "gate"
      ? createServer({
          ...common,
          components: [],
          forward: [ChaosComponent],
          listen: [tcp({ port: 0, host: "127.0.0.1" })],
        })
      : createServer({ ...common, components: [chaos], listen: [] });
  // A program moves its sessions away from a node that is about to go, and nothing of theirs is lost.
  server.cluster?.onNodeChange(({ node }) => {
    if (node.draining) {
      leaveNode(server, node.id);
    }
  });
  await server.start();
  const calls = new NodeCalls(server.cluster as RemoteCaller);
  calls.begin();
  let beats = 0;
  server.scheduler.every(beatEveryMs, () => ChaosEvents.beat(chaos.group, { node: id, number: ++beats }));
  answerParent<NodeQuestion>(async (question): Promise<NodeReady | NodeView | undefined> => {
    switch (question.ask) {
      case "ready":
        return { url: server.addresses[0]?.url ?? "", address: "" };
      case "view":
        return { ...viewOf(server, chaos.group), calls: calls.view() };
      case "stop": {
        await calls.end();
        const { graceMs, url } = question;
        await server.stop({ graceMs, afterMs: 0, spreadMs: 0, ...(url === undefined ? {} : { url }) });
        return undefined;
      }
    }
  });
}

function driverOf({ carrier, patience, host }: Pick<MemberSettings, "carrier" | "patience" | "host">): ClusterDriver {
  const { heartbeatMs } = patience;
  return carrier.kind === "grpc"
    ? grpc({ join: carrier.join, listen: `${host}:0`, heartbeatIntervalMs: heartbeatMs })
    : nats({ servers: carrier.url, heartbeatMs, memberTtlMs: heartbeatsMissed * heartbeatMs, probeMs: heartbeatMs });
}

function leaveNode(server: Server, node: string): void {
  for (const session of server.sessions()) {
    if (session.gate === undefined && server.cluster?.routeOf(session, service) === node) {
      server.cluster.route(session, service, undefined);
    }
  }
}

function viewOf(server: Server, group: Group): Omit<NodeView, "calls"> {
  const { self, others = [] } = server.cluster ?? {};
  const { sessions, guests } = server.counters;
  return {
    id: self?.id ?? "",
    members: [self, ...others].map((node) => `${node?.id} ${node?.incarnation}`).sort(),
    sessions: server.sessions().map((session) => ({
      id: session.id,
      uid: session.uid,
      gate: session.gate,
      member: session.gate === undefined ? server.cluster?.routeOf(session, service) : undefined,
      data: JSON.stringify(session.data),
    })),
    group: group.members().map(({ id }) => id),
    counted: { sessions, guests },
  };
}

const service = "Chaos";
