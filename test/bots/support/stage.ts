import { onTestFinished } from "vitest";
import { RoomClient, RoomEventsClient } from "../../../generated/chat/v1/room.client.js";
import type { JoinRequest, SayRequest } from "../../../generated/chat/v1/room.js";
import { RoomComponent, RoomEvents } from "../../../generated/chat/v1/room.server.js";
import { silentLogger } from "../../../runtime/base/logger.js";
import type { BotsOptions } from "../../../runtime/bots/bots-options.js";
import type { BotsReport } from "../../../runtime/bots/report.js";
import { runBots } from "../../../runtime/bots/run-bots.js";
import { createServer, type Server } from "../../../runtime/server/server.js";
import { Group } from "../../../runtime/session/group.js";
import type { Session } from "../../../runtime/session/session.js";
import { type MemoryTransport, memory } from "../../../runtime/transport/memory.js";
import { SteppedClock } from "../../support/clock.js";

/** A room that does what a test wants of it. */
export class StageRoom extends RoomComponent {
  readonly members = new Group("stage");
  /** What `join` waits for. */
  onJoin: (name: string) => Promise<void> | void = () => {};

  override async join(session: Session, { name }: JoinRequest) {
    await this.onJoin(name);
    if (!this.members.contains(session)) {
      await session.bind(name);
      this.members.add(session);
    }
    return { members: [name] };
  }

  override say(session: Session, { text }: SayRequest) {
    RoomEvents.said(this.members, { name: session.uid, text, atMs: 0n });
  }

  override leave() {}
}

/** A server in memory, bots on it, and one time for all, which goes on by itself from timer to timer. */
export class Stage {
  readonly clock = new SteppedClock();
  readonly room = new StageRoom();
  readonly #transport: MemoryTransport = memory();
  readonly server: Server = createServer({
    components: [this.room],
    listen: [this.#transport],
    logger: silentLogger,
    clock: this.clock,
    heartbeatIntervalMs: 0,
  });

  static async start(): Promise<Stage> {
    const stage = new Stage();
    await stage.server.start();
    onTestFinished(() => (stage.server.state === "running" ? stage.server.stop() : undefined));
    return stage;
  }

  /** Waits so many milliseconds of the stage's time. */
  pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.clock.after(ms, resolve));
  }

  /** Runs bots on it, to their end. */
  async run(options: Omit<BotsOptions, "url" | "clock">): Promise<BotsReport> {
    const running = runBots({ ...options, url: this.#transport.dial, clock: this.clock });
    let isDone = false;
    const done = (): void => {
      isDone = true;
    };
    running.then(done, done);
    while (!isDone) {
      await quiet();
      if (this.clock.steady() > longestMs) {
        throw new Error("the run does not come to its end");
      }
      this.clock.stepToNext(Number.POSITIVE_INFINITY);
    }
    return running;
  }
}

/** What takes longer on the stage would not end. */
const longestMs = 30_000;

/** A bot that is connected, with the chat's clients. */
export async function enter(
  bot: Parameters<NonNullable<Extract<BotsOptions["scenario"], { run: unknown }>>["run"]>[0],
) {
  const connection = await bot.connect();
  return { connection, room: new RoomClient(connection), events: new RoomEventsClient(connection) };
}

/** Until what was begun is done, but for what waits for the time: a message takes a few turns of the event loop. */
async function quiet(): Promise<void> {
  for (let turn = 0; turn < 12; turn++) {
    await new Promise((resolve) => void setImmediate(resolve));
  }
}
