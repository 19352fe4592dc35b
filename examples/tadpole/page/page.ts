import { type ClientConnection, connect, NanowireError } from "nanowire/client";
import { byId } from "../../browser/elements.js";
import { dictVersion } from "../generated/routes.js";
import { PondClient, PondEventsClient } from "../generated/tadpole/v1/pond.client.js";
import { swim } from "../motion.js";
import { PondView } from "./pond-view.js";
import { Steering } from "./steering.js";
import { Swarm } from "./swarm.js";

const url = `${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}`;
/** How often the server is told where one is, in milliseconds. */
const tellEveryMs = 50;
/** A page that was in the background goes on where it was. */
const longestStepSeconds = 0.1;

const canvas = byId("pond", HTMLCanvasElement);
const status = byId("status", HTMLElement);
const figures = byId("figures", HTMLElement);
const problem = byId("problem", HTMLElement);
const name = byId("name", HTMLInputElement);
const text = byId("text", HTMLInputElement);

/** The page: a connection that is made again when it breaks, and a pond that is drawn as often as the screen shows it. */
class PondPage {
  readonly #swarm = new Swarm();
  readonly #view = new PondView(canvas);
  readonly #steering = new Steering(canvas);
  readonly #pond: PondClient;
  #radius = 0;
  #isIn = false;
  #drawnAt = performance.now();
  #toldAt = 0;
  #told = "";
  /** When the latest frames were drawn, the oldest first: a second's. */
  readonly #frames: number[] = [];

  constructor(connection: ClientConnection) {
    this.#pond = new PondClient(connection);
    const events = new PondEventsClient(connection);
    events.onCame((tadpole) => this.#swarm.came(tadpole));
    events.onMoved((place) => this.#swarm.moved(place));
    events.onSaid(({ id, text: words }) => this.#swarm.said(id, words, performance.now()));
    events.onLeft(({ id }) => this.#swarm.left(id));
    connection.onState((now) => {
      this.#isIn = false;
      if (now.state === "open") {
        void this.#enter();
      } else {
        showStatus("lost", now.state === "closed" ? "Gone" : "Connecting again …");
      }
    });
    byId("talk", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      this.#say();
    });
    name.addEventListener("change", () => void this.#enter());
    void this.#enter();
    requestAnimationFrame((now) => this.#frame(now));
  }

  /** Gets in; or is called otherwise, when one is in already. */
  async #enter(): Promise<void> {
    try {
      const { id, tadpoles, radius } = await this.#pond.enter({ name: name.value });
      this.#radius = radius;
      const was = this.#swarm.own;
      this.#swarm.begin(id, tadpoles);
      if (was !== undefined && this.#swarm.own !== undefined) {
        // One stays where one was, also when the connection broke.
        Object.assign(this.#swarm.own.motion, was.motion);
        this.#told = "";
      }
      this.#isIn = true;
      problem.textContent = "";
      showStatus("online", "In the pond");
    } catch (error) {
      problem.textContent = error instanceof NanowireError ? error.message : "Something went wrong in this page.";
    }
  }

  #say(): void {
    if (text.value.trim() !== "" && this.#isIn) {
      this.#pond.say({ text: text.value });
      text.value = "";
    }
    canvas.focus();
  }

  #frame(now: number): void {
    const seconds = Math.min(longestStepSeconds, Math.max(0, now - this.#drawnAt) / 1_000);
    this.#drawnAt = now;
    const own = this.#swarm.own;
    if (own !== undefined && this.#isIn) {
      swim(own.motion, this.#steering.wish, this.#radius, seconds);
      this.#tell(now);
    }
    this.#swarm.pass(seconds);
    this.#view.draw(this.#swarm, this.#radius, now);
    this.#count(now);
    requestAnimationFrame((next) => this.#frame(next));
  }

  #tell(now: number): void {
    const { own } = this.#swarm;
    if (own === undefined || now - this.#toldAt < tellEveryMs) {
      return;
    }
    const { x, y, angle, speed } = own.motion;
    const place = [x, y, angle].map((value) => value.toFixed(1)).join();
    if (place !== this.#told) {
      this.#toldAt = now;
      this.#told = place;
      this.#pond.swim({ x, y, angle, speed });
    }
  }

  #count(now: number): void {
    this.#frames.push(now);
    while ((this.#frames[0] ?? now) < now - 1_000) {
      this.#frames.shift();
    }
    const shown = `${this.#swarm.size} in the pond · ${this.#frames.length} frames a second`;
    if (figures.textContent !== shown) {
      figures.textContent = shown;
    }
    // For whoever looks at the page with other eyes.
    const { x = 0, y = 0 } = this.#swarm.own?.motion ?? {};
    Object.assign(canvas.dataset, {
      id: this.#swarm.ownId,
      x: x.toFixed(0),
      y: y.toFixed(0),
      drawn: (Number(canvas.dataset["drawn"] ?? 0) + 1) % 1e9,
    });
  }
}

function showStatus(state: "online" | "lost", words: string): void {
  status.dataset["state"] = state;
  status.textContent = words;
}

try {
  new PondPage(await connect(url, { dictVersion, reconnect: true }));
} catch (error) {
  showStatus("lost", "Not connected");
  problem.textContent = error instanceof NanowireError ? error.message : String(error);
}
