import { Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import type { NanowireError } from "../../runtime/base/error.js";
import { connect as connectInBrowser } from "../../runtime/client/browser.js";
import { dialBrowser } from "../../runtime/client/dial-browser.js";
import { dialTcp } from "../../runtime/client/dial-tcp.js";
import { dialWs } from "../../runtime/client/dial-ws.js";
import { connect } from "../../runtime/client/index.js";
import type { ClientReceiver, ClientSocket, Dial } from "../../runtime/transport/client-socket.js";
import { hex, toHex } from "../protocol/hex.js";
import { eventually } from "../support/wait.js";
import { handshakePacket, rejection, settled } from "./support/fake-server.js";
import { type Listener, listenRaw, listenTcp, listenWs } from "./support/peers.js";
import { join, said, say } from "./support/text-codec.js";

interface Kind {
  readonly name: string;
  readonly listen: () => Promise<Listener>;
  readonly dial: (url: URL) => Dial;
  readonly connect: typeof connect;
  /** What errors call the url: no query. */
  readonly shown: (url: string) => string;
  /** What errors say where nobody listens. */
  readonly refused: string;
}

const kinds: readonly Kind[] = [
  { name: "TCP", listen: listenTcp, dial: dialTcp, connect, shown: (url) => url, refused: "ECONNREFUSED" },
  {
    name: "ws",
    listen: listenWs,
    dial: (url) => dialWs(url, 65_536),
    connect,
    shown: withoutQuery,
    refused: "ECONNREFUSED",
  },
  // What a browser has is played by the class of ws, which has the same face.
  {
    name: "a browser's WebSocket",
    listen: listenWs,
    dial: dialBrowser,
    connect: connectInBrowser,
    shown: withoutQuery,
    // A browser tells no more.
    refused: "1006",
  },
];

function withoutQuery(url: string): string {
  return url.replace(/\?.*/, "");
}

beforeEach(() => {
  vi.stubGlobal("WebSocket", WebSocket);
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** Keeps what arrives. */
class Receiver implements ClientReceiver {
  readonly chunks: Uint8Array[] = [];
  readonly ends: (NanowireError | undefined)[] = [];
  readonly closedOnce: Promise<NanowireError | undefined>;
  #resolve: (error: NanowireError | undefined) => void = () => {};

  constructor() {
    this.closedOnce = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  get received(): string {
    return Buffer.concat(this.chunks).toString();
  }

  receive(bytes: Uint8Array): void {
    this.chunks.push(bytes);
  }

  closed(error: NanowireError | undefined): void {
    this.ends.push(error);
    this.#resolve(error);
  }
}

describe.each(kinds)("a socket over $name", ({ listen, dial, connect: connectTo, shown, refused }) => {
  let listener: Listener;
  const text = (value: string) => new TextEncoder().encode(value);

  beforeEach(async () => {
    listener = await listen();
  });

  afterEach(async () => {
    await listener.close();
  });

  async function dialled() {
    const accepting = listener.accept();
    const socket = await dial(new URL(listener.url))(new AbortController().signal);
    return { socket, peer: await accepting, receiver: new Receiver() };
  }

  it("carries a whole connection: handshake, request, notify, push, end", async () => {
    const connecting = connectTo(listener.url);
    const peer = await listener.accept();
    await eventually(() => expect(peer.received().toString()).toContain('"nanowire"'));
    const handshakeBytes = peer.received().length;
    peer.send(handshakePacket({ user: "welcome" }));
    const connection = await connecting;
    expect(connection.handshake.user).toBe("welcome");
    const heard: string[] = [];
    connection.on(said, (message) => heard.push(message));
    const answer = connection.request(join, "ada");
    connection.notify(say, "hello");
    const expected = hex("02 00 00 00 04 00 00 0f 00 01 09 'Room.Join' 'ada' 04 00 00 0f 02 08 'Room.Say' 'hello'");
    await eventually(() => expect(toHex(peer.received().subarray(handshakeBytes))).toBe(toHex(expected)));
    peer.send(hex("04 00 00 12 06 0f 'RoomEvents.Said' 'a' 04 00 00 05 04 01 'hey'"));
    expect(await answer).toBe("hey");
    expect(heard).toEqual(["a"]);
    peer.close();
    expect((await connection.closed).code).toBe("connection_lost");
  });

  it("loses nothing that comes before there is a receiver", async () => {
    const { socket, peer, receiver } = await dialled();
    peer.send(text("one"));
    peer.send(text("two"));
    peer.close();
    await settled();
    await settled();
    socket.start(receiver);
    expect(await receiver.closedOnce).toBeUndefined();
    expect(receiver.received).toBe("onetwo");
  });

  it("hands on plain bytes that may be kept", async () => {
    const { socket, peer, receiver } = await dialled();
    socket.start(receiver);
    peer.send(text("one"));
    await eventually(() => expect(receiver.received).toBe("one"));
    peer.send(text("TWO"));
    await eventually(() => expect(receiver.received).toBe("oneTWO"));
    expect(receiver.chunks.map((bytes) => Object.getPrototypeOf(bytes) === Uint8Array.prototype)).toEqual(
      receiver.chunks.map(() => true),
    );
  });

  it("carries much, in order", async () => {
    const { socket, peer, receiver } = await dialled();
    socket.start(receiver);
    const sent = Array.from({ length: 2_000 }, (_, index) => `${index},`);
    for (const part of sent) {
      socket.send(text(part));
    }
    socket.send(new Uint8Array(300_000).fill(0x2e));
    const all = sent.join("") + ".".repeat(300_000);
    await eventually(() => expect(peer.received().length).toBe(all.length));
    expect(peer.received().toString()).toBe(all);
  });

  it("sends what waits when it is closed, and receives nothing after", async () => {
    const { socket, peer, receiver } = await dialled();
    socket.start(receiver);
    socket.send(text("last words"));
    socket.close();
    socket.close();
    socket.send(text("too late"));
    peer.send(text("nobody hears it"));
    await peer.closed;
    expect(peer.received().toString()).toBe("last words");
    expect(receiver.chunks).toEqual([]);
    expect(receiver.ends).toEqual([]);
  });

  it("tells once that the server closed", async () => {
    const { socket, peer, receiver } = await dialled();
    socket.start(receiver);
    peer.close();
    expect(await receiver.closedOnce).toBeUndefined();
    await settled();
    socket.close();
    expect(receiver.ends).toEqual([undefined]);
  });

  it("tells once that the connection broke", async () => {
    const { socket, peer, receiver } = await dialled();
    socket.start(receiver);
    peer.break();
    expect(await receiver.closedOnce).toMatchObject({ code: "connection_lost", scope: "connection" });
    socket.send(text("nobody hears it"));
    await settled();
    expect(receiver.ends).toHaveLength(1);
  });

  it("is not made where nobody listens", async () => {
    const url = listener.url;
    await listener.close();
    const error = await rejection(connectTo(url));
    expect(error.code).toBe("connect_failed");
    expect(error.message).toContain(`${shown(url)}`);
    expect(error.message).toContain(refused);
    expect(error.message).not.toContain("secret");
    listener = await listen();
  });

  it("is not made when it is given up", async () => {
    const controller = new AbortController();
    const dialling = dial(new URL(listener.url))(controller.signal);
    controller.abort();
    expect((await rejection(dialling)).code).toBe("connect_failed");
  });

  it("is given up by connect's own signal", async () => {
    const controller = new AbortController();
    const connecting = connectTo(listener.url, { signal: controller.signal });
    controller.abort("no patience");
    expect(await rejection(connecting)).toMatchObject({ code: "canceled", cause: "no patience" });
  });
});

describe("over TCP", () => {
  it("all packets of one turn leave in one write", async () => {
    const listener = await listenTcp();
    const socket = await dialTcp(new URL(listener.url))(new AbortController().signal);
    const peer = await listener.accept();
    socket.start(new Receiver());
    const write = vi.spyOn(Socket.prototype, "write");
    for (let index = 0; index < 100; index++) {
      socket.send(Uint8Array.of(index));
    }
    expect(write).not.toHaveBeenCalled();
    await eventually(() => expect(peer.received().length).toBe(100));
    expect(write).toHaveBeenCalledTimes(1);
    socket.send(Uint8Array.of(1));
    await eventually(() => expect(peer.received().length).toBe(101));
    expect(write).toHaveBeenCalledTimes(2);
    write.mockRestore();
    await listener.close();
  });

  it("a server that never closes its end is left after two seconds", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const listener = await listenTcp();
    const socket = await dialTcp(new URL(listener.url))(new AbortController().signal);
    const peer = await listener.accept();
    const destroy = vi.spyOn(Socket.prototype, "destroy");
    peer.pause();
    socket.start(new Receiver());
    socket.close();
    await settled();
    const before = destroy.mock.calls.length;
    vi.advanceTimersByTime(1_999);
    expect(destroy.mock.calls.length).toBe(before);
    vi.advanceTimersByTime(1);
    expect(destroy.mock.calls.length).toBe(before + 1);
    vi.useRealTimers();
    destroy.mockRestore();
    await listener.close();
  });

  it("an IPv6 address is dialled without its brackets", async () => {
    const dial = dialTcp(new URL("tcp://[::1]:1"));
    const error = await rejection(dial(new AbortController().signal));
    // Where the machine has no IPv6 it is another code, but never that the name is not known.
    expect(error.message).toMatch(
      /^tcp:\/\/\[::1\]:1 could not be connected: E(CONNREFUSED|ADDRNOTAVAIL|NETUNREACH|AFNOSUPPORT)$/,
    );
  });
});

describe("over a WebSocket", () => {
  const open = [
    ["ws", (url: URL) => dialWs(url, 1_000), "404"],
    ["a browser's", dialBrowser, "1006"],
  ] as const;

  it.each(open)("each send is one binary frame: %s", async (_, dial) => {
    const listener = await listenWs();
    const socket = await dial(new URL(listener.url))(new AbortController().signal);
    const peer = await listener.accept();
    socket.start(new Receiver());
    socket.send(Uint8Array.of(3, 0, 0, 0));
    socket.send(Uint8Array.of(2, 0, 0, 0));
    await eventually(() => expect(peer.pieces().map(toHex)).toEqual(["03000000", "02000000"]));
    await listener.close();
  });

  it.each(open)("a text frame is an error: %s", async (_, dial) => {
    const { socket, receiver, server } = await serverThat(dial, (peer) => {
      peer.send("hello");
      peer.send(Uint8Array.of(1));
    });
    socket.start(receiver);
    expect(await receiver.closedOnce).toMatchObject({ code: "text_frame", scope: "connection" });
    expect((await receiver.closedOnce)?.message).toMatch(
      /^ws:\/\/127\.0\.0\.1:\d+\/ sent a text frame of 5 characters$/,
    );
    await settled();
    expect([receiver.chunks, receiver.ends.length]).toEqual([[], 1]);
    await server.close();
  });

  it.each(open)("the server's close code and its reason are told: %s", async (_, dial) => {
    const { socket, receiver, server } = await serverThat(dial, (peer) => peer.close(4001, "too slow"));
    socket.start(receiver);
    expect(await receiver.closedOnce).toMatchObject({
      code: "connection_lost",
      details: { closeCode: "4001", closeReason: "too slow" },
    });
    await server.close();
  });

  it.each(open)("an answer other than 101 is connect_failed: %s", async (_, dial, why) => {
    const server = await listenRaw((socket) => socket.end("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"));
    const error = await rejection(dial(new URL(`ws://127.0.0.1:${server.port}/x`))(new AbortController().signal));
    expect(error.code).toBe("connect_failed");
    expect(error.message).toContain(why);
    await server.close();
  });

  it.each(open)("a server that says nothing is given up: %s", async (_, dial) => {
    const server = await listenRaw(() => {});
    const controller = new AbortController();
    const dialling = dial(new URL(`ws://127.0.0.1:${server.port}/`))(controller.signal);
    controller.abort();
    expect((await rejection(dialling)).code).toBe("connect_failed");
    await server.close();
  });

  it("garbage in the frames is invalid_frame, where it can be told", async () => {
    const { socket, receiver, server } = await serverThat(
      (url) => dialWs(url, 1_000),
      // A frame with a reserved bit set (RFC 6455, 5.2).
      (peer) => rawSocketOf(peer).write(Uint8Array.of(0xf2, 0x01, 0x00)),
    );
    socket.start(receiver);
    expect(await receiver.closedOnce).toMatchObject({ code: "invalid_frame", scope: "connection" });
    await server.close();
  });

  it("a frame beyond the limit is refused from its header", async () => {
    const { socket, receiver, server } = await serverThat(
      (url) => dialWs(url, 1_000),
      // A binary frame that claims 2^31 bytes.
      (peer) => rawSocketOf(peer).write(Uint8Array.of(0x82, 127, 0, 0, 0, 0, 0x80, 0, 0, 0)),
    );
    socket.start(receiver);
    expect((await receiver.closedOnce)?.code).toBe("invalid_frame");
    await server.close();
  });

  /** A server that does something as soon as a client is there. */
  async function serverThat(dial: (url: URL) => Dial, act: (peer: WebSocket) => void) {
    const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
    server.on("connection", (peer) => {
      peer.on("error", () => {});
      act(peer);
    });
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as { port: number };
    const socket: ClientSocket = await dial(new URL(`ws://127.0.0.1:${port}`))(new AbortController().signal);
    const close = async () => {
      for (const client of server.clients) {
        client.terminate();
      }
      await new Promise((resolve) => server.close(resolve));
    };
    return { socket, receiver: new Receiver(), server: { close } };
  }

  function rawSocketOf(peer: WebSocket): Socket {
    return (peer as unknown as { readonly _socket: Socket })._socket;
  }
});

describe("urls", () => {
  const wrong: readonly [string, string][] = [
    ["", " is no URL such as ws://127.0.0.1:3250"],
    ["localhost", "localhost is no URL such as ws://127.0.0.1:3250"],
    ["/game", "/game is no URL such as ws://127.0.0.1:3250"],
    ["http://a.example/", "http://a.example/ does not begin with ws: or wss: or tcp: or tls: or ws+unix: or tcp+unix:"],
    ["tls://a.example", "tls://a.example is not of the form tls://host:port"],
    ["tcp+unix://", "tcp+unix:// is not of the form tcp+unix:///path"],
    ["tcp+unix://a.example/game.sock", "tcp+unix://a.example/game.sock is not of the form tcp+unix:///path"],
    ["tcp+unix:///game.sock?x", "tcp+unix:///game.sock is not of the form tcp+unix:///path"],
    ["tcp+unix:///%zz", "tcp+unix:///%zz has a % that stands for nothing"],
    ["127.0.0.1:3250", "127.0.0.1:3250 is no URL such as ws://127.0.0.1:3250"],
    ["ws://a.example/#x", "ws://a.example/ has a fragment"],
    ["tcp://a.example", "tcp://a.example is not of the form tcp://host:port"],
    ["tcp://a.example:0", "tcp://a.example:0 is not of the form tcp://host:port"],
    ["tcp://a.example:1/x", "tcp://a.example:1/x is not of the form tcp://host:port"],
    ["tcp://a.example:1?x", "tcp://a.example:1 is not of the form tcp://host:port"],
    ["tcp://u:p@a.example:1", "tcp://a.example:1 is not of the form tcp://host:port"],
  ];

  it.each(wrong)("Node refuses %j", async (url, message) => {
    expect(await rejection(connect(url))).toMatchObject({ code: "invalid_url", scope: "startup", message });
  });

  it("a browser refuses tcp://", async () => {
    expect(await rejection(connectInBrowser("tcp://127.0.0.1:3251"))).toMatchObject({
      code: "invalid_url",
      message: "tcp://127.0.0.1:3251 does not begin with ws: or wss:",
    });
  });

  it("where there is no WebSocket nothing is dialled", async () => {
    vi.stubGlobal("WebSocket", undefined);
    expect(await rejection(connectInBrowser("ws://127.0.0.1:1"))).toMatchObject({
      code: "connect_failed",
      message: "there is no global WebSocket here",
    });
  });

  it("what the browser does not allow is connect_failed", async () => {
    const cause = new Error("an insecure WebSocket connection may not be initiated from a page loaded over HTTPS");
    vi.stubGlobal(
      "WebSocket",
      class {
        constructor() {
          throw cause;
        }
      },
    );
    expect(await rejection(connectInBrowser("ws://a.example/?token=secret"))).toMatchObject({
      code: "connect_failed",
      message: "ws://a.example/ may not be dialled from here",
      cause,
    });
  });
});
