import type { Database } from "../sqlite/database.js";
import type { Row } from "../sqlite/statement.js";
import type { Message, Page } from "./generated/history/v1/room.js";

export const schema =
  "CREATE TABLE IF NOT EXISTS messages (id INTEGER PRIMARY KEY, name TEXT NOT NULL, text TEXT NOT NULL, at_ms INTEGER NOT NULL)";

/** As many as a page has. */
export const pageSize = 20;

/** What was said, in the database. */
export class Messages {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async keep(name: string, text: string, atMs: number): Promise<Message> {
    const [row] = await this.#database.run(
      "INSERT INTO messages (name, text, at_ms) VALUES (?, ?, ?) RETURNING *",
      name,
      text,
      atMs,
    );
    return messageOf(row as Row);
  }

  /** The last before a message, the oldest of them first. */
  async before(id = 1n << 62n): Promise<Page> {
    const rows = await this.#database.run(
      "SELECT * FROM messages WHERE id < ? ORDER BY id DESC LIMIT ?",
      id,
      pageSize + 1,
    );
    return { messages: rows.slice(0, pageSize).map(messageOf).reverse(), more: rows.length > pageSize };
  }

  /** Those with some words in them, the latest first. */
  async search(text: string): Promise<Page> {
    // Words are searched as they are: what LIKE takes for more than itself is made less.
    const pattern = `%${text.replace(/[\\%_]/g, "\\$&")}%`;
    const rows = await this.#database.run(
      "SELECT * FROM messages WHERE text LIKE ? ESCAPE '\\' ORDER BY id DESC LIMIT ?",
      pattern,
      pageSize + 1,
    );
    return { messages: rows.slice(0, pageSize).map(messageOf), more: rows.length > pageSize };
  }
}

function messageOf({ id, name, text, at_ms: atMs }: Row): Message {
  return { id: BigInt(id as number), name: String(name), text: String(text), atMs: BigInt(atMs as number) };
}
