import { deflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { HandlingOrder } from "../../runtime/component/service.js";
import { memory } from "../../runtime/transport/memory.js";
import type { Transport } from "../../runtime/transport/transport.js";
import { concat } from "../protocol/hex.js";
import { type Client, notify, packet, request } from "../support/client.js";
import { startServer, type TestServer, type TestServerOptions } from "../support/server.js";
import { defer, until } from "../support/wait.js";

/** Sockets are read into one array: what is kept of a message longer than it takes to look at it is not to change when others are read. */

const long = (letter: string): string => letter.repeat(200);
const noise = long("#");

/** A server, a client of it, and another one that writes the array again when so many requests have come. */
async function rooms(
  options: TestServerOptions,
): Promise<{ test: TestServer; client: Client; overwrite(requests: number): Promise<void> }> {
  const test = await startServer(options);
  const [client, other] = [await test.enter(), await test.enter()];
  return {
    test,
    client,
    async overwrite(requests) {
      await until(() => test.server.counters.requests === requests);
      const { notifies } = test.server.counters;
      other.send(concat(...Array.from({ length: 50 }, () => notify("Noise.Make", noise))));
      await until(() => test.server.counters.notifies === notifies + 50);
    },
  };
}

const Noise = { Make: { kind: "notify" as const, handle: () => "" } };

/** A transport that reads into a Buffer, and lends it: a slice of one is no copy. */
function lending(): Transport {
  const transport = memory();
  const lent = Buffer.alloc(1_048_576);
  return Object.assign(transport, {
    listen(host: Parameters<Transport["listen"]>[0]): Promise<void> {
      const accept = host.accept.bind(host);
      host.accept = (wire, place) => {
        const receiver = accept(wire, place);
        const receive = receiver.receive.bind(receiver);
        receiver.receive = (bytes) => {
          lent.set(bytes, 1);
          receive(lent, 1, 1 + bytes.length, true);
          lent.fill(0xff);
        };
        return receiver;
      };
      return Object.getPrototypeOf(transport).listen.call(transport, host);
    },
  });
}

describe.each([
  ["tcp", () => "tcp" as const],
  ["ws", () => "ws" as const],
  ["a transport of one's own", lending],
])("over %s, a message that has to wait is the one that was sent", (_name, transportOf) => {
  it.each<HandlingOrder>(["session", "service", "none"])("in the order %s", async (order) => {
    const first = defer();
    const handle = async (_session: unknown, text: string): Promise<string> => {
      await first.promise;
      return text;
    };
    const { client, overwrite } = await rooms({
      transport: transportOf(),
      services: { A: { Echo: { handle, order } }, Noise },
    });
    const letters = [..."abcdef"];
    client.send(concat(...letters.map((letter, index) => request(index + 1, "A.Echo", long(letter)))));
    await overwrite(letters.length);
    first.resolve();
    for (const letter of letters) {
      expect((await client.message()).text).toBe(long(letter));
    }
  });

  it("where one turn does not handle all that came", async () => {
    const { client, overwrite } = await rooms({
      transport: transportOf(),
      services: { A: { Echo: { handle: (_session, text) => text } }, Noise },
    });
    const count = 300;
    client.send(
      concat(...Array.from({ length: count }, (_, index) => request(index + 1, "A.Echo", `${index} ${long("x")}`))),
    );
    await overwrite(count);
    for (let index = 0; index < count; index++) {
      expect((await client.message()).text).toBe(`${index} ${long("x")}`);
    }
  });

  it("where an inbound step takes its time, and where it keeps the message", async () => {
    const first = defer();
    const kept: { payload: Uint8Array }[] = [];
    const { client, overwrite } = await rooms({
      transport: transportOf(),
      services: { A: { Echo: { handle: (_session, text) => text } }, Noise },
      prepare: (server) =>
        server.inbound.pushBack((_session, message) => {
          if (message.route === "A.Echo") {
            kept.push(message);
            return first.promise;
          }
          return undefined;
        }),
    });
    client.send(request(1, "A.Echo", long("a")));
    await until(() => kept.length === 1);
    await overwrite(1);
    first.resolve();
    expect((await client.message()).text).toBe(long("a"));
    expect(Buffer.from(kept[0]?.payload as Uint8Array).toString()).toBe(long("a"));
  });

  it("where it is inflated apart", async () => {
    const text = Array.from({ length: 60_000 }, (_, index) => String.fromCharCode(97 + ((index * index) % 26))).join(
      "",
    );
    const { client, overwrite } = await rooms({
      transport: transportOf(),
      services: { A: { Echo: { handle: (_session, said) => said } }, Noise },
    });
    const payload = Uint8Array.from(deflateSync(Buffer.from(text), { level: 0 }));
    client.send(packet(4, concat(Uint8Array.of(0x10, 1, 6), Buffer.from("A.Echo"), payload)));
    await overwrite(1);
    expect((await client.message()).text).toBe(text);
  });

  it("where it comes in pieces", async () => {
    const { client, overwrite } = await rooms({
      transport: transportOf(),
      services: { A: { Echo: { handle: (_session, text) => text } }, Noise },
    });
    const bytes = request(1, "A.Echo", long("a"));
    for (let at = 0; at < bytes.length; at += 50) {
      client.send(bytes.subarray(at, at + 50));
      await overwrite(at + 50 < bytes.length ? 0 : 1);
    }
    expect((await client.message()).text).toBe(long("a"));
  });
});
