import type { Socket } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { Turn } from "../../runtime/base/turn.js";
import { HandshakeGate } from "../../runtime/transport/handshake-gate.js";
import { tcp } from "../../runtime/transport/tcp.js";
import { makeCertificate } from "../support/certificate.js";
import { KeptHost } from "../support/host.js";
import { openSocket } from "../support/link.js";
import { turn, until } from "../support/wait.js";

/** A turn that ends when it is told to. */
function handTurn() {
  const ends: (() => void)[] = [];
  const hand = new Turn((task) => void ends.push(task));
  return { turn: hand, ends, end: () => ends.shift()?.() };
}

describe("the gate before TLS handshakes", () => {
  function gateOf() {
    const { turn: hand, ends, end } = handTurn();
    const gate = new HandshakeGate(hand);
    const entered: number[] = [];
    const queue = (name: number, isThere = true): void => {
      gate.queue({
        enter() {
          entered.push(name);
          return isThere;
        },
      });
    };
    return { queue, entered, ends, end };
  }

  it("lets nobody in before the turn is over, and then a few a turn, in order", () => {
    const { queue, entered, end } = gateOf();
    for (let name = 0; name < 10; name++) {
      queue(name);
    }
    expect(entered).toEqual([]);
    end();
    expect(entered).toEqual([0, 1, 2, 3]);
    queue(10);
    end();
    end();
    expect(entered).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it("does not count those who have gone", () => {
    const { queue, entered, end } = gateOf();
    for (let name = 0; name < 20; name++) {
      queue(name, name % 2 === 1);
    }
    end();
    expect(entered).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it("asks for no turn when nobody waits", () => {
    const { queue, entered, ends, end } = gateOf();
    queue(1);
    end();
    expect([entered, ends.length]).toEqual([[1], 0]);
    queue(2);
    end();
    expect([entered, ends.length]).toEqual([[1, 2], 0]);
  });
});

it("a storm of TLS clients is let in a few a turn: a turn goes on with who is there", async () => {
  const { turn: hand, ends, end } = handTurn();
  const host = Object.assign(new KeptHost(), { turn: hand });
  const transport = tcp({ host: "127.0.0.1", port: 0, tls: makeCertificate("localhost") });
  await transport.listen(host);
  onTestFinished(() => transport.close());
  const port = transport.address?.port as number;
  let answered = 0;
  const storm = Array.from({ length: 12 }, async (): Promise<Socket> => {
    const socket = await openSocket({ port, tls: {} });
    answered++;
    return socket;
  });
  await until(() => host.places.length === 12);
  for (let round = 0; round < 20; round++) {
    await turn();
  }
  const counts = [answered];
  while (ends.length > 0) {
    const expected = answered + 4;
    end();
    await until(() => answered >= expected);
    for (let round = 0; round < 20; round++) {
      await turn();
    }
    counts.push(answered);
  }
  expect(counts).toEqual([0, 4, 8, 12]);
  (await Promise.all(storm)).map((socket) => socket.destroy());
});
