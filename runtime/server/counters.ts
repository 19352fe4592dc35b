import { CodeCounts } from "../base/code-counts.js";
import { type JobCounters, JobTraffic } from "../cluster/job-traffic.js";
import { type RemoteCounters, RemoteTraffic } from "../cluster/remote-traffic.js";

/** The calls of REMOTE services that a node has to do with. */
export interface RemoteCallCounters {
  /** Those that it has made. */
  readonly made: RemoteCounters;
  /** Those that have come, its own to itself included. */
  readonly answered: RemoteCounters;
  /** Jobs, which are calls that are kept until they are done. */
  readonly jobs: JobCounters;
}

/** What a server has counted since it was made. */
export interface ServerCounters {
  /** Clients that are on their way now: they have a socket, and are no connection yet. */
  readonly arriving: number;
  /** Connections that were accepted. */
  readonly accepted: number;
  /** Clients that were turned away before they had a connection, by the code of the reason. */
  readonly refused: Readonly<Record<string, number>>;
  /** Connections that are open now, whatever their state. */
  readonly open: number;
  /** Sessions that are open now: clients whose handshake was taken. */
  readonly sessions: number;
  /** How many of them are suspended: their connections broke, and their clients may come back. */
  readonly suspended: number;
  /** Sessions that went on with another connection. */
  readonly resumed: number;
  /** Sessions of other gates of the cluster that are here now, because this node handles messages of theirs. */
  readonly guests: number;
  /** Requests that came. */
  readonly requests: number;
  /** Notifies that came. */
  readonly notifies: number;
  /** Pushes that were queued, each connection counted. */
  readonly pushes: number;
  /** Pushes that were not sent to a connection because its outbox was too full: those that the .proto lets drop. */
  readonly droppedPushes: number;
  /** Pushes that waited for a connection and gave way to a newer one. They are among `pushes`. */
  readonly replacedPushes: number;
  /** Requests that were answered with an error and notifies that failed, by the error's code: the first 256 that there are, and `other`. */
  readonly failed: Readonly<Record<string, number>>;
  /** Tasks and timers that threw, were rejected, or took too long. */
  readonly failedTasks: number;
  /** Connections that were closed, by the code of the reason. */
  readonly closed: Readonly<Record<string, number>>;
  /** Handshakes that were refused, by the code of the reason: by the server, or by the application. */
  readonly refusedHandshakes: Readonly<Record<string, number>>;
  /** Calls between nodes. */
  readonly remote: RemoteCallCounters;
}

/** Counts what a server does. */
export class Counters {
  arriving = 0;
  accepted = 0;
  open = 0;
  sessions = 0;
  suspended = 0;
  resumed = 0;
  guests = 0;
  requests = 0;
  notifies = 0;
  pushes = 0;
  droppedPushes = 0;
  replacedPushes = 0;
  failedTasks = 0;
  readonly #refused = new CodeCounts();
  readonly #failed = new CodeCounts();
  readonly #closed = new CodeCounts();
  readonly #refusedHandshakes = new CodeCounts();

  refused(code: string): void {
    this.#refused.add(code);
  }

  failed(code: string): void {
    this.#failed.add(code);
  }

  closed(code: string): void {
    this.#closed.add(code);
  }

  refusedHandshake(code: string): void {
    this.#refusedHandshakes.add(code);
  }

  snapshot(remote: RemoteCallCounters): ServerCounters {
    const { arriving, accepted, open, sessions, suspended, resumed, requests, notifies, pushes, failedTasks } = this;
    const { droppedPushes, replacedPushes, guests } = this;
    return {
      arriving,
      accepted,
      refused: this.#refused.snapshot(),
      open,
      sessions,
      suspended,
      resumed,
      guests,
      requests,
      notifies,
      pushes,
      droppedPushes,
      replacedPushes,
      failedTasks,
      failed: this.#failed.snapshot(),
      closed: this.#closed.snapshot(),
      refusedHandshakes: this.#refusedHandshakes.snapshot(),
      remote,
    };
  }
}

/** Of a server that is in no cluster. */
export function noRemoteCalls(): RemoteCallCounters {
  const none = new RemoteTraffic().snapshot();
  return { made: none, answered: none, jobs: new JobTraffic().snapshot() };
}
