import { Hand } from "./generated/lobby/v1/lobby.js";

/** Rounds that decide the game. */
export const roundsToWin = 2;

/** What becomes of one round: 0 or 1 for the player who wins it; undefined: nobody does. */
export function winnerOf(one: Hand, other: Hand): 0 | 1 | undefined {
  if (one === other) {
    return undefined;
  }
  if (one === Hand.UNSPECIFIED || other === Hand.UNSPECIFIED) {
    return one === Hand.UNSPECIFIED ? 1 : 0;
  }
  return beats[one] === other ? 0 : 1;
}

/** Elo's reckoning: who beats somebody better gains more. Nobody goes below 0. */
export function ratingsAfter(winner: number, loser: number): { readonly winner: number; readonly loser: number } {
  const expected = 1 / (1 + 10 ** ((loser - winner) / 400));
  const gain = Math.max(1, Math.round(32 * (1 - expected)));
  return { winner: winner + gain, loser: Math.max(0, loser - gain) };
}

const beats: Readonly<Record<number, Hand>> = {
  [Hand.ROCK]: Hand.SCISSORS,
  [Hand.PAPER]: Hand.ROCK,
  [Hand.SCISSORS]: Hand.PAPER,
};
