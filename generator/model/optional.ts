/** `{ key: value }`, or `{}` when there is no value: what exactOptionalPropertyTypes wants. */
export function optional<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  const entry: { [P in K]?: V } = {};
  if (value !== undefined) {
    entry[key] = value;
  }
  return entry;
}
