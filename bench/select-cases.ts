/** What of a case is looked at here. */
interface Named {
  readonly name: string;
  readonly comparisons: readonly { readonly name: string }[];
}

/**
 * The cases, or single comparisons of them, that are named: `ping-pong`, `ping-pong/tcp-16`. All when none is.
 *
 * @throws Error for a name that there is not
 */
export function selectCases<C extends Named>(cases: readonly C[], names: readonly string[]): readonly C[] {
  for (const name of names) {
    if (!cases.some((each) => namesOf(each).includes(name))) {
      throw new Error(`there is no case ${name}; there are ${cases.flatMap(namesOf).join(", ")}`);
    }
  }
  if (names.length === 0) {
    return cases;
  }
  return cases
    .map((each) => ({
      ...each,
      comparisons: each.comparisons.filter(
        (comparison) => names.includes(each.name) || names.includes(`${each.name}/${comparison.name}`),
      ),
    }))
    .filter(({ comparisons }) => comparisons.length > 0);
}

function namesOf({ name, comparisons }: Named): string[] {
  return [name, ...comparisons.map((comparison) => `${name}/${comparison.name}`)];
}
