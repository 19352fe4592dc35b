import type { Session } from "nanowire";

/** Somebody who plays. The object outlives the session: who comes again under the same name has the rating that he had. */
export interface Player {
  readonly name: string;
  rating: number;
  /** Undefined while he is away. */
  session: Session | undefined;
}

const firstRating = 1_000;

/** Everybody who was ever here. A real game keeps them in a database. */
export class Players {
  readonly #byName = new Map<string, Player>();

  /** The one of that name; a new one has the rating of all who are new. */
  named(name: string): Player {
    const player = this.#byName.get(name) ?? { name, rating: firstRating, session: undefined };
    this.#byName.set(name, player);
    return player;
  }

  /** The one that a session is bound to. */
  of(session: Session): Player {
    return this.named(session.uid);
  }
}
