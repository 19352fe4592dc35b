import { Group, NanowireError, type Session, type Timer } from "nanowire";
import { ratingsAfter, roundsToWin, winnerOf } from "./game.js";
import { Hand, type ShowRequest } from "./generated/lobby/v1/lobby.js";
import { RoomComponent, RoomEvents } from "./generated/lobby/v1/lobby.server.js";
import type { Player, Players } from "./player.js";

/** How long a round may take, in milliseconds. */
export const roundMs = 10_000;

/** A game between two. */
interface Room {
  readonly name: string;
  readonly group: Group;
  readonly players: readonly [Player, Player];
  readonly hands: [Hand, Hand];
  readonly won: [number, number];
  round: number;
  /** Ends the round when somebody shows nothing. */
  timer: Timer;
  /** Ends the watch over both connections. */
  readonly unwatch: (() => void)[];
}

/** All games that are played. One component holds all rooms: a room is an object, and its players a group. */
export class Rooms extends RoomComponent {
  readonly #players: Players;
  readonly #rooms = new Map<Player, Room>();
  #opened = 0;

  constructor(players: Players) {
    super();
    this.#players = players;
  }

  /** Whether somebody plays. */
  has(player: Player): boolean {
    return this.#rooms.has(player);
  }

  /** Begins a game. @returns the room's name */
  open(players: readonly [Player, Player]): string {
    const name = `room-${++this.#opened}`;
    const room: Room = {
      name,
      group: new Group(name),
      players,
      hands: [Hand.UNSPECIFIED, Hand.UNSPECIFIED],
      won: [0, 0],
      round: 1,
      timer: this.#roundTimer(() => this.#endRound(room)),
      unwatch: [],
    };
    for (const player of players) {
      this.#rooms.set(player, room);
      if (player.session !== undefined) {
        room.group.add(player.session);
        room.unwatch.push(player.session.onClose(() => this.#giveUp(room, player)));
      }
    }
    return name;
  }

  /** @throws NanowireError `no_game`, `invalid_hand`, `shown_already` */
  override show(session: Session, { hand }: ShowRequest): void {
    const player = this.#players.of(session);
    const room = this.#roomOf(player);
    const index = room.players.indexOf(player) as 0 | 1;
    if (hand !== Hand.ROCK && hand !== Hand.PAPER && hand !== Hand.SCISSORS) {
      throw new NanowireError("invalid_hand", `${hand} is no hand: 1 is rock, 2 paper, 3 scissors`);
    }
    if (room.hands[index] !== Hand.UNSPECIFIED) {
      throw new NanowireError("shown_already", `round ${room.round} has your hand already`);
    }
    room.hands[index] = hand;
    if (!room.hands.includes(Hand.UNSPECIFIED)) {
      this.#endRound(room);
    }
  }

  /** @throws NanowireError `no_game` */
  override leave(session: Session): void {
    const player = this.#players.of(session);
    this.#giveUp(this.#roomOf(player), player);
  }

  #roomOf(player: Player): Room {
    const room = this.#rooms.get(player);
    if (room === undefined) {
      throw new NanowireError("no_game", `${player.name} is in no game`);
    }
    return room;
  }

  #endRound(room: Room): void {
    room.timer.stop();
    const { players, hands, won } = room;
    const winner = winnerOf(...hands);
    RoomEvents.roundOver(room.group, {
      number: room.round,
      shown: players.map(({ name }, index) => ({ name, hand: hands[index] ?? Hand.UNSPECIFIED })),
      winner: winner === undefined ? "" : players[winner].name,
    });
    room.round++;
    hands.fill(Hand.UNSPECIFIED);
    if (winner !== undefined && ++won[winner] === roundsToWin) {
      this.#end(room, players[winner], false);
    } else {
      room.timer = this.#roundTimer(() => this.#endRound(room));
    }
  }

  #giveUp(room: Room, loser: Player): void {
    const winner = room.players.find((player) => player !== loser);
    if (winner !== undefined && this.#rooms.get(loser) === room) {
      this.#end(room, winner, true);
    }
  }

  #end(room: Room, winner: Player, forfeit: boolean): void {
    room.timer.stop();
    const loser = room.players[0] === winner ? room.players[1] : room.players[0];
    const after = ratingsAfter(winner.rating, loser.rating);
    winner.rating = after.winner;
    loser.rating = after.loser;
    const standings = room.players.map(({ name, rating }) => ({ name, rating }));
    RoomEvents.gameOver(room.group, { winner: winner.name, standings, forfeit });
    for (const end of room.unwatch) {
      end();
    }
    for (const player of room.players) {
      this.#rooms.delete(player);
    }
    room.group.close();
  }

  #roundTimer(task: () => void): Timer {
    return this.scheduler.after(roundMs, task);
  }
}
