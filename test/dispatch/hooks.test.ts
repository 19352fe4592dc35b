import { describe, expect, it } from "vitest";
import { NanowireError } from "../../runtime/base/error.js";
import { silentLogger } from "../../runtime/base/logger.js";
import { Component } from "../../runtime/component/component.js";
import type { HandlerCall, HandlerOutcome } from "../../runtime/dispatch/hook-chain.js";
import { createServer, type Server } from "../../runtime/server/server.js";
import { memory } from "../../runtime/transport/memory.js";
import { request } from "../support/client.js";
import { startServer } from "../support/server.js";
import { components, type Services, type TestComponent } from "../support/service.js";
import { defer } from "../support/wait.js";

const services: Services = {
  A: { Echo: (_session, text) => text, Fail: () => Promise.reject(new NanowireError("failed", "it failed")) },
  B: { Echo: async (_session, text) => text },
};

/** Starts a server with two components and hooks, and asks it. */
async function ask(
  prepare: (server: Server, a: TestComponent, b: TestComponent) => void,
  ...routes: string[]
): Promise<string[]> {
  const [a, b] = components(services) as [TestComponent, TestComponent];
  const { enter } = await startServer({ components: [a, b], prepare: (server) => prepare(server, a, b) });
  const client = await enter();
  const answers: string[] = [];
  for (const [index, route] of routes.entries()) {
    client.send(request(index + 1, route, "x"));
    const { flag, text } = await client.message();
    answers.push(flag === 0x24 ? `error ${text.replace(/[^ -~]+/g, " ").trim()}` : text);
  }
  return answers;
}

describe("what is no function", () => {
  it.each(["before", "beforeFirst", "after", "afterFirst"] as const)("is no hook: %s", (add) => {
    const server = createServer({ components: components(services), listen: [memory()], logger: silentLogger });
    expect(() => server.hooks[add](undefined as never)).toThrow("hook undefined is not a function");
  });
});

const nameOf = (component: Component): string => Component.serviceOf(component).name;

describe("hooks around a handler", () => {
  it("run from the outside in before it, and from the inside out after it", async () => {
    const seen: string[] = [];
    const note = (name: string) => () => void seen.push(name);
    const answers = await ask(
      (server, a) => {
        server.hooks
          .of(a, "echo" as never)
          .before(note("echo"))
          .after(note("/echo"));
        server.hooks.of(a).before(note("a")).after(note("/a"));
        server.hooks.before(note("all")).beforeFirst(note("first")).after(note("/all")).afterFirst(note("/first"));
      },
      "A.Echo",
      "B.Echo",
    );
    expect(answers).toEqual(["x", "x"]);
    expect(seen).toEqual([
      ...["first", "all", "a", "echo", "/echo", "/a", "/first", "/all"],
      ...["first", "all", "/first", "/all"],
    ]);
  });

  it("are told of the session, the route, the kind and the message, and keep what they like for one another", async () => {
    const seen: unknown[] = [];
    await ask((server) => {
      server.hooks
        .before((call) => {
          Object.assign(call.data, { at: 5 });
          seen.push([call.session.closed, call.route, call.kind, call.request]);
        })
        .after((call, outcome) => void seen.push([call.data, { ...outcome }]));
    }, "A.Echo");
    expect(seen).toEqual([
      [false, "A.Echo", "request", "x"],
      [{ at: 5 }, { value: "x", error: undefined }],
    ]);
  });

  it.each([
    ["at once", () => undefined],
    ["later", () => Promise.resolve()],
  ])("may put another message, another value, or no error in the place of what there is: %s", async (_, wait) => {
    const answers = await ask(
      (server, a) => {
        server.hooks.before(async (call) => {
          await wait();
          call.request = `${String(call.request)}y`;
        });
        server.hooks.of(a).after((call: HandlerCall, outcome: HandlerOutcome) => {
          outcome.value = `${call.route} ${String(outcome.value)}`;
          outcome.error = undefined;
          return wait();
        });
      },
      "A.Echo",
      "A.Fail",
      "B.Echo",
    );
    expect(answers).toEqual(["A.Echo xy", "A.Fail undefined", "xy"]);
  });

  it("answer with the error that they throw; those after the handler run all the same, the handler does not", async () => {
    const seen: string[] = [];
    const answers = await ask(
      (server, a, b) => {
        server.hooks.of(a).before(() => {
          throw new NanowireError("not_now", "later");
        });
        server.hooks.of(b).after(() => Promise.reject(new NanowireError("no_more", "it was too much")));
        server.hooks.after(
          ({ route }, { error }) => void seen.push(`${route} ${String((error as NanowireError).code)}`),
        );
      },
      "A.Echo",
      "B.Echo",
    );
    expect(answers).toEqual([expect.stringContaining("not_now"), expect.stringContaining("no_more")]);
    expect(seen).toEqual(["A.Echo not_now", "B.Echo no_more"]);
  });

  it("see what a handler threw, also when it threw nothing that there is", async () => {
    const errors: unknown[] = [];
    const [component] = components({
      A: {
        Throw: () => {
          throw undefined;
        },
      },
    });
    const { enter } = await startServer({
      components: component === undefined ? [] : [component],
      prepare: (server) => void server.hooks.after((_call, { error }) => void errors.push(error)),
    });
    const client = await enter();
    client.send(request(1, "A.Throw"));
    expect((await client.message()).text).toContain("internal");
    expect(errors).toEqual([new Error("undefined was thrown")]);
  });

  it("are within the handler's time-out", async () => {
    const [component] = components({ A: { Echo: { handle: (_session, text) => text, timeoutMs: 50 } } });
    const asked = defer();
    const { enter, clock } = await startServer({
      components: component === undefined ? [] : [component],
      prepare: (server) =>
        void server.hooks.before(() => {
          asked.resolve();
          return new Promise(() => {});
        }),
    });
    const client = await enter();
    client.send(request(1, "A.Echo", "x"));
    await asked.promise;
    clock.step(50);
    expect((await client.message()).text).toContain("deadline_exceeded");
  });

  it("are refused for a component or a handler that the server has not", async () => {
    const [stranger] = components({ C: { Echo: (_session, text) => text } });
    await ask((server, a) => {
      expect(() => server.hooks.of(stranger as TestComponent)).toThrow("TestComponent is no component of this server");
      expect(() => server.hooks.of(a, "ecko" as never)).toThrow(
        "ecko is no handler of test.v1.A; there are echo, fail",
      );
      expect(nameOf(a)).toBe("A");
    });
  });
});
