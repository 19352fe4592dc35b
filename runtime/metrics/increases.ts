import type { LabelValues } from "./metric.js";

/** By how much counts have grown since they were last asked for: for those to whom only that is told. */
export class Increases {
  readonly #before = new Map<string, number>();

  since(name: string, labels: LabelValues, value: number): number {
    const key = JSON.stringify([name, labels]);
    const increase = value - (this.#before.get(key) ?? 0);
    this.#before.set(key, value);
    return increase;
  }
}
