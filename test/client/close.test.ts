import { deflateSync } from "node:zlib";
import { describe, expect, it, vi } from "vitest";
import { NanowireError } from "../../runtime/base/error.js";
import { data, FakeServer, packet, rejection, settled } from "./support/fake-server.js";
import { join, said } from "./support/text-codec.js";

describe("close", () => {
  it("rejects what is under way, tells everyone once, and closes the socket", async () => {
    const server = new FakeServer();
    const connection = await server.connected({ sys: { heartbeat: 30 } });
    const answers = [connection.request(join, "a"), connection.request(join, "b", { timeoutMs: 0 })];
    const onClose = vi.fn();
    connection.onClose(onClose);
    expect(connection.state).toBe("open");
    connection.close();
    connection.close();
    expect(connection.state).toBe("closed");
    expect(onClose).toHaveBeenCalledTimes(1);
    const reason = await connection.closed;
    expect(reason).toMatchObject({
      code: "closed",
      scope: "connection",
      message: "the connection was closed by this side",
    });
    expect(onClose).toHaveBeenCalledWith(reason);
    for (const answer of answers) {
      expect(await rejection(answer)).toMatchObject({
        code: "unavailable",
        scope: "request",
        message: "the connection was closed before Room.Join was answered: the connection was closed by this side",
        cause: reason,
      });
    }
    expect(server.closedByClient).toBe(true);
    expect(server.clock.timers).toBe(0);
  });

  it("hears nothing after it", async () => {
    const server = new FakeServer();
    const connection = await server.connected();
    const listener = vi.fn();
    connection.on(said, listener);
    connection.onKick(listener);
    connection.close();
    server.send(data("06 0f 'RoomEvents.Said' 'a'"), packet(5, ""), "99");
    server.close(new NanowireError("connection_lost", "late"));
    expect(listener).not.toHaveBeenCalled();
    expect((await connection.closed).code).toBe("closed");
    expect(connection.onKick(listener)).not.toThrow();
  });

  it("is survived by a socket that cannot be closed", async () => {
    const server = new FakeServer();
    const { connecting } = await server.dialled();
    server.send(packet(1, "'{\"code\":200}'"));
    const connection = await connecting;
    server.onClose = () => {
      throw new Error("EBADF");
    };
    connection.close();
    expect((await connection.closed).code).toBe("closed");
    expect(server.logger.messages("warn")).toEqual(["the socket could not be closed"]);
  });
});

describe("the server's end", () => {
  it("is connection_lost, or what the socket says", async () => {
    const quiet = new FakeServer();
    const first = await quiet.connected();
    const answer = first.request(join, "");
    quiet.close();
    expect(await first.closed).toMatchObject({ code: "connection_lost", message: "the server closed the connection" });
    expect((await rejection(answer)).code).toBe("unavailable");

    const broken = new FakeServer();
    const second = await broken.connected();
    const reason = new NanowireError("text_frame", "a text");
    broken.close(reason);
    expect(await second.closed).toBe(reason);
    broken.close();
  });

  it("comes after what was being inflated, and what waited behind it", async () => {
    const server = new FakeServer();
    const connection = await server.connected();
    const heard: string[] = [];
    connection.on(said, (message) => heard.push(message));
    const answer = connection.request(join, "");
    server.send(
      packet(4, Uint8Array.from([0x14, 1, ...deflateSync("late but there")])),
      data("06 0f 'RoomEvents.Said' 'a'"),
    );
    server.close();
    expect(connection.state).toBe("open");
    expect(await answer).toBe("late but there");
    expect((await connection.closed).code).toBe("connection_lost");
    expect(heard).toEqual(["a"]);
  });
});

describe("a kick", () => {
  const kicks: readonly [string, Uint8Array, string][] = [
    ["pomelo's and ours", packet(5, '\'{"reason":"another login"}\''), "another login"],
    ["pitaya's, which is empty", packet(5, ""), ""],
    ["that is no JSON", packet(5, "'bye'"), ""],
    ["that is no UTF-8", packet(5, "ff fe"), ""],
    ["that is null", packet(5, "'null'"), ""],
    ["that is a list", packet(5, "'[]'"), ""],
    ["whose reason is no text", packet(5, "'{\"reason\":7}'"), ""],
    ["that has no reason", packet(5, "'{}'"), ""],
    ["with text from everywhere", packet(5, '\'{"reason":"größer 🎲"}\''), "größer 🎲"],
  ];

  it.each(kicks)("is heard, and closes: %s", async (_, bytes, reason) => {
    const server = new FakeServer();
    const connection = await server.connected();
    const order: string[] = [];
    connection.onKick((text) => order.push(`kick ${text}`));
    connection.onClose((error) => order.push(error.code));
    const answer = connection.request(join, "");
    server.send(bytes);
    expect(order).toEqual([`kick ${reason}`, "kicked"]);
    expect(await connection.closed).toMatchObject({ code: "kicked", scope: "connection", details: { reason } });
    expect(await rejection(answer)).toMatchObject({ code: "unavailable", cause: { code: "kicked" } });
    expect(server.closedByClient).toBe(true);
    server.close();
  });

  it("says its reason in the error's message", async () => {
    const server = new FakeServer();
    const connection = await server.connected();
    server.send(packet(5, '\'{"reason":"full"}\''));
    expect((await connection.closed).message).toBe("the server told the client to go: full");
  });

  it("does not wait for a listener that throws, nor reach one that was ended", async () => {
    const server = new FakeServer();
    const connection = await server.connected();
    const ended = vi.fn();
    connection.onKick(() => {
      throw new Error("mine");
    });
    connection.onKick(ended)();
    connection.onClose(ended)();
    server.send(packet(5, ""));
    expect((await connection.closed).code).toBe("kicked");
    expect(ended).not.toHaveBeenCalled();
    expect(server.logger.messages("error")).toEqual(["a listener failed"]);
  });

  it("whose listener closes the connection leaves it closed by this side", async () => {
    const server = new FakeServer();
    const connection = await server.connected();
    connection.onKick(() => connection.close());
    server.send(packet(5, ""));
    expect((await connection.closed).code).toBe("closed");
  });
});

describe("a listener for the close", () => {
  it("that throws is logged, and hinders no other", async () => {
    const server = new FakeServer();
    const connection = await server.connected();
    const other = vi.fn();
    connection.onClose(() => {
      throw new Error("mine");
    });
    connection.onClose(other);
    connection.close();
    expect(other).toHaveBeenCalledTimes(1);
    expect(server.logger.messages("error")).toEqual(["a listener failed"]);
    await connection.closed;
  });

  it("that is added later is called soon, once, unless it was ended", async () => {
    const server = new FakeServer();
    const connection = await server.connected();
    connection.close();
    const late = vi.fn();
    const ended = vi.fn();
    connection.onClose(late);
    connection.onClose(ended)();
    expect(late).not.toHaveBeenCalled();
    await settled();
    expect(late).toHaveBeenCalledTimes(1);
    expect(late).toHaveBeenCalledWith(await connection.closed);
    expect(ended).not.toHaveBeenCalled();
  });

  it("sees a connection on which nothing can be done any more", async () => {
    const server = new FakeServer();
    const connection = await server.connected();
    const seen: unknown[] = [];
    connection.onClose(() => {
      seen.push(connection.state);
      seen.push(rejection(connection.request(join, "")));
      connection.close();
    });
    server.close();
    expect(seen[0]).toBe("closed");
    expect(await seen[1]).toMatchObject({ code: "unavailable" });
  });
});
