import type { Clock } from "../base/clock.js";
import type { Turn } from "../base/turn.js";
import type { RemoteCounters } from "../cluster/remote-traffic.js";
import type { Dispatcher } from "../dispatch/dispatcher.js";
import type { Buckets } from "../metrics/buckets.js";
import { CodeLabels } from "../metrics/code-labels.js";
import type { HistogramSeries, MetricReading, ValueSeries } from "../metrics/metric.js";
import type { Metrics } from "../metrics/metrics.js";
import type { Health } from "../metrics/reporter.js";
import type { RouteTraffic } from "../metrics/route-traffic.js";
import { secondsReading, serverMetrics, valueReading } from "../metrics/server-readings.js";
import { Traffic, unknownRoute } from "../metrics/traffic.js";
import type { ServerCounters } from "./counters.js";
import { EventLoopWatch } from "./event-loop-watch.js";

/** What the metrics of a server are read from. */
export interface MeteredHost {
  readonly dispatcher: Dispatcher;
  /** What was counted, a copy. */
  readonly counted: ServerCounters;
  /** The nodes of the cluster that there are, and what of ours waits for them. */
  readonly clusterMembers: number;
  readonly forwardsPending: number;
  /** Bytes that wait to be sent, a number for each connection. */
  outboxBytes(): Iterable<number>;
}

/** What a server tells of itself, where metrics are on. */
export class ServerMetrics {
  /** Counts the messages of clients. */
  readonly traffic: Traffic;
  /** How long the event loop is busy. */
  readonly loop: EventLoopWatch;
  readonly #host: MeteredHost;
  readonly #own: Metrics;
  readonly #codes = new CodeLabels();

  /** @param own those of the program */
  constructor(host: MeteredHost, clock: Clock, turn: Turn, own: Metrics) {
    this.#host = host;
    this.#own = own;
    this.loop = new EventLoopWatch(clock);
    this.traffic = new Traffic(clock, turn, this.#codes);
    const { endpoints, forwarded } = host.dispatcher;
    for (const endpoint of [...endpoints, ...forwarded]) {
      const { route, kind } = endpoint.method;
      endpoint.observer = this.traffic.add(route, kind, endpoint.component === undefined);
    }
  }

  /** Every metric, as it stands: the server's, then the program's. */
  read({ ready }: Health): MetricReading[] {
    return [
      ...this.#ofMessages(),
      ...this.#ofConnections(),
      ...this.#ofTheCluster(),
      ...this.#ofTheProcess(),
      valueReading(serverMetrics.ready, ready ? 1 : 0),
      ...this.#own.read(),
    ];
  }

  #ofMessages(): MetricReading[] {
    const all = this.traffic.all();
    const handled = all.filter(({ forwarded }) => !forwarded);
    const forwarded = all.filter((route) => route.forwarded);
    const { pushes, droppedPushes, replacedPushes, failed } = this.#host.counted;
    return [
      valueReading(serverMetrics.requests, handled.flatMap(byCode)),
      secondsReading(
        serverMetrics.requestSeconds,
        secondsOf(handled, (route) => route.handled),
      ),
      secondsReading(
        serverMetrics.queueSeconds,
        secondsOf(handled, (route) => route.queued),
      ),
      valueReading(serverMetrics.rateLimited, failed["rate_limited"] ?? 0),
      valueReading(serverMetrics.forwarded, forwarded.flatMap(byCode)),
      secondsReading(
        serverMetrics.forwardSeconds,
        secondsOf(forwarded, (route) => route.handled),
      ),
      valueReading(serverMetrics.forwardsPending, this.#host.forwardsPending),
      valueReading(serverMetrics.pushes, pushes),
      valueReading(serverMetrics.pushesDropped, droppedPushes),
      valueReading(serverMetrics.pushesReplaced, replacedPushes),
    ];
  }

  #ofConnections(): MetricReading[] {
    const { sessions, suspended, resumed, guests, open, arriving, accepted, refused, closed, refusedHandshakes } =
      this.#host.counted;
    const { total, largest } = this.#waiting();
    const protocolErrors = Object.fromEntries(Object.entries(closed).filter(([code]) => ofTheProtocol.has(code)));
    return [
      valueReading(serverMetrics.outboxBytes, total),
      valueReading(serverMetrics.outboxLargest, largest),
      valueReading(serverMetrics.sessions, sessions),
      valueReading(serverMetrics.suspended, suspended),
      valueReading(serverMetrics.resumed, resumed),
      valueReading(serverMetrics.guests, guests),
      valueReading(serverMetrics.connections, open),
      valueReading(serverMetrics.arriving, arriving),
      valueReading(serverMetrics.accepted, accepted),
      valueReading(serverMetrics.refused, this.#codeSeries(refused)),
      valueReading(serverMetrics.closed, this.#codeSeries(closed)),
      valueReading(serverMetrics.refusedHandshakes, this.#codeSeries(refusedHandshakes)),
      valueReading(serverMetrics.protocolErrors, this.#codeSeries(protocolErrors)),
    ];
  }

  #ofTheCluster(): MetricReading[] {
    const { made, answered, jobs } = this.#host.counted.remote;
    const outcomes = ["done", "again", "failed"] as const;
    const ends: readonly (readonly [string, RemoteCounters])[] = [
      ["made", made],
      ["answered", answered],
    ];
    const each = (count: (counters: RemoteCounters) => number): ValueSeries[] =>
      ends.map(([end, counters]) => ({ labels: { end }, value: count(counters) }));
    const failed = ends.flatMap(([end, counters]) => this.#codeSeries(counters.failed, { end }));
    return [
      valueReading(serverMetrics.clusterMembers, this.#host.clusterMembers),
      valueReading(
        serverMetrics.remoteCalls,
        each(({ calls }) => calls),
      ),
      valueReading(
        serverMetrics.remoteTells,
        each(({ tells }) => tells),
      ),
      valueReading(serverMetrics.remoteFailed, failed),
      valueReading(
        serverMetrics.remotePending,
        each(({ pending }) => pending),
      ),
      valueReading(serverMetrics.jobsEnqueued, jobs.enqueued),
      valueReading(serverMetrics.jobsPending, jobs.pending),
      valueReading(
        serverMetrics.jobAttempts,
        outcomes.map((outcome) => ({ labels: { outcome }, value: jobs[outcome] })),
      ),
    ];
  }

  #ofTheProcess(): MetricReading[] {
    const { heapUsed, heapTotal, rss } = process.memoryUsage();
    const { counts, sum } = this.loop.delays;
    return [
      valueReading(serverMetrics.failedTasks, this.#host.counted.failedTasks),
      secondsReading(serverMetrics.loopDelay, [{ labels: {}, counts, sum }]),
      valueReading(serverMetrics.heapUsed, heapUsed),
      valueReading(serverMetrics.heapSize, heapTotal),
      valueReading(serverMetrics.resident, rss),
    ];
  }

  #waiting(): { readonly total: number; readonly largest: number } {
    let total = 0;
    let largest = 0;
    for (const bytes of this.#host.outboxBytes()) {
      total += bytes;
      largest = Math.max(largest, bytes);
    }
    return { total, largest };
  }

  /** A series for each code that is told apart. */
  #codeSeries(counts: Readonly<Record<string, number>>, labels: Readonly<Record<string, string>> = {}): ValueSeries[] {
    const byLabel = new Map<string, number>();
    for (const [code, count] of Object.entries(counts)) {
      const label = this.#codes.of(code);
      byLabel.set(label, (byLabel.get(label) ?? 0) + count);
    }
    return [...byLabel].map(([code, value]) => ({ labels: { ...labels, code }, value }));
  }
}

/** Codes of what a client does that does not keep to the protocol. */
const ofTheProtocol: ReadonlySet<string> = new Set([
  "invalid_packet_type",
  "packet_too_large",
  "invalid_message",
  "unknown_code",
  "unexpected_packet",
  "text_frame",
  "invalid_frame",
  "invalid_handshake",
  "invalid_acknowledgment",
  "invalid_payload",
]);

function byCode(traffic: RouteTraffic): ValueSeries[] {
  const { route, kind } = traffic;
  return traffic.byCode().map(([code, value]) => ({ labels: { route, kind, code }, value }));
}

/** @param all what comes to no handler takes no time */
function secondsOf(all: readonly RouteTraffic[], times: (traffic: RouteTraffic) => Buckets): HistogramSeries[] {
  return all
    .filter(({ route }) => route !== unknownRoute)
    .map((traffic) => {
      const { counts, sum } = times(traffic);
      return { labels: { route: traffic.route }, counts, sum };
    });
}
