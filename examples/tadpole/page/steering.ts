import type { Wish } from "../motion.js";

const still: Wish = { angle: 0, strength: 0 };
/** So far from the tadpole the pointer asks for full speed, in pixels. */
const fullSpeedPx = 220;
/** Nearer than that it asks for nothing. */
const restPx = 24;

const directions: Readonly<Record<string, readonly [x: number, y: number]>> = {
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
};

/** What the person wants: by the mouse, a finger, or the arrow keys, which come first. */
export class Steering {
  readonly #keys = new Set<string>();
  #pointer: { readonly x: number; readonly y: number } | undefined;

  constructor(canvas: HTMLCanvasElement) {
    const point = ({ clientX, clientY }: PointerEvent): void => {
      this.#pointer = { x: clientX - canvas.clientWidth / 2, y: clientY - canvas.clientHeight / 2 };
    };
    canvas.addEventListener("pointerdown", point);
    canvas.addEventListener("pointermove", point);
    canvas.addEventListener("pointerleave", () => {
      this.#pointer = undefined;
    });
    canvas.addEventListener("keydown", (event) => {
      if (event.key in directions) {
        event.preventDefault();
        this.#pointer = undefined;
        this.#keys.add(event.key);
      }
    });
    canvas.addEventListener("keyup", ({ key }) => this.#keys.delete(key));
    canvas.addEventListener("blur", () => this.#keys.clear());
  }

  /** What is wished now. One's own tadpole is in the middle of the canvas. */
  get wish(): Wish {
    if (this.#keys.size > 0) {
      let [x, y] = [0, 0];
      for (const key of this.#keys) {
        const [right, down] = directions[key] ?? [0, 0];
        x += right;
        y += down;
      }
      return x === 0 && y === 0 ? still : { angle: Math.atan2(y, x), strength: 1 };
    }
    if (this.#pointer === undefined) {
      return still;
    }
    const { x, y } = this.#pointer;
    const away = Math.hypot(x, y);
    return away < restPx ? still : { angle: Math.atan2(y, x), strength: Math.min(1, away / fullSpeedPx) };
  }
}
