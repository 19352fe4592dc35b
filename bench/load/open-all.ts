/** So many connections are on their way at once. */
const openingAtOnce = 16;

/**
 * Opens connections, a few at a time.
 *
 * @param openNext begins to open one more
 * @returns to be called whenever one is open: it returns whether all are
 */
export function openAll(connections: number, openNext: () => void): () => boolean {
  let begun = 0;
  let open = 0;
  const begin = (): void => {
    if (begun < connections) {
      begun++;
      openNext();
    }
  };
  for (let index = 0; index < openingAtOnce; index++) {
    begin();
  }
  return () => {
    open++;
    begin();
    return open === connections;
  };
}
