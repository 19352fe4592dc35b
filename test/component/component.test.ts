import { describe, expect, it } from "vitest";
import { Component } from "../../runtime/component/component.js";
import { createServer, type Server } from "../../runtime/server/server.js";
import { type MemoryTransport, memory } from "../../runtime/transport/memory.js";
import { Client, request } from "../support/client.js";
import { SteppedClock } from "../support/clock.js";
import { KeptLog } from "../support/log.js";
import { components, type Life, TestComponent } from "../support/service.js";
import { defer, turn, until } from "../support/wait.js";

const parts = ["init", "afterInit", "beforeShutdown", "shutdown"] as const;

/** What is done in a part of a component's life, by `<name>.<part>`; it is noted when it begins and when it is done. */
type Doings = Readonly<Record<string, () => void | Promise<void>>>;

function living(name: string, told: string[], doings: Doings): TestComponent {
  const life: Life = Object.fromEntries(
    parts.map((part) => [
      part,
      async () => {
        told.push(`${name}.${part}`);
        await doings[`${name}.${part}`]?.();
        told.push(`${name}.${part} done`);
      },
    ]),
  );
  return new TestComponent(name, [], { version: "v1", routes: {} }, life);
}

/** A transport that tells when it is opened and closed. */
function telling(told: string[], listen?: () => Promise<void>): MemoryTransport {
  const inner = memory();
  return {
    name: "memory",
    dial: inner.dial,
    get address() {
      return inner.address;
    },
    async listen(host) {
      told.push("listen");
      await listen?.();
      await inner.listen(host);
    },
    async close() {
      told.push("close");
      await inner.close();
    },
  };
}

function serverOf(names: string, doings: Doings = {}, listen?: () => Promise<void>) {
  const told: string[] = [];
  const log = new KeptLog();
  const transport = telling(told, listen);
  const server: Server = createServer({
    components: [...names].map((name) => living(name, told, doings)),
    listen: [transport],
    logger: log,
    clock: new SteppedClock(),
  });
  return { server, told, log, transport };
}

describe("the life of components", () => {
  it("begins in their order, every init before any afterInit, and each is awaited; then clients can connect", async () => {
    const { server, told } = serverOf("abc");
    await server.start();
    expect(told).toEqual([
      ...["a.init", "a.init done", "b.init", "b.init done", "c.init", "c.init done"],
      ...["a.afterInit", "a.afterInit done", "b.afterInit", "b.afterInit done", "c.afterInit", "c.afterInit done"],
      "listen",
    ]);
    await server.stop();
  });

  it("ends in the reverse order, when no more clients can connect", async () => {
    const { server, told } = serverOf("abc");
    await server.start();
    told.length = 0;
    await server.stop();
    expect(told).toEqual([
      "close",
      ...["c.beforeShutdown", "c.beforeShutdown done", "b.beforeShutdown", "b.beforeShutdown done"],
      ...["a.beforeShutdown", "a.beforeShutdown done"],
      ...["c.shutdown", "c.shutdown done", "b.shutdown", "b.shutdown done", "a.shutdown", "a.shutdown done"],
    ]);
  });

  it("waits for each part", async () => {
    const gates = new Map(["a.init", "b.afterInit", "b.beforeShutdown", "a.shutdown"].map((name) => [name, defer()]));
    const waiting: Doings = Object.fromEntries([...gates].map(([name, { promise }]) => [name, () => promise]));
    const { server, told } = serverOf("ab", waiting);
    const release = async (name: string): Promise<string | undefined> => {
      await turn();
      const last = told.at(-1);
      gates.get(name)?.resolve();
      return last;
    };
    const started = server.start();
    expect(await release("a.init")).toBe("a.init");
    await turn();
    expect(await release("b.afterInit")).toBe("b.afterInit");
    await started;
    const stopped = server.stop();
    expect(await release("b.beforeShutdown")).toBe("b.beforeShutdown");
    await turn();
    expect(await release("a.shutdown")).toBe("a.shutdown");
    await stopped;
    expect(server.state).toBe("stopped");
  });

  it("has the sessions open in beforeShutdown, and closed in shutdown", async () => {
    const seen: number[] = [];
    const { server, transport } = serverOf("a", {
      "a.beforeShutdown": () => void seen.push(server.sessions().length),
      "a.shutdown": () => void seen.push(server.sessions().length),
    });
    await server.start();
    const client = await Client.open(transport);
    await client.enter();
    await until(() => server.counters.sessions === 1);
    await server.stop();
    expect(seen).toEqual([1, 0]);
    expect(client.endings).toBe(1);
  });

  it("may be nothing at all: a component need have none of it", async () => {
    const [bare] = components({ A: { Do: () => "" } }) as [TestComponent];
    expect([bare.init(), bare.afterInit(), bare.beforeShutdown(), bare.shutdown()]).toEqual(Array(4).fill(undefined));
    expect(Component.serviceOf(bare)).toMatchObject({ name: "A", protoName: "test.v1.A" });
  });
});

describe("a component that fails", () => {
  it.each([
    ["init", ["a.init", "a.init done", "b.init", "b.shutdown", "b.shutdown done", "a.shutdown", "a.shutdown done"]],
    [
      "afterInit",
      [
        ...["a.init", "a.init done", "b.init", "b.init done", "c.init", "c.init done"],
        ...["a.afterInit", "a.afterInit done", "b.afterInit"],
        ...["c.shutdown", "c.shutdown done", "b.shutdown", "b.shutdown done", "a.shutdown", "a.shutdown done"],
      ],
    ],
  ])("in %s stops the start: what began is shut down, and the server can be started again", async (part, expected) => {
    const failure = new Error("not today");
    let fails = true;
    const { server, told, transport } = serverOf("abc", {
      [`b.${part}`]: () => (fails ? Promise.reject(failure) : undefined),
    });
    await expect(server.start()).rejects.toBe(failure);
    expect(told).toEqual(expected);
    expect([server.state, server.addresses]).toEqual(["stopped", []]);
    fails = false;
    await server.start();
    const client = await Client.open(transport);
    expect((await client.enter()).code).toBe(200);
    await server.stop();
    expect(server.state).toBe("stopped");
  });

  it("to undo what began is logged, and the rest is undone; what is thrown is why the start failed", async () => {
    const [failure, worse] = [new Error("init"), new Error("shutdown")];
    const { server, told, log } = serverOf("abc", {
      "c.init": () => Promise.reject(failure),
      "b.shutdown": () => Promise.reject(worse),
    });
    await expect(server.start()).rejects.toBe(failure);
    expect(told.filter((line) => line.endsWith(".shutdown done"))).toEqual(["c.shutdown done", "a.shutdown done"]);
    expect(log.at("error").map(({ fields }) => fields["error"])).toEqual([worse]);
  });

  it.each(["beforeShutdown", "shutdown"])("in %s is logged, and the rest goes on", async (part) => {
    const failure = new Error("not today");
    const { server, told, log } = serverOf("abc", { [`b.${part}`]: () => Promise.reject(failure) });
    await server.start();
    told.length = 0;
    await server.stop();
    expect(told.filter((line) => line.endsWith(" done"))).toEqual(
      ["c.beforeShutdown", "b.beforeShutdown", "a.beforeShutdown", "c.shutdown", "b.shutdown", "a.shutdown"]
        .filter((name) => name !== `b.${part}`)
        .map((name) => `${name} done`),
    );
    expect(log.at("error").map(({ fields }) => fields["error"])).toEqual([failure]);
    expect(server.state).toBe("stopped");
    await server.start();
    await server.stop();
  });

  it("is the same whether it throws at once or rejects", async () => {
    const failure = new Error("at once");
    const { server, log } = serverOf("a", {
      "a.shutdown": () => {
        throw failure;
      },
    });
    await server.start();
    await server.stop();
    expect(log.at("error").map(({ fields }) => fields["error"])).toEqual([failure]);
  });
});

describe("a listener that fails", () => {
  it("stops the start: the components are shut down", async () => {
    const failure = new Error("no port");
    const { server, told } = serverOf("ab", {}, () => Promise.reject(failure));
    await expect(server.start()).rejects.toBe(failure);
    expect(told.slice(told.indexOf("listen"))).toEqual([
      "listen",
      "b.shutdown",
      "b.shutdown done",
      "a.shutdown",
      "a.shutdown done",
    ]);
    expect(server.state).toBe("stopped");
  });

  it("closes the listeners that are open, and the clients that came by them", async () => {
    const told: string[] = [];
    const first = memory();
    const gate = defer();
    const failing = telling(told, () => gate.promise);
    const log = new KeptLog();
    const server = createServer({
      components: components({ Echo: { Say: (_session, text) => text } }),
      listen: [first, failing],
      logger: log,
    });
    const started = server.start();
    await until(() => told.includes("listen"));
    const client = await Client.open(first);
    await client.enter();
    expect((await client.call(1, "Echo.Say", "early")).text).toBe("early");
    gate.reject(new Error("no port"));
    await expect(started).rejects.toThrow("no port");
    await client.ended;
    client.send(request(2, "Echo.Say", "late"));
    await turn();
    expect(first.address).toBeUndefined();
    expect(server.counters).toMatchObject({ open: 0, sessions: 0, requests: 1, closed: { server_stopped: 1 } });
  });
});
