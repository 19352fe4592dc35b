import type { ClientConnection } from "../client/client-connection.js";
import type { LinkConditions, TestLink } from "./link.js";

/** The links of a client: one, or after a reconnect the last of several. */
export interface LinkHolder {
  readonly link: TestLink | undefined;
}

/** A client of a {@link TestServer}, and the hand on its connection. */
export class TestClient {
  /** What proxies and listeners are made with: `new RoomClient(client.connection)`. */
  readonly connection: ClientConnection;
  readonly #links: LinkHolder;

  /** @internal {@link TestServer.connect} makes clients. */
  constructor(connection: ClientConnection, links: LinkHolder) {
    this.connection = connection;
    this.#links = links;
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
}
