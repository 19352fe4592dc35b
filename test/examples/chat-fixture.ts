import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { silentLogger } from "nanowire";
import { type ClientConnection, connect } from "nanowire/client";
import { expect } from "vitest";
import { type Chat, type ChatOptions, startChat } from "../../examples/chat/server.js";
import { RoomClient, RoomEventsClient } from "../../generated/chat/v1/room.client.js";
import { dictVersion } from "../../generated/routes.js";

export const root = fileURLToPath(new URL("../..", import.meta.url));

/** A directory that is there until it is removed. */
export interface TemporaryDirectory {
  readonly path: string;
  remove(): Promise<void>;
}

/** The page of an example, bundled as the build does it. */
export async function bundlePage(example = "chat"): Promise<TemporaryDirectory> {
  const path = await mkdtemp(join(tmpdir(), "nanowire-page-"));
  await promisify(execFile)(process.execPath, [join(root, "scripts/bundle-page.js"), example, path]);
  return { path, remove: () => rm(path, { recursive: true }) };
}

/** A chat on free ports of this machine. */
export function startTestChat(pageDirectory: string, options: Partial<ChatOptions> = {}): Promise<Chat> {
  return startChat({ port: 0, tcpPort: 0, host: "127.0.0.1", logger: silentLogger, pageDirectory, ...options });
}

/** Things that happen, in order; each is asked for once. */
export class Events {
  readonly #happened: string[] = [];
  #wake: () => void = () => {};

  add(event: string): void {
    this.#happened.push(event);
    this.#wake();
  }

  /** The next one, when it has happened. */
  async next(): Promise<string> {
    for (;;) {
      const event = this.#happened.shift();
      if (event !== undefined) {
        return event;
      }
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Those that have happened and were not asked for. */
  rest(): string[] {
    return this.#happened.splice(0);
  }
}

/** Somebody with the typed client. */
export class Guest {
  readonly connection: ClientConnection;
  readonly room: RoomClient;
  readonly heard = new Events();

  private constructor(connection: ClientConnection) {
    this.connection = connection;
    this.room = new RoomClient(connection);
    const events = new RoomEventsClient(connection);
    events.onJoined(({ name }) => this.heard.add(`${name} joined`));
    events.onSaid(({ name, text }) => this.heard.add(`${name}: ${text}`));
    events.onLeft(({ name }) => this.heard.add(`${name} left`));
  }

  static async connect(url: string): Promise<Guest> {
    return new Guest(await connect(url, { dictVersion }));
  }

  async join(name: string): Promise<string[]> {
    return (await this.room.join({ name })).members;
  }

  /** What was heard up to now: an answer comes after everything that was sent before it. */
  async heardSoFar(): Promise<string[]> {
    await this.room.join({ name: "" }).catch(() => undefined);
    return this.heard.rest();
  }
}

/** Asks again and again until what comes is what is expected: `await eventually(() => page.title()).toBe("…")`. */
export function eventually<T>(ask: () => T) {
  return expect.poll(ask, { timeout: 15_000 });
}

/** The code of the error that a promise is rejected with; fails when it is not. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    (value) => Promise.reject(new Error(`an error was expected, and ${JSON.stringify(value)} came`)),
    (reason: unknown) => reason,
  );
  return String((error as { readonly code?: unknown }).code);
}
