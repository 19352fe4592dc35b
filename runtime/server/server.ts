import { assertOptions } from "../base/assert-options.js";
import { NanowireError } from "../base/error.js";
import { Component } from "../component/component.js";
import { LifeCycle } from "../component/life-cycle.js";
import type { ModuleName, ServerModules } from "../component/module.js";
import { Remote } from "../component/remote.js";
import { ServerHooks } from "../dispatch/hooks.js";
import type { Metrics } from "../metrics/metrics.js";
import type { ReporterHost } from "../metrics/reporter.js";
import type { InboundStep, OutboundStep } from "../pipeline/pipeline.js";
import type { Dictionary } from "../protocol/dictionary.js";
import type { OrderedMailbox } from "../schedule/mailbox.js";
import type { Scheduler } from "../schedule/scheduler.js";
import type { Session } from "../session/session.js";
import type { SessionBound, SessionClosed, SessionSuspended } from "../session/session-registry.js";
import { Users } from "../session/users.js";
import type { ListenAddress } from "../transport/transport.js";
import { reportReady, upWorker } from "../up/up-worker.js";
import { Cluster } from "./cluster.js";
import { Conversation } from "./conversation.js";
import type { ServerCounters } from "./counters.js";
import { type DrainOptions, drainOptionKinds, resolveDrainOptions } from "./drain.js";
import type { ServerHealth, ServerState } from "./health.js";
import { Inspection } from "./inspection.js";
import { type ResolvedOptions, resolveOptions, type ServerOptions } from "./options.js";
import { ServerHost } from "./server-host.js";
import type { ServerPipeline } from "./server-pipeline.js";
import { assertSignals, letSignalAct, onSignals, stopSignals } from "./signals.js";

/**
 * A server that is not started yet: `createServer({ components: [new Room()], listen: [ws({ port: 3250 })] })`.
 *
 * @throws NanowireError `invalid_option`, which names the option, its value and its limits; `invalid_route` where two components have
 * one route, or one code
 */
export function createServer(options: ServerOptions): Server {
  return new Server(resolveOptions(options));
}

/** What {@link Server.stopOnSignals} takes. */
export interface StopOnSignalsOptions extends DrainOptions {
  /** Which signals. Default: SIGTERM and SIGINT; SIGTERM alone in a process of `nanowire up`, which hears Ctrl-C itself and stops its processes in order. */
  readonly signals?: readonly NodeJS.Signals[];
  /** Called when the server has stopped. The process ends by itself when nothing else keeps it alive; else this is the place for `process.exit`. Default: nothing. */
  readonly onStopped?: (signal: NodeJS.Signals) => void;
}

/** Components, the transports that clients reach them by, and the sessions of those clients. */
export class Server {
  /** What every message of a client goes through before its handler, and what those of one service do. */
  readonly inbound: ServerPipeline<InboundStep>;
  /** What every response and push goes through on its way out, and what those of one service do. */
  readonly outbound: ServerPipeline<OutboundStep>;
  /** What runs before and after handlers, with the decoded message: for all, for a component's, for one. */
  readonly hooks: ServerHooks;
  /** The cluster that the server is a node of; undefined where the option `cluster` names none. */
  readonly cluster: Cluster | undefined;
  readonly #options: ResolvedOptions;
  readonly #host: ServerHost;
  /** In the order of their start: modules, then remotes, then components. */
  readonly #parts: readonly Part[];
  #state: ServerState = "stopped";
  #scheduler: Scheduler | undefined;
  #releaseSignals: (() => void) | undefined;
  /** Those who wait until it has started, or stopped. */
  readonly #waiting: (() => void)[] = [];

  /** @internal {@link createServer} makes servers. */
  constructor(options: ResolvedOptions) {
    this.#options = options;
    this.#parts = partsOf(options);
    this.#host = new ServerHost(options);
    this.inbound = this.#host.inbound;
    this.outbound = this.#host.outbound;
    this.hooks = new ServerHooks(this.#host.dispatcher.endpoints);
    this.cluster =
      this.#host.cluster &&
      new Cluster(this.#host.cluster, ({ link }) => (link instanceof Conversation ? link.visits : undefined));
  }

  /** Where the server is in its life. */
  get state(): ServerState {
    return this.#state;
  }

  /** What those who watch the process ask: a copy. */
  get health(): ServerHealth {
    const { open: connections, sessions, arriving } = this.#host.counters;
    const state = this.#state;
    const full = connections + arriving >= this.#options.maxConnections;
    return { live: state !== "stopped", ready: state === "running", state, connections, sessions, arriving, full };
  }

  /** Where clients connect, a transport each, in the order of `listen`; empty while the server does not run. */
  get addresses(): readonly ListenAddress[] {
    return this.#options.listen.flatMap((transport) => transport.address ?? []);
  }

  /** What was counted since the server was made: a copy. */
  get counters(): ServerCounters {
    return this.#host.counted;
  }

  /** The program's own metrics, which go to the same reporters as the server's: `server.metrics.counter({ … })`. Without reporters they are counted for nobody. */
  get metrics(): Metrics {
    return this.#options.metrics.own;
  }

  /** The routes of the server's components and their pushes. */
  get dictionary(): Dictionary {
    return this.#host.dictionary;
  }

  /**
   * The main loop: tasks, timers, and queues, which all end when the server stops. Each start makes a new one. A component has its
   * own part in it, `this.scheduler`.
   *
   * @throws NanowireError `invalid_state` while the server is stopped
   */
  get scheduler(): Scheduler {
    if (this.#scheduler === undefined) {
      throw new NanowireError("invalid_state", "the server is stopped: it has a scheduler while it runs");
    }
    return this.#scheduler;
  }

  /**
   * A module of the server, by its name: `server.module("db")`.
   *
   * @throws NanowireError `invalid_option` when no module has that name
   */
  module<Name extends ModuleName>(name: Name): ServerModules[Name] {
    // The types of createServer see to it that under this name there is that module.
    return this.#options.modules.get(name) as ServerModules[Name];
  }

  /** The open sessions. The array is the caller's. */
  sessions(): Session[] {
    return [...this.#host.sessions.all()];
  }

  /** The open session with that id, or undefined. */
  session(id: string): Session | undefined {
    return this.#host.sessions.byId(id);
  }

  /** The open sessions that are bound to a uid, in the order in which they were; mostly one. The array is the caller's. */
  sessionsOf(uid: string): Session[] {
    return [...this.#host.sessions.byUid(uid)];
  }

  /**
   * Whoever is bound to a uid, or to one of several, as somebody to push to: `News.arrived(server.users("ada"), { … })`. In a cluster: at whichever gate.
   *
   * @param uids one, or any number: an array, a set
   */
  users(uids: string | Iterable<string>): Users {
    const list = typeof uids === "string" ? [uids] : [...new Set(uids)];
    const pushes = this.#host.cluster?.userPushes;
    return new Users(
      () => list.flatMap((uid) => this.sessionsOf(uid)),
      pushes && ((method, message) => pushes.push(list, method, message)),
    );
  }

  /** Every open session, bound or not, as somebody to push to. In a cluster: of those that this node knows. */
  get everyone(): Users {
    return new Users(() => this.#host.sessions.all());
  }

  /** Calls `listener` for every client that has finished its handshake. Returns what takes the listener back. */
  onSessionOpen(listener: (session: Session) => void): () => void {
    return this.#host.sessions.onOpen(listener);
  }

  /** Calls `listener` for every session that was bound to a uid, or is bound to none again. Returns what takes the listener back. */
  onSessionBind(listener: (bound: SessionBound) => void): () => void {
    return this.#host.sessions.onBind(listener);
  }

  /**
   * Calls `listener` for every session whose connection broke and that is kept for a while (the option `resume`), after its own listeners. Returns what takes the listener
   * back.
   */
  onSessionSuspend(listener: (suspended: SessionSuspended) => void): () => void {
    return this.#host.sessions.onSuspend(listener);
  }

  /** Calls `listener` for every session whose client has come back, after its own listeners. Returns what takes the listener back. */
  onSessionResume(listener: (session: Session) => void): () => void {
    return this.#host.sessions.onResume(listener);
  }

  /**
   * Calls `listener` for every session that has closed: when its groups are left, and after its own listeners. Returns what takes
   * the listener back.
   */
  onSessionClose(listener: (closed: SessionClosed) => void): () => void {
    return this.#host.sessions.onClose(listener);
  }

  /**
   * Starts the reporters of metrics, the inspectors, the modules, the remotes and the components, joins the cluster, then opens the listeners. Resolved when clients can connect. After an error everything
   * that was begun is undone, and the server is stopped.
   *
   * @throws NanowireError `invalid_state` when it is not stopped, `listen_failed`; `cluster_failed`, `node_exists`; and what a reporter's or an inspector's `start`, or a module's, a remote's or a component's
   * `init` or `afterInit` throws
   */
  async start(): Promise<void> {
    this.#assertState("stopped", "start");
    this.#state = "starting";
    const undo: (() => unknown)[] = [];
    const scheduler = this.#host.newScheduler();
    this.#scheduler = scheduler;
    undo.unshift(() => {
      this.#scheduler = undefined;
    });
    try {
      for (const reporter of this.#options.metrics.reporters) {
        undo.unshift(() => reporter.stop());
        await reporter.start(this.#reporterHost());
      }
      for (const inspector of this.#options.inspectors) {
        undo.unshift(() => inspector.stop());
        await inspector.start(new Inspection(this.#host, this));
      }
      this.#host.metrics?.loop.start();
      undo.unshift(() => this.#host.metrics?.loop.stop());
      for (const part of this.#parts) {
        LifeCycle.attach(part.life, this.#schedulerOf(part, scheduler), this.cluster);
        undo.unshift(() => LifeCycle.detach(part.life));
      }
      for (const { life } of this.#parts) {
        undo.unshift(() => life.shutdown());
        await life.init();
      }
      for (const { life } of this.#parts) {
        await life.afterInit();
      }
      undo.unshift(() => this.#host.cluster?.leave());
      await this.#host.joinCluster();
      // A client may have come by a listener that was opened before one that cannot be.
      undo.unshift(() => this.#host.closeAll(serverStopped()));
      for (const transport of this.#options.listen) {
        await transport.listen(this.#host);
        undo.unshift(() => transport.close());
      }
    } catch (error) {
      await scheduler.close();
      for (const step of undo) {
        await this.#attempt(step, "what was started could not be undone");
      }
      this.#enter("stopped");
      throw error;
    }
    this.#host.sweep.start();
    this.#enter("running");
    for (const { url } of this.addresses) {
      this.#options.logger.info({ url }, "listening");
    }
    // What the program does when this is resolved, such as to listen to signals, it does before `up` may ask it to end.
    setImmediate(reportReady);
  }

  /**
   * Lets the clients go: takes no new ones, tells those that understand it where and when to come back, lets what runs finish, and kicks whoever is left when
   * `graceMs` are over. Resolved when the last is gone; {@link stop} then does the rest. Tasks and timers go on meanwhile. docs/life-cycle.md tells how clients
   * behave.
   *
   * @throws NanowireError `invalid_option`; `invalid_state` when it does not run
   */
  async drain(options: DrainOptions = {}): Promise<void> {
    const drain = resolveDrainOptions("drain", options, defaultGraceMs);
    this.#assertState("running", "drain");
    this.#state = "draining";
    this.#host.startDrain(drain);
    await this.#host.cluster?.drain();
    await this.#closeListeners();
    await this.#host.drained(drain);
    await this.#host.closeAll(serverStopped());
  }

  /**
   * Closes the listeners, lets the clients go as {@link drain} does if `graceMs` is given, lets the components and modules prepare (`beforeShutdown`), closes
   * the sessions that are left, stops the timers, lets tasks that wait or run come to their end (for `requestTimeoutMs` at the most), and shuts the components
   * and modules down: each in the reverse order of its start. Resolved when everything is closed. One that fails is logged, and the rest goes on. While the
   * server drains, it ends that at once. A task or a timer may call it and wait for it, before anything else that it waits for; handlers are not waited for
   * but by `graceMs`.
   *
   * @throws NanowireError `invalid_option`; `invalid_state` when it neither runs nor drains
   */
  async stop(options: DrainOptions = {}): Promise<void> {
    const drain = resolveDrainOptions("stop", options, 0);
    this.#scheduler?.stopCalled();
    if (this.#state === "draining") {
      this.#host.endDrain();
    } else {
      this.#assertState("running", "stop");
      this.#state = "stopping";
      if (drain.graceMs > 0) {
        this.#host.startDrain(drain);
        await this.#host.cluster?.drain();
      }
      await this.#closeListeners();
      await this.#host.drained(drain);
    }
    this.#state = "stopping";
    const parts = [...this.#parts].reverse();
    for (const { life, kind, name } of parts) {
      await this.#attempt(() => life.beforeShutdown(), `a ${kind} failed before its shutdown`, { name });
    }
    await this.#host.closeAll(serverStopped());
    await this.#host.cluster?.leave();
    this.#host.draining = undefined;
    this.#host.sweep.stop();
    await this.#scheduler?.close();
    for (const { life, kind, name } of parts) {
      await this.#attempt(() => life.shutdown(), `a ${kind} failed in its shutdown`, { name });
      LifeCycle.detach(life);
    }
    this.#host.metrics?.loop.stop();
    for (const inspector of [...this.#options.inspectors].reverse()) {
      await this.#attempt(() => inspector.stop(), "an inspector failed as it stopped", { name: inspector.name });
    }
    for (const reporter of [...this.#options.metrics.reporters].reverse()) {
      await this.#attempt(() => reporter.stop(), "a reporter of metrics failed as it stopped", { name: reporter.name });
    }
    this.#scheduler = undefined;
    this.#releaseSignals?.();
    this.#releaseSignals = undefined;
    this.#enter("stopped");
  }

  /**
   * Reads the certificates of every listener anew that has them in files: who connects from then on gets the new ones,
   * connections that are open stay. `process.on("SIGHUP", () => server.reloadCertificates())`
   *
   * @throws NanowireError `invalid_state` when it does not run, `invalid_certificate` when one cannot be read: that listener
   * keeps its old one
   */
  async reloadCertificates(): Promise<void> {
    this.#assertState("running", "reload certificates");
    const reloads = await Promise.allSettled(this.#options.listen.map((transport) => transport.reloadCertificates?.()));
    const failed = reloads.find(({ status }) => status === "rejected");
    if (failed !== undefined) {
      throw (failed as PromiseRejectedResult).reason;
    }
  }

  /**
   * Stops when the process is asked to end: `server.stopOnSignals({ graceMs: 20_000 })`. A server that is starting stops once it has started. A second signal ends
   * the waiting, for clients and for tasks; one that comes while the server still starts, or is stopped, does what it does without this. When the server has
   * stopped, signals do what they did before. Calling it again replaces what was said before.
   *
   * @returns what ends it
   * @throws NanowireError `invalid_option`
   */
  stopOnSignals(options: StopOnSignalsOptions = {}): () => void {
    assertOptions("stopOnSignals", options, { ...drainOptionKinds, signals: "array", onStopped: "function" });
    const { signals = defaultSignals(), onStopped, ...given } = options;
    assertSignals(signals);
    const drain = resolveDrainOptions("stopOnSignals", given, defaultGraceMs);
    this.#releaseSignals?.();
    let isStopping = false;
    const release = onSignals(signals, (signal) => {
      if (this.#state === "stopped" || (isStopping && this.#state === "starting")) {
        // There is nothing to be stopped, or what begins does not come to its end.
        release();
        letSignalAct(signal);
      } else if (isStopping) {
        this.#host.endDrain();
        this.#scheduler?.endWait();
      } else {
        isStopping = true;
        this.#options.logger.info({ signal }, "stopping");
        void this.#stopAnyhow(drain, signal)
          .then(release)
          .then(() => onStopped?.(signal));
      }
    });
    this.#releaseSignals = release;
    return release;
  }

  /** Stops, whatever it is at: once it has started, where it starts; or waits until it has stopped, where it does that already. */
  async #stopAnyhow(drain: DrainOptions, signal: NodeJS.Signals): Promise<void> {
    if (this.#state === "starting") {
      await this.#changed();
    }
    if (this.#state === "stopping") {
      await this.#changed();
    } else if (this.#state !== "stopped") {
      await this.#attempt(() => this.stop(drain), "the server could not be stopped", { signal });
    }
  }

  /** Resolved when it has started, or stopped. */
  #changed(): Promise<void> {
    return new Promise((resolve) => void this.#waiting.push(resolve));
  }

  #enter(state: "running" | "stopped"): void {
    this.#state = state;
    for (const tell of this.#waiting.splice(0)) {
      tell();
    }
  }

  #reporterHost(): ReporterHost {
    const { logger, clock } = this.#options;
    const health = (): ServerHealth => this.health;
    return { logger, clock, health, read: () => this.#host.metrics?.read(this.health) ?? [] };
  }

  #schedulerOf({ life, name }: Part, scheduler: Scheduler): Scheduler {
    return scheduler.child(name, this.#mailboxOf(life));
  }

  /** Where the tasks and timers of a component or a remote take their turn with its messages. */
  #mailboxOf(life: LifeCycle): OrderedMailbox | undefined {
    const { dispatcher, cluster } = this.#host;
    return life instanceof Component
      ? dispatcher.mailboxOf(life)
      : life instanceof Remote
        ? cluster?.remotes.mailboxOf(life)
        : undefined;
  }

  async #closeListeners(): Promise<void> {
    // All at once: one that is slow to close keeps no other open.
    const listeners = [...this.#options.listen].reverse();
    await Promise.all(
      listeners.map((transport) => this.#attempt(() => transport.close(), "a listener could not be closed")),
    );
  }

  #assertState(expected: ServerState, verb: string): void {
    if (this.#state !== expected) {
      throw new NanowireError("invalid_state", `the server is ${this.#state}: it cannot ${verb}`);
    }
  }

  async #attempt(task: () => unknown, complaint: string, fields: object = {}): Promise<void> {
    try {
      await task();
    } catch (error) {
      this.#options.logger.error({ ...fields, error }, complaint);
    }
  }
}

/** What has a life in a server. */
interface Part {
  readonly life: LifeCycle;
  readonly kind: "module" | "remote" | "component";
  readonly name: string;
}

function partsOf({ modules, remotes, components }: ResolvedOptions): Part[] {
  return [
    ...modules.inOrder.map(({ name, module }) => ({ life: module, kind: "module", name }) as const),
    ...remotes.map((life) => ({ life, kind: "remote", name: Remote.definitionOf(life).name }) as const),
    ...components.map((life) => ({ life, kind: "component", name: Component.serviceOf(life).name }) as const),
  ];
}

/** Ctrl-C goes to all processes of a terminal: `nanowire up` is the one to hear it. */
function defaultSignals(): readonly NodeJS.Signals[] {
  return upWorker() === undefined ? stopSignals : ["SIGTERM"];
}

/** How long clients have to go, where nothing else is said. */
const defaultGraceMs = 10_000;

function serverStopped(): NanowireError {
  return new NanowireError("server_stopped", "the server stopped");
}
