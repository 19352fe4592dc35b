import { describe, expect, it, onTestFinished } from "vitest";
import { tcp } from "../../runtime/transport/tcp.js";
import { concat, hex, toHex } from "../protocol/hex.js";
import { KeptHost } from "../support/host.js";
import { openSocket } from "../support/link.js";
import { turn } from "../support/wait.js";
import { type Contract, networkContract, pattern, portContract, transportContract } from "./contract.js";

const contract: Contract = {
  title: "tcp",
  name: "tcp",
  create: (port = 0) => tcp({ host: "127.0.0.1", port }),
  url: /^tcp:\/\/127\.0\.0\.1:\d+$/,
  remoteAddress: "127.0.0.1",
};

transportContract(contract);
networkContract(contract);
portContract(contract);

describe("tcp: a client that says the last and goes on reading", () => {
  it("gets what it was answered, and then the end", async () => {
    const host = new KeptHost();
    host.onReceive = (wire, bytes) => void wire.outbox.send(concat(hex("aa"), bytes));
    const transport = contract.create();
    await transport.listen(host);
    onTestFinished(() => transport.close());
    const socket = await openSocket({ port: transport.address?.port as number });
    socket.end(hex("01 02 03"));
    const answer: Buffer[] = [];
    for await (const bytes of socket) {
      answer.push(bytes as Buffer);
    }
    expect(toHex(concat(...answer))).toBe("aa010203");
    const end = await host.accepted.next();
    await end.closed;
    expect([end.closings, end.violations]).toEqual([1, []]);
  });

  it("gets all that waited for it, though it did not read before", async () => {
    const host = new KeptHost();
    const transport = contract.create();
    await transport.listen(host);
    onTestFinished(() => transport.close());
    const socket = await openSocket({ port: transport.address?.port as number });
    socket.pause();
    const end = await host.accepted.next();
    const count = 120;
    for (let index = 0; index < count; index++) {
      end.wire.outbox.send(pattern(60_000, index));
      await turn();
    }
    expect(end.wire.outbox.waitingBytes).toBeGreaterThan(0);
    socket.end();
    let received = 0;
    for await (const bytes of socket) {
      received += (bytes as Buffer).length;
    }
    expect(received).toBe(count * 60_000);
    await end.closed;
  });
});
