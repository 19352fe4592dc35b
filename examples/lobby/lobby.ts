import { NanowireError, type Session } from "nanowire";
import type { EnterRequest, EnterResponse, SeekResponse } from "./generated/lobby/v1/lobby.js";
import { LobbyComponent, LobbyEvents } from "./generated/lobby/v1/lobby.server.js";
import { pair, type Seeker } from "./matchmaker.js";
import type { Player, Players } from "./player.js";
import type { Rooms } from "./rooms.js";

/** How often those who wait are looked through, in milliseconds. */
export const matchEveryMs = 250;

interface Seeking extends Seeker {
  readonly player: Player;
}

/** Where players wait for each other. */
export class Lobby extends LobbyComponent {
  readonly #players: Players;
  readonly #rooms: Rooms;
  readonly #seeking = new Map<Player, Seeking>();

  constructor(players: Players, rooms: Rooms) {
    super();
    this.#players = players;
    this.#rooms = rooms;
  }

  override init(): void {
    this.scheduler.every(matchEveryMs, () => this.#match());
  }

  /** @throws NanowireError `invalid_name`, `name_taken` */
  override async enter(session: Session, { name }: EnterRequest): Promise<EnterResponse> {
    if (!/^[\p{L}\p{N}][\p{L}\p{N} _-]{0,19}$/u.test(name)) {
      throw new NanowireError("invalid_name", "a name is 1 to 20 letters, digits, blanks, - and _");
    }
    const player = this.#players.named(name);
    if (player.session !== undefined && player.session !== session) {
      throw new NanowireError("name_taken", `somebody is here as ${name} already`);
    }
    player.session = session;
    await session.bind(name);
    session.onClose(() => {
      player.session = undefined;
      this.#seeking.delete(player);
    });
    return { rating: player.rating };
  }

  /** @throws NanowireError `in_game` */
  override seek(session: Session): SeekResponse {
    const player = this.#players.of(session);
    if (this.#rooms.has(player)) {
      throw new NanowireError("in_game", `${player.name} is in a game already`);
    }
    if (!this.#seeking.has(player)) {
      this.#seeking.set(player, { player, rating: player.rating, since: performance.now() });
    }
    return { waiting: this.#seeking.size };
  }

  override cancel(session: Session): void {
    this.#seeking.delete(this.#players.of(session));
  }

  #match(): void {
    for (const [one, other] of pair([...this.#seeking.values()], performance.now())) {
      const players = [one.player, other.player] as const;
      const room = this.#rooms.open(players);
      for (const [index, player] of players.entries()) {
        this.#seeking.delete(player);
        const opponent = players[1 - index] as Player;
        if (player.session !== undefined) {
          LobbyEvents.matched(player.session, { room, opponent: opponent.name, rating: opponent.rating });
        }
      }
    }
  }
}
