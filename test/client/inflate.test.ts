import { deflateSync, gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { inflate } from "../../runtime/client/inflate.js";
import { eventually } from "../support/wait.js";
import { data, FakeServer, packet, rejection } from "./support/fake-server.js";
import { join, said } from "./support/text-codec.js";

/** A response with its payload compressed. */
function response(id: number, text: string | Buffer, flag = 0x14): Uint8Array {
  return packet(4, Uint8Array.from([flag, id, ...deflateSync(text)]));
}

/** A push of RoomEvents.Said with its payload compressed. */
function push(text: string | Buffer): Uint8Array {
  return packet(4, Uint8Array.from([0x16, 0x0f, ...Buffer.from("RoomEvents.Said"), ...deflateSync(text)]));
}

const plainPush = (text: string) => data(`06 0f 'RoomEvents.Said' '${text}'`);

const stray: unknown[] = [];
const note = (error: unknown) => void stray.push(error);

beforeEach(() => {
  stray.length = 0;
  process.on("unhandledRejection", note);
});

afterEach(() => {
  process.off("unhandledRejection", note);
  expect(stray).toEqual([]);
});

describe("inflate", () => {
  it("takes zlib and gzip, to just the limit", async () => {
    const bytes = new Uint8Array(Buffer.from("x".repeat(1_000)));
    expect(await inflate(deflateSync(bytes), 1_000)).toEqual(bytes);
    expect(await inflate(gzipSync(bytes), 1_000)).toEqual(bytes);
    expect(await inflate(deflateSync(""), 1_000)).toEqual(new Uint8Array(0));
  });

  it("stops at the limit, whatever there is to come", async () => {
    const bomb = deflateSync(Buffer.alloc(50_000_000));
    await expect(inflate(bomb, 1_000)).rejects.toMatchObject({
      code: "packet_too_large",
      message: `${bomb.length} bytes inflate to more than maxPacketBytes 1000`,
    });
  });

  it("refuses what is no such stream, or is cut", async () => {
    const whole = deflateSync("a text that is cut somewhere");
    const cuts = Array.from({ length: whole.length }, (_, length) => whole.subarray(0, length));
    for (const bytes of [...cuts, Buffer.from("garbage"), Buffer.from([0x1f, 0x8b, 8, 0])]) {
      await expect(inflate(bytes, 1_000)).rejects.toBeInstanceOf(Error);
    }
  });
});

describe("a compressed payload", () => {
  it("is inflated: an answer, an error, a push", async () => {
    const server = new FakeServer();
    const connection = await server.connected();
    const heard: string[] = [];
    connection.on(said, (message) => heard.push(message));
    const answer = connection.request(join, "");
    const refused = connection.request(join, "");
    server.send(push("pushed"), response(1, "answered"), response(2, Buffer.from("\n\x04full\x12\x03no!"), 0x34));
    expect(await answer).toBe("answered");
    expect(await rejection(refused)).toMatchObject({ code: "full", message: "no!" });
    expect(heard).toEqual(["pushed"]);
  });

  it("keeps its place: what comes behind it waits, plain or compressed, and however it is cut", async () => {
    const stream = Buffer.concat([
      plainPush("0"),
      push("1".padEnd(200_000)),
      plainPush("2"),
      push("3"),
      push("4"),
      plainPush("5"),
      plainPush("6"),
      push("7"),
      response(1, "8"),
    ]);
    for (const size of [1, 5, 100, stream.length]) {
      const server = new FakeServer();
      const connection = await server.connected();
      const heard: string[] = [];
      connection.on(said, (message) => heard.push(message.trim()));
      const answer = connection.request(join, "");
      for (let offset = 0; offset < stream.length; offset += size) {
        server.send(new Uint8Array(stream.subarray(offset, offset + size)));
      }
      expect(heard).toEqual(["0"]);
      expect(await answer).toBe("8");
      expect(heard).toEqual(["0", "1", "2", "3", "4", "5", "6", "7"]);
    }
  });

  it("does not hold up heartbeats", async () => {
    const server = new FakeServer();
    const connection = await server.connected({ sys: { heartbeat: 1 } });
    const answer = connection.request(join, "");
    server.sent.length = 0;
    server.clock.stall(1_001);
    server.send(response(1, "x"), "03 00 00 00");
    expect(server.sent).toEqual(["03000000"]);
    expect(await answer).toBe("x");
  });

  it("lets a kick behind it wait: what was said before is heard", async () => {
    const server = new FakeServer();
    const connection = await server.connected();
    const heard: string[] = [];
    connection.on(said, (message) => heard.push(message));
    connection.onKick((reason) => heard.push(`kick ${reason}`));
    server.send(Buffer.concat([push("why"), packet(5, '\'{"reason":"out"}\''), plainPush("never heard")]));
    expect((await connection.closed).code).toBe("kicked");
    expect(heard).toEqual(["why", "kick out"]);
  });

  it("lets what is wrong with a message behind it wait, too", async () => {
    const server = new FakeServer();
    const connection = await server.connected();
    const heard: string[] = [];
    connection.on(said, (message) => heard.push(message));
    server.send(push("first"), data("02 01 'A'"), plainPush("never heard"));
    expect((await connection.closed).code).toBe("invalid_message");
    expect(heard).toEqual(["first"]);
  });

  it("may end after the connection", async () => {
    const server = new FakeServer();
    const connection = await server.connected();
    const answer = connection.request(join, "");
    server.send(response(1, "x"), push("y"));
    connection.close();
    expect((await rejection(answer)).code).toBe("unavailable");
  });

  it("may end after its request was given up", async () => {
    const server = new FakeServer();
    const connection = await server.connected();
    const answer = connection.request(join, "", { timeoutMs: 5 });
    const next = connection.request(join, "");
    server.send(response(1, "x"), response(2, "y"));
    server.clock.step(5);
    expect((await rejection(answer)).code).toBe("deadline_exceeded");
    expect(await next).toBe("y");
  });

  it("that cannot be inflated, or grows beyond the limit, costs its message, not the connection", async () => {
    const server = new FakeServer();
    const connection = await server.connected();
    const heard: string[] = [];
    connection.on(said, (message) => heard.push(message));
    const garbled = connection.request(join, "");
    const bomb = connection.request(join, "");
    server.send(data("14 01 'garbage'"), response(2, Buffer.alloc(2_000_000)));
    server.send(
      data("16 0f 'RoomEvents.Said' 'garbage'"),
      push(Buffer.alloc(2_000_000)),
      push("fine"),
      data("14 09 'unknown'"),
    );
    expect(await rejection(garbled)).toMatchObject({
      code: "invalid_response",
      message: "the answer cannot be inflated",
    });
    expect(await rejection(bomb)).toMatchObject({ code: "invalid_response", cause: { code: "packet_too_large" } });
    const last = connection.request(join, "");
    server.send(response(3, "z"));
    expect(await last).toBe("z");
    expect(heard).toEqual(["fine"]);
    expect(server.logger.messages("warn")).toEqual(["a push cannot be inflated", "a push cannot be inflated"]);
    expect(connection.state).toBe("open");
  });

  it("of a push by an unknown code closes the connection", async () => {
    const server = new FakeServer();
    const connection = await server.connected();
    server.send(packet(4, Uint8Array.from([0x17, 0, 9, ...deflateSync("x")])));
    expect((await connection.closed).code).toBe("unknown_code");
  });

  it("has a bounded queue behind it", async () => {
    const server = new FakeServer();
    const connection = await server.connected({}, { maxPacketBytes: 16_777_215 });
    const half = packet(4, new Uint8Array(16_000_000));
    server.send(push("x"), half, half);
    expect(connection.state).toBe("open");
    server.send(half);
    expect(await connection.closed).toMatchObject({ code: "inbox_overflow", scope: "connection" });
  });

  it("has a queue behind it that is bounded in pieces, too", async () => {
    const server = new FakeServer();
    const connection = await server.connected();
    const many = new Uint8Array(4 * 600_000);
    for (let offset = 0; offset < many.length; offset += 4) {
      many[offset] = 4;
    }
    server.send(push("x"), many);
    expect((await connection.closed).code).toBe("inbox_overflow");
  });

  it("may be delivered while a listener runs, by a socket that answers at once", async () => {
    const server = new FakeServer();
    const connection = await server.connected();
    const heard: string[] = [];
    const answers: Promise<string>[] = [];
    server.onSend = () => server.send(push("b"), plainPush("c"), response(1, "answer"));
    connection.on(said, (message) => heard.push(message));
    const end = connection.on(said, () => {
      end();
      answers.push(connection.request(join, ""));
    });
    server.send(Buffer.concat([push("a"), plainPush("a2")]));
    await eventually(() => expect(answers).toHaveLength(1));
    expect(await answers[0]).toBe("answer");
    expect(heard).toEqual(["a", "a2", "b", "c"]);
  });
});
