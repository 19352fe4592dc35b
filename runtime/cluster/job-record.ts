import type { Job } from "./job-queue.js";
import { bytes, type MessageCodec, message, nestedList, text, uint32, uint64 } from "./message-fields.js";

/** A job as it is kept, and read by whichever version of Nanowire takes it: a message of proto3, drawn in docs/cluster-protocol.md. */
interface JobRecord {
  readonly id: string;
  readonly service: string;
  readonly route: string;
  readonly payload: Uint8Array;
  readonly metadata: readonly MetadataEntry[];
  readonly enqueuedBy: string;
  readonly enqueuedAtMs: bigint;
  readonly maxAttempts: number;
  readonly context: readonly MetadataEntry[];
}

interface MetadataEntry {
  readonly key: string;
  readonly value: string;
}

const metadataEntry: MessageCodec<MetadataEntry> = message({ key: text(1), value: text(2) });

const jobRecord: MessageCodec<JobRecord> = message({
  id: text(1),
  service: text(2),
  route: text(3),
  payload: bytes(4),
  metadata: nestedList(5, metadataEntry),
  enqueuedBy: text(6),
  enqueuedAtMs: uint64(7),
  maxAttempts: uint32(8),
  context: nestedList(9, metadataEntry),
});

/** Writes a job. */
export function encodeJob(job: Job): Uint8Array {
  return jobRecord.encode({
    ...job,
    metadata: entriesOf(job.metadata),
    context: entriesOf(job.context ?? {}),
    enqueuedAtMs: BigInt(job.enqueuedAtMs),
  });
}

/** Reads a job, whose payload is a copy; undefined for bytes that are none: anybody who may write to the queue can have written them. */
export function decodeJob(record: Uint8Array): Job | undefined {
  try {
    const { metadata, context, payload, enqueuedAtMs, ...job } = jobRecord.decode(record);
    return {
      ...job,
      payload: new Uint8Array(payload),
      metadata: recordOf(metadata),
      enqueuedAtMs: Number(enqueuedAtMs),
      ...(context.length === 0 ? {} : { context: recordOf(context) }),
    };
  } catch {
    return undefined;
  }
}

function entriesOf(record: Readonly<Record<string, string>>): MetadataEntry[] {
  return Object.entries(record).map(([key, value]) => ({ key, value }));
}

function recordOf(entries: readonly MetadataEntry[]): Record<string, string> {
  return Object.fromEntries(entries.map(({ key, value }) => [key, value]));
}
