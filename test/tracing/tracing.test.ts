import { context, propagation, trace } from "@opentelemetry/api";
import { AlwaysOffSampler, AlwaysOnSampler } from "@opentelemetry/sdk-trace-node";
import fc from "fast-check";
import { openTelemetryTracing } from "nanowire/tracing";
import { describe, expect, it } from "vitest";
import { NanowireError } from "../../runtime/base/error.js";
import type { RemoteCaller } from "../../runtime/component/remote-caller.js";
import { sendPush } from "../../runtime/session/send-push.js";
import type { Session } from "../../runtime/session/session.js";
import { Ledger } from "../cluster/support/ledger.js";
import { type Node, Nodes } from "../cluster/support/nodes.js";
import { PostRemote, PostRemoteJobs } from "../generator/scenarios/jobs/expected/generated/post/v1/post.server.js";
import { LedgerRemoteClient } from "../generator/scenarios/remote/expected/generated/bank.server.js";
import { KeptReporter } from "../metrics/support/kept-reporter.js";
import { notify, request } from "../support/client.js";
import { startServer } from "../support/server.js";
import { pushOf } from "../support/service.js";
import { defer, eventually, turn } from "../support/wait.js";
import { recordSpans } from "./support/record-spans.js";
import { line, treesOf } from "./support/span-recorder.js";

/** A tracer of the provider that the test has registered. */
const tracer = () => trace.getTracer("test");
const said = pushOf("Echo.Said", 9);
const ofRoute = (route: string) => ({ "rpc.system.name": "nanowire", "rpc.method": route });

/** Something of the program's own, as a library for databases has it. */
async function query(): Promise<void> {
  const span = tracer().startSpan("SELECT");
  await turn();
  span.end();
}

/** What a client's SDK writes into its handshake. */
const clientSpan = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" };
const traceparent = `00-${clientSpan.traceId}-${clientSpan.spanId}-01`;
const entering = (user: unknown) => ({ sys: { type: "test", version: "1" }, user });

const note = { text: "told" };
const callerOf = ({ server }: Node): RemoteCaller => server.cluster as RemoteCaller;

describe("a client's message", () => {
  it("is a span, its handler a child; hooks, and what the program traces, are below", async () => {
    const recorder = recordSpans();
    const { server, enter } = await startServer({
      tracing: openTelemetryTracing(),
      services: {
        Echo: {
          Say: async (session: Session, text: string) => {
            await query();
            sendPush([session, session], said, text);
            return text;
          },
          Note: { kind: "notify", handle: (_, text) => text },
        },
      },
    });
    server.hooks.before(() => {
      tracer().startSpan("before").end();
    });
    const client = await enter();
    client.send(request(1, "Echo.Say", "secret words"));
    await client.messages(3);
    client.send(notify("Echo.Note"));
    await eventually(() => expect(recorder.spans).toHaveLength(8));
    expect(treesOf(recorder.spans)).toEqual([
      "SERVER Echo.Say",
      "  INTERNAL before",
      "  INTERNAL Echo.Say handler",
      "    INTERNAL SELECT",
      "    PRODUCER Echo.Said",
      "CONSUMER Echo.Note",
      "  INTERNAL before",
      "  INTERNAL Echo.Note handler",
    ]);
    const [session] = server.sessions() as [Session];
    const byLine = new Map(recorder.spans.map(({ kind, name, attributes }) => [`${kind} ${name}`, attributes]));
    expect(byLine.get("SERVER Echo.Say")).toEqual({ ...ofRoute("Echo.Say"), "session.id": session.id });
    expect(byLine.get("CONSUMER Echo.Note")).toEqual({ ...ofRoute("Echo.Note"), "session.id": session.id });
    expect(byLine.get("PRODUCER Echo.Said")).toEqual(ofRoute("Echo.Said"));
    expect(byLine.get("INTERNAL Echo.Say handler")).toEqual({});
    expect(JSON.stringify(recorder.spans)).not.toContain("secret words");
  });

  it("that fails is a span that has failed, with the code; what nobody raised on purpose is recorded", async () => {
    const recorder = recordSpans();
    const { enter } = await startServer({
      tracing: openTelemetryTracing(),
      services: {
        Echo: {
          Refuse: () => {
            throw new NanowireError("room_full", "the room of ada is full");
          },
          Break: () => Promise.reject(new Error("the disk is gone")),
          Odd: () => Promise.reject({ password: "hunter2" }),
        },
      },
    });
    const client = await enter();
    for (const [index, name] of ["Refuse", "Break", "Odd"].entries()) {
      await client.call(index + 1, `Echo.${name}`, "secret words");
    }
    await eventually(() => expect(recorder.spans).toHaveLength(6));
    expect(treesOf(recorder.spans)).toEqual([
      "SERVER Echo.Refuse: room_full",
      "  INTERNAL Echo.Refuse handler: room_full",
      "SERVER Echo.Break: internal",
      "  INTERNAL Echo.Break handler: internal",
      "SERVER Echo.Odd: internal",
      "  INTERNAL Echo.Odd handler: internal",
    ]);
    const exceptions = recorder.spans.map(({ kind, name, exceptions }) => [`${kind} ${name}`, exceptions]);
    expect(exceptions.filter(([, recorded]) => recorded?.length !== 0)).toEqual([
      ["SERVER Echo.Break", ["the disk is gone"]],
      ["SERVER Echo.Odd", ["object was thrown, and no Error"]],
    ]);
    expect(recorder.spans.find(({ name }) => name === "Echo.Refuse")?.attributes).toMatchObject({
      "error.type": "room_full",
      "rpc.response.status_code": "room_full",
    });
    expect(JSON.stringify(recorder.spans)).not.toMatch(/secret words|hunter2|of ada/);
  });

  it("that is no message, or comes to no handler in time, has failed, too", async () => {
    const recorder = recordSpans();
    const { enter, clock } = await startServer({
      tracing: openTelemetryTracing(),
      services: {
        Echo: { Say: (_, text) => text, Slow: { timeoutMs: 50, handle: () => new Promise<string>(() => {}) } },
      },
    });
    const client = await enter();
    await client.call(1, "Echo.Say", Uint8Array.of(0xff));
    client.send(request(2, "Echo.Slow"));
    await turn();
    clock.step(60);
    await client.message();
    expect(treesOf(recorder.spans)).toEqual([
      "SERVER Echo.Say: invalid_payload",
      "SERVER Echo.Slow: deadline_exceeded",
    ]);
  });

  it("that still waits when its session closes ends with it", async () => {
    const recorder = recordSpans();
    const gate = defer();
    const { enter, server } = await startServer({
      tracing: openTelemetryTracing(),
      services: { Echo: { Say: () => gate.promise.then(() => "") } },
    });
    const client = await enter();
    client.send(request(1, "Echo.Say"));
    client.send(request(2, "Echo.Say"));
    await eventually(() => expect(server.counters.requests).toBe(2));
    server.sessions()[0]?.close();
    await eventually(() => expect(treesOf(recorder.spans)).toEqual(["SERVER Echo.Say: session_closed"]));
    gate.resolve();
    await eventually(() => expect(recorder.spans).toHaveLength(3));
  });

  it("is counted as well where there are metrics", async () => {
    const recorder = recordSpans();
    const reporter = new KeptReporter();
    const { enter } = await startServer({ tracing: openTelemetryTracing(), metrics: { reporters: [reporter] } });
    const client = await enter();
    await client.call(1, "Echo.Say");
    expect(treesOf(recorder.spans)).toEqual(["SERVER Echo.Say", "  INTERNAL Echo.Say handler"]);
    expect(reporter.values("nanowire_requests_total")).toEqual({ "route=Echo.Say kind=request code=ok": 1 });
  });
});

describe("what a client sends of its own trace", () => {
  async function spanOf(user: unknown, options?: Parameters<typeof openTelemetryTracing>[0]) {
    const recorder = recordSpans();
    const { enter } = await startServer({ tracing: openTelemetryTracing(options) });
    const client = await enter(entering(user));
    await client.call(1, "Echo.Say");
    await client.call(2, "Echo.Say");
    return recorder.spans.filter(({ kind }) => kind === "SERVER");
  }

  it("is the parent of its messages", async () => {
    const { traceId, spanId } = clientSpan;
    expect(await spanOf({ traceparent, tracestate: "vendor=1" })).toMatchObject([
      { traceId, parent: spanId, links: [] },
      { traceId, parent: spanId, links: [] },
    ]);
  });

  it.each([
    ["link", [clientSpan.spanId]],
    ["ignore", []],
  ] as const)("is no parent where the server says %s", async (clients, links) => {
    const [one, other] = await spanOf({ traceparent }, { clients });
    expect([one, other]).toMatchObject([
      { parent: undefined, links },
      { parent: undefined, links },
    ]);
    expect(new Set([one?.traceId, other?.traceId, clientSpan.traceId]).size).toBe(3);
  });

  it("does no harm, whatever it is", async () => {
    const recorder = recordSpans(new AlwaysOnSampler());
    const observer = openTelemetryTracing().route("Echo.Say", "request");
    const hostile = fc.oneof(
      fc.json({ maxDepth: 2 }).map((text): unknown => JSON.parse(text)),
      fc.record(
        {
          traceparent: fc.oneof(
            fc.jsonValue(),
            fc.stringMatching(/^[0-9a-f]{2}-[0-9a-f]{31,33}-[0-9a-f]{15,17}-[0-9a-f]{2}(-x)?$/),
            fc.constantFrom(
              "",
              "00-",
              `${traceparent}-${"x".repeat(5_000)}`,
              `00-${"0".repeat(32)}-${"0".repeat(16)}-01`,
            ),
          ),
          tracestate: fc.oneof(fc.jsonValue(), fc.string({ maxLength: 2_000 }), fc.constant("a=b,".repeat(1_000))),
          baggage: fc.string(),
        },
        { requiredKeys: [] },
      ),
    );
    let count = 0;
    fc.assert(
      fc.property(hostile, (user) => {
        observer.came({ id: "1", handshake: { user } }, undefined)?.ended();
        count++;
      }),
      { numRuns: 500 },
    );
    // Nor does what a node says.
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom("traceparent", "tracestate", "baggage", "__proto__"), fc.string()),
        (said) => {
          observer.came(undefined, said)?.ended();
          count++;
        },
      ),
    );
    expect(recorder.spans).toHaveLength(count);
    expect(recorder.spans.every(({ kind }) => kind === "SERVER")).toBe(true);
  });

  it("carries no baggage to other nodes", async () => {
    recordSpans();
    const seen: unknown[] = [];
    const tracing = openTelemetryTracing();
    const { enter } = await startServer({
      tracing,
      services: {
        Echo: {
          Say: () => {
            seen.push(
              propagation.getBaggage(context.active()),
              tracing.send({ kind: "call", route: "A.B", node: "b" })?.context,
            );
            return "";
          },
        },
      },
    });
    const client = await enter(entering({ traceparent, baggage: "key=value" }));
    await client.call(1, "Echo.Say");
    expect(seen).toEqual([undefined, { traceparent: expect.stringContaining(clientSpan.traceId) }]);
  });

  it.each([
    [{ clients: "trust" as "link" }, "clients trust of tracing is not one of parent, link, ignore"],
    [{ client: "link" } as object, "there is no option tracing.client; there are clients"],
  ])("%j is no option", (options, message) => {
    expect(() => openTelemetryTracing(options)).toThrow(new NanowireError("invalid_option", message));
  });
});

describe("in a cluster", () => {
  it("a forwarded message is one trace: the gate, the way, the member, and what that calls", async () => {
    const recorder = recordSpans();
    const nodes = new Nodes();
    const tracing = openTelemetryTracing();
    let room: Node | undefined;
    const handlers = {
      Say: async (session: Session, text: string) => {
        await new LedgerRemoteClient(callerOf(room as Node)).add({ account: text, amount: { cents: 1n } });
        new LedgerRemoteClient(callerOf(room as Node)).note(note);
        sendPush(session, said, text);
        return text;
      },
      Note: { kind: "notify" as const, handle: (_: Session, text: string) => text },
    };
    const ledger = new Ledger();
    await nodes.member("bank", {}, { remotes: [ledger], tracing });
    room = await nodes.member("room", { Echo: handlers }, { tracing });
    const gate = await nodes.gate("gate", { forwards: { Echo: handlers }, tracing });
    const client = await gate.enter(entering({ traceparent }));
    client.send(request(1, "Echo.Say", "ada"));
    await client.messages(2);
    client.send(notify("Echo.Note"));
    await ledger.notes.next();
    await eventually(() => expect(recorder.spans).toHaveLength(15));
    expect(treesOf(recorder.spans)).toEqual([
      "SERVER Echo.Say",
      "  CLIENT Echo.Say",
      "    SERVER Echo.Say",
      "      INTERNAL Echo.Say handler",
      "        CLIENT Ledger.Add",
      "          SERVER Ledger.Add",
      "            INTERNAL Ledger.Add handler",
      "        PRODUCER Ledger.Note",
      "          CONSUMER Ledger.Note",
      "            INTERNAL Ledger.Note handler",
      "        PRODUCER Echo.Said",
      "CONSUMER Echo.Note",
      "  PRODUCER Echo.Note",
      "    CONSUMER Echo.Note",
      "      INTERNAL Echo.Note handler",
    ]);
  });

  it("what cannot be sent on has failed at the gate", async () => {
    const recorder = recordSpans();
    const nodes = new Nodes();
    const handlers = { Say: (_: Session, text: string) => text };
    const gate = await nodes.gate("gate", { forwards: { Echo: handlers }, tracing: openTelemetryTracing() });
    const client = await gate.enter();
    await client.call(1, "Echo.Say");
    expect(treesOf(recorder.spans)).toEqual(["SERVER Echo.Say: unavailable"]);
    await nodes.member("room", { Echo: { Say: () => Promise.reject(new Error("the disk is gone")) } });
    await client.call(2, "Echo.Say");
    expect(treesOf(recorder.spans.slice(1))).toEqual(["SERVER Echo.Say: internal", "  CLIENT Echo.Say: internal"]);
    expect(recorder.spans.map(({ exceptions }) => exceptions)).toEqual([[], [], []]);
  });

  it("what is under way when its session closes ends with it", async () => {
    const recorder = recordSpans();
    const nodes = new Nodes();
    const came = defer();
    const handlers = {
      Say: () => {
        came.resolve();
        return new Promise<string>(() => {});
      },
    };
    const gate = await nodes.gate("gate", { forwards: { Echo: handlers }, tracing: openTelemetryTracing() });
    await nodes.member("room", { Echo: handlers });
    const client = await gate.enter();
    client.send(request(1, "Echo.Say"));
    await came.promise;
    gate.server.sessions()[0]?.close();
    await eventually(() =>
      expect(treesOf(recorder.spans)).toEqual(["SERVER Echo.Say: session_closed", "  CLIENT Echo.Say: session_closed"]),
    );
  });

  it("a node's own remotes are called as those of others are; a call that nobody takes has failed", async () => {
    const recorder = recordSpans();
    const ledger = new Ledger({ add: () => Promise.reject(new NanowireError("closed_account", "it is closed")) });
    const nodes = new Nodes();
    const tracing = openTelemetryTracing();
    const host = await nodes.member("host", {}, { remotes: [ledger], tracing });
    const client = new LedgerRemoteClient(callerOf(host));
    const add = { account: "ada", amount: { cents: 1n } };
    await tracer().startActiveSpan("work", async (span) => {
      await expect(client.add(add)).rejects.toThrow("it is closed");
      await expect(client.add(add, { node: "nobody" })).rejects.toThrow("nobody");
      client.note(note);
      await ledger.notes.next();
      span.end();
    });
    await eventually(() => expect(recorder.spans).toHaveLength(8));
    expect(treesOf(recorder.spans)).toEqual([
      "INTERNAL work",
      "  CLIENT Ledger.Add: closed_account",
      "    SERVER Ledger.Add: closed_account",
      "      INTERNAL Ledger.Add handler: closed_account",
      "  CLIENT Ledger.Add: unavailable",
      "  PRODUCER Ledger.Note",
      "    CONSUMER Ledger.Note",
      "      INTERNAL Ledger.Note handler",
    ]);
    const nodesCalled = recorder.spans.map((span) => [line(span), span.attributes["nanowire.node"]]);
    expect(nodesCalled.filter(([, node]) => node !== undefined)).toEqual([
      ["CLIENT Ledger.Add: closed_account", "host"],
      ["CLIENT Ledger.Add: unavailable", "nobody"],
      ["PRODUCER Ledger.Note", "host"],
    ]);
  });

  it("a job is a child of what wanted it done, each attempt one of its own", async () => {
    const recorder = recordSpans();
    const nodes = new Nodes();
    const tracing = openTelemetryTracing();
    let attempts = 0;
    class Post extends PostRemote {
      override send(): void {
        attempts++;
        if (attempts === 1) {
          throw new Error("the disk is gone");
        }
      }
      override count(): { sent: number } {
        return { sent: attempts };
      }
      override forget(): void {}
      override empty(): void {}
    }
    await nodes.member("office", {}, { remotes: [new Post()], tracing });
    const caller = await nodes.member("caller", {}, { tracing });
    const jobs = new PostRemoteJobs(callerOf(caller));
    await tracer().startActiveSpan("work", async (span) => {
      await jobs.send({ to: "ada", text: "dear" }, { id: "letter-1" });
      span.end();
    });
    await eventually(() => {
      nodes.clock.step(500);
      expect(recorder.spans).toHaveLength(8);
    });
    expect(treesOf(recorder.spans)).toEqual([
      "INTERNAL work",
      "  PRODUCER Post.Send",
      "    CONSUMER Post.Send: internal",
      "      SERVER Post.Send: internal",
      "        INTERNAL Post.Send handler: internal",
      "    CONSUMER Post.Send",
      "      SERVER Post.Send",
      "        INTERNAL Post.Send handler",
    ]);
    const consumers = recorder.spans.filter(({ kind }) => kind === "CONSUMER");
    expect(consumers.map(({ attributes }) => attributes)).toEqual([
      expect.objectContaining({ "nanowire.job.id": "letter-1", "nanowire.job.attempt": 1 }),
      expect.objectContaining({ "nanowire.job.id": "letter-1", "nanowire.job.attempt": 2 }),
    ]);
  });

  it("what is not sampled here is not sampled there", async () => {
    const recorder = recordSpans(new AlwaysOffSampler());
    const nodes = new Nodes();
    const seen: unknown[] = [];
    const handlers = {
      Say: (_: Session, text: string) => {
        seen.push(trace.getSpanContext(context.active())?.traceFlags);
        return text;
      },
    };
    const tracing = openTelemetryTracing();
    await nodes.member("room", { Echo: handlers }, { tracing });
    const gate = await nodes.gate("gate", { forwards: { Echo: handlers }, tracing });
    const client = await gate.enter();
    await client.call(1, "Echo.Say");
    expect(seen).toEqual([0]);
    expect(recorder.spans).toEqual([]);
  });

  it("a message that is too long with its context is refused, and the next one has its own", async () => {
    const recorder = recordSpans();
    const nodes = new Nodes();
    const tracing = openTelemetryTracing();
    const ledger = new Ledger();
    await nodes.member("bank", {}, { remotes: [ledger], tracing });
    const caller = await nodes.member("caller", {}, { tracing, cluster: { maxUnackedBytes: 65_536 } });
    const client = new LedgerRemoteClient(callerOf(caller));
    await expect(client.add({ account: "x".repeat(40_000), amount: undefined })).rejects.toMatchObject({
      code: "message_too_large",
    });
    await client.add({ account: "ada", amount: undefined });
    expect(treesOf(recorder.spans)).toEqual([
      "CLIENT Ledger.Add: message_too_large",
      "CLIENT Ledger.Add",
      "  SERVER Ledger.Add",
      "    INTERNAL Ledger.Add handler",
    ]);
  });
});

describe("without a provider", () => {
  it("nothing is traced, and nothing goes along; from when one is registered on messages are", async () => {
    const tracing = openTelemetryTracing();
    const route = tracing.route("Echo.Say", "request");
    expect(route.came({ id: "1", handshake: { user: { traceparent } } }, undefined)).toBeUndefined();
    expect(tracing.send({ kind: "call", route: "Ledger.Add", node: "bank" })).toBeUndefined();
    expect(tracing.attempt({ route: "Post.Send", job: "1", attempt: 1, context: undefined })).toBeUndefined();
    tracing.push("Echo.Said");
    const recorder = recordSpans();
    route.came(undefined, undefined)?.ended();
    expect(treesOf(recorder.spans)).toEqual(["SERVER Echo.Say"]);
  });

  it("a server takes no other thing for tracing", async () => {
    await expect(startServer({ tracing: { name: "nothing" } as never })).rejects.toThrow(
      new NanowireError("invalid_option", "tracing of type object lacks the method route"),
    );
  });
});
