import { NanowireError } from "../base/error.js";
import type { ClientConnection } from "../client/client-connection.js";
import type { CutPoint, LinkConditions, TestLink } from "./link.js";
import type { SteppedClock } from "./stepped-clock.js";

/** The links of a client: one, or after a reconnect the last of several. */
export interface LinkHolder {
  readonly link: TestLink | undefined;
}

/** The time that a client lives in. */
export interface TestTime {
  readonly clock: SteppedClock;
  settled(): Promise<void>;
}

/** A client of a {@link TestServer}, and the hand on its connection. */
export class TestClient {
  /** What proxies and listeners are made with: `new RoomClient(client.connection)`. */
  readonly connection: ClientConnection;
  readonly #links: LinkHolder;
  readonly #time: TestTime;

  /** @internal {@link TestServer.connect} makes clients. */
  constructor(connection: ClientConnection, links: LinkHolder, time: TestTime) {
    this.connection = connection;
    this.#links = links;
    this.#time = time;
  }

  /** Makes the connection slow, or lets bytes come in pieces. What is not named stays as it is. */
  conditions(conditions: LinkConditions): void {
    this.#links.link?.set(conditions);
  }

  /** Nothing passes any more, and neither side is told: a cable that was pulled. */
  freeze(): void {
    this.#links.link?.freeze(true);
  }

  /** Lets everything pass that has waited since {@link freeze}. */
  thaw(): void {
    this.#links.link?.freeze(false);
  }

  /**
   * The client reads nothing any more, and goes on sending. What the server sends waits: up to `windowBytes` on its way, the rest in the server's
   * outbox, where limits and policies hold.
   */
  stopReading(): void {
    this.#links.link?.read(false);
  }

  /** Reads on, what has waited first. */
  startReading(): void {
    this.#links.link?.read(true);
  }

  /** Breaks the connection: what was under way is lost, and both sides find it gone. */
  cut(): void {
    this.#links.link?.cut();
  }

  /** Breaks the connection when so many more bytes have passed, in the middle of a packet if it comes so; with 0 at once. */
  cutAfter(point: CutPoint): void {
    this.#links.link?.cutAfter(point);
  }

  /** The client finds its connection gone, and the server is not told: to it the client is there until it has been silent for too long, or comes back. */
  vanish(): void {
    this.#links.link?.vanish();
  }

  /**
   * Lets time pass until a client with `reconnect` is connected again.
   *
   * @param withinMs how long it may take, in the test's time
   * @throws NanowireError `deadline_exceeded` when it takes longer; `unavailable` when the connection is closed for good
   */
  async comeBack(withinMs = 60_000): Promise<void> {
    const { clock } = this.#time;
    const until = clock.steady() + withinMs;
    await this.#time.settled();
    while (this.connection.state !== "open") {
      if (this.connection.state === "closed") {
        throw new NanowireError("unavailable", "the client's connection is closed for good");
      }
      if (!clock.stepToNext(until)) {
        throw new NanowireError("deadline_exceeded", `the client did not come back within ${withinMs} ms`);
      }
      await this.#time.settled();
    }
  }
}
