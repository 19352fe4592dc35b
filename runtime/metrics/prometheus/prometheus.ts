import type { AddressInfo } from "node:net";
import { Registry } from "prom-client";
import { assertOptions } from "../../base/assert-options.js";
import { NanowireError } from "../../base/error.js";
import type { MetricReading } from "../metric.js";
import type { Health, Reporter, ReporterHost } from "../reporter.js";
import { type Answer, HttpListener, plain } from "./http-listener.js";
import { mirrorOf } from "./readings.js";

/** What {@link prometheus} takes. */
export interface PrometheusOptions {
  /** The port of the HTTP listener, 0 to 65535; 0 takes a free one, which {@link PrometheusReporter.address} tells. No two processes share it. */
  readonly port: number;
  /** The address to listen on; `0.0.0.0`: all of the machine. Whoever reaches it reads the metrics. Default: `127.0.0.1`, this machine alone */
  readonly host?: string;
  /** Where the metrics are, a path. Default: `/metrics` */
  readonly path?: string;
  /** prom-client's registry that they are told from, with whatever else is in it: default metrics, a program's own, default labels. Default: a new one */
  readonly registry?: Registry;
}

/** What {@link prometheus} returns. */
export interface PrometheusReporter extends Reporter {
  /** Where it listens; undefined while its server is stopped. */
  readonly address: { readonly host: string; readonly port: number } | undefined;
  /** prom-client's registry: the server's metrics are in it while the server runs. */
  readonly registry: Registry;
}

/**
 * Tells metrics to Prometheus, and how the server is to whoever watches the process, over HTTP: `/metrics`; `/health`, 200 while the process is worth keeping; `/ready`, 200 while
 * clients may be sent here, and 503 while the server starts, drains and stops. It listens from before anything else of the server has begun until all else has stopped.
 *
 * @throws NanowireError `invalid_option`
 */
export function prometheus(options: PrometheusOptions): PrometheusReporter {
  return new Prometheus(options);
}

class Prometheus implements PrometheusReporter {
  readonly name = "prometheus";
  readonly registry: Registry;
  readonly #port: number;
  readonly #hostName: string;
  readonly #listener: HttpListener;
  #host: ReporterHost | undefined;
  /** The names of the metrics that are in the registry, ours. */
  readonly #mirrored = new Set<string>();
  /** Those that cannot be: another of the registry has their name. */
  readonly #left = new Set<string>();
  /** What was read for the answer that is being made: every metric of it is as of one moment. */
  #readings: ReadonlyMap<string, MetricReading> | undefined;
  /** The answer that is being made, for all who ask meanwhile. */
  #answering: Promise<Answer> | undefined;

  constructor(options: PrometheusOptions) {
    assertOptions("prometheus", options, { port: "checked", host: "string", path: "string", registry: "object" });
    const { port, host = "127.0.0.1", path = "/metrics", registry = new Registry() } = options;
    if (!Number.isInteger(port) || port < 0 || port > 65_535) {
      throw new NanowireError("invalid_option", `prometheus.port ${String(port)} is not an integer from 0 to 65535`);
    }
    if (!/^\/[^?#\s]*$/.test(path) || path === healthPath || path === readyPath) {
      const message = `prometheus.path ${path} is no path of its own: it begins with /, and is neither ${healthPath} nor ${readyPath}`;
      throw new NanowireError("invalid_option", message);
    }
    this.registry = registry;
    this.#port = port;
    this.#hostName = host;
    this.#listener = new HttpListener(
      new Map<string, () => Answer | Promise<Answer>>([
        [path, () => this.#metrics()],
        [healthPath, () => this.#told(({ live }) => live)],
        [readyPath, () => this.#told(({ ready }) => ready)],
      ]),
    );
  }

  get address(): { readonly host: string; readonly port: number } | undefined {
    const { address, port } = (this.#listener.address ?? {}) as Partial<AddressInfo>;
    return address === undefined || port === undefined ? undefined : { host: address, port };
  }

  async start(host: ReporterHost): Promise<void> {
    this.#host = host;
    const clash = this.#mirror(host.read());
    if (clash !== undefined) {
      throw clash;
    }
    await this.#listener.listen(this.#hostName, this.#port);
  }

  async stop(): Promise<void> {
    await this.#listener.close();
    this.#host = undefined;
    for (const name of this.#mirrored) {
      this.registry.removeSingleMetric(name);
    }
    this.#mirrored.clear();
    this.#left.clear();
  }

  #told(holds: (health: Health) => boolean): Answer {
    const health = this.#host?.health() ?? { live: false, ready: false };
    return { status: holds(health) ? 200 : 503, type: "application/json", body: `${JSON.stringify(health)}\n` };
  }

  #metrics(): Promise<Answer> {
    this.#answering ??= this.#answer().finally(() => {
      this.#answering = undefined;
    });
    return this.#answering;
  }

  async #answer(): Promise<Answer> {
    try {
      this.#read();
      return { status: 200, type: this.registry.contentType, body: await this.registry.metrics() };
    } catch (error) {
      this.#host?.logger.error({ error, reporter: this.name }, "metrics could not be reported");
      return { status: 500, type: plain, body: "the metrics could not be read; the server's log says why\n" };
    }
  }

  /** Every metric, as of one moment: whoever asks in the same go gets the same. */
  #read(): ReadonlyMap<string, MetricReading> {
    if (this.#readings === undefined) {
      const readings = this.#host?.read() ?? [];
      this.#readings = new Map(readings.map((reading) => [reading.name, reading]));
      queueMicrotask(() => {
        this.#readings = undefined;
      });
      const clash = this.#mirror(readings);
      if (clash !== undefined) {
        this.#host?.logger.error({ error: clash, reporter: this.name }, "a metric could not be reported");
      }
    }
    return this.#readings;
  }

  /** Sees to it that the registry has every metric that there is. Returns what is wrong with one that it cannot have. */
  #mirror(readings: readonly MetricReading[]): NanowireError | undefined {
    let clash: NanowireError | undefined;
    for (const reading of readings) {
      const { name } = reading;
      if (this.#mirrored.has(name) || this.#left.has(name)) {
        continue;
      }
      try {
        this.registry.registerMetric(mirrorOf(reading, (wanted) => this.#read().get(wanted)));
        this.#mirrored.add(name);
      } catch (cause) {
        this.#left.add(name);
        clash = new NanowireError("invalid_option", `prometheus.registry has a metric ${name} already`, { cause });
      }
    }
    return clash;
  }
}

const healthPath = "/health";
const readyPath = "/ready";
