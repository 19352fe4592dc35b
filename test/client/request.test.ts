import { describe, expect, it, vi } from "vitest";
import { NanowireError } from "../../runtime/base/error.js";
import { PendingRequests } from "../../runtime/client/pending-requests.js";
import { encodeErrorPayload } from "../../runtime/protocol/error-payload.js";
import { protobufSerializer } from "../../runtime/protocol/serializer.js";
import { hex, toHex } from "../protocol/hex.js";
import { FakeClock } from "./support/fake-clock.js";
import { data, FakeServer, packet, rejection, settled } from "./support/fake-server.js";
import { join, leave, text } from "./support/text-codec.js";
import { watchedSignal } from "./support/watched-signal.js";

describe("a request", () => {
  it("goes out as one packet, byte by byte, and comes back as its answer", async () => {
    const server = new FakeServer();
    const connection = await server.connected();
    const answer = connection.request(join, "ada");
    expect(server.sent).toEqual([
      toHex(
        hex(`
          04 00 00 0f     # data, 15 bytes
          00              # request, route in full
          01              # id 1
          09 'Room.Join'
          'ada'
        `),
      ),
    ]);
    server.send(`
      04 00 00 05     # data, 5 bytes
      04              # response
      01              # id 1
      'hey'
    `);
    expect(await answer).toBe("hey");
    expect(server.clock.timers).toBe(1);
    server.clock.step(10_000);
    expect(server.clock.timers).toBe(0);
  });

  it("that is acknowledged sends nothing and resolves to nothing, whatever the payload", async () => {
    const server = new FakeServer();
    const connection = await server.connected();
    const first = connection.request(leave, undefined);
    const second = connection.request(leave, undefined);
    expect(server.sent).toEqual([
      toHex(hex("04 00 00 0d 00 01 0a 'Room.Leave'")),
      toHex(hex("04 00 00 0d 00 02 0a 'Room.Leave'")),
    ]);
    server.send("04 00 00 02 04 01", "04 00 00 04 04 02 '{}'");
    expect(await first).toBeUndefined();
    expect(await second).toBeUndefined();
  });

  it("is told from the others by its id, in whatever order the answers come", async () => {
    const server = new FakeServer();
    const connection = await server.connected();
    const answers = Promise.all(["a", "b", "c"].map((name) => connection.request(join, name)));
    server.send("04 00 00 03 04 03 'C' 04 00 00 03 04 01 'A'", "04 00 00 03 04 02 'B'");
    expect(await answers).toEqual(["A", "B", "C"]);
  });

  it("takes ids of two bytes from the 128th on", async () => {
    const server = new FakeServer();
    const connection = await server.connected();
    const answers = Array.from({ length: 128 }, () => connection.request(join, ""));
    expect(server.sent[126]).toBe(toHex(hex("04 00 00 0c 00 7f 09 'Room.Join'")));
    expect(server.sent[127]).toBe(toHex(hex("04 00 00 0d 00 80 01 09 'Room.Join'")));
    server.send("04 00 00 04 04 80 01 'x'");
    expect(await answers[127]).toBe("x");
  });

  it("may have the answer's route bit set: nano's encoder does so", async () => {
    const server = new FakeServer();
    const connection = await server.connected();
    const answer = connection.request(join, "");
    server.send("04 00 00 03 05 01 'x'");
    expect(await answer).toBe("x");
  });

  it("is answered byte by byte", async () => {
    const server = new FakeServer();
    const connection = await server.connected();
    const answer = connection.request(join, "");
    server.send(...Array.from(data("04 01 'slow'"), (byte) => Uint8Array.of(byte)));
    expect(await answer).toBe("slow");
  });

  it("keeps its bytes: a later request does not write over them", async () => {
    const server = new FakeServer();
    const packets: Uint8Array[] = [];
    const connection = await server.connected();
    server.onSend = (bytes) => packets.push(bytes);
    const large = "x".repeat(40_000);
    const messages = ["one", "two", large, "three", "four"];
    for (const message of messages) {
      connection.request(join, message).catch(() => {});
    }
    expect(packets.map(({ length }) => length)).toEqual([19, 19, 40_016, 21, 20]);
    expect(packets.map((bytes) => new TextDecoder().decode(bytes.subarray(16)))).toEqual(messages);
  });

  it("may be answered while it is sent", async () => {
    const server = new FakeServer();
    const connection = await server.connected();
    server.onSend = () => server.send("04 00 00 03 04 01 'x'");
    expect(await connection.request(join, "")).toBe("x");
  });
});

describe("a request that fails", () => {
  it("with the server's error is rejected with just that", async () => {
    const server = new FakeServer();
    const connection = await server.connected();
    const answer = connection.request(join, "ada");
    server.send(`
      04 00 00 2a
      24 01                        # response with an error, id 1
      0a 09 'room_full'            # code
      12 0c 'it is full.!'         # msg
      1a 0d 0a 04 'most' 12 05 'eight'   # metadata
    `);
    expect(await rejection(answer)).toMatchObject({
      code: "room_full",
      message: "it is full.!",
      details: { most: "eight" },
      scope: "request",
    });
    expect(connection.state).toBe("open");
  });

  it("with an error of Nanowire's own code is rejected in the scope of a request", async () => {
    const server = new FakeServer();
    const connection = await server.connected();
    const answer = connection.request(join, "ada");
    const payload = encodeErrorPayload(new NanowireError("closed", "not what it seems"), protobufSerializer);
    server.send(packet(4, Uint8Array.from([0x24, 1, ...payload])));
    expect(await rejection(answer)).toMatchObject({ code: "closed", scope: "request" });
  });

  it("with an error that cannot be read is rejected as invalid_response", async () => {
    const server = new FakeServer();
    const connection = await server.connected();
    const answer = connection.request(join, "ada");
    server.send(data("24 01 0a ff"));
    expect((await rejection(answer)).code).toBe("invalid_response");
  });

  it("with an answer of another type is rejected as invalid_response", async () => {
    const server = new FakeServer();
    const connection = await server.connected();
    const answer = connection.request(join, "ada");
    server.send(data("04 01 '!'"));
    const error = await rejection(answer);
    expect(error).toMatchObject({
      code: "invalid_response",
      message: "the answer to Room.Join, 1 bytes, is no message of its type",
    });
    expect(error.cause).toBeInstanceOf(RangeError);
    expect(connection.state).toBe("open");
  });

  it("because its message cannot be encoded sends nothing, and takes no id", async () => {
    const server = new FakeServer();
    const connection = await server.connected();
    const error = await rejection(connection.request(join, "!"));
    expect(error).toMatchObject({ code: "invalid_payload", message: "the message for Room.Join cannot be encoded" });
    expect(error.cause).toBeInstanceOf(TypeError);
    expect(server.sent).toEqual([]);
    connection.request(leave, undefined).catch(() => {});
    expect(server.sent).toEqual([toHex(hex("04 00 00 0d 00 01 0a 'Room.Leave'"))]);
  });

  it("because its route or its message is too long sends nothing, and hinders no other", async () => {
    const server = new FakeServer();
    const connection = await server.connected();
    const long = { ...join, route: "x".repeat(256) };
    expect((await rejection(connection.request(long, ""))).code).toBe("invalid_route");
    expect((await rejection(connection.request(join, "x".repeat(0xffffff)))).code).toBe("message_too_large");
    expect(server.sent).toEqual([]);
    const answer = connection.request(join, "");
    expect(server.sent).toHaveLength(1);
    server.send(data("04 03 'x'"));
    expect(await answer).toBe("x");
  });

  it("because the connection is closed sends nothing", async () => {
    const server = new FakeServer();
    const connection = await server.connected();
    connection.close();
    const error = await rejection(connection.request(join, "ada"));
    expect(error).toMatchObject({
      code: "unavailable",
      message: "Room.Join cannot be sent: the connection is closed",
      cause: { code: "closed" },
    });
    expect(server.sent).toEqual([]);
  });
});

describe("the time-out of a request", () => {
  it("is the connection's, to the millisecond", async () => {
    const server = new FakeServer();
    const connection = await server.connected({}, { requestTimeoutMs: 200 });
    const reject = vi.fn();
    const answer = connection.request(join, "ada");
    answer.catch(reject);
    server.clock.step(199);
    await settled();
    expect(reject).not.toHaveBeenCalled();
    server.clock.step(1);
    expect(await rejection(answer)).toMatchObject({
      code: "deadline_exceeded",
      message: "no answer to Room.Join came within 200 ms",
      scope: "request",
    });
    expect(server.clock.timers).toBe(0);
    expect(connection.state).toBe("open");
  });

  it("is the call's own where it names one, shorter or longer, or none", async () => {
    const server = new FakeServer();
    const connection = await server.connected();
    const ended: string[] = [];
    const call = (name: string, timeoutMs?: number) => {
      const options = timeoutMs === undefined ? {} : { timeoutMs };
      connection.request(join, name, options).catch((error: NanowireError) => ended.push(`${name} ${error.code}`));
    };
    call("longest", 60_000);
    call("default");
    call("shortest", 50);
    call("never", 0);
    call("short", 2_000);
    const passed = async (ms: number) => {
      server.clock.step(ms);
      await settled();
      return ended.splice(0);
    };
    expect(await passed(49)).toEqual([]);
    expect(await passed(1)).toEqual(["shortest deadline_exceeded"]);
    expect(await passed(1_949)).toEqual([]);
    expect(await passed(1)).toEqual(["short deadline_exceeded"]);
    expect(await passed(7_999)).toEqual([]);
    expect(await passed(1)).toEqual(["default deadline_exceeded"]);
    expect(await passed(50_000)).toEqual(["longest deadline_exceeded"]);
    expect(await passed(2 ** 31)).toEqual([]);
    expect(server.clock.timers).toBe(0);
    connection.close();
    expect(await passed(0)).toEqual(["never unavailable"]);
  });

  it("is never more than one timer", async () => {
    const server = new FakeServer();
    const connection = await server.connected();
    for (let index = 0; index < 1_000; index++) {
      connection.request(join, "", { timeoutMs: 1_000 - index }).catch(() => {});
    }
    expect(server.clock.timers).toBe(1);
    connection.close();
    expect(server.clock.timers).toBe(0);
  });

  it.each([3_600_000, -3_600_000])("stays what it is when the clock is set by %d ms", async (setMs) => {
    const server = new FakeServer();
    const connection = await server.connected({}, { requestTimeoutMs: 100 });
    const answer = rejection(connection.request(join, ""));
    server.clock.step(50);
    server.clock.set(setMs);
    server.clock.step(49);
    expect(server.clock.timers).toBe(1);
    server.clock.step(1);
    expect(server.clock.timers).toBe(0);
    expect((await answer).code).toBe("deadline_exceeded");
  });

  it.each([-1, Number.NaN, 2 ** 31])("is refused: %d", async (timeoutMs) => {
    const server = new FakeServer();
    const connection = await server.connected();
    const error = await rejection(connection.request(join, "", { timeoutMs }));
    expect(error).toMatchObject({
      code: "invalid_option",
      message: `timeoutMs ${timeoutMs} is not a number from 0 to 2147483647`,
    });
    expect(server.sent).toEqual([]);
  });
});

describe("a request that is given up", () => {
  it("is rejected with the signal's reason, and the late answer ignored", async () => {
    const server = new FakeServer();
    const connection = await server.connected();
    const controller = new AbortController();
    const answer = connection.request(join, "", { signal: controller.signal });
    controller.abort("enough");
    expect(await rejection(answer)).toMatchObject({
      code: "canceled",
      message: "Room.Join was given up",
      cause: "enough",
      scope: "request",
    });
    server.send(data("04 01 'late'"));
    expect(server.logger.messages("debug")).toContain("an answer came that no request waits for");
    expect(connection.state).toBe("open");
  });

  it("before it began sends nothing", async () => {
    const server = new FakeServer();
    const connection = await server.connected();
    const error = await rejection(connection.request(join, "", { signal: AbortSignal.abort("before") }));
    expect(error).toMatchObject({ code: "canceled", cause: "before" });
    expect(server.sent).toEqual([]);
  });

  it("leaves no listener at its signal, however it ends", async () => {
    const server = new FakeServer();
    const connection = await server.connected();
    const { signal, abort, added, removed } = watchedSignal();
    const answered = connection.request(join, "", { signal });
    const refused = connection.request(join, "", { signal });
    const garbled = connection.request(join, "", { signal });
    const timedOut = connection.request(join, "", { signal, timeoutMs: 5 });
    server.send(data("04 01 'x'"), data("24 02"), data("04 03 '!'"));
    server.clock.step(5);
    await answered;
    await Promise.all([rejection(refused), rejection(garbled), rejection(timedOut)]);
    expect([added(), removed()]).toEqual([4, 4]);
    const closed = connection.request(join, "", { signal });
    connection.close();
    expect((await rejection(closed)).code).toBe("unavailable");
    expect([added(), removed()]).toEqual([5, 5]);
    abort();
  });
});

describe("an answer that no request waits for", () => {
  it.each([
    ["of an unknown id", "04 07 'x'"],
    ["of the id 0", "04 00 'x'"],
    ["of an id beyond 53 bits", "04 ff ff ff ff ff ff ff ff ff 01 'x'"],
    ["that is an error", "24 07 0a 01 'x'"],
  ])("is ignored: %s", async (_, message) => {
    const server = new FakeServer();
    const connection = await server.connected();
    const answer = connection.request(join, "");
    server.send(data(message));
    expect(server.logger.messages("debug")).toContain("an answer came that no request waits for");
    server.send(data("04 01 'x'"), data("04 01 'again'"));
    expect(await answer).toBe("x");
    expect(connection.state).toBe("open");
  });

  it("is ignored when it comes after the time-out", async () => {
    const server = new FakeServer();
    const connection = await server.connected({}, { requestTimeoutMs: 1 });
    const answer = connection.request(join, "");
    server.clock.step(1);
    server.send(data("04 01 'late'"));
    expect((await rejection(answer)).code).toBe("deadline_exceeded");
  });
});

describe("ids", () => {
  const never = { route: "A.B", response: text };

  it("go from 1 to 2^31 - 1, and then on from 1", () => {
    const pending = new PendingRequests(new FakeClock(), 0x7ffffffd);
    expect([pending.nextId(), pending.nextId(), pending.nextId(), pending.nextId()]).toEqual([
      0x7ffffffe, 0x7fffffff, 1, 2,
    ]);
    expect(new PendingRequests(new FakeClock()).nextId()).toBe(1);
  });

  it("skip those that are in use", () => {
    const pending = new PendingRequests(new FakeClock(), 0x7ffffffe);
    const take = (id: number) =>
      pending.add(
        id,
        never,
        0,
        undefined,
        () => {},
        () => {},
      );
    for (const id of [0x7fffffff, 1, 2, 4]) {
      take(id);
    }
    const next = pending.nextId();
    take(next);
    expect([next, pending.nextId()]).toEqual([3, 5]);
  });
});
