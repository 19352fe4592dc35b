import { StatsD } from "hot-shots";
import { assertMethods, assertOptions } from "../../base/assert-options.js";
import { NanowireError } from "../../base/error.js";
import { Increases } from "../increases.js";
import type { HistogramReading, LabelValues, MetricReading } from "../metric.js";
import { PeriodicReporter } from "../periodic-reporter.js";
import type { Reporter, ReporterHost } from "../reporter.js";

/** What {@link statsd} takes. */
export interface StatsdOptions {
  /** Where statsd listens. Default: `127.0.0.1` */
  readonly host?: string;
  /** Its port, 1 to 65535. Default: 8125 */
  readonly port?: number;
  /** What stands before every name: `chat.`. Default: nothing */
  readonly prefix?: string;
  /** Tags of every metric: `{ env: "production" }`. Default: none */
  readonly tags?: LabelValues;
  /** Milliseconds from one report to the next. 100 to 3,600,000. Default: 10,000 */
  readonly everyMs?: number;
  /** A client of hot-shots that is made already, for all that it knows besides: a Unix socket, Telegraf's tags. It is not closed. Default: one for the options above */
  readonly client?: StatsD;
}

/**
 * Tells metrics to statsd, every few seconds and not for each message. Labels become tags. A counter is told by how much it has grown; of a histogram `.count` and `.sum`, in
 * the same way, and `.bucket` with the tag `upper_bound`: how many values fell between the bound before and this one, `inf` behind the last.
 *
 * @throws NanowireError `invalid_option`
 */
export function statsd(options: StatsdOptions = {}): Reporter {
  return new Statsd(options);
}

class Statsd extends PeriodicReporter {
  readonly name = "statsd";
  readonly #options: StatsdOptions;
  #client: StatsD | undefined;
  #increases = new Increases();
  /** What went wrong as a report was sent. What it held is lost: the next does not make up for it. */
  #failure: Error | undefined;

  constructor(options: StatsdOptions) {
    assertOptions("statsd", options, {
      host: "string",
      port: "checked",
      prefix: "string",
      tags: "object",
      everyMs: "checked",
      client: "object",
    });
    super(options.everyMs);
    const { port = 8_125, client } = options;
    if (!Number.isInteger(port) || port < 1 || port > 65_535) {
      throw new NanowireError("invalid_option", `statsd.port ${String(port)} is not an integer from 1 to 65535`);
    }
    if (client !== undefined) {
      assertMethods("statsd.client", client, ["increment", "gauge", "flush"]);
      const other = (["host", "port", "prefix", "tags"] as const).find((name) => options[name] !== undefined);
      if (other !== undefined) {
        throw new NanowireError("invalid_option", `statsd.${other} is the client's, and a client is given`);
      }
    }
    this.#options = options;
  }

  override start(host: ReporterHost): void {
    const { host: address = "127.0.0.1", port = 8_125, prefix = "", tags = {}, client } = this.#options;
    this.#increases = new Increases();
    this.#client =
      client ??
      new StatsD({
        host: address,
        port,
        prefix,
        globalTags: { ...tags },
        maxBufferSize: mostBytes,
        errorHandler: (error) => {
          this.#failure = error;
        },
      });
    void super.start(host);
  }

  override async stop(): Promise<void> {
    await super.stop();
    const client = this.#client;
    this.#client = undefined;
    if (client !== undefined && client !== this.#options.client) {
      await new Promise<void>((resolve) => client.close(() => resolve()));
    }
  }

  protected async report(readings: readonly MetricReading[]): Promise<void> {
    const client = this.#client as StatsD;
    this.#failure = undefined;
    for (const reading of readings) {
      if (reading.kind === "histogram") {
        this.#tellHistogram(client, reading);
      } else {
        for (const { labels, value } of reading.series) {
          if (reading.kind === "gauge") {
            client.gauge(reading.name, value, { ...labels });
          } else {
            this.#tellIncrease(client, reading.name, labels, value);
          }
        }
      }
    }
    const failure = await new Promise<Error | undefined>((resolve) => client.flush(resolve));
    if (failure !== undefined || this.#failure !== undefined) {
      throw failure ?? this.#failure;
    }
  }

  #tellHistogram(client: StatsD, { name, bounds, series }: HistogramReading): void {
    for (const { labels, counts, sum } of series) {
      let count = 0;
      for (const [range, inRange] of counts.entries()) {
        count += inRange;
        const tags = { ...labels, upper_bound: String(bounds[range] ?? "inf") };
        this.#tellIncrease(client, `${name}.bucket`, tags, inRange);
      }
      this.#tellIncrease(client, `${name}.sum`, labels, sum);
      this.#tellIncrease(client, `${name}.count`, labels, count);
    }
  }

  /** What has not grown is not told. */
  #tellIncrease(client: StatsD, name: string, labels: LabelValues, value: number): void {
    const increase = this.#increases.since(name, labels, value);
    if (increase > 0) {
      client.increment(name, increase, { ...labels });
    }
  }
}

/** A datagram is not longer than an Ethernet frame takes, with room for its headers. */
const mostBytes = 1_400;
