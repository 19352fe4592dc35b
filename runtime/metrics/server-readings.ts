import { defaultBounds } from "./buckets.js";
import type { HistogramReading, HistogramSeries, MetricDefinition, ValueReading, ValueSeries } from "./metric.js";

/** Every metric of a server, in the order in which they are told. docs/metrics.md shows the same table. */
export const serverMetrics = {
  requests: {
    name: "nanowire_requests_total",
    kind: "counter",
    help: "Messages of clients that this node handled or refused, by how they ended: ok, or an error's code.",
    labels: ["route", "kind", "code"],
  },
  requestSeconds: {
    name: "nanowire_request_duration_seconds",
    kind: "histogram",
    help: "How long messages took, from their turn to their answer: steps, hooks and the handler.",
    labels: ["route"],
  },
  queueSeconds: {
    name: "nanowire_request_queue_seconds",
    kind: "histogram",
    help: "How long messages waited, from their arrival to their turn.",
    labels: ["route"],
  },
  rateLimited: {
    name: "nanowire_rate_limited_total",
    kind: "counter",
    help: "Messages that were refused because their client sent too many.",
    labels: [],
  },
  forwarded: {
    name: "nanowire_forwarded_total",
    kind: "counter",
    help: "Messages of clients that other nodes handle, at their gate, by how they ended.",
    labels: ["route", "kind", "code"],
  },
  forwardSeconds: {
    name: "nanowire_forward_duration_seconds",
    kind: "histogram",
    help: "How long forwarded messages took, from their arrival at the gate to the other node's answer.",
    labels: ["route"],
  },
  forwardsPending: {
    name: "nanowire_forwards_pending",
    kind: "gauge",
    help: "Forwarded messages that wait for another node now.",
    labels: [],
  },
  pushes: {
    name: "nanowire_pushes_total",
    kind: "counter",
    help: "Pushes that were queued, each receiver counted.",
    labels: [],
  },
  pushesDropped: {
    name: "nanowire_pushes_dropped_total",
    kind: "counter",
    help: "Pushes that were not sent because too much waited for their receiver.",
    labels: [],
  },
  pushesReplaced: {
    name: "nanowire_pushes_replaced_total",
    kind: "counter",
    help: "Pushes that waited and gave way to a newer one.",
    labels: [],
  },
  outboxBytes: {
    name: "nanowire_outbox_bytes",
    kind: "gauge",
    help: "Bytes that wait to be sent, of all connections.",
    labels: [],
  },
  outboxLargest: {
    name: "nanowire_outbox_largest_bytes",
    kind: "gauge",
    help: "Bytes that wait for the client for whom most waits.",
    labels: [],
  },
  sessions: {
    name: "nanowire_sessions",
    kind: "gauge",
    help: "Sessions that are open, those that are suspended included.",
    labels: [],
  },
  suspended: {
    name: "nanowire_sessions_suspended",
    kind: "gauge",
    help: "Sessions whose connections broke and whose clients may come back.",
    labels: [],
  },
  resumed: {
    name: "nanowire_sessions_resumed_total",
    kind: "counter",
    help: "Sessions that went on with another connection.",
    labels: [],
  },
  guests: {
    name: "nanowire_guest_sessions",
    kind: "gauge",
    help: "Sessions of other gates whose messages this node handles.",
    labels: [],
  },
  connections: {
    name: "nanowire_connections",
    kind: "gauge",
    help: "Connections that are open, whatever their state.",
    labels: [],
  },
  arriving: {
    name: "nanowire_connections_arriving",
    kind: "gauge",
    help: "Clients that have a socket and are no connection yet.",
    labels: [],
  },
  accepted: {
    name: "nanowire_connections_accepted_total",
    kind: "counter",
    help: "Connections that were accepted.",
    labels: [],
  },
  refused: {
    name: "nanowire_connections_refused_total",
    kind: "counter",
    help: "Clients that were turned away before they had a connection, by the reason's code.",
    labels: ["code"],
  },
  closed: {
    name: "nanowire_connections_closed_total",
    kind: "counter",
    help: "Connections that were closed, by the reason's code.",
    labels: ["code"],
  },
  refusedHandshakes: {
    name: "nanowire_handshakes_refused_total",
    kind: "counter",
    help: "Handshakes that the server or the application refused, by the reason's code.",
    labels: ["code"],
  },
  protocolErrors: {
    name: "nanowire_protocol_errors_total",
    kind: "counter",
    help: "Connections that were closed because the client did not keep to the protocol, by the error's code.",
    labels: ["code"],
  },
  failedTasks: {
    name: "nanowire_tasks_failed_total",
    kind: "counter",
    help: "Tasks and timers that threw, were rejected, or took too long.",
    labels: [],
  },
  clusterMembers: {
    name: "nanowire_cluster_members",
    kind: "gauge",
    help: "Nodes of the cluster that this one sees, itself included; 0 outside of a cluster.",
    labels: [],
  },
  remoteCalls: {
    name: "nanowire_remote_calls_total",
    kind: "counter",
    help: "Calls of REMOTE services, where they are made and where they are answered.",
    labels: ["end"],
  },
  remoteTells: {
    name: "nanowire_remote_tells_total",
    kind: "counter",
    help: "Tells of REMOTE services, where they are made and where they are handled.",
    labels: ["end"],
  },
  remoteFailed: {
    name: "nanowire_remote_failed_total",
    kind: "counter",
    help: "Calls and tells of REMOTE services that failed, by the error's code.",
    labels: ["end", "code"],
  },
  remotePending: {
    name: "nanowire_remote_pending",
    kind: "gauge",
    help: "Calls of REMOTE services that are not answered yet.",
    labels: ["end"],
  },
  jobsEnqueued: {
    name: "nanowire_jobs_enqueued_total",
    kind: "counter",
    help: "Jobs that this node had kept.",
    labels: [],
  },
  jobsPending: {
    name: "nanowire_jobs_pending",
    kind: "gauge",
    help: "Jobs that this node works on now.",
    labels: [],
  },
  jobAttempts: {
    name: "nanowire_job_attempts_total",
    kind: "counter",
    help: "Attempts at jobs that have ended here: done, to be tried again, or failed, after which the job is set aside.",
    labels: ["outcome"],
  },
  loopDelay: {
    name: "nanowire_event_loop_delay_seconds",
    kind: "histogram",
    help: "By how much a timer came late, looked at every 20 ms: how long the event loop was busy with one thing.",
    labels: [],
  },
  heapUsed: {
    name: "nanowire_heap_used_bytes",
    kind: "gauge",
    help: "Bytes of JavaScript's heap that are in use.",
    labels: [],
  },
  heapSize: {
    name: "nanowire_heap_size_bytes",
    kind: "gauge",
    help: "Bytes that JavaScript's heap has of the system.",
    labels: [],
  },
  resident: {
    name: "nanowire_resident_memory_bytes",
    kind: "gauge",
    help: "Bytes that the process has resident.",
    labels: [],
  },
  ready: {
    name: "nanowire_ready",
    kind: "gauge",
    help: "1 while clients may be sent here; 0 while the server starts, drains or stops.",
    labels: [],
  },
} as const satisfies Record<string, MetricDefinition>;

/** A metric's definition that is a counter's or a gauge's. */
type ValueDefinition = MetricDefinition & { readonly kind: "counter" | "gauge" };

/** One without labels, or with several series. */
export function valueReading(definition: ValueDefinition, value: number | readonly ValueSeries[]): ValueReading {
  return { ...definition, series: typeof value === "number" ? [{ labels: {}, value }] : value };
}

/** One of the times that the server keeps. */
export function secondsReading(
  definition: MetricDefinition & { readonly kind: "histogram" },
  series: readonly HistogramSeries[],
): HistogramReading {
  return { ...definition, bounds: defaultBounds, series };
}
