/** What the server's thread asks of the database's. */
export interface Statement {
  readonly id: number;
  readonly sql: string;
  readonly values: readonly Value[];
}

/** What comes back: the rows, or why there are none. */
export interface Outcome {
  readonly id: number;
  readonly rows?: readonly Row[];
  readonly error?: string;
}

/** What SQLite keeps in a column. */
export type Value = number | bigint | string | Uint8Array | null;

/** One row, by the names of its columns. */
export type Row = Readonly<Record<string, Value>>;
