import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

interface Outcome {
  readonly code: number | null;
  readonly lines: readonly string[];
  readonly stderr: string;
}

/** Runs a program of dist/, as `npm run` does once it is built. */
function run(program: string, ...flags: readonly string[]): Promise<Outcome> {
  const file = fileURLToPath(new URL(`../../dist/examples/${program}`, import.meta.url));
  const child = spawn(process.execPath, [file, ...flags], { stdio: ["ignore", "pipe", "pipe"] });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  return new Promise((resolve) => {
    child.once("close", (code) => {
      const lines = stdout.split("\n").filter((line) => line !== "");
      resolve({ code, lines: lines.map((line) => line.trim()), stderr });
    });
  });
}

describe("npm run demo:cluster", () => {
  it.each([
    ["over gRPC", []],
    ["over NATS", ["--nats"]],
  ])("kills a room's node, and everybody goes on: %s", { timeout: 150_000 }, async (_, flags) => {
    const { code, lines, stderr } = await run("cluster/demo.js", ...flags);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const dead = lines.find((line) => line.startsWith("SIGKILL for "))?.slice("SIGKILL for ".length);
    const left = dead === "room-1" ? "room-2" : "room-1";
    expect(lines).toContain(`bob: ${dead} has it, and I came by another gate.`);
    expect(lines).toContain(`everybody is in the lobby again, at ${left}, and stayed connected`);
    expect(lines.at(-1)).toBe("ada: So is the topic: what happens when a node dies.");
  });

  it("tells what it takes", async () => {
    const { code, stderr } = await run("cluster/demo.js", "--redis");
    expect(code).toBe(1);
    expect(stderr).toContain("--redis is not --nats");
  });

  it("has nodes that say what they lack", async () => {
    const missing = await run("cluster/main.js", "--role", "room", "--id", "room-1");
    expect([missing.code, missing.stderr.split("\n")[0]]).toEqual([1, "one of --master, --join and --nats is missing"]);
    const wrong = await run("cluster/main.js", "--role", "lobby", "--id", "x", "--master", "0");
    expect([wrong.code, wrong.stderr.split("\n")[0]]).toEqual([1, "--role lobby is not gate, room or topic"]);
  });
});

describe("npm run demo:custom-route", () => {
  it("sends players to the nodes of their zone, and one to the finals", async () => {
    const { code, lines, stderr } = await run("custom-route/demo.js");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(lines.at(-1)).toBe('bob plays there, and his rounds came along: {"node":"finals-1","rounds":2}');
    expect(lines).toHaveLength(5);
  });
});

describe("npm run demo:tokens", () => {
  it("takes the right token, and says of every other why not", async () => {
    const { code, lines, stderr } = await run("tokens/demo.js");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    // The script compares each with what it should be.
    expect(lines).toHaveLength(12);
    expect(lines.at(-1)).toBe("lines of the log that show a token: [0,true]");
  });
});
