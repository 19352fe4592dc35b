// How the load generator speaks to other servers, which need not be installed for it.

import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { peers } from "../../bench/cases/peers.js";
import { FrameAnswers, type OtherFrame } from "../../bench/load/frame-answers.js";
import { answerPeer, type PeerFormat, takeSeats } from "../../bench/load/peers.js";

/** A frame of a server: not masked. */
function frame(first: number, payload: Uint8Array): Uint8Array {
  const { length } = payload;
  const header =
    length < 126
      ? [first, length]
      : length < 0x10000
        ? [first, 126, length >> 8, length & 0xff]
        : [first, 127, 0, 0, 0, 0, 0, length >> 16, (length >> 8) & 0xff, length & 0xff];
  return Buffer.concat([Uint8Array.from(header), payload]);
}

describe("FrameAnswers", () => {
  const short = [3, 125, 126, 300].map((length) => new Uint8Array(length).fill(length & 0xff));
  const long = new Uint8Array(0x10000).fill(1);
  const other = Uint8Array.of(9, 9, 9, 9);

  it.each([
    ...[1, 2, 3, 7, 127, 128, 1_000_000].map((size) => ({ size, answers: short })),
    ...[4_099, 1_000_000].map((size) => ({ size, answers: [...short, long] })),
  ])("counts answers in their order, in pieces of $size bytes", ({ size, answers }) => {
    const stream = Buffer.concat([
      frame(0x89, other),
      ...answers.map((answer) => frame(0x82, answer)),
      frame(0x81, other),
      ...answers.map((answer) => frame(0x81, answer)),
      frame(0x82, answers[1] as Uint8Array),
    ]);
    const others: OtherFrame[] = [];
    const reader = new FrameAnswers(answers, ({ first, payload }) => others.push({ first, payload: payload.slice() }));
    let count = 0;
    for (let start = 0; start < stream.length; start += size) {
      const piece = Uint8Array.from(stream.subarray(start, start + size));
      count += reader.read(piece, 0, piece.length);
      piece.fill(0xee);
    }
    expect(count).toBe(2 * answers.length);
    expect(others.map(({ first }) => first)).toEqual([0x89, 0x81, 0x82]);
    expect([...(others[0]?.payload ?? [])]).toEqual([9, 9, 9, 9]);
    expect(others[2]?.payload).toHaveLength(125);
  });
});

describe("answerPeer", () => {
  function tell(format: PeerFormat, first: number, payload: Uint8Array): string[] {
    const log: string[] = [];
    answerPeer[format](
      {
        send: (bytes, opcode) => log.push(`${opcode.toString(16)} ${Buffer.from(bytes).toString("latin1")}`),
        opened: () => log.push("opened"),
        heartbeat: () => log.push("heartbeat"),
      },
      { first, payload },
    );
    return log;
  }
  const text = (value: string): Uint8Array => new TextEncoder().encode(value);

  it("enters socket.io's namespace, and answers its pings", () => {
    expect(tell("socket.io", 0x81, text('0{"sid":"a"}'))).toEqual(["81 40"]);
    expect(tell("socket.io", 0x81, text('40{"sid":"b"}'))).toEqual(["opened"]);
    expect(tell("socket.io", 0x81, text("2"))).toEqual(["81 3", "heartbeat"]);
    expect(() => tell("socket.io", 0x81, text('44{"message":"no"}'))).toThrow('socket.io sent 44{"message":"no"}');
  });

  it("joins Colyseus's room, and answers WebSocket's pings", () => {
    expect(tell("colyseus", 0x82, Uint8Array.of(10, 1, 65))).toEqual(["82 \n", "opened"]);
    expect(tell("colyseus", 0x89, text("x"))).toEqual(["8a x", "heartbeat"]);
    expect(() => tell("colyseus", 0x82, Uint8Array.of(11, 1))).toThrow("Colyseus sent 0b01");
  });
});

describe("takeSeats", () => {
  const server = createServer();
  afterEach(() => server.close());

  it("takes one after another, and says when there is none", async () => {
    let seats = 0;
    server.on("request", (request, response) => {
      seats++;
      const room = { processId: "p", roomId: "r" };
      const answer = seats <= 2 ? { room, sessionId: `${request.method}${seats}` } : { code: 4_210, error: "full" };
      response.end(JSON.stringify(answer));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    expect(await takeSeats(port, 2)).toEqual(["/p/r?sessionId=POST1", "/p/r?sessionId=POST2"]);
    await expect(takeSeats(port, 1)).rejects.toThrow('Colyseus gave no seat: {"code":4210,"error":"full"}');
  });
});

describe("peers", () => {
  it("compares each at 1 and at 16 in flight, over the same transport", () => {
    expect(peers.comparisons.map(({ name, baseline, subject }) => [name, baseline.name, subject.name])).toEqual(
      ["socket.io", "colyseus", "pinus", "uwebsockets"].flatMap((name) =>
        [1, 16].map((count) => [`${name}-${count}`, name, "nanowire"]),
      ),
    );
  });
});
