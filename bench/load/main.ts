// The load generator: a process of its own, which does what its parent asks.

import { answerParent } from "../parent-process.js";
import type { LoadQuestion } from "./load.js";
import { LoadGenerator } from "./load-generator.js";

let generator: LoadGenerator | undefined;

answerParent<LoadQuestion>(async (question) => {
  if (question.ask === "connect") {
    generator = new LoadGenerator(question.options);
    return await generator.connect();
  }
  return await generator?.run(question.ms);
});
