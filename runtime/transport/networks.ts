import { NanowireError } from "../base/error.js";
import { addressBytes } from "./ip-address.js";

interface Network {
  readonly bytes: Uint8Array;
  readonly bits: number;
}

/** A list of addresses and networks: `10.0.0.0/8`, `fd00::/8`, `192.0.2.7`, and the names of {@link networkNames}. */
export class Networks {
  readonly #networks: readonly Network[];
  readonly #unix: boolean;

  /**
   * @param name what an error calls the list
   * @throws NanowireError `invalid_option` for an entry that is none
   */
  constructor(entries: readonly string[], name: string) {
    this.#unix = entries.includes(unixAddress);
    this.#networks = entries
      .filter((entry) => entry !== unixAddress)
      .flatMap((entry) => (Object.hasOwn(networkNames, entry) ? (networkNames[entry] as readonly string[]) : [entry]))
      .map((entry) => parseNetwork(entry, name));
  }

  /** Whether anything is in the list. */
  get some(): boolean {
    return this.#unix || this.#networks.length > 0;
  }

  /** Whether an address is in the list; a text that is no address is not. */
  has(address: string): boolean {
    if (address === unixAddress) {
      return this.#unix;
    }
    const bytes = this.#networks.length === 0 ? undefined : addressBytes(address);
    return bytes !== undefined && this.#networks.some((network) => contains(network, bytes));
  }
}

/** What stands for the address of a client that came by a Unix socket. */
export const unixAddress = "unix";

/** Names for networks: this machine, and the addresses that no router of the Internet forwards (RFC 1918, RFC 4193). */
export const networkNames: Readonly<Record<string, readonly string[]>> = {
  loopback: ["127.0.0.0/8", "::1/128"],
  private: ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"],
};

function parseNetwork(entry: string, name: string): Network {
  const [address = "", prefix, ...rest] = String(entry).split("/");
  const bytes = addressBytes(address);
  const most = (bytes?.length ?? 0) * 8;
  const bits = prefix === undefined ? most : /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN;
  if (bytes === undefined || rest.length > 0 || !(bits <= most)) {
    const names = [...Object.keys(networkNames), unixAddress].join(", ");
    throw new NanowireError(
      "invalid_option",
      `${name} has ${String(entry)}, which is no address, no network such as 10.0.0.0/8, and none of ${names}`,
    );
  }
  return { bytes, bits };
}

function contains({ bytes, bits }: Network, address: Uint8Array): boolean {
  if (address.length !== bytes.length) {
    return false;
  }
  const whole = bits >>> 3;
  for (let index = 0; index < whole; index++) {
    if (bytes[index] !== address[index]) {
      return false;
    }
  }
  const rest = bits & 7;
  return rest === 0 || ((bytes[whole] as number) ^ (address[whole] as number)) >>> (8 - rest) === 0;
}
