import { deflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { concat } from "../protocol/hex.js";
import { type Client, errorIn, notify, packet, request } from "../support/client.js";
import { startServer, transportNames } from "../support/server.js";
import { pushOf, type Services } from "../support/service.js";
import { turn, until } from "../support/wait.js";

const told = pushOf("Events.Told", 9);

function echoing(handled: string[] = []): Services {
  const handle = (_session: unknown, text: string): string => {
    handled.push(text);
    return text;
  };
  return {
    A: {
      Ten: { handle, maxPayloadBytes: 10 },
      Note: { handle, maxPayloadBytes: 10, kind: "notify" },
      Any: { handle },
    },
  };
}

function compressed(id: number, route: string, text: string): Uint8Array {
  const payload = Uint8Array.from(deflateSync(Buffer.from(text)));
  return packet(4, concat(Uint8Array.of(0x10, id, route.length), Buffer.from(route), payload));
}

async function errorOf(client: Client): Promise<{ code: string; msg: string }> {
  const { flag, payload } = await client.message();
  expect(flag & 0x20).toBe(0x20);
  return errorIn(payload);
}

describe("a method that takes only small payloads", () => {
  it("refuses a longer request, drops a longer notify, and counts both", async () => {
    const handled: string[] = [];
    const test = await startServer({ services: echoing(handled) });
    const client = await test.enter();
    client.send(request(1, "A.Ten", "x".repeat(11)));
    expect(await errorOf(client)).toMatchObject({
      code: "payload_too_large",
      msg: "A.Ten takes payloads of 10 bytes, not of 11",
    });
    client.send(notify("A.Note", "y".repeat(11)));
    client.send(notify("A.Note", "z".repeat(10)));
    expect((await client.call(2, "A.Ten", "0123456789")).text).toBe("0123456789");
    expect(handled).toEqual(["zzzzzzzzzz", "0123456789"]);
    expect(test.server.counters.failed).toEqual({ payload_too_large: 2 });
  });

  it("counts the bytes that the serializer wrote", async () => {
    const test = await startServer({ services: echoing() });
    const client = await test.enter({ sys: { serializer: "json" } });
    client.send(request(1, "A.Ten", '{"text":"x"}'));
    const { payload } = await client.message();
    expect(JSON.parse(Buffer.from(payload).toString())).toMatchObject({ code: "payload_too_large" });
  });

  it("counts those of a compressed payload inflated, and inflates no further", async () => {
    const test = await startServer({ services: echoing() });
    const client = await test.enter();
    client.send(compressed(1, "A.Ten", "x".repeat(10)));
    expect((await client.message()).text).toBe("xxxxxxxxxx");
    for (const length of [11, 1_000, 500_000]) {
      client.send(compressed(2, "A.Ten", "x".repeat(length)));
      expect(await errorOf(client)).toMatchObject({
        code: "payload_too_large",
        msg: "A.Ten takes payloads of 10 bytes, and this one is longer",
      });
    }
    client.send(packet(4, concat(Uint8Array.of(0x10, 1, 5), Buffer.from("A.Ten"), Uint8Array.of(1, 2, 3))));
    expect(await errorOf(client)).toMatchObject({ code: "invalid_payload" });
  });

  it("is still held to the server's own limit on inflating", async () => {
    const services: Services = { A: { Big: { handle: (_session, text) => text, maxPayloadBytes: 2_000 } } };
    const test = await startServer({ services, maxInflatedBytes: 1_000 });
    const client = await test.enter();
    client.send(compressed(1, "A.Big", "x".repeat(1_001)));
    expect(await errorOf(client)).toMatchObject({ code: "invalid_payload" });
  });
});

describe("a client that sends what is refused, or waits for nothing", () => {
  it.each([
    ["for no component", (id: number) => request(id, "No.Such")],
    ["too large", (id: number) => request(id, "A.Ten", "x".repeat(11))],
    ["of the order none", (id: number) => request(id, "A.None")],
  ])("%s has no more than 64 a turn of it done, and is not read while too much waits", async (_what, make) => {
    let done = 0;
    const services: Services = {
      A: { ...echoing()["A"], None: { handle: () => String(done++), order: "none" } },
      B: { Say: (_session, text) => text },
    };
    const test = await startServer({ services, maxQueuedMessages: 100 });
    test.server.outbound.pushBack((_session, { error }) => {
      done += error === undefined ? 0 : 1;
    });
    const [flooding, other] = [await test.enter(), await test.enter()];
    flooding.send(concat(...Array.from({ length: 150 }, (_, index) => make(index + 1))));
    flooding.send(request(200, "B.Say"));
    await Promise.resolve();
    await Promise.resolve();
    expect(done).toBe(64);
    // The others go on meanwhile.
    other.send(request(1, "B.Say", "served"));
    expect((await other.message()).text).toBe("served");
    const answers = await flooding.messages(151);
    expect(new Set(answers.map(({ id }) => id)).size).toBe(151);
    expect(done).toBe(150);
  });
});

describe.each(transportNames)("an answer that no outbox holds, over %s", (transport) => {
  it("becomes an error that names the limit, and is logged; the client stays", async () => {
    const services: Services = { A: { Big: (_session, text) => "x".repeat(Number(text)) } };
    const test = await startServer({ services, transport, maxOutboxBytes: 2_000 });
    const client = await test.enter();
    const header = 4 + 1 + 1;
    expect((await client.call(1, "A.Big", String(2_000 - header))).text).toHaveLength(2_000 - header);
    client.send(request(2, "A.Big", String(2_001 - header)));
    expect(await errorOf(client)).toMatchObject({
      code: "message_too_large",
      msg: "an answer of 2001 bytes is larger than maxOutboxBytes 2000",
    });
    expect(test.log.at("error").map(({ fields, message }) => [message, fields["route"]])).toEqual([
      ["an answer is too large", "A.Big"],
    ]);
    expect((await client.call(3, "A.Big", "1")).text).toBe("x");
    expect(test.server.counters).toMatchObject({ closed: {}, failed: { message_too_large: 1 } });
  });

  it("may be an error's: the client gets another one", async () => {
    const services: Services = {
      A: {
        Fail: () => {
          throw new RangeError("never told");
        },
      },
    };
    const test = await startServer({
      services,
      transport,
      maxOutboxBytes: 2_000,
      prepare: ({ outbound }) =>
        outbound.pushBack((_session, message) => {
          message.payload = new Uint8Array(3_000);
        }),
    });
    const client = await test.enter();
    client.send(request(1, "A.Fail"));
    expect(await errorOf(client)).toMatchObject({ code: "internal" });
  });
});

describe("a push that no outbox holds", () => {
  it("is the sender's error, and closes nobody", async () => {
    const test = await startServer({ maxOutboxBytes: 2_000 });
    const clients = [await test.enter(), await test.enter()];
    await until(() => test.server.counters.sessions === 2);
    const { everyone } = test.server;
    expect(() => everyone.push(told, "x".repeat(2_000))).toThrow(
      /^Events.Told of \d+ bytes is larger than maxOutboxBytes 2000$/,
    );
    expect(everyone.push(told, "small")).toBe(2);
    await turn();
    expect(await Promise.all(clients.map(async (client) => (await client.message()).text))).toEqual(["small", "small"]);
  });
});
