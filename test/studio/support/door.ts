import { request as httpRequest, type IncomingMessage } from "node:http";
import { onTestFinished } from "vitest";
import type { FeedLine, FeedMessage } from "../../../runtime/studio/answers.js";
import type { Studio, StudioOptions } from "../../../runtime/studio/index.js";
import { studio } from "../../../runtime/studio/index.js";
import { startServer, type TestServerOptions } from "../../support/server.js";
import { Arrivals } from "../../support/wait.js";

/** Starts a server that is looked into. */
export async function studioServer(options: StudioOptions = {}, server: TestServerOptions = {}) {
  const door = studio({ port: 0, ...options });
  const test = await startServer({ ...server, inspectors: [door] });
  return { ...test, door };
}

/** What was answered. */
export interface DoorAnswer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test says what it expects
  readonly json: any;
}

/** What is asked, and how. */
export interface Ask {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** Asks a studio. */
export function ask({ url }: Pick<Studio, "url">, path: string, { method = "GET", headers = {}, body }: Ask = {}) {
  return new Promise<DoorAnswer>((resolve, reject) => {
    const content = body === undefined ? {} : { "Content-Type": "application/json" };
    const sent = httpRequest(new URL(path, url), { method, headers: { ...content, ...headers }, agent: false });
    sent.on("error", reject);
    sent.on("response", async (response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response) {
        chunks.push(chunk as Buffer);
      }
      const text = Buffer.concat(chunks).toString("utf8");
      const isJson = response.headers["content-type"]?.startsWith("application/json") === true;
      const json: unknown = isJson && text !== "" ? JSON.parse(text) : undefined;
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text, json });
    });
    sent.end(typeof body === "string" ? body : JSON.stringify(body));
  });
}

/** Watches messages; the first line has come. */
export async function watch({ url }: Pick<Studio, "url">, query = "", headers: Readonly<Record<string, string>> = {}) {
  const lines = new Arrivals<FeedLine>();
  const sent = httpRequest(new URL(`api/messages${query}`, url), { headers, agent: false });
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    sent.on("error", reject);
    sent.on("response", resolve);
    sent.end();
  });
  let rest = "";
  response.setEncoding("utf8");
  response.on("data", (chunk: string) => {
    const parts = (rest + chunk).split("\n");
    rest = parts.pop() ?? "";
    for (const part of parts) {
      lines.push(JSON.parse(part) as FeedLine);
    }
  });
  response.on("error", () => {});
  response.on("close", () => lines.end(new Error("the feed has ended")));
  onTestFinished(() => void sent.destroy());
  const start = await lines.next();
  return {
    start,
    lines,
    response,
    close: () => sent.destroy(),
    next: () => lines.next(),
    /** The next message, whatever else comes. */
    async message(): Promise<FeedMessage> {
      for (;;) {
        const line = await lines.next();
        if (line.type === "message") {
          return line;
        }
      }
    },
  };
}
