import type { Socket } from "node:net";
import { createServer } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { hybrid } from "../../runtime/transport/hybrid.js";
import { close, listen, listenAddress } from "../../runtime/transport/listen.js";
import { peerAddress } from "../../runtime/transport/socket.js";
import { tcp } from "../../runtime/transport/tcp.js";
import { ws } from "../../runtime/transport/ws.js";

async function addressOf(host?: string) {
  const server = createServer();
  await listen(server, { port: 0, ...(host === undefined ? {} : { host }) });
  onTestFinished(() => close(server));
  return listenAddress(server, "tcp", "tcp", "/path");
}

describe("where a listener listens", () => {
  it("is told with a URL that a client on the machine can use", async () => {
    const address = await addressOf("127.0.0.1");
    expect(address).toEqual({
      transport: "tcp",
      host: "127.0.0.1",
      port: expect.any(Number),
      url: `tcp://127.0.0.1:${address?.port}/path`,
    });
  });

  it("is 127.0.0.1 for a client when it is every address of the machine", async () => {
    const [some, ipv4] = [await addressOf(), await addressOf("0.0.0.0")];
    expect([some?.url, ipv4?.url]).toEqual([
      `tcp://127.0.0.1:${some?.port}/path`,
      `tcp://127.0.0.1:${ipv4?.port}/path`,
    ]);
    expect(ipv4?.host).toBe("0.0.0.0");
  });

  it("has an IPv6 address in brackets", () => {
    const server = createServer();
    server.address = () => ({ address: "::1", family: "IPv6", port: 80 });
    expect(listenAddress(server, "tcp", "tcp", "")?.url).toBe("tcp://[::1]:80");
  });

  it("is nowhere before it listens", () => {
    expect(listenAddress(createServer(), "tcp", "tcp", "")).toBeUndefined();
  });

  it("cannot be an address that is not the machine's", async () => {
    const failure = listen(createServer(), { port: 0, host: "192.0.2.1" });
    await expect(failure).rejects.toMatchObject({ code: "listen_failed", cause: { code: "EADDRNOTAVAIL" } });
    await expect(failure).rejects.toThrow("cannot listen on 192.0.2.1:0: listen EADDRNOTAVAIL");
  });

  it("names the port alone when no host was asked for", async () => {
    const { port } = (await addressOf()) as { port: number };
    await expect(listen(createServer(), { port })).rejects.toThrow(`cannot listen on port ${port}: listen EADDRINUSE`);
  });
});

describe("the options of a listener", () => {
  const makers = { tcp, ws, hybrid } as Readonly<Record<string, (options: never) => unknown>>;
  const refused = (name: string, options: unknown) => expect(() => makers[name]?.(options as never));

  it.each(Object.keys(makers))("of %s have no other names: a slip is told", (name) => {
    refused(name, { port: 0, orgins: ["https://game.example.com"] }).toThrow(
      `there is no option ${name}.orgins; there are `,
    );
    refused(name, { port: 0, vrify: () => false }).toThrow(`there is no option ${name}.vrify; there are `);
    refused(name, undefined).toThrow(`the options of ${name} are undefined, not an object`);
  });

  it.each<[object, string]>([
    [{ port: 0, host: 5 }, "host 5 is not a string"],
    [{ socketPath: "/tmp/x", socketMode: "660" }, "socketMode 660 is not an integer from 0 to 0o777"],
    [{ socketPath: "/tmp/x", socketMode: 0o1000 }, "socketMode 512 is not an integer from 0 to 0o777"],
    [{ socketPath: 1n }, "socketPath 1 is no path"],
    [{ port: 0, ears: 0 }, "ears 0 is not an integer from 1 to 64"],
    [{ port: 0, ears: 65 }, "ears 65 is not an integer from 1 to 64"],
    [{ port: 0, ears: 1.5 }, "ears 1.5 is not an integer from 1 to 64"],
    [{ port: 0, ears: true }, "ears true is not an integer from 1 to 64"],
    [{ socketPath: "/tmp/x", ears: 2 }, "ears 2 are more than the 1 of a Unix socket"],
  ])("are told when they are wrong", (options, message) => {
    for (const name of Object.keys(makers)) {
      refused(name, options).toThrow(message);
    }
  });

  it.each<[object, string]>([
    [{ verify: true }, "ws.verify true is not a function"],
    [{ subprotocols: "game" }, "ws.subprotocols game is not an array"],
    [{ subprotocols: [5] }, "subprotocols has number, which is no HTTP token"],
    [{ server: createServer(), ears: 2 }, "ears are a listener's own: an HTTP server that was handed in has one"],
    [{ server: {} }, "ws.server of type object lacks the method on"],
  ])("of ws are told when they are wrong: %j", (options, message) => {
    refused("ws", { port: 0, ...options }).toThrow(message);
  });
});

describe("peerAddress", () => {
  it.each([
    ["127.0.0.1", "127.0.0.1"],
    ["::ffff:10.1.2.3", "10.1.2.3"],
    ["::ffff:a01:203", "::ffff:a01:203"],
    ["2001:db8::1", "2001:db8::1"],
    [undefined, ""],
  ])("of %s is %s", (remoteAddress, expected) => {
    expect(peerAddress({ remoteAddress } as Socket)).toBe(expected);
  });
});
