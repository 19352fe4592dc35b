import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { text as textOf } from "node:stream/consumers";
import { describe, expect, it, onTestFinished } from "vitest";
import { readCapture } from "../../runtime/capture/read-capture.js";
import { runTap, type TapOptions } from "../../runtime/capture/run-tap.js";
import { studio } from "../../runtime/studio/index.js";
import { openShop, shopDescriptors } from "../repl/support/shop.js";
import { until } from "../support/wait.js";
import { pcapOf, segmentsOf } from "./support/pcap-writer.js";
import { shopTypes } from "./support/read.js";
import { openRecordedShop, talk } from "./support/shop-talk.js";

/** Runs it as the command does. @param input what comes on standard input */
async function tap(options: TapOptions, input?: Uint8Array) {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  stdin.end(input);
  const [printed, errors] = [textOf(stdout), textOf(stderr)];
  const exitCode = await runTap({ ...options, process: { stdin, stdout, stderr } });
  stdout.end();
  stderr.end();
  return { exitCode, printed: await printed, errors: await errors };
}

/** What the lines say of messages. */
function messagesIn(text: string): unknown[] {
  return readCapture(text)
    .lines.map(({ line }) => line)
    .filter((line) => "route" in line)
    .map((line) => [line.kind, Object(line).route, Object(line).code ?? ""]);
}

const said = [
  ["request", "Shop.Buy", ""],
  ["push", "ShopEvents.Sold", ""],
  ["response", "Shop.Buy", "ok"],
  ["notify", "Shop.Note", ""],
  ["request", "Shop.SignIn", ""],
  ["response", "Shop.SignIn", "ok"],
  ["request", "Shop.Buy", ""],
  ["response", "Shop.Buy", "sold_out"],
];

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "nanowire-tap-"));
  onTestFinished(() => rmSync(made, { recursive: true }));
  return made;
}

describe("a file of packets", () => {
  it("comes out as lines that no terminal obeys, from a file or standard input, with types of whoever tells them", async () => {
    const proxy = await openRecordedShop("tcp");
    await talk(proxy.url);
    await proxy.closed(1);
    const bytes = pcapOf(segmentsOf(proxy.said));
    const file = join(folder(), "game.pcap");
    writeFileSync(file, bytes);
    const ofFile = await tap({ source: file, descriptors: shopDescriptors, ports: [3250] });
    expect(ofFile).toMatchObject({ exitCode: 0, errors: "" });
    expect(messagesIn(ofFile.printed)).toEqual(said);
    expect(ofFile.printed).not.toMatch(/(?!\u200d)[\p{Cf}]|(?!\n)\p{Cc}/u);
    expect(ofFile.printed).not.toMatch(/sesame|hush/);
    const { dictVersion, fingerprint: types } = shopTypes;
    expect(readCapture(ofFile.printed).head).toEqual({
      nanowire: "capture",
      version: 1,
      dictVersion,
      types,
      source: "game.pcap",
    });
    const { urls } = await openShop();
    const out = join(folder(), "capture.jsonl");
    const ofInput = await tap(
      { source: "-", reflection: urls.ws, routes: ["Shop.S*", "Nobody"], secrets: true, out },
      bytes,
    );
    expect(ofInput).toEqual({ exitCode: 0, printed: "", errors: "" });
    const written = readFileSync(out, "utf8");
    expect(messagesIn(written)).toEqual(said.filter(([, route]) => route === "Shop.SignIn"));
    expect(readCapture(written)).toMatchObject({ head: { secrets: true, source: "standard input" } });
    expect(written).toContain("sesame");
  });

  it("that breaks off ends with 1", async () => {
    const { exitCode, printed, errors } = await tap({ source: "-" }, new TextEncoder().encode("nothing"));
    expect(exitCode).toBe(1);
    expect(printed.split("\n").length).toBe(2);
    expect(errors).toBe(
      "no connection of the protocol was found\nstandard input: at byte 0: it begins with 6e6f7468, as neither pcap nor pcapng does\n",
    );
  });
});

describe("nothing is tried, and it ends with 2, at", () => {
  it.each<[string, TapOptions, string]>([
    [
      "a server's own port",
      { source: "ws://127.0.0.1:1/?token=x" },
      "ws://127.0.0.1:1/ is where clients connect: name the server's studio",
    ],
    ["a port that is none", { source: "a", ports: [0] }, "ports: 0 is not an integer"],
    ["sessions of a file", { source: "a", sessions: ["1"] }, "sessions is of a server's studio, and a is a file"],
    ["secrets of a server", { source: "http://a", secrets: true }, "secrets is of a file of packets"],
    ["two sources of types", { source: "a", descriptors: "{}", reflection: "ws://b" }, "give one of them"],
    ["a server that is not there", { source: "http://127.0.0.1:1" }, "http://127.0.0.1:1 could not be reached: "],
    ["a file that cannot be written", { source: "a", out: "/dev/null/x" }, "/dev/null/x cannot be written: ENOTDIR"],
  ])("%s", async (_, options, message) => {
    const { exitCode, errors } = await tap(options);
    expect(exitCode).toBe(2);
    expect(errors).toContain(message);
  });
});

describe("a running server", () => {
  it("tells what it says and hears through its studio, to whoever has the token, until it is ended", async () => {
    const door = studio({ port: 0, token: "0123456789abcdef", descriptors: shopDescriptors });
    const { urls } = await openShop({ inspectors: [door] }, false);
    const source = door.url ?? "";
    expect(await tap({ source, token: "0123456789abcdee" })).toMatchObject({
      exitCode: 2,
      errors: expect.stringMatching(/answers 401/),
    });
    const stop = new AbortController();
    const stdout = new PassThrough();
    let printed = "";
    stdout.on("data", (text: Buffer) => {
      printed += text;
    });
    const stderr = new PassThrough();
    const running = runTap({
      source,
      token: "0123456789abcdef",
      signal: stop.signal,
      process: { stdin: new PassThrough(), stdout, stderr },
    });
    await until(() => printed.includes("\n"));
    // The first line is written when the feed has begun.
    await talk(urls.tcp);
    await until(() => printed.includes('"close"'));
    stop.abort();
    expect(await running).toBe(0);
    expect(messagesIn(printed).toSorted()).toEqual(said.toSorted());
    expect(printed).not.toMatch(/sesame/);
    expect(readCapture(printed).head).toMatchObject({
      source: door.url?.replace(/\/$/, ""),
      types: shopTypes.fingerprint,
    });
    const lines = readCapture(printed).lines.map(({ line }) => line);
    expect(lines).toContainEqual(
      expect.objectContaining({
        kind: "response",
        code: "ok",
        payload: { id: "1-tea" },
        durationMs: expect.any(Number),
      }),
    );
    expect(lines).toContainEqual(
      expect.objectContaining({
        kind: "response",
        code: "sold_out",
        error: expect.objectContaining({ message: expect.stringContaining("no gold") }),
      }),
    );
    expect(lines).toContainEqual(
      expect.objectContaining({ kind: "request", route: "Shop.SignIn", redacted: ["payload"] }),
    );
    expect(new Set(lines.map((line) => line.session)).size).toBe(1);
  });
});
