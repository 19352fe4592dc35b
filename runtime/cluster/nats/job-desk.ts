import type { JsMsg } from "@nats-io/jetstream";
import type { CancelTimer, Clock } from "../../base/clock.js";
import type { Logger } from "../../base/logger.js";
import type { Job, JobVerdict, JobWorker } from "../job-queue.js";
import { decodeJob } from "../job-record.js";
import { sayingWhy } from "./connect-nats.js";
import type { JobLine } from "./job-line.js";
import { verdictSubject } from "./job-stream.js";
import type { NatsSettings } from "./nats-options.js";

/** What a {@link JobDesk} needs of its node. */
export interface JobDeskHost {
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Where a node takes jobs of some services, and works on them, whichever connection it has. */
export class JobDesk {
  readonly #worker: JobWorker;
  readonly #host: JobDeskHost;
  /** How many more of each service may be worked on. */
  readonly #slots: ReadonlyMap<string, Slots>;
  readonly #underWay = new Set<Promise<void>>();
  /** Where the verdicts go about what is worked on. */
  readonly #open = new Set<string>();
  /** What is to be told to JetStream once there is a connection. */
  readonly #owed = new Map<string, Uint8Array>();
  readonly #cancelSigns: CancelTimer;
  #line: JobLine | undefined;
  #stopped = false;
  /** Ends whatever waits, when it stops or the connection is over. */
  readonly #wake = new Set<() => void>();

  constructor(services: readonly string[], worker: JobWorker, { jobSilenceMs }: NatsSettings, host: JobDeskHost) {
    this.#worker = worker;
    this.#host = host;
    this.#slots = new Map(services.map((service) => [service, new Slots(worker.maxAtOnce)]));
    this.#cancelSigns = host.clock.every(Math.floor(jobSilenceMs / 3), () => {
      for (const subject of this.#open) {
        this.#line?.tell(subject, inProgress);
      }
    });
  }

  connected(line: JobLine): void {
    this.#line = line;
    for (const [subject, verdict] of this.#owed) {
      this.#owed.delete(subject);
      this.#tell(subject, verdict);
    }
    for (const [service, slots] of this.#slots) {
      void this.#serve(service, slots, line);
    }
  }

  disconnected(): void {
    this.#line = undefined;
    this.#wakeAll();
  }

  /** Takes no more; resolved when the last verdict is on its way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wakeAll();
    await Promise.all(this.#underWay);
    this.#cancelSigns();
    await this.#line?.connection.flush().catch(() => {});
  }

  /** Takes jobs of a service, for as long as there is this connection. */
  async #serve(service: string, slots: Slots, line: JobLine): Promise<void> {
    let told = "";
    while (this.#isOn(line)) {
      try {
        await this.#takeFrom(service, slots, line);
        told = "";
      } catch (error) {
        line.forgetStream();
        const why = sayingWhy(error);
        if (why !== told && this.#isOn(line)) {
          told = why;
          this.#host.logger.warn({ service, error }, "cluster: no jobs can be taken at this moment; it is tried on");
        }
        await this.#pause(retryMs, line);
      }
    }
  }

  /** Takes jobs until something goes wrong, or it is time to end. */
  async #takeFrom(service: string, slots: Slots, line: JobLine): Promise<void> {
    const consumer = await (await line.stream()).consumer(service);
    for (;;) {
      const free = await slots.free();
      if (!this.#isOn(line)) {
        return;
      }
      const messages = await consumer.fetch({ max_messages: free, expires: pullMs });
      const end = (): void => messages.stop();
      this.#wake.add(end);
      if (!this.#isOn(line)) {
        end();
      }
      try {
        for await (const message of messages) {
          this.#begin(message, slots);
        }
      } finally {
        this.#wake.delete(end);
      }
    }
  }

  #isOn(line: JobLine): boolean {
    return this.#line === line && !this.#stopped;
  }

  #begin(message: JsMsg, slots: Slots): void {
    const subject = verdictSubject(message);
    if (this.#stopped) {
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
      const { logger } = this.#host;
      logger.warn({ subject: message.subject }, "cluster: something in the queue is no job, and is taken out");
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
    switch (verdict.outcome) {
      case "done":
        return done;
      case "again":
        return notNow(verdict.afterMs);
      case "failed":
        try {
          const stream = await this.#line?.stream();
          await stream?.keepFailed(service, record, verdict.error);
          return stream === undefined ? notNow(setAsideAgainMs) : over;
        } catch (error) {
          this.#host.logger.warn({ job: id, route, error }, "cluster: a job that failed could not be set aside yet");
          return notNow(setAsideAgainMs);
        }
    }
  }

  #tell(subject: string, verdict: Uint8Array): void {
    if (this.#line?.tell(subject, verdict) !== true) {
      this.#owed.set(subject, verdict);
    }
  }

  #pause(ms: number, line: JobLine): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        cancel();
        this.#wake.delete(wake);
        resolve();
      };
      const cancel = this.#host.clock.after(ms, wake);
      this.#wake.add(wake);
      if (!this.#isOn(line)) {
        wake();
      }
    });
  }

  #wakeAll(): void {
    for (const wake of [...this.#wake]) {
      wake();
    }
  }
}

/** How much may be worked on at once. */
class Slots {
  #count: number;
  /** Whoever waits for one: on a new connection the former one may do so still. */
  #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#count = count;
  }

  /** How many are free, once one is. */
  async free(): Promise<number> {
    while (this.#count === 0) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    return this.#count;
  }

  take(): void {
    this.#count--;
  }

  give(): void {
    this.#count++;
    for (const resolve of this.#waiting.splice(0)) {
      resolve();
    }
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
