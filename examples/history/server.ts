import { createServer, type Logger, type Server, type Transport } from "nanowire";
import { Database } from "../sqlite/database.js";
import { Messages, schema } from "./messages.js";
import { Room } from "./room.js";

/** How a {@link createHistory} is set up. */
export interface HistoryOptions {
  /** Where it keeps what was said. Default: in memory */
  readonly file?: string;
  readonly logger?: Logger;
  /** The program of the database's thread. Default: that of ../sqlite */
  readonly program?: URL;
}

/** Makes a server with a room that keeps what was said in it. */
export function createHistory(listen: readonly Transport[], options: HistoryOptions = {}): Server {
  const { file = ":memory:", logger, program } = options;
  const database = new Database(file, schema, program);
  return createServer({
    components: [new Room(new Messages(database))],
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
