// nano: Response answers the last message of the session: a handler that answers later answers another request, and its own is
// never answered. An answer that comes twice, or never, is noticed by nobody. (session/session.go)

import { expect, it } from "vitest";
import { concat } from "../protocol/hex.js";
import { request } from "../support/client.js";
import { startServer } from "../support/server.js";
import { defer, until } from "../support/wait.js";

it("each answer is its own request's, whenever it comes, and there is one of each", async () => {
  const waiting = new Map<string, (text: string) => void>();
  const Ask = {
    order: "none" as const,
    handle: (_session: unknown, text: string) => {
      const { promise, resolve } = defer<string>();
      waiting.set(text, resolve);
      return promise;
    },
  };
  const test = await startServer({ services: { Late: { Ask } } });
  const client = await test.enter();
  client.send(concat(...[1, 2, 3, 4, 5].map((id) => request(id, "Late.Ask", `${id}`))));
  await until(() => waiting.size === 5);
  for (const text of ["4", "1", "5", "2", "3"]) {
    waiting.get(text)?.(`answer to ${text}`);
    // A second answer of the same handler is nothing.
    waiting.get(text)?.("another answer");
  }
  const answers = await client.messages(5);
  expect(answers.map(({ id, text }) => [id, text])).toEqual([4n, 1n, 5n, 2n, 3n].map((id) => [id, `answer to ${id}`]));
  expect(client.packets.length).toBe(0);
});
