import cluster from "node:cluster";

/** What a process of {@link up} is. */
export interface UpWorker {
  /** Its role's name: `gate`. */
  readonly role: string;
  /** Its number among those of its role, from 1. No other that lives has it; while they are rolled there is one more than there are instances. */
  readonly instance: number;
  /** What it is called, `gate-1`: for `cluster: { id: node }` and for logs. */
  readonly node: string;
}

/** What this process is to the `nanowire up` that started it; undefined where nobody did. */
export function upWorker(): UpWorker | undefined {
  // A process that a worker starts has its environment, and is none.
  if (!cluster.isWorker || process.env[variables.up] === undefined) {
    return undefined;
  }
  const { [variables.role]: role = "", [variables.node]: node = "", [variables.instance]: instance } = process.env;
  return { role, instance: Number(instance), node };
}

/**
 * Tells `nanowire up` that this process is ready: for a program without a server of ours. A server that has started tells it by itself. Where no `up` has started the
 * process it does nothing.
 */
export function reportReady(): void {
  if (upWorker() !== undefined && process.connected) {
    process.send?.(readyMessage);
    // From here on it lives as it would by itself: until nothing is left to do. The channel would keep it for ever.
    process.channel?.unref();
  }
}

/** What a worker says when it is ready. */
export const readyMessage = { nanowire: "ready" } as const;

/** Whether a worker's message says that it is ready. */
export function isReadyMessage(message: unknown): boolean {
  return (Object(message) as { readonly nanowire?: unknown }).nanowire === readyMessage.nanowire;
}

/** What a process is told in its environment. */
export const variables = {
  up: "NANOWIRE_UP",
  role: "NANOWIRE_ROLE",
  instance: "NANOWIRE_INSTANCE",
  node: "NANOWIRE_NODE",
} as const;
