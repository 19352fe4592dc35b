import type { HeldBytes } from "../held-bytes.js";
import { type FlowSink, type SideIndex, TcpFlow } from "./tcp-flow.js";
import type { TcpSegment } from "./tcp-segment.js";

/** An end of a TCP connection. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** What becomes of the connections that are found. */
export interface FlowsOptions<S extends FlowSink> {
  /** The ports whose connections are looked at; empty: all. */
  readonly ports: readonly number[];
  /** What is held for all connections together. */
  readonly budget: HeldBytes;
  /** A connection is found. */
  readonly open: (sides: readonly [Endpoint, Endpoint]) => S;
  /** A connection is given up: too many, or too much, would have to be remembered. */
  readonly drop: (sink: S, why: string) => void;
}

/** The most connections that are remembered at once. */
const maxFlows = 65_536;
/** How often those that wait are looked at, and how long a connection is remembered that is over: what is late belongs to it. */
const lookUs = 100_000;
const lingerUs = 1_000_000;

interface Entry<S> {
  readonly key: string;
  /** The source of what side 0 says. */
  readonly first: string;
  readonly flow: TcpFlow;
  readonly sink: S;
}

/** Finds the TCP connections among the segments. */
export class TcpFlows<S extends FlowSink> {
  readonly #options: FlowsOptions<S>;
  readonly #ports: ReadonlySet<number>;
  /** The one that was silent the longest comes first. */
  readonly #entries = new Map<string, Entry<S>>();
  /** Those that wait for something, and those that are over. */
  readonly #watched = new Set<Entry<S>>();
  #nowUs = 0;
  #lookedUs = 0;

  constructor(options: FlowsOptions<S>) {
    this.#options = options;
    this.#ports = new Set(options.ports);
  }

  take(segment: TcpSegment, timeUs: number): void {
    const { source, sourcePort, target, targetPort } = segment;
    if (this.#ports.size > 0 && !this.#ports.has(sourcePort) && !this.#ports.has(targetPort)) {
      return;
    }
    this.#look(timeUs);
    const from = `${source} ${sourcePort}`;
    const to = `${target} ${targetPort}`;
    const key = from < to ? `${from} ${to}` : `${to} ${from}`;
    let entry = this.#entries.get(key);
    if (entry?.flow.isAnother(entry.first === from ? 0 : 1, segment)) {
      entry.flow.end();
      this.#forget(entry);
      entry = undefined;
    }
    if (entry === undefined) {
      if (!segment.isSyn && !segment.isFin && segment.payload.length === 0) {
        return;
      }
      entry = this.#open(key, from, segment);
    }
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    const { flow } = entry;
    const side: SideIndex = entry.first === from ? 0 : 1;
    flow.take(side, segment, timeUs);
    if (this.#options.budget.isFull && !flow.isClosed) {
      this.#drop(entry, `more than ${this.#options.budget.max} bytes would have to be held`);
    } else if (flow.isClosed || flow.look(timeUs)) {
      this.#watched.add(entry);
    }
  }

  /** Nothing more will come. */
  end(): void {
    for (const { flow } of this.#entries.values()) {
      flow.end();
    }
    this.#entries.clear();
    this.#watched.clear();
  }

  #open(key: string, first: string, { source, sourcePort, target, targetPort }: TcpSegment): Entry<S> {
    if (this.#entries.size >= maxFlows) {
      for (const oldest of this.#entries.values()) {
        this.#drop(oldest, `more than ${maxFlows} connections would have to be remembered`);
        this.#forget(oldest);
        break;
      }
    }
    const { budget, open } = this.#options;
    const sink = open([
      { address: source, port: sourcePort },
      { address: target, port: targetPort },
    ]);
    return { key, first, sink, flow: new TcpFlow(sink, budget) };
  }

  #drop(entry: Entry<S>, why: string): void {
    const isOver = entry.flow.isClosed;
    entry.flow.drop();
    if (!isOver) {
      this.#options.drop(entry.sink, why);
    }
    this.#watched.add(entry);
  }

  /** Looks at those that wait, as time goes on. */
  #look(timeUs: number): void {
    this.#nowUs = Math.max(this.#nowUs, timeUs);
    if (this.#nowUs - this.#lookedUs < lookUs) {
      return;
    }
    this.#lookedUs = this.#nowUs;
    for (const entry of this.#watched) {
      const { flow } = entry;
      if (flow.isClosed && this.#nowUs - flow.lastUs >= lingerUs) {
        this.#forget(entry);
      } else if (!flow.isClosed && !flow.look(this.#nowUs) && !flow.isClosed) {
        this.#watched.delete(entry);
      }
    }
  }

  #forget(entry: Entry<S>): void {
    this.#watched.delete(entry);
    this.#entries.delete(entry.key);
  }
}
