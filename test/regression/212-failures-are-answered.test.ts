// nano: a handler's error, a panic, an unknown route, a payload that cannot be read: each is logged, and the client waits for
// ever, for the protocol has no error. (cluster/handler.go) pitaya: the text of a panic goes to the client.
// (pkg/service/handler.go) colyseus: a message of an unknown type closes the connection. (core/src/Room.ts)

import { expect, it } from "vitest";
import { NanowireError } from "../../runtime/base/error.js";
import { errorIn } from "../support/client.js";
import { startServer, transportNames } from "../support/server.js";
import type { Services } from "../support/service.js";

const services: Services = {
  A: {
    Say: (_session, text) => text,
    Refuse() {
      throw new NanowireError("room_full", "the room holds 8 already", { details: { limit: "8" } });
    },
    Panic() {
      throw new TypeError("password s3cret of the database is wrong");
    },
    async Reject() {
      throw new Error("password s3cret of the database is wrong");
    },
    Number: () => Promise.reject(7),
  },
};

it.each(transportNames)(
  "whatever goes wrong with a request is its answer, and the next is handled, over %s",
  async (transport) => {
    const test = await startServer({ services, transport });
    const client = await test.enter();
    const routes = ["A.Refuse", "A.Panic", "A.Reject", "A.Number", "A.Nothing", "B.Say"];
    const answers = [];
    for (const [index, route] of routes.entries()) {
      answers.push(await client.call(index + 1, route, "x"));
    }
    answers.push(await client.call(7, "A.Say", Uint8Array.of(0xff)));
    expect(answers.map(({ id }) => id)).toEqual([1n, 2n, 3n, 4n, 5n, 6n, 7n]);
    expect(answers.map(({ flag }) => flag & 0x20)).toEqual(Array(7).fill(0x20));
    const errors = answers.map(({ payload }) => errorIn(payload));
    expect(errors.map(({ code }) => code)).toEqual([
      "room_full",
      "internal",
      "internal",
      "internal",
      "unknown_route",
      "unknown_route",
      "invalid_payload",
    ]);
    expect(errors[0]).toEqual({ code: "room_full", msg: "the room holds 8 already", metadata: { limit: "8" } });
    expect(JSON.stringify(errors)).not.toContain("s3cret");
    expect((await client.call(8, "A.Say", "still here")).text).toBe("still here");
    expect(test.server.counters.closed).toEqual({});
  },
);
