// The load generator: a process of its own, which does what its parent asks.

import { answerParent } from "../parent-process.js";
import { BroadcastLoad } from "./broadcast-load.js";
import { BurstLoad } from "./burst-load.js";
import type { Load, LoadOptions, LoadQuestion } from "./load.js";
import { LoadGenerator } from "./load-generator.js";
import { QuietLoad } from "./quiet-load.js";
import { VisitorLoad } from "./visitor-load.js";

const loads: Readonly<Record<LoadOptions["work"], new (options: LoadOptions) => Load>> = {
  "ping-pong": LoadGenerator,
  broadcast: BroadcastLoad,
  visits: VisitorLoad,
  bursts: BurstLoad,
  quiet: QuietLoad,
};

let load: Load | undefined;

answerParent<LoadQuestion>(async (question) => {
  if (question.ask === "connect") {
    load = new loads[question.options.work](question.options);
    return await load.connect();
  }
  return question.ask === "heartbeats" ? load?.heartbeats : await load?.run(question.ms, question.perSecond);
});
