import {
  AckPolicy,
  type Consumer,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamClient,
  type JsMsg,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
} from "@nats-io/jetstream";
import { headers, type NatsConnection, nanos } from "@nats-io/transport-node";
import type { NanowireError } from "../../base/error.js";
import { requestTimeoutMs } from "./bucket.js";
import type { NatsSettings } from "./nats-options.js";
import { toToken } from "./token.js";

/*
 * Where jobs are kept: a stream of JetStream, `<cluster>_jobs`, in a file. What is acknowledged is gone from it.
 *
 *   <cluster>.job.<service>           a job, as job-record.ts writes it; one durable consumer for each service, of that name
 *   <cluster>.job-failed.<service>    one that failed in all its attempts, with the last error in its headers: for people, nobody takes it
 */

/** The stream with the jobs, over one connection. */
export class JobStream {
  readonly #client: JetStreamClient;
  readonly #settings: NatsSettings;

  private constructor(client: JetStreamClient, settings: NatsSettings) {
    this.#client = client;
    this.#settings = settings;
  }

  /** Opens the stream, or makes it. */
  static async open(connection: NatsConnection, settings: NatsSettings): Promise<JobStream> {
    const { cluster, replicas, jobKeepMs } = settings;
    const timeout = requestTimeoutMs(settings);
    const manager = await jetstreamManager(connection, { timeout });
    const name = streamOf(cluster);
    try {
      await manager.streams.info(name);
    } catch (error) {
      if (!isMissing(error, JetStreamApiCodes.StreamNotFound)) {
        throw error;
      }
      // When two nodes make it at once, and alike, NATS takes both to have.
      await manager.streams.add({
        name,
        subjects: [`${cluster}.job.*`, `${cluster}.job-failed.*`],
        retention: RetentionPolicy.Workqueue,
        max_age: nanos(jobKeepMs),
        duplicate_window: nanos(Math.min(sameIdMs, jobKeepMs)),
        num_replicas: replicas,
      });
    }
    return new JobStream(jetstream(connection, { timeout }), settings);
  }

  /**
   * Keeps a job.
   *
   * @returns false when one of that name was kept lately
   */
  async keep(service: string, name: string, record: Uint8Array): Promise<boolean> {
    const subject = `${this.#settings.cluster}.job.${toToken(service)}`;
    // A stream that is just being made takes nothing for a moment. That it is sent anew does no harm: it has a name.
    const { duplicate } = await this.#client.publish(subject, record, { msgID: name, retries: 4 });
    return !duplicate;
  }

  /** Sets a job aside. */
  async keepFailed(service: string, record: Uint8Array, { code, message }: NanowireError): Promise<void> {
    const why = headers();
    why.set("Nanowire-Error-Code", printable(code, 200));
    why.set("Nanowire-Error", printable(message, 1_000));
    await this.#client.publish(`${this.#settings.cluster}.job-failed.${toToken(service)}`, record, { headers: why });
  }

  /** What hands out the jobs of a service. */
  async consumer(service: string): Promise<Consumer> {
    const { cluster, jobSilenceMs } = this.#settings;
    const name = toToken(service);
    const manager = await this.#client.jetstreamManager(false);
    try {
      await manager.consumers.info(streamOf(cluster), name);
    } catch (error) {
      if (!isMissing(error, JetStreamApiCodes.ConsumerNotFound)) {
        throw error;
      }
      await manager.consumers.add(streamOf(cluster), {
        durable_name: name,
        filter_subject: `${cluster}.job.${name}`,
        ack_policy: AckPolicy.Explicit,
        ack_wait: nanos(jobSilenceMs),
        max_deliver: -1,
        // Those that wait for their next attempt count, too.
        max_ack_pending: -1,
      });
    }
    return this.#client.consumers.get(streamOf(cluster), name);
  }
}

/** Where the verdict about a job goes: any connection of the node may send it. */
export function verdictSubject(message: JsMsg): string {
  return (message as JsMsg & { readonly reply: string }).reply;
}

/** As long as the headers of a job are at the most: its name, or the error with which it is set aside. NATS counts them as payload. */
export const mostHeaderBytes = 2_048;

/** For how long JetStream knows an id. */
const sameIdMs = 120_000;

function streamOf(cluster: string): string {
  return `${cluster}_jobs`;
}

function isMissing(error: unknown, code: number): boolean {
  return error instanceof JetStreamApiError && error.code === code;
}

/** Headers of NATS are lines. */
function printable(text: string, most: number): string {
  return text.slice(0, most).replace(/[^\x20-\x7e]/g, "?");
}
