// nano: a message on which a pipeline's step fails is dropped, on the way in and on the way out; the client waits for ever.
// (pipeline/pipeline.go) pitaya: what a check before the handler says is wrong comes out as the code for "unknown".
// (defaultpipelines/structvalidation)

import { expect, it } from "vitest";
import { NanowireError } from "../../runtime/base/error.js";
import { errorIn } from "../support/client.js";
import { startServer } from "../support/server.js";

const forbidden = () => {
  throw new NanowireError("forbidden", "not today");
};

it.each(["inbound", "outbound", "before", "after"] as const)(
  "a request on which a step fails is answered with its error: %s",
  async (way) => {
    let failing = true;
    const step = () => {
      if (failing) {
        forbidden();
      }
    };
    const test = await startServer({
      prepare(server) {
        const add = {
          inbound: () => server.inbound.pushBack(step),
          outbound: () => server.outbound.pushBack(step),
          before: () => server.hooks.before(step),
          after: () => server.hooks.after(step),
        };
        add[way]();
      },
    });
    const client = await test.enter();
    const refused = await client.call(1, "Echo.Say", "x");
    expect([refused.id, errorIn(refused.payload)]).toEqual([1n, { code: "forbidden", msg: "not today", metadata: {} }]);
    failing = false;
    expect((await client.call(2, "Echo.Say", "again")).text).toBe("again");
  },
);
