import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The tests of what lies in rooms of runtime, and of the generator: they leave nothing behind that another could find. */
const rooms =
  "{base,capture,client,component,conformance,dispatch,generator,metrics,pipeline,protocol,reflection,regression,repl,schedule,server,session,structure,testing,transport,validate}";

const common = { testTimeout: 30_000, hookTimeout: 60_000 };

export default defineConfig({
  resolve: {
    // Generated code imports the package by its name; the tests run it on the sources.
    alias: [
      { find: /^nanowire\/bots$/, replacement: source("./runtime/bots/index.ts") },
      { find: /^nanowire\/capture$/, replacement: source("./runtime/capture/index.ts") },
      { find: /^nanowire\/client$/, replacement: source("./runtime/client/index.ts") },
      { find: /^nanowire\/grpc$/, replacement: source("./runtime/cluster/grpc/index.ts") },
      { find: /^nanowire\/json$/, replacement: source("./runtime/protocol/json/index.ts") },
      { find: /^nanowire\/nats$/, replacement: source("./runtime/cluster/nats/index.ts") },
      { find: /^nanowire\/opentelemetry$/, replacement: source("./runtime/metrics/opentelemetry/index.ts") },
      { find: /^nanowire\/prometheus$/, replacement: source("./runtime/metrics/prometheus/index.ts") },
      { find: /^nanowire\/reflection$/, replacement: source("./runtime/reflection/index.ts") },
      { find: /^nanowire\/repl$/, replacement: source("./runtime/repl/index.ts") },
      { find: /^nanowire\/statsd$/, replacement: source("./runtime/metrics/statsd/index.ts") },
      { find: /^nanowire\/studio$/, replacement: source("./runtime/studio/index.ts") },
      { find: /^nanowire\/testing$/, replacement: source("./runtime/testing/index.ts") },
      { find: /^nanowire\/tracing$/, replacement: source("./runtime/tracing/opentelemetry/index.ts") },
      { find: /^nanowire\/up$/, replacement: source("./runtime/up/index.ts") },
      { find: /^nanowire\/validate$/, replacement: source("./runtime/validate/index.ts") },
      { find: /^nanowire\/wire$/, replacement: source("./runtime/protocol/wire/index.ts") },
      { find: /^nanowire$/, replacement: source("./runtime/index.ts") },
    ],
  },
  test: {
    // The default leaves one core free: on two cores that is a single worker, and twice the time.
    maxWorkers: "100%",
    projects: [
      // Most files are over sooner than a process of their own would have started and read the sources, which keep no state of their own in modules.
      { extends: true, test: { ...common, name: "rooms", include: [`test/${rooms}/**/*.test.ts`], isolate: false } },
      {
        extends: true,
        test: { ...common, name: "programs", include: ["test/**/*.test.ts"], exclude: [`test/${rooms}/**`] },
      },
    ],
  },
});
