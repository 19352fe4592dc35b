import { createSocket, type Socket } from "node:dgram";
import { StatsD } from "hot-shots";
import { describe, expect, it, onTestFinished } from "vitest";
import { type StatsdOptions, statsd } from "../../runtime/metrics/statsd/index.js";
import { startServer } from "../support/server.js";
import { Arrivals, eventually } from "../support/wait.js";

/** A statsd of the test's own: it keeps every line that comes by UDP. */
async function listen(): Promise<{ readonly port: number; readonly lines: Arrivals<string> }> {
  const socket: Socket = createSocket("udp4");
  const lines = new Arrivals<string>();
  socket.on("message", (datagram) => {
    for (const line of datagram.toString("utf8").split("\n")) {
      lines.push(line);
    }
  });
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  onTestFinished(() => new Promise<void>((resolve) => void socket.close(() => resolve())));
  return { port: socket.address().port, lines };
}

/** Takes lines until one is there that contains some words, and returns all of them. */
async function linesUntil(lines: Arrivals<string>, words: string): Promise<string[]> {
  const taken: string[] = [];
  do {
    taken.push(await lines.next());
  } while (taken.at(-1)?.includes(words) !== true);
  return taken;
}

/** The last metric of all, told after the others. */
const last = "test_last";

async function toldServer(options: Partial<StatsdOptions> = {}) {
  const { port, lines } = await listen();
  const reporter = statsd({ port, everyMs: 1_000, ...options });
  const test = await startServer({ metrics: { reporters: [reporter] } });
  test.server.metrics.gauge({ name: last, help: "The last one." });
  return { ...test, lines };
}

describe("what statsd is told", () => {
  it("is by how much counters and buckets have grown, and what gauges stand at", async () => {
    const { server, enter, clock, lines } = await toldServer({ prefix: "chat.", tags: { env: "test" } });
    const load = server.metrics.histogram({
      name: "load_seconds",
      help: "Loading.",
      labels: ["map"],
      bounds: [0.1, 1],
    });
    server.metrics.gauge({ name: "zz_end", help: "Behind all others." });
    const client = await enter();
    await client.call(1, "Echo.Say");
    await client.call(2, "Echo.Say");
    load.observe(0.5, { map: "sea" });
    load.observe(3, { map: "sea" });
    clock.step(1_000);
    const first = await linesUntil(lines, "zz_end");
    expect(first).toContain("chat.nanowire_requests_total:2|c|#env:test,route:Echo.Say,kind:request,code:ok");
    expect(first).toContain("chat.nanowire_sessions:1|g|#env:test");
    expect(first).toContain("chat.load_seconds.bucket:1|c|#env:test,map:sea,upper_bound:1");
    expect(first).toContain("chat.load_seconds.bucket:1|c|#env:test,map:sea,upper_bound:inf");
    expect(first).toContain("chat.load_seconds.sum:3.5|c|#env:test,map:sea");
    expect(first).toContain("chat.load_seconds.count:2|c|#env:test,map:sea");
    expect(first.filter((line) => line.includes("load_seconds.bucket"))).toHaveLength(2);
    await client.call(3, "Echo.Say");
    clock.step(1_000);
    const second = await linesUntil(lines, "zz_end");
    expect(second).toContain("chat.nanowire_requests_total:1|c|#env:test,route:Echo.Say,kind:request,code:ok");
    expect(second.join("\n")).not.toContain("load_seconds");
  });

  it("is told once more when the server stops", async () => {
    const { server, lines } = await toldServer();
    server.metrics.counter({ name: "gold_total", help: "Gold." }).add(7);
    await server.stop();
    const told = await linesUntil(lines, "gold_total");
    expect(told).toContain("gold_total:7|c");
    expect(told).toContain("nanowire_ready:0|g");
  });

  it("goes by a client of one's own, which stays open", async () => {
    const { port, lines } = await listen();
    const client = new StatsD({ host: "127.0.0.1", port, prefix: "mine.", maxBufferSize: 0 });
    const reporter = statsd({ client, everyMs: 1_000 });
    const { server } = await startServer({ metrics: { reporters: [reporter] } });
    await server.stop();
    await linesUntil(lines, "mine.nanowire_ready");
    client.increment("still_open");
    expect((await linesUntil(lines, "still_open")).at(-1)).toBe("mine.still_open:1|c");
    await new Promise<void>((resolve) => client.close(() => resolve()));
  });

  it("is lost where nobody can be told, which is logged once, and no message is", async () => {
    const { clock, log, enter } = await startServer({
      metrics: { reporters: [statsd({ host: "there-is-no-such-host.invalid", everyMs: 1_000 })] },
    });
    clock.step(1_000);
    await eventually(() =>
      expect(log.at("error").map(({ message }) => message)).toEqual(["metrics could not be reported"]),
    );
    const client = await enter();
    expect((await client.call(1, "Echo.Say", "still here")).text).toBe("still here");
  });
});

describe("the options", () => {
  it.each([
    [{ port: 0 }, "statsd.port 0 is not an integer from 1 to 65535"],
    [{ everyMs: 5 }, "everyMs 5 is not a number from 100 to 3600000"],
    [{ hots: "x" }, "there is no option statsd.hots"],
    [{ client: {} }, "statsd.client of type object lacks the method increment"],
    [
      { client: { increment() {}, gauge() {}, flush() {} }, port: 5 },
      "statsd.port is the client's, and a client is given",
    ],
  ])("refuse %j", (options, message) => {
    expect(() => statsd(options as unknown as StatsdOptions)).toThrow(message);
  });
});
