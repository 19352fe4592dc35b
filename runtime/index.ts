// `nanowire`: what a server is built from. A client imports `nanowire/client`.

export type { Awaitable } from "./base/awaitable.js";
export type { ByteBuffer } from "./base/byte-buffer.js";
export type { CallObserver, CallOrigin, CallTrace, RouteObserver, TraceContext } from "./base/call-observer.js";
export { type CancelTimer, type Clock, systemClock } from "./base/clock.js";
export {
  type ErrorCode,
  type ErrorScope,
  errorCodes,
  NanowireError,
  type NanowireErrorOptions,
} from "./base/error.js";
export { consoleLogger, type Logger, type LogLevel, silentLogger } from "./base/logger.js";
export type { EndOfTurn, Turn } from "./base/turn.js";
export type { NodeChange, NodeGone } from "./cluster/cluster-node.js";
export type { ClusterOptions } from "./cluster/cluster-options.js";
export type { ClusterDriver, ClusterHost, Joined } from "./cluster/driver.js";
export type { Job, JobQueue, JobVerdict, JobWorker, TakenJob } from "./cluster/job-queue.js";
export type { JobOptions } from "./cluster/job-settings.js";
export type { JobCounters } from "./cluster/job-traffic.js";
export type { HostedService, NodeInfo } from "./cluster/node-info.js";
export type { CallMetadata } from "./cluster/remote-calls.js";
export type { RemoteCounters } from "./cluster/remote-traffic.js";
export type { RouteChoice, Routing } from "./cluster/routing.js";
export { Component } from "./component/component.js";
export {
  Module,
  type ModuleName,
  type NamedModule,
  type NamedModuleOf,
  type ServerModules,
} from "./component/module.js";
export {
  type AnyRemoteHandler,
  defineRemoteHandler,
  type JobAttempt,
  Remote,
  type RemoteContext,
  type RemoteDefinition,
  type RemoteHandler,
} from "./component/remote.js";
export type {
  EnqueuedJob,
  EnqueueOptions,
  RemoteAnswer,
  RemoteCallAllOptions,
  RemoteCaller,
  RemoteCallOptions,
  RemoteTellAllOptions,
  RemoteTellOptions,
} from "./component/remote-caller.js";
export type { ReliableMethod, RemoteMethod } from "./component/remote-method.js";
export {
  type AnyMethod,
  defineMethod,
  type HandlingOrder,
  type MethodDefinition,
  type Overload,
  type RateLimit,
  type ServiceDefinition,
} from "./component/service.js";
export type { AfterHook, BeforeHook, HandlerCall, HandlerOutcome } from "./dispatch/hook-chain.js";
export type { HandlerName, Hooks, RequestOf, ResponseOf, ServerHooks } from "./dispatch/hooks.js";
export type { Counter, Gauge, Histogram, LabelArguments } from "./metrics/instruments.js";
export type {
  HistogramReading,
  HistogramSeries,
  LabelValues,
  MetricDefinition,
  MetricKind,
  MetricReading,
  ValueReading,
  ValueSeries,
} from "./metrics/metric.js";
export { type GaugeOptions, type HistogramOptions, type MetricOptions, Metrics } from "./metrics/metrics.js";
export { PeriodicReporter } from "./metrics/periodic-reporter.js";
export type { Health, Reporter, ReporterHost } from "./metrics/reporter.js";
export type { InboundMessage, InboundStep, OutboundMessage, OutboundStep, Pipeline } from "./pipeline/pipeline.js";
export {
  emptyCodec,
  emptyMessage,
  type JsonCodec,
  type MessageCodec,
  type ProtobufCodec,
  type Redaction,
  type WireCodec,
} from "./protocol/codec.js";
export type { Dictionary, RouteDictionary } from "./protocol/dictionary.js";
export type { HandshakeRequest, HandshakeSys } from "./protocol/handshake.js";
export {
  jsonOf,
  jsonSerializer,
  protobufSerializer,
  type Serializer,
  type SerializerName,
} from "./protocol/serializer.js";
export type { ShardKey, ShardKeyJson, ShardKeyStep, ShardKeyType } from "./protocol/shard-key.js";
export type { Queue, QueueOptions } from "./schedule/queue.js";
export type { Scheduler } from "./schedule/scheduler.js";
export type { CatchUp, ConditionOptions, LoopOptions, TaskRunner, TimerOptions } from "./schedule/task-runner.js";
export type { TickLoop, TickTask } from "./schedule/tick-loop.js";
export type { Timer } from "./schedule/timer.js";
export type { Cluster } from "./server/cluster.js";
export type { RemoteCallCounters, ServerCounters } from "./server/counters.js";
export type { DrainOptions } from "./server/drain.js";
export type { ServerHealth, ServerState } from "./server/health.js";
export type {
  InspectedRoute,
  Inspector,
  InspectorHost,
  MessageWatcher,
  SeenKind,
  SeenMessage,
} from "./server/inspector.js";
export type { LocatedSession, LocatedUsers } from "./server/located-users.js";
export type { MetricsOptions } from "./server/metrics-options.js";
export type { ForwardedService, HandshakeContext, ServerOptions } from "./server/options.js";
export { type Profile, wireProfiles } from "./server/profile.js";
export type { ResumeOptions } from "./server/resume-options.js";
export {
  createServer,
  type Server,
  type StopOnSignalsOptions,
} from "./server/server.js";
export type { VisitLost } from "./server/server-cluster.js";
export type { ServerPipeline } from "./server/server-pipeline.js";
export type { SerializerOption } from "./server/terms.js";
export type { CallData } from "./session/call-data.js";
export { Group, type GroupOptions } from "./session/group.js";
export type { GroupPart, SessionFilter } from "./session/group-part.js";
export type { ConflationKey, Overflow, PushDefinition, PushReceiver } from "./session/push.js";
export { type PushTarget, sendPush } from "./session/send-push.js";
export type { Belonging, Session, SessionData, Waiting } from "./session/session.js";
export type {
  BindingOptions,
  BindJudge,
  SecondSession,
  SessionBound,
  SessionClosed,
  SessionEvents,
  SessionSuspended,
} from "./session/session-registry.js";
export type { Users } from "./session/users.js";
export type {
  ReceivedKind,
  SentMessage,
  Trace,
  TracedAttempt,
  Tracing,
} from "./tracing/tracing.js";
export type { PemFileOptions, PemOptions, TlsOptions, TlsSettings } from "./transport/certificates.js";
export type { EarOptions } from "./transport/ears.js";
export { type HybridOptions, hybrid } from "./transport/hybrid.js";
export type { ListenOptions, PortOptions, SocketPathOptions } from "./transport/listen.js";
export { type MemorySocket, type MemoryTransport, memory } from "./transport/memory.js";
export type { Origins } from "./transport/origin-check.js";
export { Outbox, type OutboxLimit, type OutboxOwner, type OutboxWriter, WriteOutcome } from "./transport/outbox.js";
export type { Origin, Proxies, ProxyOptions } from "./transport/proxies.js";
export type { Listener } from "./transport/socket-listener.js";
export { type TcpOptions, tcp } from "./transport/tcp.js";
export type {
  Guest,
  ListenAddress,
  Place,
  Transport,
  TransportHost,
  Wire,
  WireReceiver,
} from "./transport/transport.js";
export type { UpgradeRequest } from "./transport/upgrade-request.js";
export { ws } from "./transport/ws.js";
export type {
  CompressionOptions,
  NoListenOptions,
  OwnWsOptions,
  SharedWsOptions,
  UpgradeOptions,
  WsOptions,
} from "./transport/ws-options.js";
