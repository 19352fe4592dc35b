// Never run: the compiler reads it. Each `@ts-expect-error` stands over a line that must not compile.

import {
  type Counter,
  type Gauge,
  type Histogram,
  Metrics,
  PeriodicReporter,
  type Reporter,
  type Server,
} from "nanowire";
import { opentelemetry } from "nanowire/opentelemetry";
import { prometheus } from "nanowire/prometheus";
import { statsd } from "nanowire/statsd";

/** Compiles only where both types are the same. */
function same<A, B>(_: (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false): void {}

/** What a program may and may not count. */
export function typesOfMetrics(server: Server): void {
  const help = "What is counted.";
  const gold = server.metrics.counter({ name: "gold_total", help, labels: ["shop", "coin"] });
  same<typeof gold, Counter<"shop" | "coin">>(true);
  gold.add(1, { shop: "north", coin: "ducat" });
  // @ts-expect-error a label is missing
  gold.add(1, { shop: "north" });
  // @ts-expect-error a label that was not declared
  gold.add(1, { shop: "north", coin: "ducat", colour: "red" });
  // @ts-expect-error no labels
  gold.add(1);
  // @ts-expect-error a label's value is a text
  gold.add(1, { shop: "north", coin: 5 });

  const won = server.metrics.counter({ name: "won_total", help });
  same<typeof won, Counter>(true);
  won.add(1);
  // @ts-expect-error it has no labels
  won.add(1, { shop: "north" });
  // @ts-expect-error counters only grow
  won.set(5);

  const rooms = new Metrics().gauge({ name: "rooms", help, labels: ["map"] });
  same<typeof rooms, Gauge<"map">>(true);
  rooms.set(5, { map: "sea" });
  rooms.remove({ map: "sea" });
  // @ts-expect-error which one is to be forgotten
  rooms.remove();
  server.metrics.gauge({ name: "players", help, read: () => 5 });
  // @ts-expect-error a number is told
  server.metrics.gauge({ name: "players", help, read: () => "5" });

  const load = server.metrics.histogram({ name: "load_seconds", help, bounds: [1, 2] });
  same<typeof load, Histogram>(true);
  load.observe(0.5);
  // @ts-expect-error what a metric tells is said
  server.metrics.counter({ name: "silver_total" });
}

/** Whom a program may tell. */
export function typesOfReporters(): Reporter[] {
  class Own extends PeriodicReporter {
    readonly name = "own";
    protected report(): void {}
  }
  // @ts-expect-error a port is named
  prometheus({});
  // @ts-expect-error no such option
  statsd({ hots: "there" });
  // @ts-expect-error a reporter has a name
  const nameless: Reporter = { start() {}, stop() {} };
  return [prometheus({ port: 9_464 }), statsd(), opentelemetry(), new Own(), nameless];
}
