import { describe, expect, it } from "vitest";
import { NanowireError } from "../../runtime/base/error.js";
import { createServer, type Server } from "../../runtime/server/server.js";
import { memory } from "../../runtime/transport/memory.js";
import { concat } from "../protocol/hex.js";
import { errorIn, notify, request, textOf } from "../support/client.js";
import { startServer } from "../support/server.js";
import { components, pushOf, type Services, TestComponent } from "../support/service.js";
import { turn } from "../support/wait.js";

const utf8 = new TextEncoder();
const told = pushOf("Events.Told", 4);
const extraRoutes = ["Events.Told"];

/** Two services with a method each, and one that fails. */
function services(handled: string[]): Services {
  return {
    A: {
      Do: (_session, text) => {
        handled.push(`A ${text}`);
        return text;
      },
    },
    B: {
      Do: (_session, text) => {
        handled.push(`B ${text}`);
        return text;
      },
      Note: { handle: () => "", kind: "notify" },
    },
  };
}

function component(server: TestComponent[], name: string): TestComponent {
  return server.find((one) => TestComponent.serviceOf(one).name === name) as TestComponent;
}

describe("the pipelines of a service", () => {
  it("run for its messages alone: after the server's steps on the way in, before them on the way out, whenever each was added", async () => {
    const seen: string[] = [];
    const note =
      (name: string) =>
      (_session: unknown, { route }: { readonly route: string }) =>
        void seen.push(`${name} ${route}`);
    const all = components(services(seen), extraRoutes);
    const { enter, server } = await startServer({
      components: all,
      prepare({ inbound, outbound, hooks }) {
        inbound.of(component(all, "A")).pushBack(note("in a2")).pushFront(note("in a1"));
        inbound.pushBack(note("in"));
        outbound.of("A").pushBack(note("out a2")).pushFront(note("out a1"));
        outbound.of("Events").pushBack(note("out events"));
        outbound.pushBack(note("out"));
        hooks.before(({ route }) => void seen.push(`hook ${route}`));
      },
    });
    const client = await enter();
    await client.call(1, "A.Do", "x");
    await client.call(2, "B.Do", "y");
    server.sessions()[0]?.push(told, "p");
    await client.message();
    expect(seen).toEqual([
      ...["in A.Do", "in a1 A.Do", "in a2 A.Do", "hook A.Do", "A x", "out a1 A.Do", "out a2 A.Do", "out A.Do"],
      ...["in B.Do", "hook B.Do", "B y", "out B.Do"],
      ...["out events Events.Told", "out Events.Told"],
    ]);
  });

  it("are one pipeline, whether a component or its name is given", () => {
    const all = components(services([]), extraRoutes);
    const { inbound, outbound } = createServer({ components: all, listen: [memory()] });
    expect(inbound.of(component(all, "A"))).toBe(inbound.of("A"));
    expect(inbound.of("A")).not.toBe(inbound.of("B"));
    expect(inbound.of("A")).not.toBe(outbound.of("A"));
  });

  it.each([
    ["a name that is near one", (server: Server) => server.inbound.of("AA"), "there is no service AA: there are A, B"],
    [
      "pushes, for what comes in",
      (server: Server) => server.inbound.of("Events"),
      "there is no service Events: there are A, B",
    ],
    [
      "another server's component",
      (server: Server) => server.outbound.of(new TestComponent("Evens", [], { version: "v1", routes: {} })),
      "there is no service Evens: there are Events, A, B",
    ],
  ])("are refused for what the server does not have: %s", (_, ask, message) => {
    const server = createServer({ components: components(services([]), extraRoutes), listen: [memory()] });
    expect(() => ask(server)).toThrow(expect.objectContaining({ code: "invalid_option", message }));
  });

  it("may wait, change the payload, and answer with an error: the handler is then not called", async () => {
    const handled: string[] = [];
    const { enter, server } = await startServer({
      components: components(services(handled), extraRoutes),
      prepare: ({ inbound }) =>
        inbound
          .of("A")
          .pushBack(async (_session, message) => {
            await turn();
            if (textOf(message.payload) === "stop") {
              throw new NanowireError("stopped", "by A's step");
            }
            message.payload = concat(message.payload, utf8.encode("!"));
          })
          .pushBack((_session, message) => {
            message.payload = concat(message.payload, utf8.encode("?"));
          }),
    });
    const client = await enter();
    client.send(concat(request(1, "A.Do", "stop"), request(2, "B.Do", "stop"), request(3, "A.Do", "go")));
    const answers = await client.messages(3);
    expect(errorIn(answers[0]?.payload as Uint8Array)).toMatchObject({ code: "stopped", msg: "by A's step" });
    expect(answers.slice(1).map(({ text }) => text)).toEqual(["stop", "go!?"]);
    expect(handled).toEqual(["B stop", "A go!?"]);
    expect(server.counters.failed).toEqual({ stopped: 1 });
  });

  it("answer with an error on the way out, too; a push is dropped", async () => {
    const { enter, server, log } = await startServer({
      components: components(services([]), extraRoutes),
      prepare({ outbound }) {
        outbound.of("A").pushBack((_session, { error }) => {
          if (error === undefined) {
            throw new NanowireError("secret", "not to be told");
          }
        });
        outbound.of("Events").pushBack(() => {
          throw new Error("no");
        });
      },
    });
    const client = await enter();
    client.send(request(1, "A.Do", "x"));
    const refused = await client.message();
    expect(errorIn(refused.payload)).toMatchObject({ code: "secret" });
    expect(server.sessions()[0]?.push(told, "p")).toBe(0);
    expect((await client.call(2, "B.Do", "y")).text).toBe("y");
    expect(log.at("error").map(({ message }) => message)).toEqual(["an outbound step failed: the push is dropped"]);
  });
});

describe("what steps and hooks keep of a message", () => {
  it("goes from the inbound steps to the hooks, and from there to the outbound steps of its answer", async () => {
    const seen: unknown[] = [];
    const note = (data: object, place: string): void => {
      seen.push(`${Object.keys(data).join(" ")} at ${place}`);
      Object.assign(data, { [place]: true });
    };
    const { enter, server } = await startServer({
      components: components(services([]), extraRoutes),
      prepare({ inbound, outbound, hooks }) {
        inbound.pushBack((_session, { data }) => note(data, "all"));
        inbound.of("A").pushBack((_session, { data }) => note(data, "a"));
        hooks.before(({ data }) => note(data, "before")).after(({ data }) => note(data, "after"));
        outbound.pushBack((_session, { data, kind }) => note(data, kind));
      },
    });
    const client = await enter();
    await client.call(1, "A.Do", "x");
    await client.call(2, "B.Do", "x");
    await client.call(3, "No.Such", "x");
    server.sessions()[0]?.push(told, "p");
    await client.message();
    client.send(notify("B.Note", "n"));
    await turn();
    expect(seen).toEqual([
      ...[" at all", "all at a", "all a at before", "all a before at after", "all a before after at response"],
      ...[" at all", "all at before", "all before at after", "all before after at response"],
      " at response",
      " at push",
      ...[" at all", "all at before", "all before at after"],
    ]);
  });

  it("is there for the error, when a step or the handler fails", async () => {
    const seen: unknown[] = [];
    const { enter } = await startServer({
      components: components(services([]), extraRoutes),
      prepare({ inbound, outbound }) {
        inbound.pushBack((_session, { data, payload }) => {
          Object.assign(data, { said: textOf(payload) });
          throw new NanowireError("no", "no");
        });
        outbound.pushBack((_session, { data, error }) => void seen.push([error?.code, { ...data }]));
      },
    });
    const client = await enter();
    await client.call(1, "A.Do", "x");
    expect(seen).toEqual([["no", { said: "x" }]]);
  });
});
