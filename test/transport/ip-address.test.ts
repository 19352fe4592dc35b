import { SocketAddress } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addressBytes, clientNetwork, formatAddress, plainAddress } from "../../runtime/transport/ip-address.js";

describe("plainAddress", () => {
  it.each([
    ["192.0.2.7", "192.0.2.7"],
    ["0.0.0.0", "0.0.0.0"],
    ["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
    ["2001:db8::1", "2001:db8::1"],
    ["::", "::"],
    ["::1", "::1"],
    ["1::", "1::"],
    ["fe80::1%eth0", "fe80::1"],
    ["::ffff:10.1.2.3", "10.1.2.3"],
    ["::ffff:a01:203", "10.1.2.3"],
    ["64:ff9b::10.1.2.3", "64:ff9b::a01:203"],
  ])("of %s is %s", (text, plain) => {
    expect(plainAddress(text)).toBe(plain);
  });

  it.each([
    "",
    "unix",
    "localhost",
    "10.1.2",
    "10.1.2.256",
    "010.1.2.3",
    "10.1.2.3 ",
    "1:2:3:4:5:6:7:8:9",
    "1::2::3",
    "g::",
    "[::1]",
  ])("of %j there is none", (text) => {
    expect(plainAddress(text)).toBeUndefined();
  });

  it("is what Node says, of every IPv6 address in every form", () => {
    const mapped = "0,0,0,0,0,65535";
    const groups = fc
      .array(fc.oneof(fc.constant(0), fc.nat(0xffff)), { minLength: 8, maxLength: 8 })
      .filter((values) => values.slice(0, 6).join() !== mapped);
    fc.assert(
      fc.property(groups, (values) => {
        const long = values.map((value) => value.toString(16).toUpperCase()).join(":");
        const plain = new SocketAddress({ address: long, family: "ipv6" }).address;
        expect([plainAddress(long), plainAddress(plain)]).toEqual([plain, plain]);
        expect([...(addressBytes(plain) ?? [])]).toEqual(values.flatMap((value) => [value >>> 8, value & 0xff]));
      }),
    );
  });

  it("is its own plain form, and its bytes say the same", () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
        const plain = plainAddress(text) as string;
        expect(plainAddress(plain)).toBe(plain);
        expect(formatAddress(addressBytes(text) as Uint8Array)).toBe(plain);
      }),
    );
  });
});

describe("clientNetwork", () => {
  it.each([
    ["192.0.2.7", "192.0.2.7"],
    ["::ffff:192.0.2.7", "192.0.2.7"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:db8:1:2:ffff::", "2001:db8:1:2::/64"],
    ["2001:db8:1:3::1", "2001:db8:1:3::/64"],
    ["::1", "::/64"],
  ])("of %s is %s", (text, network) => {
    expect(clientNetwork(text)).toBe(network);
  });

  it.each(["unix", "memory", ""])("of %j there is none", (text) => {
    expect(clientNetwork(text)).toBeUndefined();
  });
});
