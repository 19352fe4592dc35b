import { type ClientConnection, connect } from "nanowire/client";
import { dictVersion } from "./generated/routes.js";
import { PondClient } from "./generated/tadpole/v1/pond.client.js";
import { type Motion, swim, type Wish } from "./motion.js";

const moveEveryMs = 50;

/** A tadpole without a person: it swims about, for a pond that is not lonely. */
export class Swimmer {
  readonly #connection: ClientConnection;
  readonly #timer: NodeJS.Timeout;

  private constructor(connection: ClientConnection, motion: Motion, radius: number) {
    this.#connection = connection;
    const pond = new PondClient(connection);
    let wish: Wish = { angle: motion.angle, strength: 0.5 };
    this.#timer = setInterval(() => {
      if (Math.random() < 0.05) {
        wish = { angle: wish.angle + (Math.random() - 0.5) * 3, strength: Math.random() };
      }
      if (Math.hypot(motion.x, motion.y) > 0.8 * radius) {
        wish = { angle: Math.atan2(-motion.y, -motion.x), strength: 0.6 };
      }
      swim(motion, wish, radius, moveEveryMs / 1_000);
      pond.swim({ ...motion });
    }, moveEveryMs);
    connection.onClose(() => clearInterval(this.#timer));
  }

  /** Gets one into the pond. */
  static async start(url: string, name: string): Promise<Swimmer> {
    const connection = await connect(url, { dictVersion });
    const { id, tadpoles, radius } = await new PondClient(connection).enter({ name });
    const { x = 0, y = 0 } = tadpoles.find((tadpole) => tadpole.id === id)?.place ?? {};
    return new Swimmer(connection, { x, y, angle: Math.random() * 6, speed: 0 }, radius);
  }

  stop(): void {
    this.#connection.close();
  }
}
