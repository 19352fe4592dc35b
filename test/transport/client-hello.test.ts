import { createServer, type Socket } from "node:net";
import { type ConnectionOptions, connect } from "node:tls";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { NanowireError } from "../../runtime/base/error.js";
import { clientHelloBytes } from "../../runtime/transport/client-hello.js";
import { concat, hex } from "../protocol/hex.js";

/** What clients really begin with. */
const clients: readonly (readonly [name: string, options: ConnectionOptions])[] = [
  ["TLS 1.3", { minVersion: "TLSv1.3" }],
  ["TLS 1.2", { maxVersion: "TLSv1.2" }],
  ["a name and protocols", { servername: "game.example.com", ALPNProtocols: ["h2", "http/1.1"] }],
  [
    "more protocols than a record is used to",
    { ALPNProtocols: Array.from({ length: 60 }, (_, index) => `${index}`.padEnd(200, "x")) },
  ],
];

const hellos = new Map<string, Uint8Array>();

beforeAll(async () => {
  for (const [name, options] of clients) {
    hellos.set(name, await helloOf(options));
  }
});

/** The bytes that a client of Node's sends first. */
async function helloOf(options: ConnectionOptions): Promise<Uint8Array> {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const client = connect({ host: "127.0.0.1", port, ...options });
  client.on("error", () => {});
  const socket = await new Promise<Socket>((resolve) => server.once("connection", resolve));
  let bytes = Buffer.alloc(0);
  while (bytes.length < 5 || bytes.length < 5 + bytes.readUInt16BE(3)) {
    const chunk = await new Promise<Buffer>((resolve) => socket.once("data", resolve));
    bytes = Buffer.concat([bytes, chunk]);
  }
  client.destroy();
  socket.destroy();
  server.close();
  return new Uint8Array(bytes);
}

describe("a client's first message in TLS", () => {
  it.each(clients)("of %s is found, whatever comes behind", (name) => {
    const hello = hellos.get(name) as Uint8Array;
    expect(hello.length).toBeGreaterThan(100);
    expect(clientHelloBytes(hello)).toBe(hello.length);
    expect(clientHelloBytes(concat(hello, hex("17 03 03 00 01 00")))).toBe(hello.length);
  });

  it.each(clients)("of %s is not whole before its last byte", (name) => {
    const hello = hellos.get(name) as Uint8Array;
    const outcomes = Array.from(hello, (_byte, length) => clientHelloBytes(hello.subarray(0, length)));
    expect(new Set(outcomes)).toEqual(new Set(["more"]));
  });

  it.each(clients)("of %s may lie in several records, none of which is the whole", (name) => {
    const message = (hellos.get(name) as Uint8Array).subarray(5);
    for (const size of [Math.ceil(message.length / 64), 100, message.length - 1].filter(
      (least) => message.length / least <= 64,
    )) {
      const records = recordsOf(message, size);
      expect(clientHelloBytes(records)).toBe(records.length);
      expect(clientHelloBytes(records.subarray(0, -1))).toBe("more");
    }
  });

  it.each([
    ["another record", "15 03 01 00 02 02 28", "the bytes 21, 3"],
    ["another major version", "16 02", "the bytes 22, 2"],
    ["a packet", "01 00 00 02", "the bytes 1, 0"],
    ["HTTP", "'GET /'", "the bytes 71, 69"],
    ["an empty record", "16 03 01 00 00", "a record of 0 bytes"],
    ["a record too small for a message's head", "16 03 01 00 03", "a record of 3 bytes"],
    ["a record too large", "16 03 01 40 01", "a record of 16385 bytes"],
    ["another message", "16 03 01 00 04 02 00 00 00", "a message of type 2 and 0 bytes"],
    ["a message too large", "16 03 01 00 04 01 00 40 01", "a message of type 1 and 16385 bytes"],
    ["an empty record in its midst", "16 03 01 00 04 01 00 00 08  16 03 01 00 00", "a record of 0 bytes"],
    ["a record of another kind in its midst", "16 03 01 00 04 01 00 00 08  17 03 03 00 01", "the bytes 23, 3"],
  ])("is not %s", (_what, bytes, reason) => {
    expect(() => clientHelloBytes(hex(bytes))).toThrow(
      expect.objectContaining({ code: "tls_failed", message: `a TLS connection cannot begin with ${reason}` }),
    );
  });

  it("is whole, wanting or refused, of whatever bytes; and no more is wanted than it may have", () => {
    const records = fc
      .array(fc.tuple(fc.nat(300), fc.nat(255)), { maxLength: 8 })
      .map((pieces) =>
        concat(...pieces.map(([size, byte]) => recordsOf(new Uint8Array(size + 4).fill(byte), size + 4))),
      );
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 64 }), records), (bytes) => {
        const outcome = outcomeOf(bytes);
        expect(["more", "refused"].includes(String(outcome)) || Number(outcome) <= bytes.length).toBe(true);
      }),
    );
  });

  it("may be as long as a record, in as many records as are worth reading", () => {
    const message = concat(hex("01 00 40 00"), new Uint8Array(16_384));
    const [most, more] = [recordsOf(message, 257), recordsOf(message, 256)];
    expect(clientHelloBytes(most)).toBe(most.length);
    expect(() => clientHelloBytes(more)).toThrow(
      "a TLS connection cannot begin with a message in more than 64 records",
    );
  });
});

function outcomeOf(bytes: Uint8Array): number | string {
  try {
    return clientHelloBytes(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(NanowireError);
    return "refused";
  }
}

/** A message in records of so many bytes. */
function recordsOf(message: Uint8Array, size: number): Uint8Array {
  const records: Uint8Array[] = [];
  for (let start = 0; start < message.length; start += size) {
    const part = message.subarray(start, start + size);
    records.push(Uint8Array.of(22, 3, 1, part.length >>> 8, part.length & 0xff), part);
  }
  return concat(...records);
}
