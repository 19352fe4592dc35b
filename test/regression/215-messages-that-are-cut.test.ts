// nano: a message whose compressed route has fewer than two bytes is read past its end, which gives another's bytes or ends the
// process, for nobody recovers there. (internal/message) pinus pads a short packet with zeros, and takes it. pomelo: a
// connector dies without a word. (pomelo#958)

import { describe, expect, it } from "vitest";
import { hex } from "../protocol/hex.js";
import { packet, request } from "../support/client.js";
import { startServer, transportNames } from "../support/server.js";

const cut: [what: string, bytes: string][] = [
  ["no flag", ""],
  ["a request's flag alone", "00"],
  ["a request without the end of its id", "00 ff"],
  ["a request without a route", "00 01"],
  ["a request with a route that is cut", "00 01 08 'Echo.S'"],
  ["a request without a code", "01 01"],
  ["a request with half a code", "01 01 00"],
  ["a notify without a code", "03"],
  ["a notify with half a code", "03 00"],
  ["a notify with a route that is cut", "02 05 'E'"],
];

describe.each(transportNames)("over %s", (transport) => {
  it.each(cut)("%s closes its connection, and no other", async (_what, bytes) => {
    const test = await startServer({ transport });
    const [bad, good] = [await test.enter(), await test.enter()];
    // What could be read past the end: the next packet of the same chunk.
    bad.send(Buffer.concat([packet(4, hex(bytes)), request(1, "Echo.Say", "x")]));
    await bad.ended;
    expect(bad.packets.length).toBe(0);
    expect(test.server.counters).toMatchObject({ requests: 0, notifies: 0, closed: { invalid_message: 1 } });
    expect((await good.call(1, "Echo.Say", "still here")).text).toBe("still here");
  });
});
