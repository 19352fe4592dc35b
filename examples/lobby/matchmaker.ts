/** Somebody who waits. */
export interface Seeker {
  readonly rating: number;
  /** Since when, in milliseconds of any steady clock. */
  readonly since: number;
}

/** By how much two may differ at once, and how much more for each second that the one waits who has waited longer. */
export const toleranceAtOnce = 50;
export const tolerancePerSecond = 50;

/**
 * Pairs those who wait: whoever has waited longest chooses first, the nearest of those that are near enough for one of both. In the order of ratings the nearest stand side by side, so
 * that each look is a short one.
 *
 * @returns the pairs; who is in none goes on waiting
 */
export function pair<S extends Seeker>(waiting: readonly S[], now: number): [S, S][] {
  const byRating = [...waiting].sort((left, right) => left.rating - right.rating);
  const pairs: [S, S][] = [];
  for (const seeker of [...waiting].sort((left, right) => left.since - right.since)) {
    const at = byRating.indexOf(seeker);
    const neighbours = [byRating[at - 1], byRating[at + 1]].filter((other) => other !== undefined);
    const [nearest] = neighbours.sort((left, right) => apart(seeker, left) - apart(seeker, right));
    if (at >= 0 && nearest !== undefined && apart(seeker, nearest) <= tolerance(seeker, nearest, now)) {
      pairs.push([seeker, nearest]);
      byRating.splice(byRating.indexOf(seeker), 1);
      byRating.splice(byRating.indexOf(nearest), 1);
    }
  }
  return pairs;
}

function apart(one: Seeker, other: Seeker): number {
  return Math.abs(one.rating - other.rating);
}

function tolerance(one: Seeker, other: Seeker, now: number): number {
  const waitedMs = now - Math.min(one.since, other.since);
  return toleranceAtOnce + (tolerancePerSecond * waitedMs) / 1_000;
}
