// Ours (runtime/cluster/peer.ts, runtime/server/guest-conversation.ts, runtime/session/session-changes.ts): what a node told of a client's handshake or of a session's data was parsed as it
// came, so that a part of it, a token perhaps, stood in the log by the parser's error; half of a change was taken over; and a second session under a number that was
// taken made the first one stay for ever. Found by fuzzing.

import { expect, test } from "vitest";
import { NanowireError } from "../../runtime/base/error.js";
import { SessionChanges } from "../../runtime/session/session-changes.js";
import { nodeLinkTarget } from "../fuzz/targets/node-link.js";
import { hex } from "../protocol/hex.js";

test.each([
  ["no JSON", '{"set":{"token":"hunter2"'],
  ["nothing", "null"],
  ["keys that are no list", '{"set":{"a":1},"gone":{"length":4294967295}}'],
  ["keys that are a number", '{"set":{"a":1},"gone":7}'],
])("a change of a session's data that is %s is refused whole, and not shown", (_, changes) => {
  const data = {};
  const apply = (): void => new SessionChanges().apply(changes, data, undefined);
  expect(apply).toThrow(NanowireError);
  expect(apply).toThrow(`${changes.length} characters are no change of a session's data`);
  expect(data).toEqual({});
});

test.each([
  [
    "a handshake that is no JSON",
    "00 2d 02 09 03 '123' 00 02 'ws' 09 '192.0.2.1' 00 08 'protobuf' 0f '{\"sys\":hunter2!'",
  ],
  [
    "two sessions of one number",
    `00 27 02 09 03 '123' 00 02 'ws' 09 '192.0.2.1' 00 08 'protobuf' 0a '{"sys":{}}'
        27 02 09 03 '124' 00 02 'ws' 09 '192.0.2.1' 00 08 'protobuf' 0a '{"sys":{}}'`,
  ],
])("the link to a node that says %s begins anew, and nothing stays", async (_, records) => {
  const target = await nodeLinkTarget.open();
  // It throws when anything but a NanowireError is logged, and when a session stays that nobody has.
  expect(await target.run(hex(records))).toBe(false);
  await target.close?.();
});
