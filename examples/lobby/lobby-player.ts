import { type ClientConnection, connect } from "nanowire/client";
import { LobbyClient, LobbyEventsClient, RoomClient, RoomEventsClient } from "./generated/lobby/v1/lobby.client.js";
import type { Hand, MatchFound, Result, Round } from "./generated/lobby/v1/lobby.js";
import { dictVersion } from "./generated/routes.js";

/** A player with the typed client: what comes is waited for, one after the other. */
export class LobbyPlayer {
  readonly name: string;
  readonly connection: ClientConnection;
  readonly lobby: LobbyClient;
  readonly room: RoomClient;
  readonly #matches = new Inbox<MatchFound>();
  readonly #rounds = new Inbox<Round>();
  readonly #results = new Inbox<Result>();

  private constructor(name: string, connection: ClientConnection) {
    this.name = name;
    this.connection = connection;
    this.lobby = new LobbyClient(connection);
    this.room = new RoomClient(connection);
    new LobbyEventsClient(connection).onMatched((match) => this.#matches.put(match));
    const events = new RoomEventsClient(connection);
    events.onRoundOver((round) => this.#rounds.put(round));
    events.onGameOver((result) => this.#results.put(result));
  }

  static async enter(url: string, name: string): Promise<LobbyPlayer> {
    const player = new LobbyPlayer(name, await connect(url, { dictVersion }));
    await player.lobby.enter({ name });
    return player;
  }

  /** Waits for an opponent. */
  async seek(): Promise<MatchFound> {
    await this.lobby.seek();
    return this.#matches.take();
  }

  async show(hand: Hand): Promise<void> {
    await this.room.show({ hand });
  }

  round(): Promise<Round> {
    return this.#rounds.take();
  }

  result(): Promise<Result> {
    return this.#results.take();
  }

  leave(): void {
    this.connection.close();
  }
}

/** What came and was not asked for yet, or is asked for and has not come. */
class Inbox<T> {
  readonly #values: T[] = [];
  readonly #waiting: ((value: T) => void)[] = [];

  put(value: T): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) {
      this.#values.push(value);
    } else {
      waiting(value);
    }
  }

  take(): Promise<T> {
    const value = this.#values.shift();
    return value === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(value);
  }
}
