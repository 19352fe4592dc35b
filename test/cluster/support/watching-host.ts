import { systemClock } from "../../../runtime/base/clock.js";
import type { NanowireError } from "../../../runtime/base/error.js";
import { silentLogger } from "../../../runtime/base/logger.js";
import type { ClusterHost, Joined } from "../../../runtime/cluster/driver.js";
import type { NodeInfo } from "../../../runtime/cluster/node-info.js";

/** A frame as it came. */
export interface ReceivedFrame {
  readonly from: string;
  readonly text: string;
}

/** Keeps what a driver tells it. */
export class WatchingHost implements ClusterHost {
  readonly logger = silentLogger;
  readonly clock = systemClock;
  readonly maxFrameBytes = 1_048_576;
  /** The nodes that are there, as they last said of themselves. */
  readonly nodes = new Map<string, NodeInfo>();
  /** All that was told of nodes, in its order: `joined a`, `left b`. */
  readonly told: string[] = [];
  readonly frames: ReceivedFrame[] = [];
  readonly unreachables: string[] = [];
  readonly rejoins: Joined[] = [];

  joined(node: NodeInfo): void {
    this.nodes.set(node.id, node);
    this.told.push(`joined ${node.id}`);
  }

  changed(node: NodeInfo): void {
    this.nodes.set(node.id, node);
    this.told.push(`changed ${node.id}`);
  }

  left(id: string, reason: NanowireError): void {
    this.nodes.delete(id);
    this.told.push(`left ${id}`);
    if (reason.message === "") {
      throw new TypeError(`node ${id} left without a reason`);
    }
  }

  unreachable(id: string): void {
    this.unreachables.push(id);
  }

  received(from: string, frame: Uint8Array): void {
    this.frames.push({ from, text: new TextDecoder().decode(frame) });
  }

  lost(): void {
    this.told.push("lost");
  }

  rejoined(joined: Joined): void {
    this.rejoins.push(joined);
    this.told.push("rejoined");
  }

  /** The ids of the others, sorted. */
  get ids(): string[] {
    return [...this.nodes.keys()].sort();
  }

  /** What came from a node, in its order. */
  textsFrom(id: string): string[] {
    return this.frames.filter(({ from }) => from === id).map(({ text }) => text);
  }
}

let made = 0;

/** What a node of a test says of itself. */
export function nodeInfo(id: string, more: Partial<NodeInfo> = {}): NodeInfo {
  made++;
  return {
    id,
    incarnation: `${id}-${made}`,
    protocol: 1,
    gate: false,
    services: [],
    remotes: [],
    draining: false,
    labels: {},
    ...more,
  };
}
