import { assertMethods, assertOptions } from "../base/assert-options.js";
import { NanowireError } from "../base/error.js";
import { Metrics } from "../metrics/metrics.js";
import type { Reporter } from "../metrics/reporter.js";

/** What a server tells of itself, and whom. */
export interface MetricsOptions {
  /**
   * Whom it tells: `[prometheus({ port: 9464 })]`, several at once if need be. They begin before everything else of the server, and end after it. None: nothing is
   * measured. Each once.
   */
  readonly reporters: readonly Reporter[];
  /** The program's own metrics, where they are declared before the server is made. Default: new ones, which are `server.metrics` */
  readonly own?: Metrics;
}

/** @throws NanowireError `invalid_option` */
export function assertMetricsOptions(options: MetricsOptions): void {
  assertOptions("metrics", options, { reporters: "array", own: "checked" });
  const { reporters, own } = options;
  if (own !== undefined && !(own instanceof Metrics)) {
    throw new NanowireError("invalid_option", "metrics.own is no Metrics");
  }
  if (reporters === undefined) {
    throw new NanowireError("invalid_option", "metrics.reporters is missing: a list, which may be empty");
  }
  for (const [index, reporter] of reporters.entries()) {
    assertMethods(`metrics.reporters[${index}]`, reporter, ["start", "stop"]);
    if (reporters.indexOf(reporter) !== index) {
      throw new NanowireError("invalid_option", `metrics.reporters[${index}] is there twice`);
    }
  }
}
