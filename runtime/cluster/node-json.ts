import { NanowireError } from "../base/error.js";
import type { HostedService, NodeInfo } from "./node-info.js";

/** What a node says of itself, as it travels. */
export function encodeNode(node: NodeInfo): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(node));
}

/**
 * Reads what a node says of itself. What is more than this version knows of stays in it.
 *
 * @throws NanowireError `cluster_failed` when it is none
 */
export function decodeNode(bytes: Uint8Array): NodeInfo {
  if (bytes.length > mostNodeBytes) {
    throw notNode(`${bytes.length} bytes are more than ${mostNodeBytes}`);
  }
  try {
    return parseNode(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw error instanceof NanowireError ? error : notNode("no UTF-8", error);
  }
}

/**
 * Reads it where it is a text.
 *
 * @throws NanowireError `cluster_failed` when it is none
 */
export function parseNode(text: string): NodeInfo {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw notNode("no JSON", error);
  }
  const node = recordOf(value, "the whole");
  const { id } = node;
  if (typeof id !== "string" || !isNodeId(id)) {
    throw notNode(`id ${shown(id)}`);
  }
  return {
    ...node,
    id,
    incarnation: textOf(node, "incarnation"),
    protocol: integerOf(node, "protocol"),
    gate: booleanOf(node, "gate"),
    services: listOf(node, "services").map(serviceOf),
    remotes: listOf(node, "remotes").map(serviceOf),
    draining: booleanOf(node, "draining"),
    labels: textRecordOf(node, "labels"),
  };
}

/** Whether a node may be called that: 1 to 64 letters, digits, `-`, `_`. */
export function isNodeId(id: string): boolean {
  return /^[\w-]{1,64}$/.test(id);
}

/** What a node may say of itself. */
export const mostNodeBytes = 1_048_576;

function serviceOf(value: unknown): HostedService {
  const service = recordOf(value, "a service");
  return { name: textOf(service, "name"), methods: textRecordOf(service, "methods") };
}

function recordOf(value: unknown, name: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw notNode(`${name} ${shown(value)}`);
  }
  return value as Readonly<Record<string, unknown>>;
}

function textOf(from: Readonly<Record<string, unknown>>, name: string): string {
  const value = from[name];
  if (typeof value !== "string") {
    throw notNode(`${name} ${shown(value)}`);
  }
  return value;
}

function integerOf(from: Readonly<Record<string, unknown>>, name: string): number {
  const value = from[name];
  if (!Number.isSafeInteger(value)) {
    throw notNode(`${name} ${shown(value)}`);
  }
  return value as number;
}

function booleanOf(from: Readonly<Record<string, unknown>>, name: string): boolean {
  const value = from[name];
  if (typeof value !== "boolean") {
    throw notNode(`${name} ${shown(value)}`);
  }
  return value;
}

function listOf(from: Readonly<Record<string, unknown>>, name: string): readonly unknown[] {
  const value = from[name];
  if (!Array.isArray(value)) {
    throw notNode(`${name} ${shown(value)}`);
  }
  return value;
}

function textRecordOf(from: Readonly<Record<string, unknown>>, name: string): Readonly<Record<string, string>> {
  const entries = Object.entries(recordOf(from[name], name));
  if (!entries.every((entry): entry is [string, string] => typeof entry[1] === "string")) {
    throw notNode(`${name} has what is no text`);
  }
  return Object.fromEntries(entries);
}

function shown(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value.slice(0, 64)) : `of type ${typeof value}`;
}

function notNode(what: string, cause?: unknown): NanowireError {
  return new NanowireError("cluster_failed", `what a node says of itself cannot be read: ${what}`, { cause });
}
