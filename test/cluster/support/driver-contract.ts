import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ClusterDriver } from "../../../runtime/cluster/driver.js";
import type { NodeInfo } from "../../../runtime/cluster/node-info.js";
import { until } from "../../support/wait.js";
import { nodeInfo, WatchingHost } from "./watching-host.js";

/** A cluster that drivers of one kind can be made for. */
export interface DriverCluster {
  /** A driver for one more node. */
  driver(): ClusterDriver;
  /** Ends what the cluster needs besides its nodes: a broker. */
  close(): Promise<void>;
}

interface Node {
  readonly driver: ClusterDriver;
  readonly host: WatchingHost;
  readonly info: NodeInfo;
  readonly number: number;
}

/** What holds for every driver. */
export function describeDriver(name: string, start: () => Promise<DriverCluster>): void {
  describe(`a driver: ${name}`, () => {
    let cluster: DriverCluster;
    let nodes: Node[];

    beforeEach(async () => {
      nodes = [];
      cluster = await start();
    });

    afterEach(async () => {
      await Promise.all(nodes.map(({ driver }) => driver.leave()));
      await cluster.close();
    });

    async function join(id: string, more: Partial<NodeInfo> = {}): Promise<Node> {
      const driver = cluster.driver();
      const host = new WatchingHost();
      const info = nodeInfo(id, more);
      const { number } = await driver.join(info, host);
      const node = { driver, host, info, number };
      nodes.push(node);
      return node;
    }

    it("tells each node of the others, and never of itself", async () => {
      const a = await join("a");
      const b = await join("b");
      const c = await join("c");
      expect(c.host.ids).toEqual(["a", "b"]);
      await until(() => a.host.ids.length === 2 && b.host.ids.length === 2);
      expect(a.host.ids).toEqual(["b", "c"]);
      expect(b.host.ids).toEqual(["a", "c"]);
    });

    it("tells all that a node says of itself", async () => {
      const a = await join("a");
      const more: Partial<NodeInfo> = {
        gate: true,
        services: [{ name: "Room", methods: { "Room.Join": "0123abcd", "Room.Say": "" } }],
        remotes: [{ name: "Ledger", methods: { "Ledger.Add": "0badcafe" } }],
        labels: { zone: "north", url: "wss://example.test/ä?x=1&y=2", "with.dots and spaces": "" },
      };
      const b = await join("b", more);
      await until(() => a.host.nodes.has("b"));
      expect(a.host.nodes.get("b")).toEqual(b.info);
      expect(b.host.nodes.get("a")).toEqual(a.info);
    });

    it("gives each node a number of its own", async () => {
      const numbers: number[] = [];
      for (const id of ["a", "b", "c", "d", "e"]) {
        numbers.push((await join(id)).number);
      }
      expect(new Set(numbers).size).toBe(5);
      expect(numbers.every((number) => Number.isInteger(number) && number >= 0 && number <= 1_023)).toBe(true);
    });

    it("tells what has changed", async () => {
      const a = await join("a");
      const b = await join("b");
      await until(() => a.host.nodes.has("b"));
      await b.driver.update({ ...b.info, draining: true });
      await until(() => a.host.nodes.get("b")?.draining === true);
      expect(a.host.nodes.get("b")).toEqual({ ...b.info, draining: true });
      expect(a.host.told).toEqual(["joined b", "changed b"]);
    });

    it("tells that a node left, and takes it again", async () => {
      const a = await join("a");
      const b = await join("b");
      await b.driver.leave();
      await until(() => a.host.ids.length === 0);
      const again = await join("b");
      await until(() => a.host.ids.length === 1);
      expect(a.host.nodes.get("b")).toEqual(again.info);
      expect(a.host.told).toEqual(["joined b", "left b", "joined b"]);
      expect(again.host.ids).toEqual(["a"]);
    });

    it("refuses an id that is taken", async () => {
      const a = await join("a");
      await expect(join("a")).rejects.toMatchObject({
        code: "node_exists",
        message: expect.stringContaining("a"),
      });
      const b = await join("b");
      await until(() => a.host.nodes.has("b"));
      a.driver.send("b", bytes("still here"));
      await until(() => b.host.frames.length === 1);
    });

    it("carries frames both ways, in order, whole", async () => {
      const a = await join("a");
      const b = await join("b");
      await until(() => a.host.nodes.has("b"));
      const texts = Array.from({ length: 500 }, (_, index) => `frame ${index} ${"x".repeat(index)}`);
      for (const text of texts) {
        a.driver.send("b", bytes(text));
        b.driver.send("a", bytes(`back ${text}`));
      }
      await until(() => b.host.frames.length >= 500 && a.host.frames.length >= 500);
      expect(b.host.textsFrom("a")).toEqual(texts);
      expect(a.host.textsFrom("b")).toEqual(texts.map((text) => `back ${text}`));
    });

    it("carries a frame of the greatest length, an empty one, and every byte", async () => {
      const a = await join("a");
      const b = await join("b");
      await until(() => a.host.nodes.has("b"));
      const longest = "y".repeat(a.host.maxFrameBytes);
      const every = String.fromCharCode(...Array.from({ length: 128 }, (_, index) => index));
      a.driver.send("b", bytes(longest));
      a.driver.send("b", bytes(""));
      a.driver.send("b", bytes(every));
      await until(() => b.host.frames.length === 3);
      expect(b.host.textsFrom("a")).toEqual([longest, "", every]);
    });

    it("keeps the frames of several nodes apart", async () => {
      const a = await join("a");
      const others = [await join("b"), await join("c"), await join("d")];
      await until(() => others.every(({ host }) => host.ids.length === 3));
      for (let index = 0; index < 100; index++) {
        for (const { driver, info } of others) {
          driver.send("a", bytes(`${info.id} ${index}`));
        }
      }
      await until(() => a.host.frames.length === 300);
      for (const { info } of others) {
        expect(a.host.textsFrom(info.id)).toEqual(Array.from({ length: 100 }, (_, index) => `${info.id} ${index}`));
      }
    });

    it("sends nothing to a node that is not there, and goes on", async () => {
      const a = await join("a");
      const b = await join("b");
      await until(() => a.host.nodes.has("b"));
      a.driver.send("nobody", bytes("lost"));
      await b.driver.leave();
      a.driver.send("b", bytes("lost"));
      const c = await join("c");
      await until(() => a.host.nodes.has("c"));
      a.driver.send("c", bytes("found"));
      await until(() => c.host.frames.length === 1);
      expect(c.host.frames).toEqual([{ from: "a", text: "found" }]);
      expect(b.host.frames).toEqual([]);
    });

    it("sends what was sent before it leaves", async () => {
      const a = await join("a");
      const b = await join("b");
      await until(() => a.host.nodes.has("b") && b.host.nodes.has("a"));
      for (let index = 0; index < 50; index++) {
        b.driver.send("a", bytes(String(index)));
      }
      await b.driver.leave();
      await until(() => a.host.frames.length === 50);
      expect(a.host.textsFrom("b")).toEqual(Array.from({ length: 50 }, (_, index) => String(index)));
    });

    it("calls nobody once it has left, and may leave twice", async () => {
      const a = await join("a");
      const b = await join("b");
      await until(() => a.host.nodes.has("b"));
      const leaving = a.driver.leave();
      b.driver.send("a", bytes("too late"));
      await leaving;
      await a.driver.leave();
      await until(() => b.host.ids.length === 0);
      await join("c");
      expect(a.host.frames).toEqual([]);
      expect(a.host.told).toEqual(["joined b"]);
    });

    it("lets many nodes come and go at once, and all see the same", async () => {
      const first = await join("first");
      const ids = ["b", "c", "d", "e", "f", "g"];
      await Promise.all(ids.map((id) => join(id)));
      await until(() => nodes.every(({ host }) => host.ids.length === 6));
      await Promise.all(
        nodes.filter(({ info }) => ["b", "d", "f"].includes(info.id)).map((node) => node.driver.leave()),
      );
      const left = nodes.filter(({ info }) => ["first", "c", "e", "g"].includes(info.id));
      await until(() => left.every(({ host }) => host.ids.length === 3));
      expect(first.host.ids).toEqual(["c", "e", "g"]);
      expect(new Set(nodes.map(({ number }) => number)).size).toBe(7);
    });
  });
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
