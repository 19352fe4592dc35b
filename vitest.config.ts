import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  resolve: {
    // Generated code imports the package by its name; the tests run it on the sources.
    alias: [
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
      { find: /^nanowire\/up$/, replacement: source("./runtime/up/index.ts") },
      { find: /^nanowire\/validate$/, replacement: source("./runtime/validate/index.ts") },
      { find: /^nanowire\/wire$/, replacement: source("./runtime/protocol/wire/index.ts") },
      { find: /^nanowire$/, replacement: source("./runtime/index.ts") },
    ],
  },
  test: {
    include: ["test/**/*.test.ts"],
    // The default leaves one core free: on two cores that is a single worker, and twice the time.
    maxWorkers: "100%",
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
