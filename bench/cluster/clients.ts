import { Child } from "../child-process.js";
import type { LoadFigures, LoadOptions, LoadQuestion } from "../load/load.js";
import { connectPatienceMs, patienceMs, type Setting } from "../side.js";

/** The load of clients, without what is known only when the gates run. */
export type GateLoad = Omit<LoadOptions, "port" | "otherPorts">;

/** Clients of one or more gates: a load generator. */
export class Clients {
  readonly #process: Child;

  private constructor(process: Child) {
    this.#process = process;
  }

  /**
   * Resolved when all clients are connected.
   *
   * @param ports where the gates listen: clients connect to them in turn
   */
  static async connect(load: GateLoad, ports: readonly number[], { pinning }: Setting): Promise<Clients> {
    const [port = 0, ...otherPorts] = ports;
    const clients = new Clients(new Child(new URL("../load/main.js", import.meta.url), { launcher: pinning.load }));
    try {
      const timeoutMs = patienceMs + load.connections * connectPatienceMs;
      const options = { ...load, port, otherPorts };
      await clients.#process.ask<LoadQuestion, void>({ ask: "connect", options }, timeoutMs);
      return clients;
    } catch (error) {
      await clients.stop();
      throw error;
    }
  }

  /** @param perSecond how often `quiet` clients ask, all together. Default: as the load says */
  run(ms: number, perSecond?: number): Promise<LoadFigures> {
    const question: LoadQuestion = { ask: "run", ms, ...(perSecond !== undefined && { perSecond }) };
    return this.#process.ask<LoadQuestion, LoadFigures>(question, ms + patienceMs);
  }

  stop(): Promise<void> {
    return this.#process.stop();
  }
}
