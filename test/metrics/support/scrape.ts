import { type IncomingHttpHeaders, request } from "node:http";
import type { PrometheusReporter } from "../../../runtime/metrics/prometheus/index.js";

/** What an HTTP listener has answered. */
export interface Scraped {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Asks a reporter's listener. */
export function scrape({ address }: PrometheusReporter, path: string, method = "GET"): Promise<Scraped> {
  return new Promise((resolve, reject) => {
    const { host, port } = address ?? { host: "", port: 0 };
    const asked = request({ host, port, path, method, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => {
        const body = Buffer.concat(chunks).toString("utf8");
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
      });
    });
    asked.on("error", reject);
    asked.end();
  });
}
