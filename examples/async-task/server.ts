import { createServer, type Logger, type Server, type Transport } from "nanowire";
import { Database } from "../sqlite/database.js";
import { Scores, schema } from "./scores.js";

/** How a {@link createScores} is set up. */
export interface ScoresOptions {
  /** Where the games are kept. Default: in memory */
  readonly file?: string;
  /** How many there have been before. Default: 300,000 */
  readonly games?: number;
  readonly logger?: Logger;
  /** The program of the database's thread. Default: that of ../sqlite */
  readonly program?: URL;
}

/** Makes a server of games with a database. */
export function createScores(listen: readonly Transport[], options: ScoresOptions = {}): Server {
  const { file = ":memory:", games = 300_000, logger, program } = options;
  const database = new Database(file, schema, program);
  return createServer({
    components: [new Scores(database, games)],
    modules: [{ name: "database", module: database }],
    listen,
    ...(logger === undefined ? {} : { logger }),
  });
}

declare module "nanowire" {
  interface ServerModules {
    database: Database;
  }
}
