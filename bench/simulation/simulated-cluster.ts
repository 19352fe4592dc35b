import { setImmediate as nextTurn } from "node:timers/promises";
import {
  type ClusterDriver,
  createServer,
  Group,
  type MemorySocket,
  type MemoryTransport,
  memory,
  type NodeInfo,
  type Server,
  type ServerOptions,
  type Session,
} from "nanowire";
import { LinkFlag, linkFlagsOf } from "../../runtime/cluster/link-frame.js";
import { MemoryNetwork } from "../../runtime/cluster/memory-network.js";
import { SteppedClock } from "../../runtime/testing/stepped-clock.js";
import { codeOf } from "../cases/code-of.js";
import { Telling } from "../generated/bench/v1/broadcast.js";
import { BroadcastComponent, BroadcastEvents } from "../generated/bench/v1/broadcast.server.js";
import { Position } from "../generated/bench/v1/echo.js";
import { ackPacket, handshakePacket, notifyPacket, pushPacket } from "../load/packets.js";
import { manyBusyClients } from "../servers/bench-server.js";

const news: Position = { atMs: 1_700_000_000_000n, x: 12.5, y: -3.25, name: "Thirteen long" };
const newsBytes = pushPacket(codeOf("BroadcastEvents.Moved"), Position.encode(news).finish()).length;

/** So many turns of the event loop without anything that arrives: it never will. */
const mostIdleTurns = 1_000;

/** What went over the links. */
export interface Traffic {
  readonly frames: number;
  readonly bytes: number;
}

/** Gates, a member that hosts all groups, and clients, in one process, whose time is stepped by hand. */
export class SimulatedCluster {
  readonly clock = new SteppedClock();
  readonly groups: Group[];
  readonly infos: NodeInfo[] = [];
  readonly #network = new MemoryNetwork();
  readonly #gates: MemoryTransport[] = [];
  readonly #servers: Server[] = [];
  readonly #clients: MemorySocket[] = [];
  readonly #rooms: Rooms;
  /** What all clients have received, all together. */
  readonly #inbox = { bytes: 0 };
  #frames = 0;
  #bytes = 0;
  #idleFrames = 0;

  constructor(groups: number) {
    this.groups = Array.from({ length: groups }, (_, number) => new Group(String(number)));
    this.#rooms = new Rooms(this.groups);
    this.#network.onFrame((_from, _to, frame) => {
      if ((linkFlagsOf(frame) & LinkFlag.idle) === 0) {
        this.#frames++;
        this.#bytes += frame.length;
      } else {
        this.#idleFrames++;
      }
    });
  }

  /** What has gone over the links that was no mere acknowledgement. */
  get traffic(): Traffic {
    return { frames: this.#frames, bytes: this.#bytes };
  }

  /** How many frames only said that a node is there, or what had come. */
  get idleFrames(): number {
    return this.#idleFrames;
  }

  /** The sessions as the member knows them, in the order in which they came to it. */
  get guests(): readonly Session[] {
    return this.#rooms.guests;
  }

  /** Starts a member, and gates. */
  async start(gates: number): Promise<void> {
    await this.#startNode("member", { components: [this.#rooms], listen: [] });
    for (let number = 0; number < gates; number++) {
      const transport = memory();
      this.#gates.push(transport);
      await this.#startNode(`gate-${number}`, { components: [], forward: [BroadcastComponent], listen: [transport] });
    }
  }

  /** Connects so many clients to each gate. */
  async connect(clientsAGate: number): Promise<void> {
    for (let count = 0; count < clientsAGate; count++) {
      for (const gate of this.#gates) {
        this.#clients.push(await this.#enter(gate));
      }
      await nextTurn();
    }
    const sessions = (): number => this.#servers.reduce((sum, server) => sum + server.counters.sessions, 0);
    await this.#until(() => sessions() === this.#clients.length, sessions);
  }

  /**
   * Has clients enter a group, each by a message of its own, so many at once: its first to the member.
   *
   * @param groupOf which group a client enters, by its number
   */
  async enterAll(groupOf: (client: number) => number, atOnce: number): Promise<void> {
    const { guests } = this.#rooms;
    for (let first = 0; first < this.#clients.length; first += atOnce) {
      const some = this.#clients.slice(first, first + atOnce);
      for (const [index, client] of some.entries()) {
        const telling = Telling.encode({ position: undefined, times: groupOf(first + index) }).finish();
        client.send(notifyPacket(codeOf("Broadcast.Tell"), telling));
      }
      await this.#until(
        () => guests.length === first + some.length,
        () => guests.length,
      );
    }
  }

  /** Tells groups something, all in the same turn. Resolved when all members have it. */
  async tell(groups: readonly Group[]): Promise<void> {
    const before = this.#inbox.bytes;
    let queued = 0;
    for (const group of groups) {
      queued += BroadcastEvents.moved(group, news);
    }
    const due = before + queued * newsBytes;
    await this.#until(
      () => this.#inbox.bytes === due,
      () => this.#inbox.bytes,
    );
  }

  async #enter(gate: MemoryTransport): Promise<MemorySocket> {
    const socket = await gate.dial(new AbortController().signal);
    const inbox = this.#inbox;
    socket.start({
      receive: (bytes) => {
        inbox.bytes += bytes.length;
      },
      closed: (error) => {
        throw error ?? new Error("a gate closed a connection");
      },
    });
    socket.send(handshakePacket());
    socket.send(ackPacket());
    return socket;
  }

  async #startNode(id: string, options: ServerOptions): Promise<void> {
    const driver = this.#watched(this.#network.driver());
    const server = createServer({
      ...manyBusyClients,
      clock: this.clock,
      heartbeatIntervalMs: 0,
      cluster: { driver, id },
      ...options,
    });
    this.#servers.push(server);
    await server.start();
  }

  /** Remembers what a node says of itself. */
  #watched(driver: ClusterDriver): ClusterDriver {
    return {
      name: driver.name,
      join: (info, host) => {
        this.infos.push(info);
        return driver.join(info, host);
      },
      update: (info) => driver.update(info),
      send: (to, frame) => driver.send(to, frame),
      leave: () => driver.leave(),
    };
  }

  async #until(done: () => boolean, progress: () => number): Promise<void> {
    let last = Number.NaN;
    for (let idle = 0; !done(); idle++) {
      if (idle > mostIdleTurns) {
        throw new Error(`the simulated cluster stands still at ${progress()}`);
      }
      await nextTurn();
      const now = progress();
      if (now !== last) {
        idle = 0;
        last = now;
      }
    }
  }
}

/** Hosts the groups: who says nothing enters the one whose number is given. */
class Rooms extends BroadcastComponent {
  readonly guests: Session[] = [];
  readonly #groups: readonly Group[];

  constructor(groups: readonly Group[]) {
    super();
    this.#groups = groups;
  }

  tell(session: Session, { times: number }: Telling): void {
    this.#groups[number]?.add(session);
    this.guests.push(session);
  }
}
