/**
 * Keeps one object of those that say the same: the sessions of clients that are alike hold it together, and it is frozen. Only the newest
 * are remembered, because strangers choose what they say; one that is forgotten stays with those that have it.
 */
export class SharedValues<T extends object> {
  readonly #values: T[] = [];
  #next = 0;

  /** The object that says what `value` does: an older one, or this. Lists in it are compared by what they hold, other objects by what they are. */
  of(value: T): T {
    const same = this.#values.find((other) => areSame(other, value));
    if (same !== undefined) {
      return same;
    }
    for (const part of Object.values(value)) {
      if (Array.isArray(part)) {
        Object.freeze(part);
      }
    }
    this.#values[this.#next] = Object.freeze(value);
    this.#next = (this.#next + 1) % mostValues;
    return value;
  }
}

/** So many kinds of clients, of each version one or two, are told apart. */
const mostValues = 16;

function areSame(one: object, other: object): boolean {
  const entries = Object.entries(one);
  const parts = other as Readonly<Record<string, unknown>>;
  return (
    entries.length === Object.keys(other).length &&
    entries.every(([name, part]) => Object.hasOwn(other, name) && areSameParts(part, parts[name]))
  );
}

function areSameParts(one: unknown, other: unknown): boolean {
  return Array.isArray(one) && Array.isArray(other)
    ? one.length === other.length && one.every((item, index) => Object.is(item, other[index]))
    : Object.is(one, other);
}
