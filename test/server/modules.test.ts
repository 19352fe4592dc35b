import { describe, expect, it, vi } from "vitest";
import { createServer, type Server } from "../../runtime/server/server.js";
import { memory } from "../../runtime/transport/memory.js";
import { KeptLog } from "../support/log.js";
import { componentCalled, noted, TestModule, undeclared } from "../support/module.js";
import { components, echo, type Life } from "../support/service.js";
import { turn } from "../support/wait.js";

/** A module of no declared name. */
const moduleOf = (server: Server, name: string): unknown => server.module(name as never);

/** The name of a module, and those that it comes after. */
type Named = readonly [name: string, ...after: string[]];

/** A server with modules and a component that write down what becomes of them. */
function noting(names: readonly Named[], lives: Readonly<Record<string, Life>> = {}) {
  const seen: string[] = [];
  const log = new KeptLog();
  const server = createServer({
    components: [componentCalled("Room", { ...noted(seen, "Room"), ...lives["Room"] })],
    modules: undeclared(
      ...names.map(([name, ...after]) => {
        const module = new TestModule({ ...noted(seen, name), ...lives[name] });
        return after.length === 0 ? { name, module } : { name, module, after };
      }),
    ),
    listen: [memory()],
    logger: log,
  });
  return { server, seen, log };
}

describe("the modules of a server", () => {
  it("are started before the components, each after the one before it, and stopped after them the other way round", async () => {
    const { server, seen } = noting([["db"], ["cache"]], {});
    await server.start();
    const started = ["init db", "init cache", "init Room", "afterInit db", "afterInit cache", "afterInit Room"];
    expect(seen).toEqual(started);
    await server.stop();
    expect(seen.slice(started.length)).toEqual([
      ...["beforeShutdown Room", "beforeShutdown cache", "beforeShutdown db"],
      ...["shutdown Room", "shutdown cache", "shutdown db"],
    ]);
  });

  it.each<[string, readonly Named[], string[]]>([
    ["as they were given", [["c"], ["a"], ["b"]], ["c", "a", "b"]],
    ["behind the one that they name", [["a", "c"], ["b"], ["c"]], ["c", "a", "b"]],
    ["behind several", [["a", "c", "b"], ["b"], ["c", "b"], ["d", "a"]], ["b", "c", "a", "d"]],
    ["where that one stands before them anyway", [["a"], ["b"], ["c", "a"]], ["a", "b", "c"]],
  ])("come in order: %s", async (_, names, order) => {
    const { server, seen } = noting(names);
    await server.start();
    await server.stop();
    expect(seen.slice(0, order.length)).toEqual(order.map((name) => `init ${name}`));
    expect(seen.slice(-order.length)).toEqual(order.toReversed().map((name) => `shutdown ${name}`));
  });

  it("are each awaited before the next", async () => {
    const seen: string[] = [];
    const slow = (name: string): Life => ({
      async init() {
        seen.push(`${name} begins`);
        await turn();
        seen.push(`${name} is there`);
      },
      async shutdown() {
        await turn();
        seen.push(`${name} is gone`);
      },
    });
    const { server } = noting([["db"], ["cache"]], { db: slow("db"), cache: slow("cache"), Room: slow("Room") });
    await server.start();
    await server.stop();
    expect(seen).toEqual([
      ...["db begins", "db is there", "cache begins", "cache is there", "Room begins", "Room is there"],
      ...["Room is gone", "cache is gone", "db is gone"],
    ]);
  });

  it("are found by their names, before the start too; an unknown one is told the names that are near", async () => {
    const db = new TestModule();
    const given = undeclared({ name: "db", module: db }, { name: "matchmaker", module: new TestModule() });
    const server = createServer({ components: [], modules: given, listen: [memory()] });
    expect(moduleOf(server, "db")).toBe(db);
    expect(() => moduleOf(server, "matchmakr")).toThrow(
      expect.objectContaining({
        code: "invalid_option",
        message: "there is no module matchmakr: there are matchmaker, db",
      }),
    );
  });

  it.each<[string, readonly unknown[], string]>([
    ["no name", [{ module: new TestModule() }], 'a module has no name: { name: "db", module: new Database() }'],
    ["an empty name", [{ name: "", module: new TestModule() }], "a module has no name"],
    [
      "a name that another one has",
      [
        { name: "db", module: new TestModule() },
        { name: "db", module: new TestModule() },
      ],
      "two modules are called db",
    ],
    ["what is no module", [{ name: "db", module: {} }], "module db is no Module: let its class extend it"],
    ["no module at all", [{ name: "db" }], "module db is no Module"],
    [
      "an option that there is not",
      [{ name: "db", module: new TestModule(), before: ["x"] }],
      "module db has an option before; there are name, module, after",
    ],
    [
      "an `after` that is no list",
      [{ name: "db", module: new TestModule(), after: "x" }],
      "after of module db is no list of names",
    ],
    [
      "an `after` that is nobody's name",
      [
        { name: "cache", module: new TestModule(), after: ["bd"] },
        { name: "db", module: new TestModule() },
      ],
      "module cache comes after bd, but there is no module bd: there are db",
    ],
    [
      "modules that wait for one another",
      [
        { name: "a", module: new TestModule(), after: ["b"] },
        { name: "b", module: new TestModule(), after: ["c"] },
        { name: "c", module: new TestModule(), after: ["b"] },
      ],
      "modules wait for one another: b after c after b",
    ],
    [
      "one that waits for itself",
      [{ name: "a", module: new TestModule(), after: ["a"] }],
      "modules wait for one another: a after a",
    ],
  ])("are refused with %s", (_, modules, message) => {
    const make = () => createServer({ components: [], modules: modules as never, listen: [memory()] });
    expect(make).toThrow(
      expect.objectContaining({ code: "invalid_option", message: expect.stringContaining(message) }),
    );
  });

  it("are refused when one has two names", () => {
    const module = new TestModule();
    const modules = undeclared({ name: "a", module }, { name: "b", module });
    expect(() => createServer({ components: [], modules, listen: [memory()] })).toThrow("one module is called a and b");
  });

  it("are refused as no list", () => {
    expect(() => createServer({ components: [], modules: {} as never, listen: [memory()] })).toThrow(
      "modules [object Object] is not an array",
    );
  });
});

describe("a module that fails", () => {
  const failing = new Error("no database");

  it.each(["init", "afterInit"] as const)("in its %s stops the start: what was begun is shut down", async (phase) => {
    const fail = () => Promise.reject(failing);
    const { server, seen, log } = noting([["db"], ["cache"], ["queue"]], { cache: { [phase]: fail } });
    await expect(server.start()).rejects.toBe(failing);
    expect(server.state).toBe("stopped");
    const begun = phase === "init" ? ["cache", "db"] : ["Room", "queue", "cache", "db"];
    expect(seen.filter((line) => line.startsWith("shutdown"))).toEqual(begun.map((name) => `shutdown ${name}`));
    expect(log.lines).toEqual([]);
  });

  it("lets the server start again when it can", async () => {
    let isThere = false;
    const init = (): void => {
      if (!isThere) {
        throw failing;
      }
    };
    const { server, seen } = noting([["db"], ["cache"]], { cache: { init } });
    await expect(server.start()).rejects.toBe(failing);
    isThere = true;
    await server.start();
    expect(server.state).toBe("running");
    await server.stop();
    expect(seen.filter((line) => line.endsWith(" db"))).toEqual([
      ...["init db", "shutdown db"],
      ...["init db", "afterInit db", "beforeShutdown db", "shutdown db"],
    ]);
  });

  it("in its end is logged, and the others are ended all the same", async () => {
    const fail = () => {
      throw failing;
    };
    const { server, seen, log } = noting([["db"], ["cache"]], { cache: { beforeShutdown: fail, shutdown: fail } });
    await server.start();
    await server.stop();
    expect(seen.slice(-4)).toEqual(["beforeShutdown Room", "beforeShutdown db", "shutdown Room", "shutdown db"]);
    expect(log.at("error").map(({ message, fields }) => [message, fields])).toEqual([
      ["a module failed before its shutdown", { name: "cache", error: failing }],
      ["a module failed in its shutdown", { name: "cache", error: failing }],
    ]);
  });

  it("in its end leaves nothing undone when another one could not begin", async () => {
    const { server, seen, log } = noting([["db"], ["cache"]], {
      db: {
        shutdown: () => {
          throw new Error("and cannot be closed");
        },
      },
      Room: { init: () => Promise.reject(failing) },
    });
    await expect(server.start()).rejects.toBe(failing);
    expect(seen).toEqual(["init db", "init cache", "shutdown Room", "shutdown cache"]);
    expect(log.at("error").map(({ message }) => message)).toEqual(["what was started could not be undone"]);
  });
});

describe("a module's scheduler", () => {
  it("is there from its init to its shutdown; its timers end with the server", async () => {
    vi.useFakeTimers();
    const ticked = vi.fn();
    const module: TestModule = new TestModule({
      init: () => void module.scheduler.every(10, ticked),
      beforeShutdown: () => expect(module.scheduler.closed).toBe(false),
      shutdown: () => expect(module.scheduler.closed).toBe(true),
    });
    const log = new KeptLog();
    const modules = undeclared({ name: "metrics", module });
    const server = createServer({ components: components(echo), modules, listen: [memory()], logger: log });
    const early = expect.objectContaining({
      code: "invalid_state",
      message: "TestModule has a scheduler from its init on, while its server runs",
    });
    expect(() => module.scheduler).toThrow(early);
    await server.start();
    vi.advanceTimersByTime(100);
    const count = ticked.mock.calls.length;
    expect(count).toBeGreaterThanOrEqual(9);
    await server.stop();
    vi.advanceTimersByTime(100);
    vi.useRealTimers();
    expect(ticked).toHaveBeenCalledTimes(count);
    expect(() => module.scheduler).toThrow(early);
    expect(log.at("error")).toEqual([]);
  });

  it("is that of one server: another one that has the same module does not start", async () => {
    const module = new TestModule();
    const make = () =>
      createServer({
        components: [],
        modules: undeclared({ name: "db", module }),
        listen: [memory()],
        logger: new KeptLog(),
      });
    const [one, other] = [make(), make()];
    await one.start();
    await expect(other.start()).rejects.toMatchObject({
      code: "invalid_state",
      message: "TestModule runs in another server already",
    });
    await one.stop();
    await other.start();
    await other.stop();
  });
});
