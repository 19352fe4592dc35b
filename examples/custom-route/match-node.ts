import { type ClusterDriver, createServer, type Server, type Session, silentLogger } from "nanowire";
import type { AdvanceResponse, PlayRequest, PlayResponse } from "./generated/match/v1/match.js";
import { MatchComponent } from "./generated/match/v1/match.server.js";

declare module "nanowire" {
  interface SessionData {
    /** How many rounds the player has played: known at every node that has the session. */
    rounds: number;
  }
}

/** The game at one node. */
class Match extends MatchComponent {
  readonly #node: string;

  constructor(node: string) {
    super();
    this.#node = node;
  }

  override play({ data }: Session, _round: PlayRequest): PlayResponse {
    data.rounds = (data.rounds ?? 0) + 1;
    return { node: this.#node, rounds: data.rounds };
  }

  override advance(): AdvanceResponse {
    return { node: this.#node };
  }
}

/** A node that has games of one zone, and says so. */
export function createMatchNode(id: string, zone: string, driver: ClusterDriver): Server {
  return createServer({
    components: [new Match(id)],
    listen: [],
    cluster: { driver, id, labels: { zone } },
    logger: silentLogger,
  });
}
