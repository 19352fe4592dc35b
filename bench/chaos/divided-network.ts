import { spawnSync } from "node:child_process";
import type { Place } from "./chaos-cluster.js";

/**
 * Two networks on this machine with a cable between them, which can be pulled: this process's own, and a namespace. It takes root, and iproute2.
 *
 *   this process ── bridge ══ cable ══ namespace
 */
export class DividedNetwork {
  /** The address of this side. */
  readonly host: string;
  /** The other side: how a process is started there, and its address. */
  readonly far: Place;
  readonly #name: string;

  private constructor() {
    // Two runs at once have two.
    const name = `nw${process.pid}`;
    const net = `10.213.${process.pid % 256}`;
    this.#name = name;
    this.host = `${net}.1`;
    this.far = { host: `${net}.2`, launcher: ["ip", "netns", "exec", name] };
  }

  /**
   * Makes them.
   *
   * @throws Error when the machine does not allow it, with what it says
   */
  static open(): DividedNetwork {
    const network = new DividedNetwork();
    try {
      network.#make();
      return network;
    } catch (error) {
      network.close();
      throw error;
    }
  }

  /** Pulls the cable: nothing passes, and neither side is told. */
  cut(): void {
    ip("link", "set", this.#cable, "nomaster");
  }

  /** Plugs it in again. */
  heal(): void {
    ip("link", "set", this.#cable, "master", this.#name);
  }

  /** Takes them away, as far as they were made. */
  close(): void {
    for (const what of [
      ["netns", "del", this.#name],
      ["link", "del", this.#cable],
      ["link", "del", this.#name],
    ]) {
      spawnSync("ip", what);
    }
  }

  get #cable(): string {
    return `${this.#name}c`;
  }

  #make(): void {
    const name = this.#name;
    const end = `${name}e`;
    ip("link", "add", name, "type", "bridge");
    ip("addr", "add", `${this.host}/24`, "dev", name);
    ip("link", "set", name, "up");
    ip("netns", "add", name);
    ip("link", "add", this.#cable, "type", "veth", "peer", "name", end);
    ip("link", "set", end, "netns", name);
    ip("link", "set", this.#cable, "master", name, "up");
    ip("-n", name, "addr", "add", `${this.far.host}/24`, "dev", end);
    ip("-n", name, "link", "set", end, "up");
    ip("-n", name, "link", "set", "lo", "up");
  }
}

/** Why this machine has no such networks; undefined: it has. */
export function whyUndivided(): string | undefined {
  try {
    DividedNetwork.open().close();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function ip(...args: string[]): void {
  const { status, stderr, error } = spawnSync("ip", args, { encoding: "utf8" });
  if (status !== 0) {
    throw new Error(`ip ${args.join(" ")}: ${error?.message ?? stderr.trim()}`);
  }
}
