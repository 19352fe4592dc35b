import type { Clients } from "./clients.js";

/** What is tried first, requests a second: whatever it is, a cluster bears that. */
const leastPerSecond = 250;

/** How often the interval is halved in which the answer is: to a sixteenth of the greatest load that is borne. */
const halvings = 4;

/** What is unanswered when a round is over may take so long, in milliseconds. Where more comes than is answered, it takes longer, the longer the round is. */
const tailMs = 50;

/**
 * The greatest load that is borne: how many requests a second, evenly spread whether they are answered or not, are answered as fast as they come. What clients get answered
 * that wait for their answers is another figure: they ask in batches, which cost less.
 */
export async function mostPerSecond(clients: Clients, roundMs: number): Promise<number> {
  let borne = leastPerSecond;
  while (await bears(clients, roundMs, borne * 2)) {
    borne *= 2;
  }
  let tooMuch = borne * 2;
  for (let halving = 0; halving < halvings; halving++) {
    const between = (borne + tooMuch) / 2;
    if (await bears(clients, roundMs, between)) {
      borne = between;
    } else {
      tooMuch = between;
    }
  }
  return borne;
}

/** It is tried twice: something else may have used the cores. */
async function bears(clients: Clients, ms: number, perSecond: number): Promise<boolean> {
  for (let attempt = 0; attempt < 2; attempt++) {
    const { elapsedMs } = await clients.run(ms, perSecond);
    if (elapsedMs <= ms + tailMs) {
      return true;
    }
  }
  return false;
}
