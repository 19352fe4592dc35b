import { type Cluster, type ClusterDriver, createServer, type Logger, type Server, tcp, ws } from "nanowire";
import {
  RoomEvents,
  RoomsComponent,
  RoomTopicsRemoteAll,
  TopicBookRemoteClient,
  TopicsComponent,
} from "./generated/hall/v1/hall.server.js";
import { Rooms, RoomTopics } from "./rooms.js";
import { TopicBook, Topics } from "./topics.js";

/** What a node does: it holds clients, or has rooms, or keeps the topics. */
export type Role = "gate" | "room" | "topic";

/** What a node is told. */
export interface NodeOptions {
  readonly role: Role;
  /** What it is called in the cluster: `room-1`. */
  readonly id: string;
  /** What carries the cluster. */
  readonly driver: ClusterDriver;
  readonly logger: Logger;
  /** Of a gate: where clients connect, by WebSocket and by TCP; 0 takes free ones. */
  readonly port?: number;
  readonly tcpPort?: number;
}

/** A node that is not started yet. All of its roles are the same program: what differs is what it hosts. */
export function createNode({ role, id, driver, logger, port = 0, tcpPort = 0 }: NodeOptions): Server {
  const cluster = { driver, id };
  const host = "127.0.0.1";
  // A component is made before its server, and asks for the cluster when it is called.
  const joined = (): Cluster => server.cluster as Cluster;
  const rooms = new Rooms(id, () => new TopicBookRemoteClient(joined()));
  const book = new TopicBook();
  const topics = new Topics(book, () => new RoomTopicsRemoteAll(joined()));
  const server = createServer(
    {
      room: { components: [rooms], remotes: [new RoomTopics(rooms)], listen: [], cluster, logger },
      topic: { components: [topics], remotes: [book], listen: [], cluster, logger },
      gate: {
        components: [],
        forward: [RoomsComponent, TopicsComponent],
        listen: [ws({ host, port }), tcp({ host, port: tcpPort })],
        cluster,
        logger,
      },
    }[role],
  );
  // A gate knows whose rooms went with a node that is gone: it tells them to join again.
  server.cluster?.onVisitLost(({ session, services }) => {
    if (services.includes("Rooms")) {
      RoomEvents.moved(session);
    }
  });
  return server;
}
