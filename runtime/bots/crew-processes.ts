import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type CancelTimer, systemClock } from "../base/clock.js";
import { NanowireError } from "../base/error.js";
import type { CrewDelta, CrewPlan } from "./crew.js";
import type { FromCrew, ToCrew } from "./crew-messages.js";

/** What {@link CrewProcesses} is made with. */
export interface CrewProcessesOptions {
  /** How many processes. */
  readonly processes: number;
  /** The module's URL. */
  readonly scenario: string;
  readonly url: string;
  /** `crew` is set for each process. */
  readonly plan: Omit<CrewPlan, "crew" | "crews">;
  readonly onDelta: (delta: CrewDelta, crew: number) => void;
  /** A process has ended before it was done. */
  readonly onLost: (crew: number, error: NanowireError) => void;
}

/** Processes of one machine, each with a part of the bots. They end when this one does. */
export class CrewProcesses {
  readonly #options: CrewProcessesOptions;
  readonly #children: ChildProcess[] = [];
  readonly #done: Promise<void>[] = [];
  #cancelKill: CancelTimer = () => {};

  constructor(options: CrewProcessesOptions) {
    this.#options = options;
  }

  /**
   * Starts them, and has them load the scenario.
   *
   * @returns the scenario's name
   * @throws NanowireError `invalid_option` when the scenario cannot be loaded; none of the processes is left then
   */
  async load(): Promise<string> {
    const { processes, scenario, url, plan } = this.#options;
    const loads: Promise<string>[] = [];
    for (let crew = 0; crew < processes; crew++) {
      const child = fork(fileURLToPath(new URL("./crew-process.js", import.meta.url)), {
        serialization: "advanced",
        stdio: ["ignore", "inherit", "inherit", "ipc"],
      });
      this.#children.push(child);
      loads.push(this.#loaded(child));
      this.#done.push(this.#watch(child, crew));
      say(child, { type: "load", scenario, url, plan: { ...plan, crew, crews: processes } });
    }
    const results = await Promise.allSettled(loads);
    const failed = results.find((result) => result.status === "rejected");
    if (failed !== undefined) {
      for (const child of this.#children) {
        child.kill("SIGKILL");
      }
      throw failed.reason;
    }
    return (results[0] as PromiseFulfilledResult<string>).value;
  }

  /** Has them begin, all at once. Resolved when all have ended. */
  async run(): Promise<void> {
    for (const child of this.#children) {
      say(child, { type: "begin" });
    }
    const { rampMs, forMs, graceMs } = this.#options.plan;
    if (forMs !== undefined) {
      this.#killAfter(rampMs + forMs + graceMs);
    }
    await Promise.all(this.#done);
    this.#cancelKill();
  }

  /** The time is over. */
  end(): void {
    for (const child of this.#children) {
      say(child, { type: "end" });
    }
    this.#killAfter(this.#options.plan.graceMs);
  }

  /** A scenario that never waits keeps its process from hearing anything. */
  #killAfter(ms: number): void {
    this.#cancelKill();
    this.#cancelKill = systemClock.after(ms + killPatienceMs, () => {
      for (const child of this.#children) {
        child.kill("SIGKILL");
      }
    });
  }

  #loaded(child: ChildProcess): Promise<string> {
    return new Promise((resolve, reject) => {
      child.once("message", (message: FromCrew) => {
        if (message.type === "loaded") {
          resolve(message.name);
        } else {
          reject(new NanowireError("invalid_option", message.type === "refused" ? message.message : message.type));
        }
      });
      child.once("error", (cause) => {
        reject(new NanowireError("invalid_state", `a process could not be started: ${cause.message}`, { cause }));
      });
      child.once("exit", (code, signal) => reject(lostError(code, signal)));
    });
  }

  /** Resolved when it is done, or gone. */
  #watch(child: ChildProcess, crew: number): Promise<void> {
    const { onDelta, onLost } = this.#options;
    return new Promise((resolve) => {
      let isDone = false;
      let hasBegun = false;
      child.on("message", (message: FromCrew) => {
        switch (message.type) {
          case "loaded":
            hasBegun = true;
            break;
          case "delta":
            onDelta(message.delta, crew);
            break;
          case "done":
            isDone = true;
            // Nothing that a scenario left behind keeps the process.
            child.kill("SIGKILL");
            break;
          default:
        }
      });
      child.on("error", () => resolve());
      child.on("exit", (code, signal) => {
        if (!isDone && hasBegun) {
          onLost(crew, lostError(code, signal));
        }
        resolve();
      });
    });
  }
}

/** How long a process has, behind its bots' grace, to tell what they did. */
const killPatienceMs = 5_000;

function lostError(code: number | null, signal: string | null): NanowireError {
  const how = signal === null ? `with code ${code}` : `by ${signal}`;
  return new NanowireError("process_lost", `a process with bots ended ${how} before it was done`);
}

function say(child: ChildProcess, message: ToCrew): void {
  if (child.connected) {
    // One that is gone tells so by its exit.
    child.send(message, () => {});
  }
}
