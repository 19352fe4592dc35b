import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NanowireError } from "../../runtime/base/error.js";
import { clientBehind, forwardedNodes, nodeAddress, xForwardedForNodes } from "../../runtime/transport/forwarded.js";
import { Networks } from "../../runtime/transport/networks.js";
import { Proxies, type ProxyOptions } from "../../runtime/transport/proxies.js";

describe("X-Forwarded-For", () => {
  it.each([
    ["192.0.2.7", ["192.0.2.7"]],
    ["192.0.2.7, 10.0.0.1,10.0.0.2", ["192.0.2.7", "10.0.0.1", "10.0.0.2"]],
    [" unknown ,, 10.0.0.1 ", ["unknown", "", "10.0.0.1"]],
    ["", [""]],
  ])("%j names %j", (header, nodes) => {
    expect(xForwardedForNodes(header)).toEqual(nodes);
  });
});

describe("Forwarded", () => {
  it.each([
    ["for=192.0.2.7", ["192.0.2.7"]],
    ["For=192.0.2.7;proto=https;by=203.0.113.43", ["192.0.2.7"]],
    ['for=192.0.2.7, FOR="[2001:db8::7]:4711" ; host=a', ["192.0.2.7", "[2001:db8::7]:4711"]],
    ["for=_gate, proto=http, for=unknown;", ["_gate", "", "unknown"]],
    ['for="a\\"b,c;d=e"', ['a"b,c;d=e']],
    ["", []],
    ["  for=a  ,", ["a"]],
  ])("%s names %j", (header, nodes) => {
    expect(forwardedNodes(header)).toEqual(nodes);
  });

  it.each(['for="192.0.2.7', 'for=192.0.2.7", for=10.0.0.1', "for", "for=", "for=a b", "for==a", "=a", 'for=a"b"'])(
    "%s is not as it should be",
    (header) => {
      expect(() => forwardedNodes(header)).toThrow(expect.objectContaining({ code: "upgrade_refused" }));
    },
  );

  it("is read or refused, whatever it is, in no time", () => {
    const piece = fc.constantFrom("for=", "a", '"', "\\", ";", ",", " ", "\t", "[::1]", "=", "ü");
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        expect(outcomeOf(pieces.join(""))).toMatch(/^(read|refused)$/);
      }),
    );
    const began = performance.now();
    outcomeOf(`for=a${" ".repeat(16_000)}x`);
    outcomeOf(`for="${"\\a".repeat(8_000)}`);
    expect(performance.now() - began).toBeLessThan(500);
  });

  it("says again what was written into it", () => {
    const text = fc.string({ unit: "grapheme-ascii", maxLength: 20 });
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 5 }), (nodes) => {
        const header = nodes.map((node) => `for="${node.replace(/["\\]/g, "\\$&")}";proto=http`).join(", ");
        expect(forwardedNodes(header)).toEqual(nodes);
      }),
    );
  });
});

function outcomeOf(header: string): "read" | "refused" {
  try {
    forwardedNodes(header);
    return "read";
  } catch (error) {
    expect(error).toBeInstanceOf(NanowireError);
    return "refused";
  }
}

describe("a node's address", () => {
  it.each([
    ["192.0.2.7", "192.0.2.7"],
    ["192.0.2.7:4711", "192.0.2.7"],
    ["192.0.2.7:_port", "192.0.2.7"],
    ["2001:DB8::7", "2001:db8::7"],
    ["[2001:db8::7]", "2001:db8::7"],
    ["[2001:db8::7]:4711", "2001:db8::7"],
    ["::ffff:192.0.2.7", "192.0.2.7"],
    ["unknown", undefined],
    ["_hidden", undefined],
    ["", undefined],
    ["unix", undefined],
    ["example.com:80", undefined],
    ["[192.0.2.7", undefined],
  ])("%j is %s", (node, address) => {
    expect(nodeAddress(node)).toBe(address);
  });
});

describe("the client behind proxies", () => {
  const trusted = new Networks(["10.0.0.0/8", "fd00::/8"], "x");

  it.each([
    ["who is no proxy himself", "192.0.2.1", ["203.0.113.5"], "192.0.2.1"],
    ["behind one", "10.0.0.1", ["203.0.113.5"], "203.0.113.5"],
    ["behind two", "10.0.0.1", ["203.0.113.5", "10.0.0.2"], "203.0.113.5"],
    ["behind one of IPv6", "fd00::1", ["2001:db8::5"], "2001:db8::5"],
    [
      "who invents others before himself",
      "10.0.0.1",
      ["1.1.1.1", "10.9.9.9", "203.0.113.5", "10.0.0.2"],
      "203.0.113.5",
    ],
    ["who is in the house himself", "10.0.0.1", ["10.7.7.7"], "10.7.7.7"],
    ["of whom the proxy says nothing", "10.0.0.1", [], "10.0.0.1"],
    ["whom the proxy does not know", "10.0.0.1", ["203.0.113.5", "unknown"], "10.0.0.1"],
    ["whom the second proxy does not know", "10.0.0.1", ["203.0.113.5", "_x", "10.0.0.2"], "10.0.0.2"],
  ])("%s", (_who, peer, nodes, client) => {
    expect(clientBehind(peer, nodes, (address) => trusted.has(address))).toBe(client);
  });

  it("is never one that a stranger wrote before his own address", () => {
    const stranger = fc.ipV4().filter((address) => !trusted.has(address));
    const chain = fc.array(
      fc.nat(255).map((last) => `10.0.0.${last}`),
      { minLength: 1, maxLength: 4 },
    );
    fc.assert(
      fc.property(fc.array(fc.string()), stranger, chain, (invented, address, [peer = "", ...proxies]) => {
        const nodes = [...invented, address, ...proxies];
        expect(clientBehind(peer, nodes, (each) => trusted.has(each))).toBe(address);
      }),
    );
  });
});

describe("the proxies of a server", () => {
  it("are none unless they are named", () => {
    const proxies = new Proxies();
    const headers = { "x-forwarded-for": "203.0.113.5" };
    expect([proxies.some, proxies.trusts("127.0.0.1"), proxies.originOf("127.0.0.1", headers)]).toEqual([
      false,
      false,
      { address: "127.0.0.1", proxy: undefined },
    ]);
  });

  it.each<[ProxyOptions["ws"], string]>([
    [undefined, "203.0.113.5"],
    ["x-forwarded-for", "203.0.113.5"],
    ["forwarded", "203.0.113.6"],
    ["proxy-protocol", "10.0.0.1"],
    ["nothing", "10.0.0.1"],
  ])("are asked as the option says: %s", (ws, address) => {
    const proxies = new Proxies({ trusted: ["10.0.0.0/8"], ...(ws === undefined ? {} : { ws }) });
    const headers = { "x-forwarded-for": "203.0.113.5", forwarded: "for=203.0.113.6" };
    const proxy = address === "10.0.0.1" ? undefined : "10.0.0.1";
    expect(proxies.originOf("10.0.0.1", headers)).toEqual({ address, proxy });
    expect(proxies.originOf("192.0.2.1", headers)).toEqual({ address: "192.0.2.1", proxy: undefined });
  });

  it.each([
    [{}, "proxy.trusted undefined is not an array"],
    [{ trusted: "10.0.0.0/8" }, "proxy.trusted 10.0.0.0/8 is not an array"],
    [{ trusted: [], tcp: "x-forwarded-for" }, "proxy.tcp x-forwarded-for is not proxy-protocol or nothing"],
    [{ trusted: [], ws: true }, "proxy.ws true is not x-forwarded-for or forwarded or proxy-protocol or nothing"],
    [{ trusted: [], header: "x" }, "there is no option proxy.header; there are trusted, tcp, ws"],
    [null, "the options of proxy are null, not an object"],
  ])("cannot be %j", (options, message) => {
    expect(() => new Proxies(options as unknown as ProxyOptions)).toThrow(
      expect.objectContaining({ code: "invalid_option", message }),
    );
  });
});
