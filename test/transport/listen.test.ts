import type { Socket } from "node:net";
import { createServer } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { close, listen, listenAddress } from "../../runtime/transport/listen.js";
import { peerAddress } from "../../runtime/transport/socket.js";

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
