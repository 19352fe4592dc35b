/** A metric, as Prometheus reads it. */
export interface Exposed {
  readonly help: string;
  readonly type: string;
  /** `name{label="value"}` → the value, as they are written. */
  readonly samples: Map<string, number>;
}

/**
 * Reads Prometheus's text format, and refuses what is none: a sample before its type or of another metric, a series that is there twice, a histogram whose buckets
 * do not grow or whose last is not its count.
 */
export function parseExposition(text: string): Map<string, Exposed> {
  if (!text.endsWith("\n")) {
    throw new Error("the last line has no end");
  }
  const metrics = new Map<string, Exposed>();
  let help = "";
  let current: { name: string; exposed: Exposed } | undefined;
  for (const line of text.split("\n").filter((one) => one !== "")) {
    const [, keyword, name = "", rest = ""] = /^# (HELP|TYPE) ([a-zA-Z_:][\w:]*) (.+)$/.exec(line) ?? [];
    if (keyword === "HELP") {
      help = rest;
    } else if (keyword === "TYPE") {
      if (metrics.has(name)) {
        throw new Error(`${name} is there twice`);
      }
      current = { name, exposed: { help, type: rest, samples: new Map() } };
      metrics.set(name, current.exposed);
    } else {
      addSample(line, current);
    }
  }
  for (const [name, { type, samples }] of metrics) {
    if (type === "histogram") {
      assertHistogram(name, samples);
    }
  }
  return metrics;
}

const aSample =
  /^([a-zA-Z_:][\w:]*)(\{(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*",?)*\})? (NaN|[+-]Inf|-?[\d.]+(?:e[+-]?\d+)?)$/;

function addSample(line: string, current: { name: string; exposed: Exposed } | undefined): void {
  const [, name = "", labels = "", value = ""] = aSample.exec(line) ?? [];
  if (name === "" || current === undefined) {
    throw new Error(`no sample of a metric: ${line}`);
  }
  const { type, samples } = current.exposed;
  const suffix = name.startsWith(current.name) ? name.slice(current.name.length) : "?";
  if (suffix !== "" && !(type === "histogram" && ["_bucket", "_sum", "_count"].includes(suffix))) {
    throw new Error(`a sample of another metric than ${current.name}: ${line}`);
  }
  if (samples.has(name + labels)) {
    throw new Error(`a series is there twice: ${line}`);
  }
  samples.set(name + labels, Number(value));
}

function assertHistogram(name: string, samples: ReadonlyMap<string, number>): void {
  const last = new Map<string, number>();
  for (const [series, value] of samples) {
    if (series.startsWith(`${name}_bucket{`)) {
      const parts = series.slice(`${name}_bucket{`.length, -1).split(",");
      const labels = parts.filter((part) => !part.startsWith("le=")).join(",");
      const others = labels === "" ? "" : `{${labels}}`;
      if (value < (last.get(others) ?? 0)) {
        throw new Error(`a bucket counts less than the one before: ${series}`);
      }
      last.set(others, value);
    }
  }
  for (const [labels, count] of last) {
    if (samples.get(`${name}_count${labels}`) !== count) {
      throw new Error(`the buckets of ${name}${labels} count ${count}, and its count says otherwise`);
    }
  }
}
