import type { JsMsg } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import type { CancelTimer, Clock } from "../../base/clock.js";
import { NanowireError } from "../../base/error.js";
import type { Logger } from "../../base/logger.js";
import type { Job, JobQueue, JobVerdict, JobWorker } from "../job-queue.js";
import { decodeJob, encodeJob } from "../job-record.js";
import { sayingWhy } from "./connect-nats.js";
import { JobStream, mostHeaderBytes, verdictSubject } from "./job-stream.js";
import type { NatsSettings } from "./nats-options.js";

/** What a {@link NatsJobs} needs of the node that it belongs to. */
export interface NatsJobsHost {
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * A node's end of the queue of jobs. Connections come and go; what is worked on meanwhile goes on, and its verdict is sent over the next one. A job whose verdict does not come in
 * time is handed out again, by JetStream.
 */
export class NatsJobs implements JobQueue {
  readonly #settings: NatsSettings;
  #host: NatsJobsHost | undefined;
  #line: Line | undefined;
  #desk: Desk | undefined;
  #stopping: Promise<void> | undefined;

  constructor(settings: NatsSettings) {
    this.#settings = settings;
  }

  /** A node begins to take part in the cluster. */
  joins(host: NatsJobsHost): void {
    this.#host = host;
  }

  /** There is a connection. */
  connected(connection: NatsConnection): void {
    const line = new Line(connection, this.#settings);
    this.#line = line;
    this.#desk?.connected(line);
  }

  /** It is over. */
  disconnected(): void {
    this.#line = undefined;
    this.#desk?.disconnected();
  }

  async add(job: Job): Promise<boolean> {
    const { id, service, route } = job;
    const record = encodeJob(job);
    const line = this.#line;
    if (line === undefined) {
      throw new NanowireError("unavailable", `job ${id} of ${route} is not kept: the node is cut off from NATS`);
    }
    const maxPayload = line.connection.info?.max_payload ?? 0;
    const limit = maxPayload - mostHeaderBytes;
    if (record.length > limit) {
      const message = `job ${id} of ${route} is ${record.length} bytes long, more than ${limit}, which is NATS's max_payload without the headers`;
      throw new NanowireError("message_too_large", message);
    }
    try {
      return await (await line.stream()).keep(service, `${route} ${id}`, record);
    } catch (error) {
      line.forgetStream();
      const message = `NATS does not say that job ${id} of ${route} is kept: ${sayingWhy(error)}`;
      throw new NanowireError("unavailable", message, { cause: error });
    }
  }

  take(services: readonly string[], worker: JobWorker): void {
    if (this.#host === undefined) {
      throw new NanowireError("invalid_state", "the driver is not part of a cluster");
    }
    this.#stopping = undefined;
    this.#desk = new Desk(services, worker, this.#settings, this.#host);
    if (this.#line !== undefined) {
      this.#desk.connected(this.#line);
    }
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#desk?.stop() ?? Promise.resolve();
    return this.#stopping;
  }
}

/** A connection, and the stream over it, which is opened when it is first needed. */
class Line {
  readonly connection: NatsConnection;
  readonly #settings: NatsSettings;
  #stream: Promise<JobStream> | undefined;

  constructor(connection: NatsConnection, settings: NatsSettings) {
    this.connection = connection;
    this.#settings = settings;
  }

  stream(): Promise<JobStream> {
    this.#stream ??= JobStream.open(this.connection, this.#settings);
    return this.#stream;
  }

  /** Something went wrong with it: somebody deleted it perhaps, and it is made anew when it is needed next. */
  forgetStream(): void {
    this.#stream = undefined;
  }
}

/** Where jobs of some services are taken, and worked on. */
class Desk {
  readonly #services: readonly string[];
  readonly #worker: JobWorker;
  readonly #host: NatsJobsHost;
  readonly #underWay = new Set<Promise<void>>();
  /** Where the verdicts go about what is worked on. */
  readonly #open = new Set<string>();
  /** What is to be told to JetStream once there is a connection. */
  readonly #owed = new Map<string, Uint8Array>();
  readonly #stopSigns: CancelTimer;
  readonly #stopped = new AbortController();
  #line: Line | undefined;

  constructor(services: readonly string[], worker: JobWorker, { jobSilenceMs }: NatsSettings, host: NatsJobsHost) {
    this.#services = services;
    this.#worker = worker;
    this.#host = host;
    this.#stopSigns = host.clock.every(Math.floor(jobSilenceMs / 3), () => {
      for (const subject of this.#open) {
        this.#line?.connection.publish(subject, inProgress);
      }
    });
  }

  connected(line: Line): void {
    this.#line = line;
    for (const [subject, verdict] of this.#owed) {
      this.#owed.delete(subject);
      line.connection.publish(subject, verdict);
    }
    for (const service of this.#services) {
      void this.#serve(service, line);
    }
  }

  disconnected(): void {
    this.#line = undefined;
  }

  /** Takes no more; resolved when the last verdict is on its way. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await Promise.all(this.#underWay);
    this.#stopSigns();
    await this.#line?.connection.flush().catch(() => {});
  }

  /** Takes jobs of a service, for as long as there is this connection. */
  async #serve(service: string, line: Line): Promise<void> {
    const { logger } = this.#host;
    const slots = new Slots(this.#worker.maxAtOnce);
    let told = "";
    while (this.#isOn(line)) {
      try {
        const consumer = await (await line.stream()).consumer(service);
        while (this.#isOn(line)) {
          const messages = await consumer.fetch({ max_messages: await slots.free(), expires: pullMs });
          const end = (): void => messages.stop();
          this.#stopped.signal.addEventListener("abort", end, { once: true });
          for await (const message of messages) {
            this.#begin(message, slots);
          }
          this.#stopped.signal.removeEventListener("abort", end);
          told = "";
        }
      } catch (error) {
        line.forgetStream();
        const why = sayingWhy(error);
        if (why !== told && this.#isOn(line)) {
          told = why;
          logger.warn({ service, error }, "cluster: no jobs can be taken at this moment; it is tried on");
        }
        await this.#pause(retryMs);
      }
    }
  }

  #isOn(line: Line): boolean {
    return this.#line === line && !this.#stopped.signal.aborted;
  }

  #begin(message: JsMsg, slots: Slots): void {
    const subject = verdictSubject(message);
    if (this.#stopped.signal.aborted) {
      this.#tell(subject, notNow(0));
      return;
    }
    slots.take();
    const working = this.#work(message, subject).finally(() => {
      slots.give();
      this.#underWay.delete(working);
    });
    this.#underWay.add(working);
  }

  async #work(message: JsMsg, subject: string): Promise<void> {
    const job = decodeJob(message.data);
    if (job === undefined) {
      this.#host.logger.warn(
        { subject: message.subject },
        "cluster: something in the queue is no job, and is taken out",
      );
      this.#tell(subject, over);
      return;
    }
    this.#open.add(subject);
    const verdict = await this.#worker.work({ job, attempt: message.info.deliveryCount });
    this.#open.delete(subject);
    this.#tell(subject, await this.#written(job, message.data, verdict));
  }

  /** What JetStream is told. A job that failed for good is set aside before it is taken out; where that cannot be, it comes again. */
  async #written({ id, route, service }: Job, record: Uint8Array, verdict: JobVerdict): Promise<Uint8Array> {
    if (verdict.outcome === "again") {
      return notNow(verdict.afterMs);
    }
    if (verdict.outcome === "failed") {
      try {
        const stream = await this.#line?.stream();
        await stream?.keepFailed(service, record, verdict.error);
        return stream === undefined ? notNow(setAsideAgainMs) : over;
      } catch (error) {
        this.#host.logger.warn({ job: id, route, error }, "cluster: a job that failed could not be set aside yet");
        return notNow(setAsideAgainMs);
      }
    }
    return done;
  }

  #tell(subject: string, verdict: Uint8Array): void {
    const connection = this.#line?.connection;
    if (connection === undefined || connection.isClosed()) {
      this.#owed.set(subject, verdict);
    } else {
      connection.publish(subject, verdict);
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#host.clock.after(ms, resolve);
      this.#stopped.signal.addEventListener("abort", () => [cancel(), resolve()], { once: true });
    });
  }
}

/** How much may be worked on at once. */
class Slots {
  #count: number;
  #waiting: (() => void) | undefined;

  constructor(count: number) {
    this.#count = count;
  }

  /** How many are free, once one is. */
  async free(): Promise<number> {
    if (this.#count === 0) {
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
      });
    }
    return this.#count;
  }

  take(): void {
    this.#count--;
  }

  give(): void {
    this.#count++;
    this.#waiting?.();
    this.#waiting = undefined;
  }
}

// What JetStream understands as an answer to what it has handed out.
const encoder = new TextEncoder();
const done = encoder.encode("+ACK");
const inProgress = encoder.encode("+WPI");
const over = encoder.encode("+TERM");

function notNow(delayMs: number): Uint8Array {
  return encoder.encode(delayMs === 0 ? "-NAK" : `-NAK ${JSON.stringify({ delay: delayMs * 1_000_000 })}`);
}

/** How long NATS holds a question for jobs. */
const pullMs = 30_000;
/** Before taking jobs is tried once more. */
const retryMs = 1_000;
/** Before a job that failed for good is tried to be set aside once more. */
const setAsideAgainMs = 30_000;
