import { Group, NanowireError, type Session } from "nanowire";
import type {
  EnterRequest,
  EnterResponse,
  Place,
  SayMessage,
  SwimMessage,
  Tadpole,
} from "./generated/tadpole/v1/pond.js";
import { PondComponent, PondEvents } from "./generated/tadpole/v1/pond.server.js";

/** How often everybody is told where those are who have moved, in milliseconds: pages draw what is between. */
export const tellEveryMs = 50;
/** The pond reaches from `-radius` to `radius`, both ways. */
export const radius = 2_000;
/** How far one is heard. */
const hearing = 1_200;
const mostNameLength = 20;
const mostTextLength = 80;
const fastest = 1_000;

/** A pond. Everybody swims by himself, and says where he is; the pond tells the others, twenty times a second. */
export class Pond extends PondComponent {
  readonly #swimmers = new Group("pond");
  readonly #tadpoles = new Map<Session, Tadpole>();
  /** Those who are somewhere else since all were told last. */
  readonly #moved = new Set<Tadpole>();
  #lastId = 0;

  override init(): void {
    this.scheduler.every(tellEveryMs, () => this.#tell());
  }

  /** @throws NanowireError `invalid_name` */
  override async enter(session: Session, request: EnterRequest): Promise<EnterResponse> {
    const name = request.name.trim();
    assertText("invalid_name", "a name", name, 0, mostNameLength);
    const tadpole = this.#tadpoles.get(session) ?? (await this.#come(session));
    tadpole.name = name;
    PondEvents.came(this.#swimmers.except(session), tadpole);
    return { id: tadpole.id, tadpoles: [...this.#tadpoles.values()], radius };
  }

  override swim(session: Session, { x, y, angle, speed }: SwimMessage): void {
    const tadpole = this.#tadpoles.get(session);
    if (tadpole?.place !== undefined) {
      Object.assign(tadpole.place, {
        x: within(x, -radius, radius),
        y: within(y, -radius, radius),
        angle: within(angle, -2 * Math.PI, 2 * Math.PI),
        speed: within(speed, 0, fastest),
      } satisfies Omit<Place, "id">);
      this.#moved.add(tadpole);
    }
  }

  /** @throws NanowireError `invalid_text`: to a notify nobody answers, but it is counted and logged */
  override say(session: Session, message: SayMessage): void {
    const text = message.text.trim();
    assertText("invalid_text", "what is said", text, 1, mostTextLength);
    const speaker = this.#tadpoles.get(session);
    if (speaker !== undefined) {
      const { id, place } = speaker;
      PondEvents.said(
        this.#swimmers.where((other) => distance(place, this.#tadpoles.get(other)?.place) <= hearing),
        { id, text },
      );
    }
  }

  async #come(session: Session): Promise<Tadpole> {
    const id = ++this.#lastId;
    const place: Place = { id, x: anywhere(), y: anywhere(), angle: 0, speed: 0 };
    const tadpole: Tadpole = { id, name: "", hue: (id * 137) % 360, place };
    await session.bind(`tadpole-${id}`);
    this.#tadpoles.set(session, tadpole);
    this.#swimmers.add(session);
    session.onClose(() => {
      this.#tadpoles.delete(session);
      this.#moved.delete(tadpole);
      PondEvents.left(this.#swimmers, { id });
    });
    return tadpole;
  }

  #tell(): void {
    for (const { place } of this.#moved) {
      if (place !== undefined) {
        PondEvents.moved(this.#swimmers, place);
      }
    }
    this.#moved.clear();
  }
}

function assertText(code: string, what: string, text: string, least: number, most: number): void {
  const length = [...text].length;
  if (length < least || length > most || /[\p{C}\p{Zl}\p{Zp}]/u.test(text)) {
    const message = `${what} of ${length} characters is not one of ${least} to ${most}, all of which can be seen`;
    throw new NanowireError(code, message);
  }
}

/** What a client says may be no number at all. */
function within(value: number, least: number, most: number): number {
  return Number.isNaN(value) ? 0 : Math.min(most, Math.max(least, value));
}

function anywhere(): number {
  return (Math.random() - 0.5) * radius;
}

function distance(one: Place | undefined, other: Place | undefined): number {
  return one === undefined || other === undefined
    ? Number.POSITIVE_INFINITY
    : Math.hypot(one.x - other.x, one.y - other.y);
}
