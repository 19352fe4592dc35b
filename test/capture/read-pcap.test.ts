import { once } from "node:events";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { noTypes } from "../../runtime/capture/capture-types.js";
import { concat } from "../protocol/hex.js";
import { deflated, push, response } from "../repl/support/other-server.js";
import { notify, packet, request } from "../support/client.js";
import { until } from "../support/wait.js";
import { fin, pcapOf, type Segment, segmentsOf } from "./support/pcap-writer.js";
import { readFile, timeless } from "./support/read.js";
import { type Said, startRecording } from "./support/recording-proxy.js";
import { openRecordedShop, talk } from "./support/shop-talk.js";

const sold = { name: "tea", lines: [{ count: 2, price: 3 }], labels: {}, cash: "7", proof: "", currency: "" };

/** What the shop's client and the shop say. */
function shopLines(transport: "ws" | "tcp", serializer: "protobuf" | "json"): unknown[] {
  const isJson = serializer === "json";
  const at = { connection: 1 };
  const on = { ...at, session: 1 };
  const asked = isJson ? { name: "tea", lines: [{ count: 2, price: 3 }], cash: "7" } : sold;
  return [
    {
      ...at,
      kind: "open",
      client: "10.0.0.7:50000",
      server: "10.0.0.1:3250",
      transport,
      ...(transport === "ws" ? { path: "/" } : {}),
    },
    {
      ...at,
      kind: "handshake",
      direction: "in",
      sys: expect.objectContaining({ type: "nanowire", serializer }),
      redacted: ["user"],
    },
    {
      ...on,
      kind: "handshake",
      direction: "out",
      code: 200,
      sys: expect.objectContaining({ serializer, heartbeat: 30 }),
    },
    { ...on, kind: "request", direction: "in", id: 1, route: "Shop.Buy", payload: expect.objectContaining(asked) },
    {
      ...on,
      kind: "push",
      direction: "out",
      route: "ShopEvents.Sold",
      payload: expect.objectContaining({ name: "tea", cash: "7" }),
    },
    { ...on, kind: "response", direction: "out", id: 1, route: "Shop.Buy", code: "ok", payload: { id: "1-tea" } },
    { ...on, kind: "notify", direction: "in", route: "Shop.Note", payload: { text: "thanks" } },
    {
      ...on,
      kind: "request",
      direction: "in",
      id: 2,
      route: "Shop.SignIn",
      payload: { password: "[redacted]", again: "[redacted]", answers: "[redacted]" },
      redacted: ["payload.password", "payload.again", "payload.answers"],
    },
    { ...on, kind: "response", direction: "out", id: 2, route: "Shop.SignIn", code: "ok", payload: {} },
    {
      ...on,
      kind: "request",
      direction: "in",
      id: 3,
      route: "Shop.Buy",
      payload: expect.objectContaining({ name: "gold" }),
    },
    {
      ...on,
      kind: "response",
      direction: "out",
      id: 3,
      route: "Shop.Buy",
      code: "sold_out",
      error: { message: "there is no gold\u001b[2J\u009b", details: { "next\u202e": "monday" } },
    },
    { ...on, kind: "close", by: "client" },
  ];
}

async function record(transport: "ws" | "tcp", serializer: "protobuf" | "json" = "protobuf"): Promise<readonly Said[]> {
  const proxy = await openRecordedShop(transport);
  await talk(proxy.url, serializer);
  await proxy.closed(1);
  return proxy.said;
}

describe("traffic of real sockets", () => {
  it.each([
    ["tcp", "protobuf"],
    ["tcp", "json"],
    ["ws", "protobuf"],
    ["ws", "json"],
  ] as const)("over %s in %s becomes named lines", async (transport, serializer) => {
    const said = await record(transport, serializer);
    const { lines, notes, error } = await readFile([pcapOf(segmentsOf(said))]);
    expect(JSON.stringify(lines)).not.toMatch(/sesame|rex|hush/);
    expect({ notes, error }).toEqual({ notes: [], error: undefined });
    expect(timeless(lines)).toEqual(shopLines(transport, serializer));
  });
});

/** A conversation that is written by hand: what each side says, after the handshake. */
function conversation(...said: readonly Omit<Said, "connection">[]): Said[] {
  const answer = JSON.stringify({ code: 200, sys: { heartbeat: 9, dict: { "Shop.Buy": 1, "A.B": 7 } } });
  return [
    client(packet(1, '{"sys":{"type":"js-tcp","version":"1"}}')),
    server(packet(1, answer)),
    client(packet(2)),
    ...said,
  ].map((one) => ({ connection: 0, ...one }));
}

function client(bytes?: Uint8Array): Omit<Said, "connection"> {
  return { side: "client", bytes };
}

function server(bytes?: Uint8Array): Omit<Said, "connection"> {
  return { side: "server", bytes };
}

const plain = conversation(
  client(concat(packet(3), request(1, 1, new Uint8Array()), request(30, "Nobody.Knows", "hello"))),
  server(response(1, Uint8Array.of(0x0a, 1, 0x78))),
  client(notify(7)),
  server(concat(response(30, "?"), push(7, "x"), push(9, ""), packet(5, '{"reason":"late"}'))),
  client(),
  server(),
);
const plainLines = [
  ["open", undefined],
  ["handshake", undefined],
  ["handshake", undefined],
  ["request", "Shop.Buy"],
  ["request", "Nobody.Knows"],
  ["response", "Shop.Buy"],
  ["notify", "A.B"],
  ["response", "Nobody.Knows"],
  ["push", "A.B"],
  ["push", "#9"],
  ["kick", undefined],
  ["close", undefined],
];

function shape(lines: readonly object[]): [kind: unknown, route: unknown][] {
  return lines.map((line) => [Object(line).kind, Object(line).route]);
}

describe("a file of packets", () => {
  const segments = segmentsOf(plain, () => 7);

  it.each([
    {},
    { format: "pcap", isBig: true },
    { format: "pcap-ns", isBig: false },
    { format: "pcap-ns", isBig: true },
    { format: "pcapng", isBig: false },
    { format: "pcapng", isBig: true },
    { link: "vlan" },
    { link: "sll" },
    { link: "sll2", ip: 6 },
    { link: "null", ip: 6 },
    { link: "loop" },
    { link: "raw", ip: "extended" },
    { link: "ethernet", ip: "extended" },
  ] as const)("is read in the form %o", async (form) => {
    const { lines, notes, error } = await readFile([pcapOf(segments, form)]);
    expect({ notes, error }).toEqual({ notes: [], error: undefined });
    expect(shape(lines)).toEqual(plainLines);
    expect(lines[0]).toMatchObject({
      time: "2026-11-22T10:00:00.000030Z",
      client: "ip" in form ? "[2001:db8:0:0:0:0:0:7]:50000" : "10.0.0.7:50000",
    });
  });

  it("is read the same however it is cut", async () => {
    const file = pcapOf(segmentsOf(plain), { format: "pcapng" });
    const whole = await readFile([file]);
    expect(await readFile(Array.from(file, (byte) => Uint8Array.of(byte)))).toEqual(whole);
  });

  it.each([
    ["nothing", new Uint8Array(), "game.pcap: at byte 0: 0 bytes are no file of packets"],
    ["another file", new TextEncoder().encode("hello"), "at byte 0: it begins with 68656c6c, as neither"],
    ["a packed file", Uint8Array.of(0x1f, 0x8b, 8, 0), "at byte 0: it is packed with gzip: unpack it first"],
    [
      "a packet that is too long",
      concat(pcapOf([]), Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1)),
      "at byte 24: a packet of 16777216 bytes is longer than 1048576",
    ],
    [
      "a block that is too short",
      concat(pcapOf([], { format: "pcapng" }), Uint8Array.of(6, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0)),
      "at byte 80: a block cannot be 8 bytes long",
    ],
    [
      "a packet of no interface",
      concat(
        pcapOf([], { format: "pcapng" }),
        Uint8Array.of(6, 0, 0, 0, 32, 0, 0, 0, 3, 0, 0, 0, ...new Uint8Array(16), 32, 0, 0, 0),
      ),
      "at byte 80: a packet is of interface 3, of which nothing was said",
    ],
  ])("that is %s is refused, with the place", async (_, file, message) => {
    const { error } = await readFile([file]);
    expect(error).toMatchObject({ code: "invalid_capture", message: expect.stringContaining(message) });
  });

  it("that breaks off is read as far as it goes, and told", async () => {
    const file = pcapOf(segments);
    const { lines, notes } = await readFile([file.subarray(0, file.length - 3)]);
    expect(shape(lines)).toEqual(plainLines);
    expect(notes).toEqual([expect.stringMatching(/^game\.pcap: it ends at byte \d+, within a packet that begins at/)]);
  });

  it("never fails but as it says, whatever is in it", async () => {
    const file = pcapOf(segmentsOf(plain), { format: "pcapng" });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(file.length - 1), fc.nat(255)), { maxLength: 6 }),
        fc.constantFrom(file, pcapOf(segments)),
        async (changes, of) => {
          const bytes = Uint8Array.from(of);
          for (const [at, value] of changes) {
            bytes[at % bytes.length] = value;
          }
          const { error } = await readFile([bytes]);
          expect([undefined, "invalid_capture"]).toContain(Object(error).code);
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe("segments of TCP", () => {
  it("say the same however they are cut, sent twice, overlapping and in whatever order", async () => {
    const talk = conversation(...plain.slice(3)).concat(plain.map((one) => ({ ...one, connection: 1 })));
    const wanted = timeless((await readFile([pcapOf(segmentsOf(talk))])).lines);
    const ofConnection = (lines: readonly object[], number: string) =>
      lines.filter((line) => wholeOf(lines, number).has(Object(line).connection));
    await fc.assert(
      fc.asyncProperty(fc.infiniteStream(fc.nat(1_000_000)), async (numbers) => {
        const draw = (below: number): number => (numbers.next().value as number) % Math.max(1, below);
        const segments = segmentsOf(talk, (left) => 1 + draw(left));
        const again = segments.filter(() => draw(3) === 0).map((segment) => overlapping(segment, segments, draw));
        const shuffled = shuffle([...segments, ...again], draw);
        const { lines, error } = await readFile([pcapOf(shuffled)]);
        expect(error).toBeUndefined();
        for (const client of ["10.0.0.7:50000", "10.0.0.8:50001"]) {
          const bare = (all: readonly object[]) =>
            ofConnection(all, client).map((line) => ({ ...line, connection: 0, session: 0 }));
          expect(bare(timeless(lines))).toEqual(bare(wanted));
        }
      }),
      { numRuns: 40 },
    );
  });

  it("that are missing are told, and nothing of that direction behind them", async () => {
    const all = segmentsOf(plain, () => 1_000);
    const lost = all.filter(({ fromClient, payload }) => fromClient || payload[0] !== 4);
    const { lines } = await readFile([pcapOf([...all.slice(0, 6), ...lost.slice(6)])]);
    expect(lines.filter(({ kind }) => kind === "gap")).toEqual([
      expect.objectContaining({ direction: "out", missingBytes: expect.any(Number) }),
    ]);
    expect(shape(lines).filter(([kind]) => kind === "response" || kind === "push")).toEqual([]);
    expect(shape(lines)).toContainEqual(["notify", "A.B"]);
  });

  it("that were not kept whole are told", async () => {
    const { lines, notes } = await readFile([pcapOf(segmentsOf(plain), { snapBytes: 110 })]);
    expect(lines.map(({ kind }) => kind)).toContain("gap");
    expect(notes).toEqual([expect.stringMatching(/^\d+ of \d+ packets were not kept whole/)]);
  });

  it("of the same ports are another connection after a new SYN", async () => {
    const later = segmentsOf(plain).map((segment) => ({
      ...segment,
      seq: segment.seq + 5_000_000,
      ack: segment.ack === undefined ? undefined : segment.ack + 5_000_000,
    }));
    const unended = segmentsOf(plain).filter(({ flags }) => flags !== fin);
    const { lines } = await readFile([pcapOf([...unended, ...later])]);
    expect(lines.filter(({ kind }) => kind === "open" || kind === "close")).toMatchObject([
      { kind: "open", connection: 1 },
      { kind: "close", by: "nobody" },
      { kind: "open", connection: 2 },
      { kind: "close", by: "client" },
    ]);
  });

  it("whose beginning is not in the file are left out, and why is told where the port is named", async () => {
    const segments = segmentsOf(plain, () => 5).slice(6);
    expect((await readFile([pcapOf(segments)])).notes).toEqual([
      "connections that are left out: 1; --port tells why",
      "no connection of the protocol was found",
    ]);
    const { notes } = await readFile([pcapOf(segments)], { ports: [3250] });
    expect(notes[0]).toMatch(/is left out: it begins with neither a handshake nor an upgrade to WebSocket$/);
    expect((await readFile([pcapOf(segmentsOf(plain))], { ports: [80] })).notes).toEqual([
      "no connection of the protocol was found",
    ]);
  });

  it("of endless halves do not fill the memory", async () => {
    const endless = conversation(client(Uint8Array.of(4, 0xff, 0xff, 0xff)), client(new Uint8Array(200_000)));
    const { lines } = await readFile([pcapOf(segmentsOf(endless, () => 1_000))], {
      maxPacketBytes: 0xffffff,
      maxHeldBytes: 100_000,
    });
    expect(lines.slice(-2)).toMatchObject([
      { kind: "fault", message: "more than 100000 bytes would have to be held" },
      { kind: "close", by: "nobody" },
    ]);
  });
});

describe("messages", () => {
  it("that are compressed, or errors, or cannot be read, are told as what they are", async () => {
    const said = conversation(
      client(concat(request(1, "Shop.Buy", Uint8Array.of(0xff)), request(2, "Shop.Buy"), request(3, "Shop.Buy"))),
      server(concat(response(1, deflated("\n\u0001x"), 0x10), response(2, "\n\u0004gone\u0012\u0002no", 0x20))),
      server(concat(response(3, "no zlib", 0x10), push("ShopEvents.Sold", "x"), packet(9))),
    );
    const { lines } = await readFile([pcapOf(segmentsOf(said))]);
    expect(timeless(lines).slice(3)).toMatchObject([
      {
        kind: "fault",
        direction: "in",
        message: expect.stringMatching(/^Shop\.Buy: 1 bytes are no shop\.v1\.BuyRequest: /),
      },
      { kind: "request", id: 1, bytes: "0xff" },
      { kind: "request", id: 2 },
      { kind: "request", id: 3 },
      { kind: "response", id: 1, code: "ok", payload: { id: "x" } },
      { kind: "response", id: 2, code: "gone", error: { message: "no" } },
      { kind: "fault", message: expect.stringMatching(/^invalid_payload: 7 compressed bytes are no zlib stream/) },
      { kind: "fault", message: expect.stringContaining("no shop.v1.BuyResponse") },
      { kind: "response", id: 3, bytes: "0x6e6f207a6c6962" },
      { kind: "fault", message: expect.stringContaining("no shop.v1.BuyRequest") },
      { kind: "push", bytes: "0x78" },
      { kind: "fault", direction: "out", message: "invalid_packet_type: packet type 9 is not one of 1 to 6" },
      { kind: "close", by: "nobody" },
    ]);
  });

  it("are told with secrets, heartbeats, and as bytes where no types are known, if that is asked for", async () => {
    const said = await record("tcp");
    const { lines } = await readFile([pcapOf(segmentsOf(said))], { showsSecrets: true });
    expect(lines[1]).toMatchObject({ user: { token: "hush" } });
    expect(lines.find((line) => Object(line).route === "Shop.SignIn")).toMatchObject({
      payload: { password: "sesame" },
    });
    const bare = await readFile([pcapOf(segmentsOf(plain))], { types: noTypes, showsHeartbeats: true });
    expect(bare.lines).toContainEqual(expect.objectContaining({ kind: "heartbeat", direction: "in" }));
    expect(bare.lines).toContainEqual(
      expect.objectContaining({ kind: "response", route: "Shop.Buy", bytes: "0x0a0178" }),
    );
  });
});

describe("WebSocket", () => {
  it("frames that are deflated and cut in fragments are read, and a client behind a proxy is told by its address", async () => {
    const sockets = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: { threshold: 0 } });
    onTestFinished(() => void sockets.close());
    await once(sockets, "listening");
    const proxy = await startRecording((sockets.address() as AddressInfo).port);
    const answer = JSON.stringify({ code: 200, sys: { dict: { "A.B": 7 } } });
    sockets.on("connection", (socket) => {
      socket.on("message", () => {
        socket.send(packet(1, answer));
        socket.send(concat(push(7, "hello hello hello"), push(7, "hello hello hello")));
        socket.send(push(7, "hello hello hello"));
        socket.close();
      });
    });
    const socket = new WebSocket(`ws://127.0.0.1:${proxy.port}/play?token=hush`, {
      perMessageDeflate: { threshold: 0 },
    });
    await once(socket, "open");
    const handshake = packet(1, '{"sys":{}}');
    socket.send(handshake.subarray(0, 5), { fin: false });
    socket.send(handshake.subarray(5));
    await proxy.closed(1);
    await until(() => socket.readyState === socket.CLOSED);
    const [first, ...rest] = segmentsOf(proxy.said);
    const { lines } = await readFile([pcapOf([first as Segment, ...rest])]);
    expect(lines[0]).toMatchObject({ kind: "open", transport: "ws", path: "/play" });
    const hello = `0x${Buffer.from("hello hello hello").toString("hex")}`;
    expect(lines.flatMap((line) => Object(line).bytes ?? [])).toEqual([hello, hello, hello]);
    const told = proxy.said.map((one, index) =>
      index === 0
        ? {
            ...one,
            bytes: concat(
              new TextEncoder().encode("PROXY TCP4 9.8.7.6 1.2.3.4 5 6\r\n"),
              one.bytes ?? new Uint8Array(),
            ),
          }
        : one,
    );
    expect((await readFile([pcapOf(segmentsOf(told))])).lines[0]).toMatchObject({ client: "9.8.7.6" });
  });

  it.each([
    ["TLS", Uint8Array.of(0x16, 3, 1, 0, 0), "it is TLS: capture where it is not"],
    ["HTTP", new TextEncoder().encode("GET /metrics HTTP/1.1\r\nhost: a\r\n\r\n"), "it is HTTP, without an upgrade"],
    ["a head without an end", new TextEncoder().encode(`GET /${"x".repeat(20_000)}`), "longer than 16384 bytes"],
  ])("is not %s, which is told", async (_, bytes, why) => {
    const { lines, notes } = await readFile([pcapOf(segmentsOf([{ connection: 0, ...client(bytes) }]))], {
      ports: [3250],
    });
    expect(lines).toEqual([]);
    expect(notes[0]).toContain(why);
  });
});

/** The connections of a client. */
function wholeOf(lines: readonly object[], client: string): ReadonlySet<number> {
  return new Set(
    lines.filter((line) => Object(line).client === client).map((line) => Object(line).connection as number),
  );
}

/** A piece of the stream that begins where a segment does, or within it, and goes on beyond its end. */
function overlapping(segment: Segment, all: readonly Segment[], draw: (below: number) => number): Segment {
  const next = all.find(
    ({ fromClient, connection, seq, flags }) =>
      fromClient === segment.fromClient &&
      connection === segment.connection &&
      flags === 0 &&
      seq === (segment.seq + segment.payload.length) >>> 0,
  );
  if (segment.flags !== 0 || segment.payload.length === 0) {
    return segment;
  }
  const from = draw(segment.payload.length);
  const both = concat(segment.payload, next?.payload ?? new Uint8Array());
  const to = from + 1 + draw(both.length - from);
  // What it had got when the later part was said.
  const ack = to > segment.payload.length ? next?.ack : segment.ack;
  return { ...segment, seq: (segment.seq + from) >>> 0, ack, payload: both.slice(from, to) };
}

function shuffle<T>(items: readonly T[], draw: (below: number) => number): T[] {
  const left = [...items];
  return items.map(() => left.splice(draw(left.length), 1)[0] as T);
}
