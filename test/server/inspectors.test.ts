import { describe, expect, it } from "vitest";
import type { Inspector, InspectorHost, SeenMessage } from "../../runtime/server/inspector.js";
import { createServer } from "../../runtime/server/server.js";
import { memory } from "../../runtime/transport/memory.js";
import { Nodes } from "../cluster/support/nodes.js";
import { notify } from "../support/client.js";
import { startServer } from "../support/server.js";
import { pushOf, type Services } from "../support/service.js";
import { until } from "../support/wait.js";

/** Keeps what it sees. */
class Watcher implements Inspector {
  readonly name = "watcher";
  readonly seen: string[] = [];
  host: InspectorHost | undefined;
  stopped = 0;
  #release = (): void => {};

  start(host: InspectorHost): void {
    this.host = host;
    this.watch();
  }

  watch(): void {
    this.#release =
      this.host?.watch({ wants: () => true, saw: (message) => void this.seen.push(lineOf(message)) }) ?? this.#release;
  }

  unwatch(): void {
    this.#release();
  }

  stop(): void {
    this.stopped++;
  }
}

function lineOf({ direction, kind, route, code, durationMs, payload }: SeenMessage): string {
  const text = new TextDecoder().decode(payload());
  return [direction, kind, route, code, durationMs === undefined ? "" : "timed", text].filter(Boolean).join(" ");
}

const room: Services = {
  Room: {
    Join: (session, text) => {
      session.push(pushOf("News.Arrived", 0), `news for ${text}`);
      return `joined ${text}`;
    },
    Fail: () => {
      throw new Error("no");
    },
    Note: {
      kind: "notify",
      handle: () => {
        throw new Error("no");
      },
    },
  },
};

describe("an inspector", () => {
  it("sees what inbound steps get and what outbound steps leave, while it watches", async () => {
    const watcher = new Watcher();
    const { enter } = await startServer({
      services: room,
      inspectors: [watcher],
      prepare: ({ inbound, outbound }) => {
        inbound.pushBack((_session, message) => {
          message.payload = new TextEncoder().encode("b");
        });
        outbound.pushBack((_session, message) => {
          message.payload = new TextEncoder().encode(`<${new TextDecoder().decode(message.payload)}>`);
        });
      },
    });
    const client = await enter();
    client.send(notify("Room.Note", "a"));
    await until(() => watcher.seen.length === 2);
    expect(watcher.seen.splice(0)).toEqual(["in notify Room.Note a", "out failure Room.Note internal"]);
    await client.call(1, "Room.Join", "a");
    await client.message();
    expect(watcher.seen.splice(0)).toEqual([
      "in request Room.Join a",
      "out push News.Arrived <news for b>",
      "out response Room.Join timed <joined b>",
    ]);
    watcher.unwatch();
    await client.call(2, "Room.Join", "a");
    expect(watcher.seen).toEqual([]);
  });

  it("that throws is told in the log, and keeps nobody from what he waits for", async () => {
    const watcher = new Watcher();
    const { enter, log } = await startServer({ inspectors: [watcher] });
    const release = watcher.host?.watch({
      wants: () => true,
      saw() {
        throw new Error("broken");
      },
    });
    const client = await enter();
    expect((await client.call(1, "Echo.Say", "a")).text).toBe("a");
    release?.();
    release?.();
    expect(log.at("error").map(({ message }) => message)).toEqual([
      "a message could not be shown to who watches",
      "a message could not be shown to who watches",
    ]);
    expect(watcher.seen).toEqual(["in request Echo.Say a", "out response Echo.Say timed a"]);
  });

  it("at a gate sees what is forwarded, and at a member what comes from there", async () => {
    const nodes = new Nodes();
    const [atGate, atMember] = [new Watcher(), new Watcher()];
    const gate = await nodes.gate("gate", { forwards: room, inspectors: [atGate] });
    await nodes.member("member", room, { inspectors: [atMember] });
    const client = await gate.enter();
    await client.call(1, "Room.Join", "a");
    await client.message();
    await client.call(2, "Room.Fail", "b");
    client.send(notify("Room.Note", "c"));
    await until(() => atMember.seen.length === 7 && atGate.seen.length === 7);
    expect(atMember.seen).toEqual([
      "in request Room.Join a",
      "out push News.Arrived news for a",
      "out response Room.Join timed joined a",
      "in request Room.Fail b",
      "out response Room.Fail internal timed",
      "in notify Room.Note c",
      "out failure Room.Note internal",
    ]);
    expect(atGate.seen.map((line) => line.split(" ").slice(0, 3).join(" "))).toEqual([
      "in request Room.Join",
      "out push News.Arrived",
      "out response Room.Join",
      "in request Room.Fail",
      "out response Room.Fail",
      "in notify Room.Note",
      "out failure Room.Note",
    ]);
    expect(atMember.host?.nodes().map(({ id }) => id)).toEqual(["member", "gate"]);
    expect([...(atMember.host?.sessions() ?? [])].map((session) => session.gate)).toEqual(["gate"]);
    expect(atGate.host?.routes()[0]).toMatchObject({ route: "Room.Join", kind: "request", forwarded: true });
  });

  it("begins first, ends last, has the server measured if it asks for that, and keeps it from starting", async () => {
    const order: string[] = [];
    const inspector = {
      name: "one",
      measures: true,
      start: () => void order.push("start"),
      stop: () => void order.push("stop"),
    };
    const life = { init: () => void order.push("init"), shutdown: () => void order.push("shutdown") };
    const { TestComponent } = await import("../support/service.js");
    const component = new TestComponent("Echo", [], { version: "v1", routes: {} }, life);
    const { server } = await startServer({ components: [component], inspectors: [inspector] });
    await server.stop();
    expect(order).toEqual(["start", "init", "shutdown", "stop"]);
    const failing = { ...inspector, start: () => Promise.reject(new Error("no")) };
    await expect(startServer({ inspectors: [failing] })).rejects.toThrow("no");
    expect(order.at(-1)).toBe("stop");
  });

  it("is one, and there once", () => {
    const watcher = new Watcher();
    const make = (inspectors: readonly Inspector[]) => () =>
      createServer({ components: [], listen: [memory()], inspectors });
    expect(make([watcher, watcher])).toThrow("inspectors[1] is there twice");
    expect(make([{ name: "x" } as Inspector])).toThrow("inspectors[0] of type object lacks the method start");
    expect(make("x" as never)).toThrow("inspectors x is not an array");
  });
});
