import { describe, expect, it, vi } from "vitest";
import { hex, toHex } from "../protocol/hex.js";
import { data, FakeServer, packet, rejection, settled } from "./support/fake-server.js";
import { join, leave, left, said, say, text } from "./support/text-codec.js";

describe("a notify", () => {
  it("goes out as one packet, byte by byte", async () => {
    const server = new FakeServer();
    const connection = await server.connected();
    expect(connection.notify(say, "hello")).toBeUndefined();
    expect(server.sent).toEqual([
      toHex(
        hex(`
          04 00 00 0f     # data, 15 bytes
          02              # notify, route in full
          08 'Room.Say'
          'hello'
        `),
      ),
    ]);
  });

  it("throws what keeps it from being sent", async () => {
    const server = new FakeServer();
    const connection = await server.connected();
    expect(() => connection.notify(say, "!")).toThrow(expect.objectContaining({ code: "invalid_payload" }));
    const long = { ...say, route: "ü".repeat(128) };
    expect(() => connection.notify(long, "")).toThrow(expect.objectContaining({ code: "invalid_route" }));
    connection.close();
    expect(() => connection.notify(say, "")).toThrow(
      expect.objectContaining({ code: "unavailable", message: "Room.Say cannot be sent: the connection is closed" }),
    );
    expect(server.sent).toEqual([]);
  });

  it("on a socket that breaks closes the connection, and does not throw", async () => {
    const server = new FakeServer();
    const connection = await server.connected();
    const cause = new Error("EPIPE");
    server.onSend = () => {
      throw cause;
    };
    connection.notify(say, "");
    expect(await connection.closed).toMatchObject({ code: "connection_lost", cause });
  });
});

describe("a push behind an answer", () => {
  const answerAndPushes = `
    04 00 00 04  04 01 'ok'                                # the answer to request 1
    04 00 00 12  06 0f 'RoomEvents.Said' 'a'               # two pushes in the same read
    04 00 00 12  06 0f 'RoomEvents.Said' 'b'
  `;

  it.each([
    ["the call itself", (call: Promise<string>) => call],
    ["a function that awaits it", async (call: Promise<string>) => await call],
    ["a function that returns it", async (call: Promise<string>) => call],
    ["two functions", async (call: Promise<string>) => (async () => await call)()],
  ])("is told after the program has gone on from awaiting %s", async (_, wrap) => {
    const server = new FakeServer();
    const connection = await server.connected();
    const heard: string[] = [];
    connection.on(said, (message) => heard.push(message));
    const program = (async () => {
      heard.push(await wrap(connection.request(join, "ada")));
    })();
    server.send(answerAndPushes);
    await program;
    await settled();
    expect(heard).toEqual(["ok", "a", "b"]);
  });

  it("is told at once when the answer was gone on from before", async () => {
    const server = new FakeServer();
    const connection = await server.connected();
    const heard: string[] = [];
    connection.on(said, (message) => heard.push(message));
    const answer = connection.request(join, "ada");
    server.send("04 00 00 04  04 01 'ok'");
    await answer;
    await settled();
    server.send("04 00 00 12  06 0f 'RoomEvents.Said' 'a'");
    expect(heard).toEqual(["a"]);
  });
});

describe("a push", () => {
  it("reaches its listeners in their order, and nobody else's", async () => {
    const server = new FakeServer();
    const connection = await server.connected();
    const heard: string[] = [];
    connection.on(said, (message) => heard.push(`first ${message}`));
    connection.on(said, (message) => heard.push(`second ${message}`));
    connection.on(left, (message) => heard.push(`left ${message}`));
    server.send(`
      04 00 00 14     # data, 20 bytes
      06              # push, route in full
      0f 'RoomEvents.Said'
      'hey'
    `);
    expect(heard).toEqual(["first hey", "second hey"]);
  });

  it("is decoded once, however many listen, and not at all when nobody does", async () => {
    const server = new FakeServer();
    const connection = await server.connected();
    const codec = { ...text, decode: vi.fn(text.decode) };
    const push = { ...said, message: codec };
    const ends = [connection.on(push, () => {}), connection.on(push, () => {}), connection.on(push, () => {})];
    server.send(data("06 0f 'RoomEvents.Said' 'x'"));
    expect(codec.decode).toHaveBeenCalledTimes(1);
    for (const end of ends) {
      end();
    }
    server.send(data("06 0f 'RoomEvents.Said' 'x'"));
    expect(codec.decode).toHaveBeenCalledTimes(1);
    expect(server.logger.messages("debug")).toContain("a push came that nobody listens to");
  });

  it("reaches a listener of another codec for the same route, decoded by that", async () => {
    const server = new FakeServer();
    const connection = await server.connected();
    const heard: unknown[] = [];
    const length = { encode: text.encode, decode: (input: Uint8Array) => String(input.length) };
    connection.on(said, (message) => heard.push(message));
    connection.on({ ...said, message: length }, (message) => heard.push(message));
    server.send(data("06 0f 'RoomEvents.Said' 'hello'"));
    expect(heard).toEqual(["hello", "5"]);
  });

  it("goes on to the other listeners when one throws, which is logged", async () => {
    const server = new FakeServer();
    const connection = await server.connected();
    const heard: string[] = [];
    connection.on(said, () => {
      throw new Error("mine");
    });
    connection.on(said, (message) => heard.push(message));
    server.send(data("06 0f 'RoomEvents.Said' 'x'"));
    expect(heard).toEqual(["x"]);
    expect(server.logger.messages("error")).toEqual(["a listener failed"]);
    expect(connection.state).toBe("open");
  });

  it("that is no message of its type is logged, without its bytes, and the connection stays", async () => {
    const server = new FakeServer();
    const connection = await server.connected();
    const listener = vi.fn();
    connection.on(said, listener);
    server.send(data("06 0f 'RoomEvents.Said' '!'"));
    expect(listener).not.toHaveBeenCalled();
    const [line] = server.logger.lines.filter(({ level }) => level === "warn");
    expect(line).toMatchObject({
      message: "a push is no message of its type",
      fields: { route: said.route, bytes: 1 },
    });
    expect(connection.state).toBe("open");
  });

  it("of an unknown route is ignored", async () => {
    const server = new FakeServer();
    const connection = await server.connected();
    connection.on(said, () => {});
    server.send(data("06 00"), data("06 03 'A.B' 'x'"), data("06 0f 'RoomEvents.Left'"));
    expect(server.logger.messages("debug").filter((line) => line.includes("nobody listens"))).toHaveLength(3);
    expect(connection.state).toBe("open");
  });

  it("comes in order with many others of one chunk, and of cut ones", async () => {
    const heard = async (size: number) => {
      const server = new FakeServer();
      const connection = await server.connected();
      const messages: string[] = [];
      connection.on(said, (message) => messages.push(message));
      const stream = Buffer.concat(
        Array.from({ length: 300 }, (_, index) => data(`06 0f 'RoomEvents.Said' '${"x".repeat(index % 40)}${index}'`)),
      );
      for (let offset = 0; offset < stream.length; offset += size) {
        server.send(new Uint8Array(stream.subarray(offset, offset + size)));
      }
      return messages.map((message) => Number(message.replace(/x/g, "")));
    };
    const all = Array.from({ length: 300 }, (_, index) => index);
    for (const size of [1, 2, 3, 7, 64, 1_000_000]) {
      expect(await heard(size)).toEqual(all);
    }
  });
});

describe("a listener", () => {
  it("is not called after it was ended, even by another in the same push", async () => {
    const server = new FakeServer();
    const connection = await server.connected();
    const heard: string[] = [];
    connection.on(said, (message) => {
      heard.push(`first ${message}`);
      endFirstOfAll();
      endSecond();
    });
    const endSecond = connection.on(said, (message) => heard.push(`second ${message}`));
    const endFirstOfAll = connection.on(said, () => heard.push("third"));
    connection.on(said, (message) => heard.push(`last ${message}`));
    server.send(data("06 0f 'RoomEvents.Said' 'a'"));
    expect(heard).toEqual(["first a", "last a"]);
  });

  it("may end itself, twice, and be added again", async () => {
    const server = new FakeServer();
    const connection = await server.connected();
    const heard: string[] = [];
    const listener = (message: string) => {
      heard.push(message);
      end();
      end();
    };
    const end = connection.on(said, listener);
    server.send(data("06 0f 'RoomEvents.Said' 'a'"), data("06 0f 'RoomEvents.Said' 'b'"));
    expect(heard).toEqual(["a"]);
    connection.on(said, (message) => heard.push(message));
    server.send(data("06 0f 'RoomEvents.Said' 'c'"));
    expect(heard).toEqual(["a", "c"]);
  });

  it("that is added in a push hears the next one", async () => {
    const server = new FakeServer();
    const connection = await server.connected();
    const heard: string[] = [];
    const end = connection.on(said, () => {
      end();
      connection.on(said, (message) => heard.push(message));
    });
    server.send(data("06 0f 'RoomEvents.Said' 'a'"), data("06 0f 'RoomEvents.Said' 'b'"));
    expect(heard).toEqual(["b"]);
  });

  it("may call, notify and close, also on a socket that answers at once", async () => {
    const server = new FakeServer();
    const connection = await server.connected();
    const heard: string[] = [];
    server.onSend = (bytes) => server.send(bytes[4] === 0 ? data("04 01 'x'") : data("06 0f 'RoomEvents.Left' 'y'"));
    connection.on(left, (message) => {
      heard.push(message);
      connection.close();
    });
    const answers: Promise<string>[] = [];
    connection.on(said, (message) => {
      answers.push(connection.request(join, ""));
      connection.notify(say, "");
      heard.push(message);
    });
    // What is delivered while a listener runs comes after it, and after an answer; what comes after the close is dropped.
    server.send(Buffer.concat([data("06 0f 'RoomEvents.Said' 'a'"), data("06 0f 'RoomEvents.Said' 'b'")]));
    expect(heard).toEqual(["a", "b"]);
    expect(await answers[0]).toBe("x");
    expect((await rejection(answers[1] ?? Promise.resolve())).code).toBe("unavailable");
    expect(heard).toEqual(["a", "b", "y"]);
    expect(connection.state).toBe("closed");
  });

  it("does nothing on a closed connection", async () => {
    const server = new FakeServer();
    const connection = await server.connected();
    const listener = vi.fn();
    connection.on(said, listener);
    connection.close();
    const end = connection.on(said, listener);
    server.send(data("06 0f 'RoomEvents.Said' 'a'"));
    end();
    expect(listener).not.toHaveBeenCalled();
  });
});

describe("routes as codes", () => {
  const dict = { "Room.Join": 300, "Room.Say": 7, "RoomEvents.Said": 8, "Unheard.Of": 9 };

  it("are the server's when it sends its dictionary: its codes win over the generated ones", async () => {
    const server = new FakeServer();
    const connection = await server.connected({ sys: { dict, dictVersion: "own" } }, { dictVersion: "own" });
    connection.request(join, "a").catch(() => {});
    connection.notify(say, "b");
    connection.request(leave, undefined).catch(() => {});
    expect(server.sent).toEqual([
      toHex(hex("04 00 00 05 01 01 01 2c 'a'")), // request by code 300
      toHex(hex("04 00 00 04 03 00 07 'b'")), // notify by code 7
      toHex(hex("04 00 00 0d 00 02 0a 'Room.Leave'")), // in full: not in the dictionary
    ]);
    const heard: string[] = [];
    connection.on(said, (message) => heard.push(message));
    server.send("04 00 00 04 07 00 08 'c'", data("06 0f 'RoomEvents.Said' 'd'"), data("07 00 09 'unheard'"));
    expect(heard).toEqual(["c", "d"]);
    expect(connection.state).toBe("open");
  });

  it("that are not in the server's dictionary close the connection", async () => {
    const server = new FakeServer();
    const connection = await server.connected({ sys: { dict } });
    connection.on(said, () => {});
    server.send(data("07 00 06 'x'"));
    expect(await connection.closed).toMatchObject({
      code: "unknown_code",
      scope: "connection",
      message: "a push came with the route code 6, which is not in the dictionary",
    });
  });

  it("are the generated ones when the server names the same dictionary and sends none", async () => {
    const server = new FakeServer();
    const connection = await server.connected({ sys: { dictVersion: "cafe" } }, { dictVersion: "cafe" });
    connection.request(join, "a").catch(() => {});
    connection.notify(say, "b");
    expect(server.sent).toEqual([toHex(hex("04 00 00 05 01 01 00 01 'a'")), toHex(hex("04 00 00 04 03 00 03 'b'"))]);
    const heard: string[] = [];
    connection.on(said, (message) => heard.push(message));
    server.send(data("07 00 06 'c'"), data("06 0f 'RoomEvents.Said' 'd'"));
    expect(heard).toEqual(["c", "d"]);
  });

  it("of the generated ones that nobody listens to are ignored", async () => {
    const server = new FakeServer();
    const connection = await server.connected({ sys: { dictVersion: "cafe" } }, { dictVersion: "cafe" });
    server.send(data("07 00 06 'c'"), data("07 ff ff"));
    expect(server.logger.messages("debug").filter((line) => line.includes("nobody listens"))).toHaveLength(2);
    expect(connection.state).toBe("open");
  });

  const without: readonly [string, object, string | undefined][] = [
    ["the server says nothing", {}, "cafe"],
    ["the server has another dictionary, and sends none", { sys: { dictVersion: "babe" } }, "cafe"],
    ["the client has none", { sys: { dictVersion: "cafe" } }, undefined],
    ["the server's dictionary is null", { sys: { dict: null } }, undefined],
  ];

  it.each(without)("are not used when %s", async (_, answer, dictVersion) => {
    const server = new FakeServer();
    const connection = await server.connected(answer, dictVersion === undefined ? {} : { dictVersion });
    connection.notify(say, "b");
    expect(server.sent).toEqual([toHex(hex("04 00 00 0b 02 08 'Room.Say' 'b'"))]);
    server.send(data("07 00 06 'x'"));
    expect((await connection.closed).code).toBe("unknown_code");
  });

  it("may be 0 at go nano's: such a route is sent in full", async () => {
    const server = new FakeServer();
    const connection = await server.connected({ sys: { dict: { "Room.Say": 0, "Room.Join": 1 } } });
    connection.notify(say, "b");
    expect(server.sent).toEqual([toHex(hex("04 00 00 0b 02 08 'Room.Say' 'b'"))]);
    server.send(data("07 00 00 'x'"));
    expect((await connection.closed).code).toBe("invalid_message");
  });

  it("of an empty dictionary are none", async () => {
    const server = new FakeServer();
    const connection = await server.connected({ sys: { dict: {}, dictVersion: "cafe" } }, { dictVersion: "cafe" });
    connection.notify(say, "");
    expect(server.sent).toEqual([toHex(hex("04 00 00 0a 02 08 'Room.Say'"))]);
  });
});

describe("what a server may not send", () => {
  const wrong: readonly [string, Uint8Array, string][] = [
    ["a second handshake", packet(1, "'{\"code\":200}'"), "unexpected_packet"],
    ["an ack", packet(2, ""), "unexpected_packet"],
    ["a request", data("00 01 03 'A.B'"), "invalid_message"],
    ["a notify", data("02 03 'A.B'"), "invalid_message"],
    ["an empty message", data(""), "invalid_message"],
    ["a message type that does not exist", data("08 01"), "invalid_message"],
    ["a reserved flag", data("46 01 'A'"), "invalid_message"],
    ["an id that does not end", data("04 80"), "invalid_message"],
    ["an id of 65 bits", data("04 ff ff ff ff ff ff ff ff ff 02"), "invalid_message"],
    ["a route that is cut", data("06 05 'A.B'"), "invalid_message"],
    ["a code that is cut", data("07 01"), "invalid_message"],
    ["a route that is no UTF-8", data("06 01 ff"), "invalid_message"],
    ["a packet type 0", hex("00 00 00 00"), "invalid_packet_type"],
    ["a packet type 6", hex("06"), "invalid_packet_type"],
    ["a packet beyond the limit", hex("04 10 00 01"), "packet_too_large"],
  ];

  it.each(wrong)("closes the connection: %s", async (_, bytes, code) => {
    const server = new FakeServer();
    const connection = await server.connected();
    const answer = connection.request(join, "");
    server.send(bytes);
    const reason = await connection.closed;
    expect(reason).toMatchObject({ code, scope: "connection" });
    expect(await rejection(answer)).toMatchObject({ code: "unavailable", cause: reason });
    expect(server.closedByClient).toBe(true);
  });

  it("is not read on after it", async () => {
    const server = new FakeServer();
    const connection = await server.connected();
    const heard: string[] = [];
    connection.on(said, (message) => heard.push(message));
    const good = data("06 0f 'RoomEvents.Said' 'a'");
    server.send(Buffer.concat([good, data("02 01 'A'"), good]), good);
    await settled();
    expect(heard).toEqual(["a"]);
    expect(connection.state).toBe("closed");
  });

  it("is more than maxPacketBytes, where that is set; just that much is fine", async () => {
    const server = new FakeServer();
    const connection = await server.connected({}, { maxPacketBytes: 256 });
    const heard: number[] = [];
    connection.on(said, (message) => heard.push(message.length));
    server.send(data(`06 0f 'RoomEvents.Said' '${"x".repeat(239)}'`));
    expect(heard).toEqual([239]);
    server.send("04 00 01 01");
    expect(await connection.closed).toMatchObject({
      code: "packet_too_large",
      message: "packet of 257 bytes is larger than maxPacketBytes 256",
    });
  });
});
