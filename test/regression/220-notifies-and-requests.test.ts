// pitaya: a notify that is sent to a handler of requests is warned of and handled all the same. (pkg/service/handler.go)

import { expect, it } from "vitest";
import { errorIn, notify } from "../support/client.js";
import { startServer } from "../support/server.js";

it("a message of the other kind is not handled: a request is answered with that, a notify counted", async () => {
  const handled: string[] = [];
  const handle = (_session: unknown, text: string) => {
    handled.push(text);
    return text;
  };
  const test = await startServer({ services: { A: { Ask: handle, Tell: { handle, kind: "notify" } } } });
  const client = await test.enter();
  expect(errorIn((await client.call(1, "A.Tell", "as a request")).payload).code).toBe("wrong_kind");
  client.send(notify("A.Ask", "as a notify"));
  client.send(notify("A.Tell", "right"));
  expect((await client.call(2, "A.Ask", "right, too")).text).toBe("right, too");
  expect(handled).toEqual(["right", "right, too"]);
  expect(test.server.counters.failed).toEqual({ wrong_kind: 2 });
});
