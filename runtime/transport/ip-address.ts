import { isIPv4, isIPv6, SocketAddress } from "node:net";

/**
 * The bytes of an IP address: 4, or 16. An IPv4 address in IPv6 form (`::ffff:10.1.2.3`) has the 4 of its own form, and
 * a zone (`fe80::1%eth0`) is left out. Undefined for a text that is no address.
 */
export function addressBytes(text: string): Uint8Array | undefined {
  if (isIPv4(text)) {
    return ipv4Bytes(text);
  }
  if (!isIPv6(text)) {
    return undefined;
  }
  const bytes = ipv6Bytes(text.split("%", 1)[0] as string);
  return isMappedIpv4(bytes) ? bytes.subarray(12) : bytes;
}

/**
 * An IP address as Node writes one: IPv4 in its own form, IPv6 in lower case with its zeros left out, without a zone.
 * Undefined for a text that is no address.
 */
export function plainAddress(text: string): string | undefined {
  const bytes = addressBytes(text);
  return bytes && formatAddress(bytes);
}

/**
 * What one client is thought to have of the Internet: an IPv4 address, and of IPv6 the network of 64 bits that a
 * household is given. Undefined for a text that is no address.
 */
export function clientNetwork(text: string): string | undefined {
  // Most have one of these, which can be written in one way: another text would be kept with every connection.
  if (isIPv4(text)) {
    return text;
  }
  const bytes = addressBytes(text);
  if (bytes === undefined || bytes.length === 4) {
    return bytes && formatAddress(bytes);
  }
  return `${formatAddress(bytes.slice().fill(0, 8))}/64`;
}

/** The text of 4 or 16 bytes. */
export function formatAddress(bytes: Uint8Array): string {
  if (bytes.length === 4) {
    return bytes.join(".");
  }
  if (isMappedIpv4(bytes)) {
    return bytes.subarray(12).join(".");
  }
  const groups = Array.from({ length: 8 }, (_, index) =>
    (((bytes[2 * index] as number) << 8) | (bytes[2 * index + 1] as number)).toString(16),
  );
  return new SocketAddress({ address: groups.join(":"), family: "ipv6" }).address;
}

function ipv4Bytes(text: string): Uint8Array {
  return Uint8Array.from(text.split("."), Number);
}

/** Of a text that is known to be one: up to eight groups, `::` for those that are zero, perhaps an IPv4 address at the end. */
function ipv6Bytes(text: string): Uint8Array {
  const [front = "", back] = text.split("::");
  const head = groupBytes(front);
  const tail = groupBytes(back ?? "");
  const bytes = new Uint8Array(16);
  bytes.set(head);
  bytes.set(tail, 16 - tail.length);
  return bytes;
}

function groupBytes(text: string): number[] {
  return text === ""
    ? []
    : text.split(":").flatMap((group) => {
        if (group.includes(".")) {
          return [...ipv4Bytes(group)];
        }
        const value = Number.parseInt(group, 16);
        return [value >>> 8, value & 0xff];
      });
}

/** `::ffff:0:0/96` (RFC 4291, 2.5.5.2). */
function isMappedIpv4(bytes: Uint8Array): boolean {
  return bytes.length === 16 && mappedPrefix.every((byte, index) => bytes[index] === byte);
}

const mappedPrefix = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];
