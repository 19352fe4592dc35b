import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { NatsOptions } from "nanowire/nats";
import { onTestFinished } from "vitest";
import { until } from "../../../support/wait.js";

/** A node in a process of its own. */
export interface NodeProcess {
  /** What it was told, a line each. */
  readonly lines: readonly string[];
  signal(name: NodeJS.Signals): void;
  /** Sends a frame. */
  send(to: string, text: string): void;
  /** Kills it without a word, and waits until it is gone. */
  kill(): Promise<void>;
  /** Lets it leave, and end by itself. */
  leave(): Promise<number | null>;
}

/** Starts a node, and waits until it is part of the cluster. It ends with the test. */
export async function startNode(program: string, id: string, url: string, options: NatsOptions): Promise<NodeProcess> {
  const child = spawn(process.execPath, [program, id, url, JSON.stringify(options)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines: string[] = [];
  const exit = once(child, "exit") as Promise<[number | null]>;
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL");
    await exit;
  };
  onTestFinished(kill);
  createInterface({ input: child.stdout }).on("line", (line) => lines.push(line));
  await until(() => lines.includes("in") || child.exitCode !== null);
  if (!lines.includes("in")) {
    throw new Error(`the node ${id} ended with ${child.exitCode}`);
  }
  return {
    lines,
    kill,
    signal: (name) => void child.kill(name),
    send: (to, text) => void child.stdin.write(`${to} ${text}\n`),
    leave: async () => {
      child.stdin.write("leave\n");
      const [code] = await exit;
      return code;
    },
  };
}
