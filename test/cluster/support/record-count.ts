import type { ClusterDriver } from "../../../runtime/cluster/driver.js";
import { LinkFlag, linkFlagsOf, linkHeaderBytes, linkSequenceOf } from "../../../runtime/cluster/link-frame.js";
import { RecordReader } from "../../../runtime/cluster/record-reader.js";
import { recordType } from "../../../runtime/cluster/records.js";

/** A driver that counts what a node says to others: `push gate-1` → how often. A frame that is sent again counts once. */
export class CountingDriver implements ClusterDriver {
  readonly name = "counting";
  readonly counts = new Map<string, number>();
  readonly #driver: ClusterDriver;
  readonly #last = new Map<string, number>();

  constructor(driver: ClusterDriver) {
    this.#driver = driver;
  }

  join(...given: Parameters<ClusterDriver["join"]>): ReturnType<ClusterDriver["join"]> {
    return this.#driver.join(...given);
  }

  update(...given: Parameters<ClusterDriver["update"]>): Promise<void> {
    return this.#driver.update(...given);
  }

  leave(): Promise<void> {
    return this.#driver.leave();
  }

  send(to: string, frame: Uint8Array): void {
    if ((linkFlagsOf(frame) & LinkFlag.idle) === 0 && linkSequenceOf(frame) > (this.#last.get(to) ?? 0)) {
      this.#last.set(to, linkSequenceOf(frame));
      this.#count(to, frame);
    }
    this.#driver.send(to, frame);
  }

  /** Forgets what was counted. */
  clear(): void {
    this.counts.clear();
  }

  #count(to: string, frame: Uint8Array): void {
    const reader = new RecordReader();
    reader.begin(frame, linkHeaderBytes, frame.length);
    for (let type = reader.next(); type !== 0; type = reader.next()) {
      const name = Object.entries(recordType).find(([, value]) => value === type)?.[0] ?? String(type);
      const key = `${name} ${to}`;
      this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
    }
  }
}
