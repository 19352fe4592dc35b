/** Names the headings of one page as git hosts do, so that a link holds there and here. */
export class Slugs {
  readonly #taken = new Map<string, number>();

  /** @returns what stands behind the `#` of a link to the heading */
  next(heading: string): string {
    const slug = heading
      .trim()
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, "")
      .replaceAll(" ", "-");
    const count = this.#taken.get(slug) ?? 0;
    this.#taken.set(slug, count + 1);
    return count === 0 ? slug : `${slug}-${count}`;
  }
}
