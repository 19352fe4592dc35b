import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { wiretap } from "../../runtime/repl/wiretap.js";
import type { ClientReceiver } from "../../runtime/transport/client-socket.js";
import { concat } from "../protocol/hex.js";
import { packet } from "../support/client.js";
import { deflated, push, response } from "./support/other-server.js";

/** What is heard of a stream that comes in these pieces, and what the client gets of it. */
async function heard(pieces: readonly Uint8Array[]) {
  const told: unknown[] = [];
  const received: Uint8Array[] = [];
  let ears: ClientReceiver | undefined;
  const dial = wiretap(
    () =>
      Promise.resolve({
        start: (receiver) => {
          ears = receiver;
        },
        send: () => {},
        close: () => {},
      }),
    1_000,
    {
      handshake: (answer) => void told.push(answer),
      push: (route) => void told.push(route),
    },
  );
  const socket = await dial(new AbortController().signal);
  socket.start({ receive: (bytes) => void received.push(bytes), closed: () => void told.push("closed") });
  for (const piece of pieces) {
    ears?.receive(piece);
  }
  ears?.closed(undefined);
  return { told, received: concat(...received) };
}

const answer = { code: 200, sys: { dict: { "A.Told": 258 } } };
const stream = (handshake: Uint8Array): Uint8Array =>
  concat(packet(1, handshake), packet(3), push(258, "x"), response(1, "y"), push("B.Told", deflated("z"), 0x10));
const plain = stream(new TextEncoder().encode(JSON.stringify(answer)));

describe("wiretap", () => {
  it("hears the handshake and the routes of pushes, however they are cut, and changes nothing", async () => {
    const told = [answer, "A.Told", "B.Told", "closed"];
    expect(await heard([plain])).toEqual({ told, received: plain });
    expect(await heard(Array.from(plain, (byte) => Uint8Array.of(byte)))).toEqual({ told, received: plain });
    for (let cut = 1; cut < plain.length; cut++) {
      expect((await heard([plain.slice(0, cut), plain.slice(cut)])).told).toEqual(told);
    }
    const packed = stream(deflated(JSON.stringify(answer)));
    expect(await heard([packed])).toEqual({ told, received: packed });
  });

  it("hears nothing more where a stream cannot be read on, and the client gets it all the same", async () => {
    const bomb = stream(deflated(JSON.stringify({ ...answer, user: "x".repeat(2_000) })));
    expect(await heard([bomb, push("C.Told", "")])).toEqual({
      told: ["closed"],
      received: concat(bomb, push("C.Told", "")),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array()), async (pieces) => {
        expect((await heard(pieces)).received).toEqual(concat(...pieces));
      }),
    );
  });
});
