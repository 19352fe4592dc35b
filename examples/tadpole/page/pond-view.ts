import type { Shown, Swarm } from "./swarm.js";

const bodyRadius = 11;
const tailParts = 9;
const motesPerMegapixel = 90;

interface Colours {
  readonly water: string;
  readonly deep: string;
  readonly mote: string;
  readonly ink: string;
  readonly bubble: string;
  readonly edge: string;
  /** Of tadpoles, in percent. */
  readonly lightness: number;
}

const light: Colours = {
  water: "#d7eef2",
  deep: "#b4dbe4",
  mote: "rgb(40 110 130 / 26%)",
  ink: "#0b2a3c",
  bubble: "rgb(255 255 255 / 88%)",
  edge: "rgb(11 42 60 / 30%)",
  lightness: 38,
};
const dark: Colours = {
  water: "#0a2a3b",
  deep: "#05131d",
  mote: "rgb(150 220 230 / 24%)",
  ink: "#e4f6f7",
  bubble: "rgb(9 34 48 / 88%)",
  edge: "rgb(228 246 247 / 30%)",
  lightness: 66,
};

/** Draws the pond: the water, what floats in it, and the tadpoles, with one's own in the middle. */
export class PondView {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  readonly #isDark = matchMedia("(prefers-color-scheme: dark)");
  readonly #stillness = matchMedia("(prefers-reduced-motion: reduce)");

  constructor(canvas: HTMLCanvasElement) {
    const context = canvas.getContext("2d", { alpha: false });
    if (context === null) {
      throw new Error("the browser draws no canvas");
    }
    this.#canvas = canvas;
    this.#context = context;
  }

  /** Draws one frame. @param now in milliseconds */
  draw(swarm: Swarm, radius: number, now: number): void {
    const { own } = swarm;
    const [x, y] = own === undefined ? [0, 0] : [own.motion.x, own.motion.y];
    const colours = this.#isDark.matches ? dark : light;
    const { width, height } = this.#fit();
    this.#water(width, height, colours);
    this.#motes(width, height, x, y, colours);
    const context = this.#context;
    context.save();
    context.translate(width / 2 - x, height / 2 - y);
    this.#edge(radius, colours);
    const [farX, farY] = [width / 2 + 120, height / 2 + 120];
    for (const shown of swarm.all()) {
      // Who is out of sight is not drawn: a pond may be full.
      if (Math.abs(shown.motion.x - x) < farX && Math.abs(shown.motion.y - y) < farY) {
        this.#tadpole(shown, shown === own, colours);
        this.#words(shown, now, colours);
      }
    }
    context.restore();
  }

  /** As many pixels as the screen has. */
  #fit(): { readonly width: number; readonly height: number } {
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    const scale = Math.min(2, devicePixelRatio);
    const [pixelWidth, pixelHeight] = [Math.round(width * scale), Math.round(height * scale)];
    if (this.#canvas.width !== pixelWidth || this.#canvas.height !== pixelHeight) {
      this.#canvas.width = pixelWidth;
      this.#canvas.height = pixelHeight;
    }
    this.#context.setTransform(scale, 0, 0, scale, 0, 0);
    return { width, height };
  }

  #water(width: number, height: number, { water, deep }: Colours): void {
    const context = this.#context;
    const gradient = context.createRadialGradient(
      width / 2,
      height / 2,
      0,
      width / 2,
      height / 2,
      Math.max(width, height) * 0.75,
    );
    gradient.addColorStop(0, water);
    gradient.addColorStop(1, deep);
    context.fillStyle = gradient;
    context.fillRect(0, 0, width, height);
  }

  /** What floats in the water, in three depths: by it one sees that one swims. */
  #motes(width: number, height: number, x: number, y: number, { mote }: Colours): void {
    const context = this.#context;
    context.fillStyle = mote;
    const count = Math.round((width * height * motesPerMegapixel) / 1_000_000);
    for (let index = 0; index < count; index++) {
      const depth = 0.35 + (index % 3) * 0.3;
      const left = modulo(scattered(index) * width - x * depth, width);
      const top = modulo(scattered(index + 0.5) * height - y * depth, height);
      context.beginPath();
      context.arc(left, top, 1 + (index % 3), 0, 2 * Math.PI);
      context.fill();
    }
  }

  #edge(radius: number, { edge }: Colours): void {
    const context = this.#context;
    context.strokeStyle = edge;
    context.lineWidth = 2;
    context.setLineDash([4, 10]);
    context.strokeRect(-radius - 20, -radius - 20, 2 * radius + 40, 2 * radius + 40);
    context.setLineDash([]);
  }

  #tadpole({ name, hue, motion, swing }: Shown, isOwn: boolean, { ink, lightness }: Colours): void {
    const context = this.#context;
    const { x, y, angle, speed } = motion;
    const colour = `hsl(${hue} 62% ${lightness}%)`;
    context.save();
    context.translate(x, y);
    context.save();
    context.rotate(angle);
    context.strokeStyle = colour;
    context.lineCap = "round";
    const amplitude = this.#stillness.matches ? 0 : 3 + speed / 60;
    let [fromX, fromY] = [-bodyRadius * 0.7, 0];
    for (let part = 1; part <= tailParts; part++) {
      const toX = -bodyRadius * 0.7 - part * 3.6;
      const toY = Math.sin(swing * 2 - part * 0.7) * amplitude * (part / tailParts);
      context.lineWidth = 6 * (1 - part / (tailParts + 1));
      context.beginPath();
      context.moveTo(fromX, fromY);
      context.lineTo(toX, toY);
      context.stroke();
      [fromX, fromY] = [toX, toY];
    }
    context.fillStyle = colour;
    context.beginPath();
    context.ellipse(0, 0, bodyRadius * 1.12, bodyRadius, 0, 0, 2 * Math.PI);
    context.fill();
    if (isOwn) {
      context.strokeStyle = ink;
      context.lineWidth = 1.5;
      context.stroke();
    }
    context.fillStyle = "#ffffff";
    for (const side of [-1, 1]) {
      context.beginPath();
      context.arc(bodyRadius * 0.5, side * bodyRadius * 0.42, 2.6, 0, 2 * Math.PI);
      context.fill();
    }
    context.restore();
    if (name !== "") {
      context.fillStyle = ink;
      context.font = "600 12px system-ui, sans-serif";
      context.textAlign = "center";
      context.fillText(name, 0, bodyRadius + 20);
    }
    context.restore();
  }

  #words({ words, wordsUntil, motion }: Shown, now: number, { ink, bubble, edge }: Colours): void {
    if (words === "" || now > wordsUntil) {
      return;
    }
    const context = this.#context;
    context.font = "14px system-ui, sans-serif";
    context.textAlign = "center";
    const width = context.measureText(words).width + 22;
    const top = motion.y - bodyRadius - 44;
    context.globalAlpha = Math.min(1, (wordsUntil - now) / 600);
    context.fillStyle = bubble;
    context.strokeStyle = edge;
    context.lineWidth = 1;
    context.beginPath();
    context.roundRect(motion.x - width / 2, top, width, 28, 10);
    context.fill();
    context.stroke();
    context.fillStyle = ink;
    context.fillText(words, motion.x, top + 19);
    context.globalAlpha = 1;
  }
}

/** A number from 0 to 1 that looks like chance, and is the same each time. */
function scattered(index: number): number {
  return modulo(Math.sin(index * 127.1) * 43_758.5453, 1);
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by;
}
