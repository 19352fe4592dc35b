import { describe, expect, it, onTestFinished, vi } from "vitest";
import { NanowireError } from "../../runtime/base/error.js";
import type { Transport } from "../../runtime/transport/transport.js";
import { concat, toHex } from "../protocol/hex.js";
import { Client, packet } from "../support/client.js";
import { type AcceptedWire, KeptHost } from "../support/host.js";
import { type LinkOptions, openLink } from "../support/link.js";
import { fakeTimeouts } from "../support/timeouts.js";
import { turn, until } from "../support/wait.js";

/** What is special about a transport. */
export interface Contract {
  /** What the tests call it. */
  readonly title: string;
  /** What it calls itself. */
  readonly name: string;
  /** What its wires are called. Default: as it is itself */
  readonly wire?: string;
  /** Makes one; `port` 0 unless told. */
  create(port?: number): Transport;
  /** What its address looks like. */
  readonly url: RegExp;
  readonly remoteAddress: string;
  /** How its clients connect. */
  readonly link?: LinkOptions;
  /** Whether a client has to say something before it is there. */
  readonly clientFirst?: true;
}

/** The contract of {@link Transport} and {@link Wire}: the same for everything that carries connections. */
export function transportContract(contract: Contract): void {
  const { title, name, wire = name, create, url, remoteAddress, link } = contract;
  const { connected, connect } = helpersFor(contract);

  describe(`${title}: the bytes`, () => {
    it("come to the server in order, however they are cut", async () => {
      const { client, end } = await connected();
      const stream = pattern(3_000);
      for (let offset = 0, size = 1; offset < stream.length; offset += size, size = (size * 7) % 97) {
        client.send(stream.slice(offset, offset + size));
      }
      expect(toHex(await end.bytes(3_000))).toBe(toHex(stream));
    });

    it("come one by one, each as it is sent", async () => {
      const { client, end } = await connected();
      for (let count = 1; count <= 8; count++) {
        client.send(Uint8Array.of(count));
        expect(await end.bytes(count)).toHaveLength(count);
      }
      expect(toHex(await end.bytes(8))).toBe("0102030405060708");
    });

    it("come to the client in order, many packets of every size", async () => {
      const { client, end } = await connected();
      const sizes = Array.from({ length: 500 }, (_, index) => (index * index) % 1_009);
      for (const [index, size] of sizes.entries()) {
        end.wire.outbox.send(packet(4, pattern(size + 1, index)));
      }
      for (const [index, size] of sizes.entries()) {
        expect(toHex((await client.packet()).body)).toBe(toHex(pattern(size + 1, index)));
      }
    });

    it("go both ways at once", async () => {
      const host = new KeptHost();
      host.onReceive = (wire, bytes) => void wire.outbox.send(bytes.slice());
      const { client } = await connected(host);
      const sent = Array.from({ length: 300 }, (_, index) => packet(4, pattern((index * 37) % 513, index)));
      for (const each of sent) {
        client.send(each);
      }
      for (const each of sent) {
        expect(toHex((await client.packet()).body)).toBe(toHex(each.subarray(4)));
      }
    });

    it("may be megabytes in one go to the client", async () => {
      const { client, end } = await connected();
      const body = pattern(3_000_000);
      end.wire.outbox.send(packet(4, body));
      const received = await client.packet();
      expect(Buffer.compare(received.body, body)).toBe(0);
    });

    it("may be as many as a packet holds to the server", async () => {
      const { client, end } = await connected();
      const whole = packet(4, pattern(65_536));
      client.send(whole);
      expect(Buffer.compare(await end.bytes(whole.length), whole)).toBe(0);
      expect(end.violations).toEqual([]);
    });

    it("that were handed on are not written again", async () => {
      const { client, end } = await connected();
      client.send(pattern(1_000, 1));
      const first = (await end.bytes(1_000)).slice();
      for (let index = 0; index < 50; index++) {
        client.send(pattern(1_000, index + 2));
      }
      await end.bytes(51_000);
      expect(Buffer.compare(concat(...end.pieces).subarray(0, 1_000), first)).toBe(0);
    });

    it("of one turn go out in one write, and the buffer can be filled again at once", async () => {
      const { client, end } = await connected();
      const first = Array.from({ length: 100 }, (_, index) => packet(4, pattern(10, index)));
      const second = Array.from({ length: 100 }, (_, index) => packet(5, pattern(10, index)));
      for (const each of first) {
        end.wire.outbox.send(each);
      }
      await until(() => client.packets.length === 100);
      expect(client.deliveries.map(toHex)).toEqual([toHex(concat(...first))]);
      for (const each of second) {
        end.wire.outbox.send(each);
      }
      await until(() => client.packets.length === 200);
      expect(client.deliveries.map(toHex)).toEqual([toHex(concat(...first)), toHex(concat(...second))]);
    });

    it("are not sent before the turn is over", async () => {
      const { end } = await connected();
      const writes = vi.spyOn(end.wire as unknown as { write(): number }, "write");
      end.wire.outbox.send(packet(4, "a"));
      expect(end.wire.outbox.waitingBytes).toBe(5);
      end.wire.outbox.send(packet(4, "b"));
      expect(writes).not.toHaveBeenCalled();
      expect(end.wire.outbox.waitingBytes).toBe(10);
      await until(() => end.wire.outbox.waitingBytes === 0);
      expect(writes).toHaveBeenCalledTimes(1);
    });
  });

  describe(`${title}: pausing`, () => {
    it("stops what is handed on, and loses nothing", async () => {
      const { client, end } = await connected();
      client.send(pattern(10));
      await end.bytes(10);
      end.wire.pause();
      client.send(pattern(2_000));
      await roundTrip(end, client);
      expect(end.length).toBe(10);
      end.wire.resume();
      expect(toHex((await end.bytes(2_010)).subarray(10))).toBe(toHex(pattern(2_000)));
    });

    it("can be done again and again, in the middle of what arrives", async () => {
      const host = new KeptHost();
      const { client, end } = await connected(host);
      const stream = pattern(200_000);
      host.onReceive = (wire) => {
        wire.pause();
        setImmediate(() => wire.resume());
      };
      for (let offset = 0; offset < stream.length; offset += 1_000) {
        client.send(stream.slice(offset, offset + 1_000));
      }
      expect(Buffer.compare(await end.bytes(stream.length), stream)).toBe(0);
    });

    it("twice, and going on twice, is as once", async () => {
      const { client, end } = await connected();
      end.wire.pause();
      end.wire.pause();
      client.send(pattern(10));
      await roundTrip(end, client);
      end.wire.resume();
      end.wire.resume();
      expect(toHex(await end.bytes(10))).toBe(toHex(pattern(10)));
      expect(end.length).toBe(10);
    });

    it("does not hold back what goes out", async () => {
      const { client, end } = await connected();
      end.wire.pause();
      end.wire.outbox.send(packet(4, "out"));
      expect((await client.packet()).body).toEqual(new Uint8Array(Buffer.from("out")));
    });

    it("does not keep a connection from being closed, long before it would be cut off", async () => {
      fakeTimeouts();
      const { client, end } = await connected();
      end.wire.pause();
      client.send(pattern(100));
      end.wire.outbox.send(packet(5, "{}"));
      end.wire.close(new NanowireError("closed", "enough"));
      await Promise.all([client.ended, end.closed]);
      expect([client.packets.length, end.length, end.closings]).toEqual([1, 0, 1]);
    });
  });

  describe(`${title}: closing`, () => {
    it("writes first what waits, and tells each side once", async () => {
      const { client, end } = await connected();
      const waiting = Array.from({ length: 50 }, (_, index) => packet(4, pattern(index)));
      for (const each of waiting) {
        end.wire.outbox.send(each);
      }
      end.wire.close(new NanowireError("closed", "enough"));
      await Promise.all([client.ended, end.closed]);
      expect(toHex(concat(...client.deliveries))).toBe(toHex(concat(...waiting)));
      await turn();
      expect([client.endings, end.closings]).toEqual([1, 1]);
    });

    it("writes megabytes that wait", async () => {
      const { client, end } = await connected();
      const body = pattern(2_000_000);
      end.wire.outbox.send(packet(4, body));
      end.wire.close(new NanowireError("closed", "enough"));
      const received = await client.packet();
      expect(Buffer.compare(received.body, body)).toBe(0);
      await Promise.all([client.ended, end.closed]);
    });

    it("twice is as once", async () => {
      const { client, end } = await connected();
      end.wire.close(new NanowireError("closed", "enough"));
      end.wire.close(new NanowireError("kicked", "again"));
      await Promise.all([client.ended, end.closed]);
      end.wire.close(new NanowireError("kicked", "after it was gone"));
      await turn();
      expect([client.endings, end.closings]).toEqual([1, 1]);
    });

    it("drops what arrives after it", async () => {
      const { client, end } = await connected();
      client.send(pattern(10));
      await end.bytes(10);
      end.wire.close(new NanowireError("closed", "enough"));
      client.send(pattern(10));
      await Promise.all([client.ended, end.closed]);
      expect(end.length).toBe(10);
    });

    it("takes nothing more to be sent", async () => {
      const { client, end } = await connected();
      end.wire.close(new NanowireError("closed", "enough"));
      expect(end.wire.outbox.send(packet(4, "late"))).toBe(false);
      await Promise.all([client.ended, end.closed]);
      expect(end.wire.outbox.send(packet(4, "later"))).toBe(false);
      expect(end.wire.outbox.waitingBytes).toBe(0);
      expect(client.packets.length).toBe(0);
    });

    it("by the client is told once, and what it said before is handed on", async () => {
      const { client, end } = await connected();
      client.send(pattern(5_000));
      await end.bytes(5_000);
      client.link.end();
      await end.closed;
      await turn();
      expect([end.closings, end.length, end.violations.length]).toEqual([1, 5_000, 0]);
    });

    it("by the client's sudden death is told once", async () => {
      const { client, end } = await connected();
      client.send(pattern(10));
      await end.bytes(10);
      client.link.destroy();
      await end.closed;
      await turn();
      expect([end.closings, end.violations.length]).toEqual([1, 0]);
      expect(end.wire.outbox.send(packet(4, "to nobody"))).toBe(false);
    });

    it("by both at once is told once", async () => {
      const { client, end } = await connected();
      client.link.end();
      end.wire.close(new NanowireError("closed", "enough"));
      await end.closed;
      await turn();
      expect(end.closings).toBe(1);
    });

    it("one connection leaves the others as they are", async () => {
      const { transport, host, client, end } = await connected();
      const other = await connect(transport, host);
      end.wire.close(new NanowireError("closed", "enough"));
      await Promise.all([client.ended, end.closed]);
      other.client.send(pattern(10));
      expect(toHex(await other.end.bytes(10))).toBe(toHex(pattern(10)));
      await roundTrip(other.end, other.client);
      expect(other.end.closings).toBe(0);
    });
  });

  describe(`${title}: the outbox's limit`, () => {
    it("closes the connection that would hold more, and only that", async () => {
      const host = new KeptHost(65_536, 4_096);
      const { transport, client, end } = await connected(host);
      const other = await connect(transport, host);
      end.wire.outbox.send(new Uint8Array(4_096));
      expect(end.violations).toEqual([]);
      end.wire.outbox.send(new Uint8Array(1));
      expect(end.violations.map(({ code, message }) => [code, message])).toEqual([
        ["outbox_overflow", "4097 bytes wait, more than maxOutboxBytes 4096"],
      ]);
      expect(end.wire.outbox.waitingBytes).toBe(0);
      await Promise.all([client.ended, end.closed]);
      expect(client.deliveries).toEqual([]);
      await roundTrip(other.end, other.client);
    });
  });

  describe(`${title}: listening`, () => {
    it("has an address while it listens, and none before and after", async () => {
      const transport = create();
      expect(transport.name).toBe(name);
      expect(transport.address).toBeUndefined();
      await transport.listen(new KeptHost());
      expect(transport.address).toMatchObject({ transport: name, url: expect.stringMatching(url) });
      await transport.close();
      expect(transport.address).toBeUndefined();
    });

    it("tells where a client comes from", async () => {
      const { end } = await connected();
      expect([end.wire.transport, end.wire.remoteAddress]).toEqual([wire, remoteAddress]);
    });

    it("can be closed without having listened, and twice", async () => {
      const transport = create();
      await transport.close();
      await transport.listen(new KeptHost());
      await transport.close();
      await transport.close();
      expect(transport.address).toBeUndefined();
    });

    it("takes nobody any more once it is closed, and those who are there stay", async () => {
      const { transport, client, end } = await connected();
      const { address } = transport;
      await transport.close();
      const closed = { ...transport, name, address, dial: dialOf(transport) } as Transport;
      await expect(openLink(closed, link)).rejects.toThrow();
      client.send(pattern(10));
      expect(toHex(await end.bytes(10))).toBe(toHex(pattern(10)));
      await roundTrip(end, client);
    });

    it("can begin and end again and again, each time for another host", async () => {
      const transport = create();
      for (let round = 0; round < 3; round++) {
        const host = new KeptHost();
        await transport.listen(host);
        const { client, end } = await connect(transport, host);
        client.send(Uint8Array.of(round));
        expect(await end.bytes(1)).toEqual(Uint8Array.of(round));
        await roundTrip(end, client);
        client.link.end();
        await end.closed;
        await transport.close();
      }
    });
  });
}

/** What goes beyond it for a transport with ports, and sockets that fill up. */
export function networkContract(contract: Contract): void {
  const { title } = contract;
  const { connected, connect } = helpersFor(contract);

  describe(`${title}: a network that fills up`, () => {
    it("fills the sender's socket up, and nothing is held here", async () => {
      const host = new KeptHost(4 * 1_048_576);
      const { client, end } = await connected(host);
      end.wire.pause();
      const piece = pattern(1_048_576);
      let sent = 0;
      while (client.link.unsentBytes < 4_000_000) {
        client.send(piece);
        sent += piece.length;
        await turn();
      }
      // What had begun to be read when it was paused, and no more.
      expect(end.length).toBeLessThanOrEqual(65_536);
      end.wire.resume();
      const received = await end.bytes(sent);
      expect(received).toHaveLength(sent);
      expect(Buffer.compare(received.subarray(sent - piece.length), piece)).toBe(0);
    });

    it("closes a client that does not read, in bounded memory; the others are served", async () => {
      fakeTimeouts();
      const limit = 1_048_576;
      const host = new KeptHost(65_536, limit);
      const { transport, client, end } = await connected(host);
      const other = await connect(transport, host);
      client.link.stopReading();
      const piece = packet(4, pattern(65_000));
      let most = 0;
      while (end.violations.length === 0) {
        end.wire.outbox.send(piece);
        most = Math.max(most, end.wire.outbox.waitingBytes);
        await roundTrip(other.end, other.client);
      }
      expect(end.violations.map(({ code }) => code)).toEqual(["outbox_overflow"]);
      expect(most).toBeGreaterThan(limit / 2);
      expect(most).toBeLessThanOrEqual(limit);
      expect(end.wire.outbox.send(piece)).toBe(false);
      await roundTrip(other.end, other.client);
      // It does not hang up either: it is cut off.
      vi.advanceTimersByTime(1_999);
      await roundTrip(other.end, other.client);
      expect(end.closings).toBe(0);
      vi.advanceTimersByTime(1);
      await end.closed;
      expect([end.closings, other.end.closings]).toEqual([1, 0]);
    });

    it("is not reached by a client that reads late: it gets everything, in order", async () => {
      const { client, end } = await connected();
      client.link.stopReading();
      const count = 100;
      for (let index = 0; index < count; index++) {
        end.wire.outbox.send(packet(4, pattern(60_000, index)));
        await turn();
      }
      expect(end.wire.outbox.waitingBytes).toBeGreaterThan(0);
      client.link.readOn();
      for (let index = 0; index < count; index++) {
        expect(Buffer.compare((await client.packet()).body, pattern(60_000, index))).toBe(0);
      }
      await until(() => end.wire.outbox.waitingBytes === 0);
      expect(end.violations).toEqual([]);
    });
  });
}

/** What goes beyond it for a transport with a port. */
export function portContract(contract: Contract): void {
  const { title, create } = contract;
  const { connect } = helpersFor(contract);

  describe(`${title}: ports`, () => {
    it("frees its port at once", async () => {
      const first = create();
      await first.listen(new KeptHost());
      const port = first.address?.port as number;
      expect(port).toBeGreaterThan(0);
      await first.close();
      const second = create(port);
      await second.listen(new KeptHost());
      expect(second.address?.port).toBe(port);
      await second.close();
    });

    it("fails on a port that is taken, and can be tried again", async () => {
      const first = create();
      await first.listen(new KeptHost());
      const port = first.address?.port as number;
      const second = create(port);
      const failure = second.listen(new KeptHost());
      await expect(failure).rejects.toMatchObject({ code: "listen_failed", scope: "startup" });
      await expect(failure).rejects.toThrow(`cannot listen on 127.0.0.1:${port}: listen EADDRINUSE`);
      expect(second.address).toBeUndefined();
      await first.close();
      const host = new KeptHost();
      await second.listen(host);
      const { client, end } = await connect(second, host);
      await roundTrip(end, client);
      await second.close();
    });

    it.each([-1, 65_536, 1.5, Number.NaN])("refuses the port %d", (port) => {
      const message = `port ${port} is not an integer from 0 to 65535`;
      expect(() => create(port)).toThrow(expect.objectContaining({ code: "invalid_option", message }));
    });
  });
}

/** What the tests begin with. */
function helpersFor({ create, link, clientFirst }: Contract) {
  /** A transport that listens, one client of it, and the server's end. */
  async function connected(host = new KeptHost()) {
    const transport = create();
    await transport.listen(host);
    onTestFinished(() => transport.close());
    const { client, end } = await connect(transport, host);
    return { transport, host, client, end };
  }

  async function connect(transport: Transport, host: KeptHost): Promise<{ client: Client; end: AcceptedWire }> {
    host.greeting = clientFirst === true ? greeting.length : 0;
    const client = await Client.open(transport, link);
    onTestFinished(() => client.link.destroy());
    if (clientFirst === true) {
      client.send(greeting);
    }
    return { client, end: await host.accepted.next() };
  }

  return { connected, connect };
}

/** What a client says that has to say something. */
const greeting = packet(3);

/** Bytes that tell where they stand. */
export function pattern(length: number, seed = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 31 + seed * 17 + (index >>> 8)) & 0xff);
}

/** Sends a packet to the client and waits until it is there: all that was under way has had its time. */
async function roundTrip(end: AcceptedWire, client: Client): Promise<void> {
  const before = client.packets.length;
  expect(end.wire.outbox.send(packet(5, "x"))).toBe(true);
  await until(() => client.packets.length > before);
  expect(client.packets.takeAll().map(({ type, body }) => [type, toHex(body)])).toContainEqual([5, "78"]);
}

/** A memory transport is dialled, not connected to by its address. */
function dialOf(transport: Transport): unknown {
  return "dial" in transport ? transport.dial : undefined;
}
