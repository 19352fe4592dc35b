import type { HostedService } from "./node-info.js";
import type { Peer } from "./peer.js";

/** Which nodes host which services of a kind. */
export class ServiceHosts {
  readonly #hosts = new Map<string, readonly Peer[]>();

  /** The nodes that host a service, whether they can be reached or not. */
  of(service: string): readonly Peer[] {
    return this.#hosts.get(service) ?? noPeers;
  }

  add(peer: Peer, services: readonly HostedService[]): void {
    for (const { name } of services) {
      this.#hosts.set(name, [...this.of(name), peer]);
    }
  }

  remove(peer: Peer, services: readonly HostedService[]): void {
    for (const { name } of services) {
      const left = this.of(name).filter((host) => host !== peer);
      if (left.length === 0) {
        this.#hosts.delete(name);
      } else {
        this.#hosts.set(name, left);
      }
    }
  }

  clear(): void {
    this.#hosts.clear();
  }
}

const noPeers: readonly Peer[] = [];
