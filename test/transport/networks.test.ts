import { BlockList } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addressBytes, formatAddress } from "../../runtime/transport/ip-address.js";
import { Networks } from "../../runtime/transport/networks.js";

describe("a list of networks", () => {
  it.each([
    ["10.0.0.0/8", ["10.0.0.0", "10.255.255.255", "::ffff:10.1.2.3"], ["9.255.255.255", "11.0.0.0", "a00::"]],
    ["10.1.2.3/8", ["10.9.9.9"], ["11.1.2.3"]],
    ["192.0.2.128/25", ["192.0.2.128", "192.0.2.255"], ["192.0.2.127", "192.0.3.128"]],
    ["192.0.2.7", ["192.0.2.7"], ["192.0.2.6", "192.0.2.8"]],
    ["0.0.0.0/0", ["0.0.0.0", "255.255.255.255"], ["::", "2001:db8::1"]],
    ["fd00::/8", ["fd00::", "fdff::1", "fd12:3456::1%eth0"], ["fc00::", "fe00::"]],
    ["2001:db8::/33", ["2001:db8:7fff::"], ["2001:db8:8000::"]],
    ["::1", ["::1"], ["::2", "127.0.0.1"]],
    ["::ffff:10.0.0.0/8", ["10.1.2.3"], ["11.0.0.0"]],
    ["loopback", ["127.0.0.1", "127.255.0.1", "::1", "::ffff:127.0.0.1"], ["128.0.0.1", "::2"]],
    [
      "private",
      ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fd00::1"],
      ["172.32.0.1", "192.169.0.1", "8.8.8.8", "2001:db8::1"],
    ],
    ["unix", ["unix"], ["127.0.0.1", "", "memory"]],
  ])("%s has what it says", (entry, inside, outside) => {
    const networks = new Networks([entry], "x");
    expect(inside.filter((address) => !networks.has(address))).toEqual([]);
    expect(outside.filter((address) => networks.has(address))).toEqual([]);
    expect(networks.some).toBe(true);
  });

  it("of nothing has nothing", () => {
    const networks = new Networks([], "x");
    expect([networks.some, networks.has("127.0.0.1"), networks.has("unix"), networks.has("")]).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });

  it.each([
    "",
    "10.0.0.0/33",
    "10.0.0.0/",
    "10.0.0.0/-1",
    "10.0.0.0/8/8",
    "10.0.0/8",
    "::/129",
    "/8",
    "example.com",
    "toString",
    "10.0.0.0/1e1",
  ])("takes no %j", (entry) => {
    expect(() => new Networks([entry], "proxy.trusted")).toThrow(
      expect.objectContaining({
        code: "invalid_option",
        message: `proxy.trusted has ${entry}, which is no address, no network such as 10.0.0.0/8, and none of loopback, private, unix`,
      }),
    );
  });

  it.each([
    ["ipv4", fc.ipV4(), 32],
    ["ipv6", fc.ipV6().filter((address) => addressBytes(address)?.length === 16), 128],
  ] as const)("says what Node's own list says, of %s", (family, address, most) => {
    fc.assert(
      fc.property(address, fc.nat(most), fc.nat(most - 1), address, (network, prefix, bit, other) => {
        const list = new BlockList();
        list.addSubnet(network, prefix, family);
        const networks = new Networks([`${network}/${prefix}`], "x");
        for (const each of [network, flip(network, bit), other]) {
          expect([each, networks.has(each)]).toEqual([each, list.check(each, family)]);
        }
      }),
      { numRuns: 500 },
    );
  });
});

/** The address with one bit changed. */
function flip(address: string, bit: number): string {
  const bytes = (addressBytes(address) as Uint8Array).slice();
  bytes[bit >>> 3] = (bytes[bit >>> 3] as number) ^ (0x80 >>> (bit & 7));
  return formatAddress(bytes);
}
