import { describe, expect, test } from "vitest";
import { Project } from "./support/project.js";

describe("before anything is tried", () => {
  test.each<[string, string[], string]>([
    ["no source", ["tap"], "name a file of packets, or the URL of a server's studio"],
    ["two sources", ["tap", "a.pcap", "b.pcap"], "nanowire tap takes one argument: b.pcap is one too many"],
    [
      "a port that is none",
      ["tap", "-", "--port", "80", "--port", "http"],
      "--port cannot be http: write a number from 1",
    ],
    ["a flag that there is not", ["tap", "a", "--ports=1"], "there is no flag --ports; did you mean --port or"],
    [
      "two sources of types",
      ["tap", "a", "--proto", "p", "--descriptors", "d"],
      "--proto and --descriptors both tell the types",
    ],
    ["no capture", ["replay", "--url", "ws://a"], "name a capture, as nanowire tap writes it"],
    ["no server", ["replay", "a.jsonl"], "--url names the server"],
    [
      "a speed that is none",
      ["replay", "a", "--url", "ws://a", "--speed", "fast"],
      "--speed cannot be fast: write max, or a number",
    ],
    ["a user that is no JSON", ["replay", "a", "--url", "ws://a", "--user", "{"], "--user is no JSON: "],
    [
      "a time that is none",
      ["replay", "a", "--url", "ws://a", "--timeout", "5s"],
      "--timeout cannot be 5s: write milliseconds",
    ],
  ])("ends with 2 at %s", async (_, args, message) => {
    const { exitCode, printed, errors } = await new Project().run(...args);
    expect({ exitCode, printed }).toEqual({ exitCode: 2, printed: [] });
    expect(errors).toEqual([expect.stringContaining(message)]);
  });

  test.each(["tap", "replay", "dissector"])("nanowire %s tells of itself", async (command) => {
    const { exitCode, printed } = await new Project().run(command, "--help");
    expect(exitCode).toBe(0);
    expect(printed.join("\n")).toContain(`nanowire ${command}`);
  });
});
