import type { NatsConnection } from "@nats-io/transport-node";
import { NanowireError } from "../../base/error.js";
import type { Job, JobQueue, JobWorker } from "../job-queue.js";
import { encodeJob } from "../job-record.js";
import { sayingWhy } from "./connect-nats.js";
import { JobDesk, type JobDeskHost } from "./job-desk.js";
import { JobLine } from "./job-line.js";
import { mostHeaderBytes } from "./job-stream.js";
import type { NatsSettings } from "./nats-options.js";

/**
 * A node's end of the queue of jobs. Connections come and go; what is worked on meanwhile goes on, and its verdict is sent over the next one. A job whose verdict does not come in
 * time is handed out again, by JetStream.
 */
export class NatsJobs implements JobQueue {
  readonly #settings: NatsSettings;
  #host: JobDeskHost | undefined;
  #line: JobLine | undefined;
  #desk: JobDesk | undefined;
  #stopping: Promise<void> | undefined;

  constructor(settings: NatsSettings) {
    this.#settings = settings;
  }

  /** A node begins to take part in the cluster. */
  joins(host: JobDeskHost): void {
    this.#host = host;
  }

  /** There is a connection. */
  connected(connection: NatsConnection): void {
    const line = new JobLine(connection, this.#settings);
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
    this.#desk = new JobDesk(services, worker, this.#settings, this.#host);
    if (this.#line !== undefined) {
      this.#desk.connected(this.#line);
    }
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#desk?.stop() ?? Promise.resolve();
    return this.#stopping;
  }
}
