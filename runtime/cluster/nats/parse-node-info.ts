import type { NodeInfo } from "../node-info.js";

/**
 * Reads what a node says of itself. What is more than this version knows of stays in it.
 *
 * @param id whose it is to be
 * @returns undefined where it is no such thing
 */
export function parseNodeInfo(id: string, text: string): NodeInfo | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isNodeInfo(value) && value.id === id ? value : undefined;
}

function isNodeInfo(value: unknown): value is NodeInfo {
  return (
    isRecord(value) &&
    typeof value["id"] === "string" &&
    typeof value["incarnation"] === "string" &&
    Number.isSafeInteger(value["protocol"]) &&
    typeof value["gate"] === "boolean" &&
    typeof value["draining"] === "boolean" &&
    isListOf(value["services"], isHostedService) &&
    isListOf(value["remotes"], isHostedService) &&
    isRecordOfTexts(value["labels"])
  );
}

function isHostedService(value: unknown): boolean {
  return isRecord(value) && isText(value["name"]) && isRecordOfTexts(value["methods"]);
}

function isRecordOfTexts(value: unknown): boolean {
  return isRecord(value) && Object.values(value).every(isText);
}

function isListOf(value: unknown, is: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(is);
}

function isText(value: unknown): boolean {
  return typeof value === "string";
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
