import { NanowireError } from "../../base/error.js";
import type { ClusterDriver, ClusterHost, Joined } from "../driver.js";
import type { NodeInfo } from "../node-info.js";
import { Membership } from "./membership.js";
import { NatsJobs } from "./nats-jobs.js";
import type { NatsSettings } from "./nats-options.js";

/** A node's way into a cluster over NATS. */
export class NatsDriver implements ClusterDriver {
  readonly name = "nats";
  readonly jobs: NatsJobs;
  readonly #settings: NatsSettings;
  #membership: Membership | undefined;

  constructor(settings: NatsSettings) {
    this.#settings = settings;
    this.jobs = new NatsJobs(settings);
  }

  async join(node: NodeInfo, host: ClusterHost): Promise<Joined> {
    if (this.#membership !== undefined) {
      throw new NanowireError("invalid_state", "the driver is part of a cluster already");
    }
    this.jobs.joins(host);
    const membership = new Membership(node, host, this.#settings, this.jobs);
    this.#membership = membership;
    try {
      return await membership.join();
    } catch (error) {
      if (this.#membership === membership) {
        this.#membership = undefined;
      }
      throw error;
    }
  }

  async update(node: NodeInfo): Promise<void> {
    if (this.#membership === undefined) {
      throw new NanowireError("cluster_failed", "the driver is not part of a cluster");
    }
    await this.#membership.update(node);
  }

  send(to: string, frame: Uint8Array): void {
    this.#membership?.send(to, frame);
  }

  async leave(): Promise<void> {
    const membership = this.#membership;
    await membership?.leave();
    if (this.#membership === membership) {
      this.#membership = undefined;
    }
  }
}
