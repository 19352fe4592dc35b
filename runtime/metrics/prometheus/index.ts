// `nanowire/prometheus`: metrics as Prometheus reads them, and whether the server lives and is ready, on a small HTTP listener. It needs the package prom-client.

export { type PrometheusOptions, type PrometheusReporter, prometheus } from "./prometheus.js";
