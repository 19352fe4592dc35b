import { describe, expect, it } from "vitest";
import { data, FakeServer, packet } from "./support/fake-server.js";
import { join } from "./support/text-codec.js";

const heartbeat = "03000000";

/** A client whose server wants a heartbeat every second. */
async function beating(heartbeatSeconds = 1) {
  const server = new FakeServer();
  const connection = await server.connected({ sys: { heartbeat: heartbeatSeconds } });
  return { server, connection, clock: server.clock };
}

describe("heartbeats", () => {
  it("are sent every interval by the client's own timer, whether or not the server answers", async () => {
    const { server, clock } = await beating();
    clock.step(999);
    expect(server.sent).toEqual([]);
    clock.step(1);
    expect(server.sent).toEqual([heartbeat]);
    server.send("03 00 00 00");
    for (let second = 0; second < 5; second++) {
      clock.step(500);
      // go nano's ticker, by its own phase.
      server.send("03 00 00 00");
      clock.step(500);
    }
    expect(server.sent).toEqual(Array.from({ length: 6 }, () => heartbeat));
  });

  it("may be fractions of a second apart", async () => {
    const { server, clock } = await beating(0.05);
    clock.step(50);
    expect(server.sent).toEqual([heartbeat]);
  });

  it("end with the connection", async () => {
    const { server, connection, clock } = await beating();
    connection.close();
    expect(clock.timers).toBe(0);
    clock.step(10_000);
    expect(server.sent).toEqual([]);
  });

  it("answer the server when the own timer is late, as in a page that nobody sees", async () => {
    const { server, clock } = await beating();
    clock.stall(1_000);
    server.send("03 00 00 00");
    expect(server.sent).toEqual([]);
    clock.stall(1);
    server.send("03 00 00 00", "03 00 00 00");
    expect(server.sent).toEqual([heartbeat]);
  });

  it.each([1e-9, 1e9, 1e300])(
    "are no flood, nor beyond what a timer takes, with an interval of %d s",
    async (seconds) => {
      const { server, connection, clock } = await beating(seconds);
      server.send(data("06 01 'A'"));
      clock.step(1);
      expect(server.sent.length).toBeLessThanOrEqual(1);
      expect(connection.state).toBe("open");
    },
  );
});

describe("silence", () => {
  it("of two intervals closes the connection, to the millisecond", async () => {
    const { connection, clock, server } = await beating();
    const answer = connection.request(join, "", { timeoutMs: 0 });
    clock.step(1_999);
    expect(connection.state).toBe("open");
    clock.step(1);
    expect(connection.state).toBe("closed");
    const reason = await connection.closed;
    expect(reason).toMatchObject({
      code: "heartbeat_timeout",
      scope: "connection",
      message: "no word from the server for 2000 ms, 2 heartbeats of 1000 ms",
    });
    await expect(answer).rejects.toMatchObject({ code: "unavailable", cause: reason });
    expect(server.closedByClient).toBe(true);
    expect(clock.timers).toBe(0);
  });

  const signs: readonly [string, Uint8Array][] = [
    ["a heartbeat", packet(3, "")],
    ["a push that nobody listens to", data("06 01 'A'")],
    ["an answer to nothing", data("04 09")],
    ["a piece of a packet", Uint8Array.of(4)],
  ];

  it.each(signs)("is broken by %s", async (_, bytes) => {
    const { server, connection, clock } = await beating();
    clock.step(1_500);
    server.send(bytes);
    clock.step(1_999);
    expect(connection.state).toBe("open");
    clock.step(1);
    expect((await connection.closed).code).toBe("heartbeat_timeout");
  });

  it("is not held against the server when it was the client that stood still", async () => {
    const { server, connection, clock } = await beating();
    clock.stall(60_000);
    clock.step(0);
    expect(connection.state).toBe("open");
    // What came meanwhile is read now.
    server.send("03 00 00 00");
    clock.step(1_999);
    expect(connection.state).toBe("open");
    clock.step(1);
    expect(connection.state).toBe("closed");
  });

  it("is no longer because somebody set the clock forwards", async () => {
    const { server, connection, clock } = await beating();
    clock.step(500);
    server.send("03 00 00 00");
    // By less than an interval: more would look as if the client had stood still.
    clock.set(900);
    clock.step(1_999);
    expect(connection.state).toBe("open");
    clock.step(1);
    expect(connection.state).toBe("closed");
  });

  it("lasts no longer because somebody set the clock back", async () => {
    const { connection, clock } = await beating();
    clock.step(500);
    clock.set(-3_600_000);
    clock.step(3_500);
    expect(connection.state).toBe("closed");
  });

  it("is nothing where the server wants no heartbeat", async () => {
    const { connection, clock } = await beating(0);
    clock.step(1e9);
    expect(connection.state).toBe("open");
  });
});
