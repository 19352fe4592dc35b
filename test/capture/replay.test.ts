import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { text as textOf } from "node:stream/consumers";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { canonicalText, compareJson } from "../../runtime/capture/compare-json.js";
import { ignoreMatcher } from "../../runtime/capture/json-path.js";
import { readCapture } from "../../runtime/capture/read-capture.js";
import { replay } from "../../runtime/capture/replay.js";
import { showReport } from "../../runtime/capture/replay-report.js";
import { runReplay } from "../../runtime/capture/run-replay.js";
import { otherServer, push, response } from "../repl/support/other-server.js";
import { openShop, shopDescriptors } from "../repl/support/shop.js";
import { pcapOf, segmentsOf } from "./support/pcap-writer.js";
import { readFile } from "./support/read.js";
import { openRecordedShop, talk } from "./support/shop-talk.js";

const head = { nanowire: "capture", version: 1, source: "game.pcap", secrets: true };

/** A capture of these lines. */
function captureOf(lines: readonly object[], first: object = head) {
  return readCapture([first, ...lines].map((line) => JSON.stringify(line)).join("\n"));
}

const time = "2026-11-22T10:00:00.000000Z";
const toServer = { time, connection: 1, direction: "in" };
const toClient = { time, connection: 1, direction: "out" };

/** What a shop would answer that is not this one. */
const otherwise: readonly object[] = [
  { time, connection: 1, kind: "open" },
  { ...toServer, kind: "request", id: 1, route: "Shop.Buy", payload: { name: "tea" } },
  { ...toClient, kind: "response", id: 1, route: "Shop.Buy", code: "ok", payload: { id: "2-tea" } },
  { ...toServer, kind: "request", id: 2, route: "Shop.Buy", payload: { name: "gold" } },
  { ...toClient, kind: "response", id: 2, route: "Shop.Buy", code: "ok", payload: { id: "3" } },
  {
    ...toServer,
    kind: "request",
    id: "18446744073709551615",
    route: "Shop.Buy",
    payload: { name: "milk", lines: [{}] },
  },
  {
    ...toClient,
    kind: "push",
    route: "ShopEvents.Sold",
    payload: { name: "milk", lines: [{ count: 3 }], labels: { "a b": 4 } },
  },
  { ...toClient, kind: "push", route: "ShopEvents.Gone", payload: {} },
  {
    ...toClient,
    kind: "response",
    id: "18446744073709551615",
    route: "Shop.Buy",
    code: "ok",
    payload: { id: "1-milk" },
  },
  { ...toServer, kind: "notify", route: "Shop.Note", payload: { text: "x" } },
  { time, connection: 1, kind: "close", by: "client" },
];

/** What is said to a shop that two clients visit, as a capture. */
async function captured(secrets = true) {
  const proxy = await openRecordedShop("ws");
  await talk(proxy.url);
  await talk(proxy.url, "json");
  await proxy.closed(2);
  const { lines } = await readFile([pcapOf(segmentsOf(proxy.said))], { showsSecrets: secrets });
  return captureOf(lines, { ...head, secrets: secrets || undefined });
}

describe("a replay", () => {
  it("to the same server finds every answer and every push the same", async () => {
    const capture = await captured();
    const { urls, shop } = await openShop();
    const lines: object[] = [];
    const report = await replay(capture, { url: urls.tcp, pushes: true, onLine: (line) => void lines.push(line) });
    expect(report).toMatchObject({
      connections: 2,
      sent: 8,
      answers: { same: 6, different: 0, missing: 0 },
      pushes: { same: 2, different: 0, missing: 0, unexpected: 0 },
      differences: [],
    });
    expect(shop.notes).toEqual(["thanks", "thanks"]);
    // What was said anew is a capture, and the same again.
    const again = await replay(captureOf(lines), { url: urls.ws, descriptors: shopDescriptors, pushes: true });
    expect(again).toMatchObject({ sent: 8, answers: { same: 6 }, differenceCount: 0 });
  });

  it("tells what differs, by place", async () => {
    const { urls } = await openShop();
    const report = await replay(captureOf(otherwise), { url: urls.ws, pushes: true, timeoutMs: 2_000 });
    expect(report.answers).toEqual({ same: 1, different: 2, missing: 0 });
    expect(report.pushes).toEqual({ same: 0, different: 1, missing: 1, unexpected: 1 });
    expect(showReport(report)).toEqual([
      `capture.jsonl → ${urls.ws}/: connections: 1, messages sent: 4`,
      "answers: 1 the same, 2 different, 0 missing",
      "pushes: 0 the same, 1 different, 1 missing, 1 unexpected",
      "capture.jsonl:4: connection 1 Shop.Buy",
      '  payload.id  "2-tea" → "1-tea"',
      "capture.jsonl:6: connection 1 Shop.Buy",
      '  code  "ok" → "sold_out"',
      '  error  null → {"message":"there is no gold\\u001b[2J\\u009b","details":{"next\\u202e":"monday"}}',
      '  payload  {"id":"3"} → null',
      "capture.jsonl:8: connection 1 ShopEvents.Sold",
      "  payload.lines[0].count  3 → 0",
      '  payload.labels["a b"]  4 → null',
      "capture.jsonl:9: connection 1 ShopEvents.Gone: this push did not come",
      "capture.jsonl:12: connection 1 ShopEvents.Sold: a push came that is not in the capture",
    ]);
    const ignore = ["payload.id", "Shop.Buy:code", "Shop.Buy:error", "**.id", "payload", "ShopEvents.Sold:payload"];
    const answers = await replay(captureOf(otherwise), { url: urls.ws, ignore });
    expect(answers).toMatchObject({ answers: { same: 3 }, differenceCount: 0 });
    expect(answers.pushes).toBeUndefined();
  });

  it("goes on where answers do not come, or a connection is gone, and tells so", async () => {
    const { urls } = await openShop();
    const visit = (connection: number, ...names: readonly string[]) =>
      names.flatMap((name, index) => [
        { ...toServer, connection, kind: "request", id: index + 1, route: "Shop.Buy", payload: { name } },
        { ...toClient, connection, kind: "response", id: index + 1, code: "ok", payload: { id: "x" } },
      ]);
    const report = await replay(
      captureOf([
        { time, connection: 1, kind: "open" },
        { time, connection: 2, kind: "open" },
        ...visit(1, "patience"),
        ...visit(2, "trouble", "tea"),
      ]),
      { url: urls.tcp, timeoutMs: 2_000 },
    );
    expect(showReport(report).slice(1)).toEqual([
      "answers: 0 the same, 0 different, 2 missing",
      "capture.jsonl:5: connection 1 Shop.Buy: no answer came in time",
      expect.stringMatching(/^capture\.jsonl:7: connection 2 Shop\.Buy: no answer came: /),
      expect.stringMatching(/^capture\.jsonl:8: connection 2 Shop\.Buy: the connection is gone: /),
    ]);
  });

  it("says what it said to a server that is not ours, with the serializer of its time", async () => {
    const server = await otherServer({
      answer: { code: 200, sys: { dict: { "A.B": 7 } } },
      handle: ({ id, payload }, say) => say(push(7, "{}"), response(id, payload)),
    });
    const at = (kind: string, more: object) => ({ time, connection: 4, kind, ...more });
    const sys = {
      type: "js-tcp",
      version: "9",
      serializer: "json",
      dictVersion: "x",
      capabilities: ["resume", "ping"],
    };
    const report = await replay(
      captureOf([
        at("handshake", { direction: "in", sys, redacted: ["user"] }),
        at("handshake", { direction: "out", sys: {}, code: 501 }),
        at("request", { direction: "in", id: 5, route: "C.D", payload: { a: 1 } }),
        at("response", { direction: "out", id: 5, code: "ok", payload: { a: 1 } }),
      ]),
      { url: server.url, user: { token: "mine" }, serializer: "json", descriptors: shopDescriptors },
    );
    expect(server.handshakes).toEqual([
      { sys: { type: "js-tcp", version: "9", serializer: "json", capabilities: ["ping"] }, user: { token: "mine" } },
    ]);
    expect(report.differences).toEqual([{ line: 3, connection: 4, path: "code", captured: 501, replayed: 200 }]);
    expect(report.answers.same).toBe(1);
  });

  it("keeps the time of the capture where it is told to, until it is given up", async () => {
    const { urls, shop } = await openShop();
    const at = (kind: string, time: string, more: object) => ({ time, connection: 1, kind, ...more });
    const note = { direction: "in", route: "Shop.Note", payload: { text: "now" } };
    const capture = captureOf([
      at("open", "2026-11-22T10:00:00.000000Z", {}),
      at("notify", "2026-11-22T10:00:02.000000Z", note),
      at("notify", "2026-11-23T10:00:00.000000Z", note),
    ]);
    const stop = new AbortController();
    const lines: object[] = [];
    const begun = performance.now();
    const running = replay(capture, {
      url: urls.tcp,
      descriptors: shopDescriptors,
      speed: 1_000,
      signal: stop.signal,
      onLine: (line) => {
        lines.push(line);
        setImmediate(() => Object(line).kind === "notify" && stop.abort());
      },
    });
    await expect(running).rejects.toMatchObject({ code: "canceled" });
    expect(performance.now() - begun).toBeGreaterThanOrEqual(2);
    expect(lines.at(-2)).toMatchObject({ kind: "notify", route: "Shop.Note" });
    expect(shop.notes.length).toBeLessThan(2);
  });

  it.each([
    [
      "secrets are missing",
      { kind: "request", id: 1, route: "A.B", redacted: ["payload.password"] },
      ":2: A.B: payload.password was left out",
    ],
    [
      "a handshake is missing",
      { kind: "handshake", sys: {}, redacted: ["user"] },
      ":2: what the handshake tells the application was left out",
    ],
    ["nobody knows the route", { kind: "notify", route: "#7" }, ":2: nobody knows what the route #7 is called"],
  ])("is refused, before anything is said, where %s", async (_, line, message) => {
    const capture = captureOf([{ time, connection: 1, direction: "in", ...line }]);
    await expect(replay(capture, { url: "tcp://127.0.0.1:1" })).rejects.toMatchObject({
      code: "invalid_capture",
      message: expect.stringContaining(message),
    });
  });

  it.each([
    ["speed", { speed: -1 }, "speed -1 is not"],
    ["ignore", { ignore: ["atMs"] }, "ignore atMs begins with none of payload"],
    ["url", { url: "http://a" }, "does not begin with ws:"],
  ])("refuses the option %s", async (_, options, message) => {
    await expect(replay(captureOf([]), { url: "tcp://127.0.0.1:1", ...options })).rejects.toThrow(message);
  });
});

describe("the command's program", () => {
  it("ends with 0 where all is the same, 1 where something differs, 2 where nothing was tried; and writes reports", async () => {
    const folder = mkdtempSync(join(tmpdir(), "nanowire-replay-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const { urls } = await openShop();
    const [same, differs, secret, report, out] = ["same", "differs", "secret", "report", "out"].map((name) =>
      join(folder, name),
    );
    const text = (lines: readonly object[]) => [head, ...lines].map((line) => JSON.stringify(line)).join("\n");
    writeFileSync(same as string, text([otherwise[0] as object]));
    writeFileSync(differs as string, text(otherwise));
    writeFileSync(secret as string, "{}");
    const run = async (capture: string | undefined) => {
      const [stdout, stderr] = [new PassThrough(), new PassThrough()];
      const around = { stdin: new PassThrough(), stdout, stderr };
      const exitCode = await runReplay({
        capture: capture as string,
        url: urls.ws,
        report: report as string,
        out: out as string,
        process: around,
      });
      stdout.end();
      stderr.end();
      return { exitCode, printed: await textOf(stdout), errors: await textOf(stderr) };
    };
    expect(await run(same)).toMatchObject({ exitCode: 0, errors: "", printed: expect.stringContaining("0 different") });
    expect(await run(differs)).toMatchObject({ exitCode: 1, errors: "" });
    expect(JSON.parse(readFileSync(report as string, "utf8"))).toMatchObject({ answers: { different: 2 } });
    expect(readCapture(readFileSync(out as string, "utf8")).lines.length).toBeGreaterThan(5);
    expect(await run(secret)).toEqual({
      exitCode: 2,
      printed: "",
      errors: `${secret}:1: it is no capture: its first line is not what nanowire tap writes\n`,
    });
    expect(await run(`${secret}.gone`)).toMatchObject({
      exitCode: 2,
      errors: `${secret}.gone cannot be read: ENOENT\n`,
    });
  });
});

describe("what is compared", () => {
  it("is the same as itself, whatever is left out because it says nothing", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom("", 0, false, "0"), (value, nothing) => {
        const json = value as never;
        expect([...compareJson(json, structuredClone(json), "payload", () => false)]).toEqual([]);
        const more = { inner: json, more: nothing };
        expect([...compareJson({ inner: json }, more, "payload", () => false)]).toEqual([]);
        expect(canonicalText({ inner: json }, "payload", () => false)).toBe(
          canonicalText(more, "payload", () => false),
        );
      }),
    );
  });

  it.each([
    ["payload.a", "X.Y", "payload.a", true],
    ["payload.a", "X.Y", "payload.a[2].b", true],
    ["payload.a", "X.Y", "payload.ab", false],
    ["payload.a[*].b", "X.Y", "payload.a[12].b", true],
    ["payload.a[1]", "X.Y", "payload.a[12]", false],
    ["payload.*.b", "X.Y", "payload.c.b", true],
    ["payload.*.b", "X.Y", "payload.c.d.b", false],
    ["**.b", "X.Y", "payload.c[1].d.b", true],
    ["**.b", "X.Y", "payload.c.ab", false],
    ["X.Y:payload", "X.Y", "payload.c", true],
    ["X.Y:payload", "X.Z", "payload.c", false],
    ['payload.a["b:c d"]', "X.Y", 'payload.a["b:c d"].e', true],
  ])("by %s, of %s at %s: ignored %s", (pattern, route, path, wanted) => {
    expect(ignoreMatcher([pattern])(route, path)).toBe(wanted);
  });
});

describe("a capture", () => {
  it.each([
    ["no JSON", "{", ":1: it is no JSON"],
    ["another version", '{"nanowire":"capture","version":2,"source":""}', ":1: it is a capture of version 2, and this"],
    ["a line that is none", `${JSON.stringify(head)}\n[]`, ":2: it is no JSON object"],
    [
      "a time that is none",
      `${JSON.stringify(head)}\n\n{"kind":"open","time":"now","connection":1}`,
      ':3: its time cannot be "now"',
    ],
    [
      "an id that is none",
      `${JSON.stringify(head)}\n{"kind":"request","time":"2026-11-22T10:00:00.000000Z","connection":1,"id":0}`,
      ":2: its id cannot be 0",
    ],
  ])("is not one with %s", (_, text, message) => {
    expect(() => readCapture(text)).toThrow(`capture.jsonl${message}`);
  });

  it("may have lines of kinds that are not known, and whatever else is thrown is told as what it is", () => {
    expect(readCapture(`${JSON.stringify(head)}\n{"kind":"later"}\n`).lines).toEqual([]);
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.json(), fc.constant(JSON.stringify(otherwise[1])), fc.string())), (lines) => {
        try {
          readCapture([JSON.stringify(head), ...lines].join("\n"));
        } catch (error) {
          expect(error).toMatchObject({ code: "invalid_capture" });
        }
      }),
    );
  });
});
