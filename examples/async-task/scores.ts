import { NanowireError, type Session } from "nanowire";
import type { Database } from "../sqlite/database.js";
import type { EnterRequest, PlayRequest, PlayResponse, StandingResponse } from "./generated/scores/v1/scores.js";
import { ScoresComponent } from "./generated/scores/v1/scores.server.js";

const maxPoints = 100;

export const schema = "CREATE TABLE IF NOT EXISTS games (player TEXT NOT NULL, points INTEGER NOT NULL)";

/** Games of earlier days: of a thousand players, so that there is something to count. */
const earlierGames = `
  INSERT INTO games WITH RECURSIVE game (number) AS (
    SELECT 1 UNION ALL SELECT number + 1 FROM game WHERE number < ?
  ) SELECT 'player ' || (number * 7919 % 1000), number * 104729 % 100 FROM game`;

const standing = `
  WITH totals AS (SELECT player, sum(points) AS total, count(*) AS games FROM games GROUP BY player)
  SELECT 1 + sum(total > (SELECT total FROM totals WHERE player = ?)) AS rank, count(*) AS players, sum(games) AS games FROM totals`;

/** Games, of which the database keeps what the server's memory does not. */
export class Scores extends ScoresComponent {
  readonly #database: Database;
  readonly #games: number;

  /** @param games how many there have been before */
  constructor(database: Database, games: number) {
    super();
    this.#database = database;
    this.#games = games;
  }

  override async init(): Promise<void> {
    const [row] = await this.#database.run("SELECT count(*) AS count FROM games");
    if (Number(row?.["count"]) < this.#games) {
      await this.#database.run(earlierGames, this.#games);
    }
  }

  /** @throws NanowireError `invalid_name` */
  override async enter(session: Session, { name }: EnterRequest): Promise<void> {
    if (!/^[\p{L}\p{N}_-]{1,20}$/u.test(name)) {
      throw new NanowireError("invalid_name", "a name is 1 to 20 letters, digits, - and _");
    }
    await session.bind(name);
  }

  /** @throws NanowireError `invalid_points` */
  override play(session: Session, { points }: PlayRequest): PlayResponse {
    if (points > maxPoints) {
      throw new NanowireError("invalid_points", `a game has ${maxPoints} points at the most, not ${points}`);
    }
    const total = (session.data.total ?? 0) + points;
    session.data.total = total;
    // Not awaited: the answer does not wait for the disk. A task that fails is logged and counted, and the server's stop waits for it.
    this.scheduler.run(async () => {
      await this.#database.run("INSERT INTO games VALUES (?, ?)", session.uid, points);
    });
    return { total };
  }

  /** A request that takes its time: what is awaited here runs in the database's thread, and keeps nobody else waiting. */
  override async standing(session: Session): Promise<StandingResponse> {
    const [row] = await this.#database.run(standing, session.uid);
    const { rank, players, games } = row ?? {};
    if (rank === null) {
      throw new NanowireError("no_games", `${session.uid} has not played yet`);
    }
    return { rank: Number(rank), players: Number(players), games: Number(games) };
  }
}

declare module "nanowire" {
  interface SessionData {
    /** The points since the player came. */
    total?: number;
  }
}
