const mostNames = 5;

/**
 * What to tell somebody who named a thing that is not there: `there is no Rom: there are Room, Lobby`. The names that are
 * nearest to his come first, five at the most.
 *
 * @param what what it is: `component Rom`
 * @param name the name that was given
 * @param known the names that there are
 */
export function noSuchName(what: string, name: string, known: Iterable<string>): string {
  const names = [...known]
    .map((candidate) => ({ candidate, distance: distanceOf(name.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)
    .map(({ candidate }) => candidate);
  const rest = names.length - mostNames;
  const told = names.slice(0, mostNames).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
  return `there is no ${what}: ${names.length === 0 ? "there is none at all" : `there are ${told}`}`;
}

/** Of a name that only begins as another one nothing is wrong. */
function distanceOf(name: string, candidate: string): number {
  return name !== "" && candidate.startsWith(name) ? 0 : editDistance(name, candidate);
}

/** How many letters must be added, taken out or changed to make one text of another. */
function editDistance(from: string, to: string): number {
  let last = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const changed = (last[j - 1] as number) + (from[i - 1] === to[j - 1] ? 0 : 1);
      row.push(Math.min((last[j] as number) + 1, (row[j - 1] as number) + 1, changed));
    }
    last = row;
  }
  return last[to.length] as number;
}
