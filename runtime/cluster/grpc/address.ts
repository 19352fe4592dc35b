import { networkInterfaces } from "node:os";

/** Where a gRPC server is: an IPv6 host stands without its brackets. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Reads `host:port`; an IPv6 host is in brackets. Undefined for what is none. */
export function parseAddress(text: unknown): Address | undefined {
  const [, six, other, port] = (typeof text === "string" && addressPattern.exec(text)) || [];
  const host = six ?? other;
  return host === undefined || text === undefined || host.length > 253 || Number(port) > 65_535
    ? undefined
    : { host, port: Number(port) };
}

/** `host:port`, as it is written. */
export function addressText({ host, port }: Address): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Whether a server that listens there takes what comes to any of the machine's addresses. */
export function isEveryAddress(host: string): boolean {
  return host === "0.0.0.0" || host === "::";
}

/** An address of this machine that others can reach perhaps: the first that is not its own loopback, IPv4 before IPv6. */
export function machineAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const outer = all.filter(({ internal, scopeid = 0 }) => !internal && scopeid === 0);
  const found = outer.find(({ family }) => family === "IPv4") ?? outer[0];
  return found?.address ?? "127.0.0.1";
}

const addressPattern = /^(?:\[([\da-fA-F:.]+)\]|([\w.-]+)):(\d{1,5})$/;
