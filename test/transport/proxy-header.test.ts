import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NanowireError } from "../../runtime/base/error.js";
import { maxProxyHeaderBytes, readProxyHeader } from "../../runtime/transport/proxy-header.js";
import { concat, hex } from "../protocol/hex.js";

const signature = "0d 0a 0d 0a 00 0d 0a 51 55 49 54 0a";
/** 192.0.2.7 to 198.51.100.9, from port 12345 to 3250. */
const ipv4 = "c0 00 02 07  c6 33 64 09  30 39  0c b2";
const badLine = "its line is none of TCP4, TCP6 or UNKNOWN";

/** Headers that are right, with where they say the client comes from. */
const headers: readonly (readonly [what: string, bytes: Uint8Array, source: string | undefined])[] = [
  ["version 1, IPv4", line("PROXY TCP4 192.0.2.7 198.51.100.9 12345 3250"), "192.0.2.7"],
  ["version 1, IPv6", line("PROXY TCP6 2001:DB8::7 ::1 1 65535"), "2001:db8::7"],
  ["version 1, IPv4 in IPv6", line("PROXY TCP6 ::ffff:192.0.2.7 ::1 1 2"), "192.0.2.7"],
  [
    "version 1, the longest",
    line(`PROXY TCP6 ${"ffff:".repeat(7)}ffff ${"ffff:".repeat(7)}ffff 65535 65535`),
    `${"ffff:".repeat(7)}ffff`,
  ],
  ["version 1, unknown", line("PROXY UNKNOWN"), undefined],
  ["version 1, unknown, with whatever", line("PROXY UNKNOWN ffff::1 ffff::2 65535 65535"), undefined],
  ["version 2, IPv4", v2("21 11 00 0c", ipv4), "192.0.2.7"],
  ["version 2, IPv4, a datagram's", v2("21 12 00 0c", ipv4), "192.0.2.7"],
  [
    "version 2, IPv6",
    v2("21 21 00 24", `20 01 0d b8 ${"00 ".repeat(11)} 07 ${"00 ".repeat(15)} 01  30 39  0c b2`),
    "2001:db8::7",
  ],
  ["version 2, a Unix socket", v2("21 31 00 d8", "00 ".repeat(216)), "unix"],
  ["version 2, the proxy's own", v2("20 00 00 00"), undefined],
  ["version 2, the proxy's own, with addresses", v2("20 11 00 0c", ipv4), undefined],
  ["version 2, of no family", v2("21 00 00 04", "01 02 03 04"), undefined],
  ["version 2, with extensions", v2("21 11 00 17", `${ipv4}  01 00 02 'h2'  04 00 00  ea 00 00`), "192.0.2.7"],
  ["version 2, with the right checksum", v2("21 11 00 13", `${ipv4}  03 00 04 ab 49 21 61`), "192.0.2.7"],
];

/** What cannot be right. */
const broken: readonly (readonly [what: string, bytes: Uint8Array, reason: string])[] = [
  ["a line that does not end", line("PROXY ".padEnd(200, "x")), "its line does not end within 107 bytes"],
  ["a line of one family and addresses of the other", line("PROXY TCP4 ::1 ::1 1 2"), badLine],
  ["a line without ports", line("PROXY TCP4 192.0.2.7 198.51.100.9"), badLine],
  ["a line with a port too great", line("PROXY TCP4 192.0.2.7 198.51.100.9 1 65536"), badLine],
  ["a line with a port that begins with 0", line("PROXY TCP4 192.0.2.7 198.51.100.9 01 2"), badLine],
  ["a line with two blanks", line("PROXY TCP4  192.0.2.7 198.51.100.9 1 2"), badLine],
  ["a line with something behind", line("PROXY TCP4 192.0.2.7 198.51.100.9 1 2 "), badLine],
  ["a line of another protocol", line("PROXY UDP4 192.0.2.7 198.51.100.9 1 2"), badLine],
  ["a line in small letters", line("PROXY tcp4 192.0.2.7 198.51.100.9 1 2"), badLine],
  ["a line that ends with a line feed alone", hex("'PROXY UNKNOWN' 0a"), badLine],
  ["an address that is none", line("PROXY TCP4 192.0.2.256 198.51.100.9 1 2"), badLine],
  ["version 3", v2("31 11 00 0c"), "its version is 3 and its command 1"],
  ["a command that does not exist", v2("22 11 00 0c"), "its version is 2 and its command 2"],
  ["a family that does not exist", v2("21 41 00 0c"), "its address family is 4 and its kind of socket 1"],
  ["a kind of socket that does not exist", v2("21 13 00 0c"), "its address family is 1 and its kind of socket 3"],
  ["a length over the limit", v2("21 11 0f f1"), `it has 4097 bytes, more than ${maxProxyHeaderBytes}`],
  ["a length of 64 KiB", v2("21 11 ff ff"), `it has 65551 bytes, more than ${maxProxyHeaderBytes}`],
  ["a length too short for its addresses", v2("21 11 00 0b"), "it has 27 bytes, too few for its addresses"],
  [
    "an extension that is longer than the header",
    v2("21 11 00 10", `${ipv4}  01 00 02 00`),
    "an extension is longer than the header",
  ],
  ["an extension whose length is cut", v2("21 11 00 0e", `${ipv4}  01 00`), "an extension is longer than the header"],
  ["a wrong checksum", v2("21 11 00 13", `${ipv4}  03 00 04 00 00 00 00`), "its checksum is wrong"],
  ["a checksum of another length", v2("21 11 00 11", `${ipv4}  03 00 02 00 00`), "its checksum is wrong"],
];

describe("a PROXY header", () => {
  it.each(headers)("of %s is read, whatever comes behind", (_what, bytes, source) => {
    expect(readProxyHeader(bytes)).toEqual({ length: bytes.length, source });
    expect(readProxyHeader(concat(bytes, hex("01 00 00 02 '{}'")))).toEqual({ length: bytes.length, source });
  });

  it.each(headers)("of %s is not whole before its last byte", (_what, bytes) => {
    const outcomes = Array.from(bytes, (_byte, length) => readProxyHeader(bytes.subarray(0, length)));
    expect(new Set(outcomes)).toEqual(new Set(["more"]));
  });

  it.each(broken)("that is %s is refused", (_what, bytes, reason) => {
    expect(() => readProxyHeader(bytes)).toThrow(
      expect.objectContaining({
        code: "invalid_proxy_header",
        scope: "connection",
        message: `the PROXY header cannot be read: ${reason}`,
      }),
    );
  });

  it.each([
    ["a packet", hex("01 00 00 02 '{}'")],
    ["HTTP", hex("'GET / HTTP/1.1' 0d 0a")],
    ["HTTP with a method that begins alike", hex("'PROPFIND / HTTP/1.1' 0d 0a")],
    ["TLS", hex("16 03 01")],
    ["an empty line", hex("0d 0a 0d 0a 01")],
  ])("is not what begins as %s does", (_what, bytes) => {
    expect(readProxyHeader(bytes)).toBe("none");
  });

  it("is whole, wanting, none or refused, of whatever bytes; and never more than its limit is wanted", () => {
    const beginnings = fc.constantFrom(hex(signature), line("PROXY ").subarray(0, 6), new Uint8Array(0));
    fc.assert(
      fc.property(beginnings, fc.uint8Array({ maxLength: 5_000 }), (beginning, rest) => {
        const bytes = concat(beginning, rest);
        const outcome = outcomeOf(bytes);
        expect(outcome === "more" && bytes.length >= maxProxyHeaderBytes).toBe(false);
        expect(typeof outcome === "object" ? outcome.length <= bytes.length : true).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it("says the same of a prefix, or wants more", () => {
    const damaged = fc
      .constantFrom(...headers)
      .chain(([, bytes]) =>
        fc
          .tuple(fc.nat(bytes.length - 1), fc.nat(255))
          .map(([index, byte]) => bytes.slice().fill(byte, index, index + 1)),
      );
    fc.assert(
      fc.property(damaged, (bytes) => {
        const final = outcomeOf(bytes);
        for (let length = 0; length < bytes.length; length++) {
          const early = outcomeOf(bytes.subarray(0, length));
          expect(early === "more" || JSON.stringify(early) === JSON.stringify(final)).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });
});

function outcomeOf(bytes: Uint8Array): ReturnType<typeof readProxyHeader> | "refused" {
  try {
    return readProxyHeader(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(NanowireError);
    return "refused";
  }
}

function line(text: string): Uint8Array {
  return new TextEncoder().encode(`${text}\r\n`);
}

function v2(fixed: string, rest = ""): Uint8Array {
  return hex(`${signature} ${fixed} ${rest}`);
}
