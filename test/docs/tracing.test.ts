import { readFileSync } from "node:fs";
import { context, propagation, trace } from "@opentelemetry/api";
import type { InMemorySpanExporter, NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import { expect, onTestFinished, test } from "vitest";
import type { ClientConnection } from "../../runtime/client/client-connection.js";
import type { Server } from "../../runtime/server/server.js";
import { attribute } from "../../runtime/tracing/opentelemetry/spans.js";
import { until } from "../support/wait.js";
import { PageProgram } from "./support/page-program.js";

const page = new PageProgram("docs/tracing.md");

test("the programs of docs/tracing.md: a client's messages are children of its own span", async () => {
  expect(page.count).toBe(2);
  const { server, provider, exporter } = await page.run<{
    server: Server;
    provider: NodeTracerProvider;
    exporter: InMemorySpanExporter;
  }>("NodeTracerProvider", ["server", "provider", "exporter"]);
  onTestFinished(async () => {
    await server.stop();
    trace.disable();
    context.disable();
    propagation.disable();
    await provider.shutdown();
  });
  const { connection, RoomClient } = await page.run<{
    connection: ClientConnection;
    RoomClient: new (connection: ClientConnection) => { join(request: { name: string }): Promise<unknown> };
  }>("propagation.inject", ["connection"], {
    instead: { 3250: String(server.addresses[0]?.port) },
    more: 'export { RoomClient } from "../generated/chat/v1/room.client.js";',
  });
  onTestFinished(() => connection.close());
  await new RoomClient(connection).join({ name: "ada" });
  await provider.forceFlush();
  await until(() => exporter.getFinishedSpans().length === 3);
  const spans = new Map(exporter.getFinishedSpans().map((span) => [span.name, span]));
  expect([...spans.keys()].sort()).toEqual(["Room.Join", "Room.Join handler", "play"]);
  expect(spans.get("Room.Join")?.parentSpanContext?.spanId).toBe(spans.get("play")?.spanContext().spanId);
  expect(spans.get("Room.Join handler")?.parentSpanContext?.spanId).toBe(spans.get("Room.Join")?.spanContext().spanId);
});

test("its table has every attribute, and no other", () => {
  const text = readFileSync(new URL("../../docs/tracing.md", import.meta.url), "utf8");
  const rows = text.split("\n").filter((row) => /^\| `(rpc|error|session|nanowire)\./.test(row));
  const named = rows.flatMap((row) => [...(row.split("|")[1] ?? "").matchAll(/`([^`]+)`/g)].map(([, name]) => name));
  expect(named.sort()).toEqual(Object.values(attribute).sort());
});
