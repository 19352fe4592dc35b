import { type BotsOptions, type BotsSettings, resolveBotsOptions } from "./bots-options.js";
import { Crew, type CrewDelta } from "./crew.js";
import { CrewProcesses } from "./crew-processes.js";
import { hrefOf, loadScenario } from "./load-scenario.js";
import { makeReport } from "./make-report.js";
import type { BotsReport } from "./report.js";
import { Results } from "./results.js";
import { judge } from "./threshold.js";

/**
 * Runs bots against a server, and reports. What bots and calls fail with is in the report; nothing of it is thrown.
 *
 * @throws NanowireError (as a rejection) `invalid_option` when an option is outside its limits, or the scenario cannot be loaded; no bot has begun then
 */
export async function runBots(options: BotsOptions): Promise<BotsReport> {
  const settings = resolveBotsOptions(options);
  const { clock, bots, processes, url, signal, thresholds } = settings;
  const results = new Results();
  const { name, crews } = await prepare(settings, results);
  const startedAt = new Date(clock.now()).toISOString();
  const beganAt = clock.steady();
  let endedBy: BotsReport["endedBy"] = "bots";
  const onAbort = (): void => {
    endedBy = "signal";
    crews.end();
  };
  const running = crews.run();
  if (signal?.aborted) {
    onAbort();
  }
  signal?.addEventListener("abort", onAbort);
  const stopTelling = tellProgress(settings, results, beganAt);
  await running;
  stopTelling();
  signal?.removeEventListener("abort", onAbort);
  const elapsedMs = clock.steady() - beganAt;
  if (endedBy === "bots" && settings.forMs !== undefined && elapsedMs >= settings.rampMs + settings.forMs) {
    endedBy = "time";
  }
  const measured = makeReport(results, {
    scenario: name,
    url,
    planned: bots,
    processes,
    startedAt,
    elapsedMs,
    endedBy,
  });
  const verdicts = thresholds.map((threshold) => judge(threshold, results, elapsedMs));
  return { ...measured, thresholds: verdicts, passed: verdicts.every(({ holds }) => holds) };
}

/** Who runs the bots. */
interface Crews {
  run(): Promise<void>;
  end(): void;
}

async function prepare(
  settings: BotsSettings,
  results: Results,
): Promise<{ readonly name: string; readonly crews: Crews }> {
  const { scenario: given, url, processes, clock } = settings;
  const { bots, rampMs, forMs, graceMs, seed } = settings;
  const plan = { bots, rampMs, forMs, graceMs, seed };
  const isModule = typeof given === "string" || given instanceof URL;
  if (processes > 1 && isModule && typeof url === "string") {
    const crews = new CrewProcesses({
      processes,
      scenario: hrefOf(given),
      url,
      plan,
      onDelta: (delta, crew) => results.add(delta, crew),
      onLost: (crew, error) => results.lose(crew, error),
    });
    return { name: await crews.load(), crews };
  }
  const scenario = isModule ? await loadScenario(given) : given;
  const onDelta = (delta: CrewDelta): void => results.add(delta, 0);
  return { name: scenario.name, crews: new Crew({ ...plan, crew: 0, crews: 1, scenario, url, clock, onDelta }) };
}

/** @returns ends it */
function tellProgress({ clock, bots, onProgress }: BotsSettings, results: Results, beganAt: number): () => void {
  let toldAt = beganAt;
  return clock.every(1_000, () => {
    const now = clock.steady();
    onProgress(results.progress(bots, now - beganAt, now - toldAt));
    toldAt = now;
  });
}
