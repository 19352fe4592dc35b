import type { ClusterDriver, ClusterHost, Joined, NodeInfo } from "nanowire";
import { LinkFlag, linkFlagsOf } from "../../runtime/cluster/link-frame.js";
import type { LinkCounts } from "./serve.js";

/** A driver that counts what a node sends by it: the frames that hold something, not those that only acknowledge. */
export class CountingDriver implements ClusterDriver {
  readonly name: string;
  readonly #driver: ClusterDriver;
  #frames = 0;
  #bytes = 0;

  constructor(driver: ClusterDriver) {
    this.name = driver.name;
    this.#driver = driver;
  }

  get counts(): LinkCounts {
    return { frames: this.#frames, bytes: this.#bytes };
  }

  join(node: NodeInfo, host: ClusterHost): Promise<Joined> {
    return this.#driver.join(node, host);
  }

  update(node: NodeInfo): Promise<void> {
    return this.#driver.update(node);
  }

  send(to: string, frame: Uint8Array): void {
    if ((linkFlagsOf(frame) & LinkFlag.idle) === 0) {
      this.#frames++;
      this.#bytes += frame.length;
    }
    this.#driver.send(to, frame);
  }

  leave(): Promise<void> {
    return this.#driver.leave();
  }
}
