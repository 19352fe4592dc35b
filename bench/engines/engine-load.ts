import type { LoadFigures } from "../load/load.js";
import { Tally } from "../load/tally.js";
import { answerParent } from "../parent-process.js";

/** Calls the other process, and calls back with what it answers. */
export type EngineCall = (request: Uint8Array, answered: (answer: Uint8Array) => void) => void;

/** What the parent asks the calling process of a bare engine. */
export interface EngineQuestion {
  readonly request: Uint8Array;
  /** How many calls are unanswered at any time. */
  readonly atOnce: number;
  readonly ms: number;
}

/** Has a process call another one, whenever its parent says so. */
export function serveCalls(call: EngineCall): void {
  answerParent<EngineQuestion>((question) => runCalls(call, question));
}

/** Every call that is answered is followed by another one, until the time is over. */
function runCalls(call: EngineCall, { request, atOnce, ms }: EngineQuestion): Promise<LoadFigures> {
  const tally = new Tally();
  tally.begin();
  const until = performance.now() + ms;
  return new Promise((resolve, reject) => {
    const next = (): void => {
      const sentAt = performance.now();
      tally.sent(1, request.length);
      call(request, (answer) => {
        const now = performance.now();
        if (Buffer.compare(answer, request) !== 0) {
          reject(new Error(`an answer of ${answer.length} bytes is not what was asked`));
        }
        tally.answered(1, answer.length);
        tally.took(now - sentAt);
        if (now < until) {
          next();
        } else if (tally.unanswered === 0) {
          resolve(tally.end());
        }
      });
    };
    for (let index = 0; index < atOnce; index++) {
      next();
    }
  });
}
