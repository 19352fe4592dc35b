import { fork } from "node:child_process";
import { once } from "node:events";
import { context, propagation, SpanKind, trace } from "@opentelemetry/api";
import { createServer, memory, silentLogger } from "nanowire";
import { grpc } from "nanowire/grpc";
import { nats } from "nanowire/nats";
import { openTelemetryTracing } from "nanowire/tracing";
import { expect, onTestFinished, test } from "vitest";
import { Component } from "../../runtime/component/component.js";
import { NatsServer } from "../cluster/nats/support/nats-server.js";
import { Ledger } from "../cluster/support/ledger.js";
import { bundledProgram } from "../support/bundled-program.js";
import { Client, request } from "../support/client.js";
import { components } from "../support/service.js";
import { eventually, until } from "../support/wait.js";
import { recordSpans } from "./support/record-spans.js";
import { type SeenSpan, treesOf } from "./support/span-recorder.js";

const program = bundledProgram("test/tracing/support/room-program.ts");

/** A gate in this process, which is the bank, too; and what a member joins it by. */
async function startGate(carrier: "grpc" | "nats") {
  const server = carrier === "nats" ? await NatsServer.start({ jetStream: true }) : undefined;
  onTestFinished(() => server?.close());
  const driver = server === undefined ? grpc({ master: true }) : nats({ servers: server.url });
  const [room] = components({ Room: { Buy: () => "", Fail: () => "" } });
  const transport = memory();
  const gate = createServer({
    components: [],
    forward: room === undefined ? [] : [{ service: Component.serviceOf(room) }],
    remotes: [new Ledger()],
    listen: [transport],
    logger: silentLogger,
    cluster: { driver, id: "gate" },
    tracing: openTelemetryTracing(),
  });
  await gate.start();
  onTestFinished(() => gate.stop());
  return { gate, transport, where: server?.url ?? ("address" in driver ? String(driver.address) : "") };
}

test.each(["grpc", "nats"] as const)(
  "over %s() a trace goes from the client through the gate to a member in another process, and back",
  async (carrier) => {
    const recorder = recordSpans();
    const { gate, transport, where } = await startGate(carrier);
    const child = fork(program, [carrier, where]);
    onTestFinished(async () => {
      const exit = once(child, "exit");
      child.kill("SIGKILL");
      await exit;
    });
    await once(child, "message");
    await until(() => gate.cluster?.others.length === 1);
    const spansThere = async (): Promise<SeenSpan[]> => {
      const answer = once(child, "message");
      child.send("spans");
      const [spans] = await answer;
      return spans;
    };

    const tracer = trace.getTracer("client");
    await tracer.startActiveSpan("play", { kind: SpanKind.CLIENT }, async (span) => {
      const user: Record<string, string> = {};
      propagation.inject(context.active(), user);
      const client = await Client.open(transport);
      await client.enter({ sys: { type: "test", version: "1" }, user });
      client.send(request(1, "Room.Buy", "ada"));
      expect((await client.messages(2)).map(({ text }) => text)).toEqual(["ada", "5"]);
      await client.call(2, "Room.Fail", "secret words");
      span.end();
    });

    await eventually(async () => expect(await spansThere()).toHaveLength(7));
    const there = await spansThere();
    const here = recorder.spans;
    expect(treesOf([...here, ...there])).toEqual([
      "CLIENT play",
      "  SERVER Room.Buy",
      "    CLIENT Room.Buy",
      "      SERVER Room.Buy",
      "        INTERNAL Room.Buy handler",
      "          INTERNAL SELECT price",
      "          CLIENT Ledger.Add",
      "            SERVER Ledger.Add",
      "              INTERNAL Ledger.Add handler",
      "          PRODUCER Room.Said",
      "  SERVER Room.Fail: internal",
      "    CLIENT Room.Fail: internal",
      "      SERVER Room.Fail: internal",
      "        INTERNAL Room.Fail handler: internal",
    ]);
    expect(new Set([...here, ...there].map(({ traceId }) => traceId)).size).toBe(1);
    // The error is recorded where it was thrown, and crosses as its code.
    expect(there.flatMap(({ exceptions }) => exceptions)).toEqual(["the disk is gone"]);
    expect(here.flatMap(({ exceptions }) => exceptions)).toEqual([]);
    const ways = [...here, ...there].filter(({ attributes }) => attributes["nanowire.node"] !== undefined);
    expect(ways.map(({ name, attributes }) => [name, attributes["nanowire.node"]]).sort()).toEqual([
      ["Ledger.Add", "gate"],
      ["Room.Buy", "room"],
      ["Room.Fail", "room"],
    ]);
    expect(JSON.stringify([here, there])).not.toContain("secret words");
  },
);
