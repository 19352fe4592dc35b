import type { NatsConnection } from "@nats-io/transport-node";
import { JobStream } from "./job-stream.js";
import type { NatsSettings } from "./nats-options.js";

/** A connection as jobs use it, and the stream over it, which is opened when it is first needed. */
export class JobLine {
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

  /** Tells JetStream what becomes of a job. False: the connection is over. */
  tell(subject: string, verdict: Uint8Array): boolean {
    if (this.connection.isClosed()) {
      return false;
    }
    this.connection.publish(subject, verdict);
    return true;
  }
}
