// The server of the soak: one as a user writes it, with limits that a test of a minute reaches.

import { setTimeout as wait } from "node:timers/promises";
import { createServer, Group, type Session, silentLogger, tcp, ws } from "nanowire";
import { Histogram } from "../../runtime/bots/histogram.js";
import type { Answer, Question } from "../generated/bench/v1/soak.js";
import { SoakComponent, SoakEvents } from "../generated/bench/v1/soak.server.js";
import { answerParent } from "../parent-process.js";
import { cpuMicros } from "../servers/serve.js";
import type { SoakMeasure, SoakPorts, SoakServerQuestion } from "./soak.js";

/** Bytes of a tick: the state of a small room. */
const tickBytes = 256;
const tickMs = 250;
const delaySampleMs = 10;

const handled = new WeakMap<Session, number>();
const watchers = new Group("watchers");

class Soak extends SoakComponent {
  async ask(session: Session, { number, answerBytes, waitMs }: Question): Promise<Answer> {
    const handledBefore = handled.get(session) ?? 0;
    handled.set(session, handledBefore + 1);
    if (waitMs > 0) {
      await wait(waitMs);
    }
    return { number, handledBefore, data: new Uint8Array(answerBytes) };
  }

  watch(session: Session): void {
    watchers.add(session);
  }
}

const server = createServer({
  components: [new Soak()],
  listen: [tcp({ port: 0, host: "127.0.0.1" }), ws({ port: 0, host: "127.0.0.1" })],
  logger: silentLogger,
  maxConnectionsPerAddress: 1_000_000,
  heartbeatIntervalMs: 4_000,
  handshakeTimeoutMs: 3_000,
  maxOutboxBytes: 256 * 1_024,
});
await server.start();

let ticks = 0;
server.scheduler.every(tickMs, () => {
  SoakEvents.ticked(watchers, { number: ticks++, data: new Uint8Array(tickBytes) });
});

/** Microseconds. */
const delay = new Histogram();
let dueAt = performance.now() + delaySampleMs;
setInterval(() => {
  const now = performance.now();
  delay.record((now - dueAt) * 1_000);
  dueAt = now + delaySampleMs;
}, delaySampleMs);

function measure(): SoakMeasure {
  const delayMs = {
    p50: delay.percentile(0.5) / 1_000,
    p99: delay.percentile(0.99) / 1_000,
    most: delay.greatest / 1_000,
  };
  globalThis.gc?.();
  delay.clear();
  dueAt = performance.now() + delaySampleMs;
  const { heapUsed, external, rss } = process.memoryUsage();
  const { open, accepted, requests, pushes, closed } = server.counters;
  return {
    heapBytes: heapUsed + external,
    residentBytes: rss,
    cpuMicros: cpuMicros(),
    openConnections: open,
    accepted,
    requests,
    pushes,
    closed,
    delayMs,
  };
}

answerParent<SoakServerQuestion>(({ ask }): SoakMeasure | SoakPorts => {
  const [first, second] = server.addresses;
  return ask === "ports" ? { tcp: first?.port ?? 0, ws: second?.port ?? 0 } : measure();
});
