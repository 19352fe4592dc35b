import { deflateSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { NanowireError } from "../../runtime/base/error.js";
import { clientVersion } from "../../runtime/client/connect-options.js";
import { hex, toHex } from "../protocol/hex.js";
import { FakeServer, handshakePacket, packet, rejection } from "./support/fake-server.js";
import { watchedSignal } from "./support/watched-signal.js";

const ack = "02000000";
const heartbeat = "03000000";

/** The JSON in a packet that is given as hex. */
function jsonIn(sent: string | undefined): unknown {
  return JSON.parse(Buffer.from((sent ?? "").slice(8), "hex").toString());
}

describe("what the client sends", () => {
  it("is one handshake packet, byte by byte", async () => {
    const server = new FakeServer();
    await server.dialled();
    const body = hex(
      `'{"sys":{"type":"nanowire","version":"${clientVersion}","serializer":"protobuf","capabilities":["ping"]}}'`,
    );
    expect(server.sent).toEqual([toHex(packet(1, body))]);
  });

  it("names the package's own version", () => {
    expect(clientVersion).toBe(packageJson.version);
  });

  it("carries the dictionary's hash and the application's data", async () => {
    const server = new FakeServer();
    await server.dialled({ dictVersion: "cafe", user: { token: "t", list: [1, null] } });
    expect(jsonIn(server.sent[0])).toEqual({
      sys: {
        type: "nanowire",
        version: clientVersion,
        serializer: "protobuf",
        capabilities: ["ping"],
        dictVersion: "cafe",
      },
      user: { token: "t", list: [1, null] },
    });
  });

  it("is one packet a send, after the answer: the ack, and the first heartbeat", async () => {
    const server = new FakeServer();
    const { connecting } = await server.dialled();
    server.sent.length = 0;
    server.send(handshakePacket({ sys: { heartbeat: 30 } }));
    await connecting;
    expect(server.sent).toEqual([ack, heartbeat]);
  });

  it("is no heartbeat where the server wants none", async () => {
    for (const sys of [{ heartbeat: 0 }, { heartbeat: null }, {}, undefined]) {
      const server = new FakeServer();
      const { connecting } = await server.dialled();
      server.sent.length = 0;
      server.send(handshakePacket({ sys }));
      await connecting;
      expect(server.sent).toEqual([ack]);
      expect(server.clock.timers).toBe(0);
    }
  });
});

describe("an answer that is taken", () => {
  it("opens the connection, with what the application and the clock of the server say", async () => {
    const server = new FakeServer();
    const connection = await server.connected({ user: { room: 7 }, sys: { servertime: 1_700_000_000 } });
    expect(connection.state).toBe("open");
    expect(connection.handshake).toEqual({ user: { room: 7 }, servertime: 1_700_000_000 });
    expect(server.closedByClient).toBe(false);
  });

  it("may say nothing but its code, in literal bytes", async () => {
    const server = new FakeServer();
    const { connecting } = await server.dialled();
    server.send("01 00 00 0c '{\"code\":200}'");
    const connection = await connecting;
    expect(connection.handshake).toEqual({ user: undefined, servertime: undefined });
  });

  const body = Buffer.from(JSON.stringify({ code: 200, sys: { heartbeat: 30, serializer: "protobuf" }, user: "ü" }));
  const variants = [
    ["plain", body],
    ["with spaces before it", Buffer.concat([Buffer.from(" \r\n\t"), body])],
    ["zlib, fastest (78 01)", deflateSync(body, { level: 1 })],
    ["zlib, low (78 5e)", deflateSync(body, { level: 2 })],
    ["zlib, default (78 9c)", deflateSync(body)],
    ["zlib, best (78 da)", deflateSync(body, { level: 9 })],
    ["gzip (1f 8b)", gzipSync(body)],
  ] as const;

  it.each(variants)("is read %s, whole and byte by byte", async (_, bytes) => {
    for (const size of [bytes.length + 4, 1]) {
      const server = new FakeServer();
      const { connecting } = await server.dialled();
      const whole = packet(1, bytes);
      for (let offset = 0; offset < whole.length; offset += size) {
        server.send(whole.slice(offset, offset + size));
      }
      expect((await connecting).handshake.user).toBe("ü");
    }
  });

  it("may come after a heartbeat: go nano's ticker does not wait", async () => {
    const server = new FakeServer();
    const { connecting } = await server.dialled();
    server.send("03 00 00 00 03 00 00 00", handshakePacket());
    expect((await connecting).state).toBe("open");
  });

  it("ends the limit of time, and lets go of the signal", async () => {
    const server = new FakeServer();
    const { signal, abort, added, removed } = watchedSignal();
    const connection = await server.connected({}, { signal });
    expect([added(), removed()]).toEqual([1, 1]);
    expect(server.clock.timers).toBe(0);
    abort();
    server.clock.step(1_000_000);
    expect(connection.state).toBe("open");
  });
});

describe("an answer that is not taken", () => {
  const refusals: readonly [string, object, Record<string, string>, string][] = [
    ["pitaya's", { code: 400 }, { code: "400" }, "the server refused the handshake with code 400"],
    [
      "pomelo's, the client is too old",
      { code: 501, sys: {} },
      { code: "501" },
      "the server refused the handshake with code 501",
    ],
    [
      "ours",
      { code: 400, error: "banned", reason: "until 2030" },
      { code: "400", error: "banned", reason: "until 2030" },
      "the server refused the handshake with code 400: banned: until 2030",
    ],
    [
      "with nonsense in it",
      { code: 500.5, error: 7, reason: ["x"] },
      { code: "500.5" },
      "the server refused the handshake with code 500.5",
    ],
  ];

  it.each(refusals)("rejects: %s", async (_, answer, details, message) => {
    const server = new FakeServer();
    const { connecting } = await server.dialled();
    server.send(handshakePacket(answer));
    expect(await rejection(connecting)).toMatchObject({
      code: "handshake_refused",
      scope: "connection",
      details,
      message,
    });
    expect(server.closedByClient).toBe(true);
    expect(server.clock.timers).toBe(0);
  });

  it("is the refusal's even when it is deflated and the server closes right behind it", async () => {
    const server = new FakeServer();
    const { connecting } = await server.dialled();
    server.send(packet(1, deflateSync('{"code":400,"reason":"go away"}')));
    server.close();
    expect(await rejection(connecting)).toMatchObject({ code: "handshake_refused", details: { reason: "go away" } });
  });

  it("names a serializer that the client does not speak", async () => {
    const server = new FakeServer();
    const { connecting } = await server.dialled();
    server.send(handshakePacket({ sys: { serializer: "json" } }));
    expect(await rejection(connecting)).toMatchObject({
      code: "invalid_handshake",
      message: "the server speaks json; this client speaks protobuf",
    });
  });

  const broken: readonly [string, Uint8Array, string][] = [
    ["no body", packet(1, ""), "invalid_handshake"],
    ["no JSON", packet(1, "'{'"), "invalid_handshake"],
    ["no UTF-8", packet(1, "22 ff 22"), "invalid_handshake"],
    ["no object", packet(1, "'[]'"), "invalid_handshake"],
    ["no code", packet(1, "'{}'"), "invalid_handshake"],
    ["a code that is text", handshakePacket({ code: "200" }), "invalid_handshake"],
    ["sys that is text", handshakePacket({ sys: "x" }), "invalid_handshake"],
    ["a heartbeat that is text", handshakePacket({ sys: { heartbeat: "30" } }), "invalid_handshake"],
    ["a negative heartbeat", handshakePacket({ sys: { heartbeat: -1 } }), "invalid_handshake"],
    ["a dictionary that is a list", handshakePacket({ sys: { dict: [] } }), "invalid_handshake"],
    ["a code above 65535", handshakePacket({ sys: { dict: { "A.B": 65536 } } }), "invalid_handshake"],
    ["a code that is text", handshakePacket({ sys: { dict: { "A.B": "1" } } }), "invalid_handshake"],
    ["a code given twice", handshakePacket({ sys: { dict: { "A.B": 1, "A.C": 1 } } }), "invalid_handshake"],
    ["a route of no characters", handshakePacket({ sys: { dict: { "": 1 } } }), "invalid_handshake"],
    ["a serializer that is a number", handshakePacket({ sys: { serializer: 7 } }), "invalid_handshake"],
    ["zlib that is none", packet(1, "78 9c 00 00 00"), "invalid_handshake"],
    ["zlib that is cut", packet(1, deflateSync('{"code":200}').subarray(0, -3)), "invalid_handshake"],
    ["gzip that is none", packet(1, "1f 8b 00 00 00"), "invalid_handshake"],
    ["zlib of no JSON", packet(1, deflateSync("nothing")), "invalid_handshake"],
    ["zlib that grows beyond the limit", packet(1, deflateSync(Buffer.alloc(5_000_000, 0x20))), "packet_too_large"],
    ["an ack", hex("02 00 00 00"), "unexpected_packet"],
    ["data", packet(4, "06 01 'A'"), "unexpected_packet"],
    ["a packet type that does not exist", hex("06 00 00 00"), "invalid_packet_type"],
    ["an HTTP answer", hex("'HTTP/1.1 400 Bad Request'"), "invalid_packet_type"],
    ["a header that claims more than the limit", hex("01 10 00 01"), "packet_too_large"],
  ];

  it.each(broken)("rejects and closes: %s", async (_, bytes, code) => {
    const server = new FakeServer();
    const { connecting } = await server.dialled();
    server.send(bytes);
    expect(await rejection(connecting)).toMatchObject({ code, scope: "connection" });
    expect(server.closedByClient).toBe(true);
    expect(server.clock.timers).toBe(0);
    server.send(handshakePacket());
    server.close();
  });

  it("takes a body of just the limit", async () => {
    const server = new FakeServer();
    const { connecting } = await server.dialled({ maxPacketBytes: 256 });
    server.send(packet(1, `'{"code":200}'${" 20".repeat(244)}`));
    expect((await connecting).state).toBe("open");
  });
});

describe("a handshake that does not end", () => {
  it("is given up after connectTimeoutMs", async () => {
    const server = new FakeServer();
    const { connecting } = await server.dialled({ connectTimeoutMs: 250 });
    server.clock.step(249);
    expect(server.closedByClient).toBe(false);
    server.clock.step(1);
    expect(await rejection(connecting)).toMatchObject({
      code: "handshake_timeout",
      message: "the server did not answer the handshake within 250 ms",
    });
    expect(server.closedByClient).toBe(true);
    server.send(handshakePacket());
    expect(server.sent).toHaveLength(1);
  });

  it("is given up after 10 seconds by default, and never with 0", async () => {
    const server = new FakeServer();
    const { connecting } = await server.dialled();
    server.clock.step(9_999);
    expect(server.closedByClient).toBe(false);
    server.clock.step(1);
    expect((await rejection(connecting)).code).toBe("handshake_timeout");

    const patient = new FakeServer();
    await patient.dialled({ connectTimeoutMs: 0 });
    expect(patient.clock.timers).toBe(0);
  });

  it("is given up by the signal, also while the answer is inflated", async () => {
    const server = new FakeServer();
    const controller = new AbortController();
    const { connecting } = await server.dialled({ signal: controller.signal });
    server.send(packet(1, deflateSync('{"code":200}')));
    controller.abort("no patience");
    expect(await rejection(connecting)).toMatchObject({ code: "canceled", cause: "no patience" });
    expect(server.closedByClient).toBe(true);
    expect(server.clock.timers).toBe(0);
  });

  it("ends when the server closes, breaks or kicks", async () => {
    const closed = new FakeServer();
    const first = await closed.dialled();
    closed.close();
    expect(await rejection(first.connecting)).toMatchObject({
      code: "connection_lost",
      message: "the server closed the connection before it answered the handshake",
    });

    const broken = new FakeServer();
    const second = await broken.dialled();
    const reason = new NanowireError("connection_lost", "ECONNRESET");
    broken.close(reason);
    expect(await rejection(second.connecting)).toBe(reason);

    const kicking = new FakeServer();
    const third = await kicking.dialled();
    kicking.send(packet(5, '\'{"reason":"full"}\''));
    expect(await rejection(third.connecting)).toMatchObject({ code: "kicked", details: { reason: "full" } });
  });

  it("sends nothing when the server is gone before it began", async () => {
    const server = new FakeServer();
    const { connecting } = await server.dialled();
    server.onSend = () => {
      throw new Error("the socket broke");
    };
    server.send(handshakePacket({ sys: { heartbeat: 1 } }));
    // The handshake was fine; its acknowledgement could not be sent, so that no message can.
    expect(await rejection(connecting)).toMatchObject({ code: "connection_lost" });
    expect(server.clock.timers).toBe(0);
  });
});
