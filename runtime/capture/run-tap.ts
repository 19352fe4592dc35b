import { createReadStream, createWriteStream } from "node:fs";
import { basename } from "node:path";
import type { Readable, Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { assertOptions } from "../base/assert-options.js";
import { NanowireError } from "../base/error.js";
import type { Descriptors } from "../protocol/descriptors-file.js";
import { maxBodyBytes } from "../protocol/limits.js";
import { captureHead } from "./capture-head.js";
import type { CaptureLine } from "./capture-line.js";
import { type CaptureTypes, noTypes, readCaptureTypes } from "./capture-types.js";
import { LineOutput } from "./line-output.js";
import { openFeed } from "./read-feed.js";
import { readPcapLines } from "./read-pcap.js";
import { typesOfServer } from "./reflected-types.js";
import { routeMatcher } from "./route-pattern.js";

/** What `nanowire tap` is told. */
export interface TapOptions {
  /** A file of packets (pcap, pcapng), `-` for standard input, or the URL of a server's studio: `http://127.0.0.1:7350`. */
  readonly source: string;
  /** What messages are decoded with: what `nanowire generate --descriptors FILE` writes, or the bytes of a FileDescriptorSet. Default: what a studio tells; of a file, nothing. */
  readonly descriptors?: Descriptors;
  /** A server that is asked for them: `ws://…`. Default: none. */
  readonly reflection?: string;
  /** Of a file: the ports whose connections are looked at. Default: all. */
  readonly ports?: readonly number[];
  /** The routes whose messages are told, in which `*` stands for any characters. Default: all. */
  readonly routes?: readonly string[];
  /** Of a server: the sessions whose messages are told. Default: all. */
  readonly sessions?: readonly string[];
  /** Of a server: what its studio asks for. Default: nothing. */
  readonly token?: string;
  /** What is spoken where a server does not say: `protobuf` or `json`. Default: `protobuf`. */
  readonly serializer?: "protobuf" | "json";
  /** Whether handshake data, and fields that are marked `debug_redact`, are told. Default: false. */
  readonly secrets?: boolean;
  /** Whether heartbeats are told. Default: false. */
  readonly heartbeats?: boolean;
  /** A file for the lines. Default: standard output. */
  readonly out?: string;
  /** Ends it. Default: nothing does. */
  readonly signal?: AbortSignal;
  /** Where it reads and prints. Default: `process`. */
  readonly process?: CaptureProcess;
}

/** What is asked of `process`. */
export interface CaptureProcess {
  /** A file of packets, where the source is `-`. */
  readonly stdin: Readable;
  /** The lines, or a report. */
  readonly stdout: Writable;
  /** What people should know. */
  readonly stderr: Writable;
}

/**
 * What `nanowire tap` runs: tells what clients and servers say as lines of JSON. docs/capture.md tells of them.
 *
 * @returns the exit code: 0 when all was read, 1 when a file or a server broke off, 2 when nothing was tried
 */
export async function runTap(options: TapOptions): Promise<number> {
  const { stdin, stdout, stderr } = options.process ?? process;
  const note = (message: string) => void stderr.write(`${message}\n`);
  const signal = options.signal ?? new AbortController().signal;
  let lines: AsyncIterable<CaptureLine>;
  let types: CaptureTypes;
  let output: Writable;
  try {
    assertTapOptions(options);
    const told = await givenTypes(options, signal);
    const { source, routes = [], sessions = [], token } = options;
    if (isUrl(source)) {
      const feed = await openFeed({ url: source, token, routes, sessions, types: told, note, signal });
      ({ lines, types } = feed);
    } else {
      types = told ?? noTypes;
      lines = readPcapLines(chunksOf(source, stdin, signal), {
        name: source === "-" ? "standard input" : source,
        types,
        ports: options.ports ?? [],
        serializer: options.serializer ?? "protobuf",
        showsSecrets: options.secrets ?? false,
        showsHeartbeats: options.heartbeats ?? false,
        maxPacketBytes: maxBodyBytes,
        maxHeldBytes: mostHeldBytes,
        note,
      });
    }
    output = options.out === undefined ? stdout : await openFile(options.out);
  } catch (error) {
    if (!(error instanceof NanowireError)) {
      throw error;
    }
    note(error.message);
    return 2;
  }
  return await tell(lines, types, output, options, note);
}

async function tell(
  lines: AsyncIterable<CaptureLine>,
  types: CaptureTypes,
  stream: Writable,
  { source, routes = [], out, secrets = false }: TapOptions,
  note: (message: string) => void,
): Promise<number> {
  const output = new LineOutput(stream);
  const isWanted = routeMatcher(routes);
  let exitCode = 0;
  try {
    await output.write(captureHead(sourceName(source), types, secrets && !isUrl(source)));
    for await (const line of lines) {
      if (output.isClosed) {
        break;
      }
      if (!("route" in line) || line.route === undefined || isWanted(line.route)) {
        await output.write(line);
      }
    }
  } catch (error) {
    if (!(error instanceof NanowireError)) {
      throw error;
    }
    note(error.message);
    exitCode = 1;
  }
  if (out !== undefined && !output.isClosed) {
    stream.end();
    await finished(stream).catch(() => {});
  }
  if (output.fault !== undefined) {
    note(`${out ?? "standard output"} cannot be written: ${output.fault.message}`);
    return 1;
  }
  return exitCode;
}

/** @throws NanowireError `invalid_option` */
function assertTapOptions(options: TapOptions): void {
  assertOptions("", options, {
    source: "string",
    descriptors: "checked",
    reflection: "string",
    ports: "array",
    routes: "array",
    sessions: "array",
    token: "secret",
    serializer: "string",
    secrets: "boolean",
    heartbeats: "boolean",
    out: "string",
    signal: "object",
    process: "object",
  });
  const { source, ports = [], sessions = [], token, reflection, descriptors } = options;
  const wrongPort = ports.find((port) => !Number.isInteger(port) || port < 1 || port > 65_535);
  if (wrongPort !== undefined) {
    throw new NanowireError("invalid_option", `ports: ${wrongPort} is not an integer from 1 to 65535`);
  }
  if (/^(?:ws|wss|tcp|tls):/.test(source)) {
    const message = `${source.replace(/\?.*/s, "")} is where clients connect: name the server's studio, http://127.0.0.1:7350, or a file of packets`;
    throw new NanowireError("invalid_option", message);
  }
  const ofServer = sessions.length > 0 ? "sessions" : token === undefined ? undefined : "token";
  if (!isUrl(source) && ofServer !== undefined) {
    throw new NanowireError("invalid_option", `${ofServer} is of a server's studio, and ${source} is a file`);
  }
  const ofFile =
    ports.length > 0
      ? "ports"
      : options.secrets === true
        ? "secrets"
        : options.heartbeats === true
          ? "heartbeats"
          : undefined;
  if (isUrl(source) && ofFile !== undefined) {
    throw new NanowireError("invalid_option", `${ofFile} is of a file of packets: a studio does not tell that`);
  }
  if (reflection !== undefined && descriptors !== undefined) {
    throw new NanowireError("invalid_option", "descriptors and reflection both tell the types: give one of them");
  }
}

async function givenTypes(
  { descriptors, reflection }: TapOptions,
  signal: AbortSignal,
): Promise<CaptureTypes | undefined> {
  if (descriptors !== undefined) {
    return readCaptureTypes(descriptors);
  }
  return reflection === undefined ? undefined : await typesOfServer(reflection, undefined, signal);
}

async function* chunksOf(source: string, stdin: Readable, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const stream = source === "-" ? stdin : createReadStream(source);
  const stop = (): void => void stream.destroy();
  signal.addEventListener("abort", stop);
  try {
    yield* stream as AsyncIterable<Uint8Array>;
  } catch (error) {
    if (!signal.aborted) {
      const { code, message } = error as NodeJS.ErrnoException;
      throw new NanowireError("invalid_capture", `${source} cannot be read: ${code ?? message}`, { cause: error });
    }
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

async function openFile(path: string): Promise<Writable> {
  const stream = createWriteStream(path);
  await new Promise<void>((resolve, reject) => {
    stream.once("open", () => resolve());
    stream.once("error", (cause: NodeJS.ErrnoException) =>
      reject(new NanowireError("invalid_option", `${path} cannot be written: ${cause.code}`, { cause })),
    );
  });
  return stream;
}

function isUrl(source: string): boolean {
  return /^https?:\/\//.test(source);
}

/** A URL's user and query may be secret, and where a file lies is its owner's business. */
function sourceName(source: string): string {
  return isUrl(source) ? new URL(source).origin : source === "-" ? "standard input" : basename(source);
}

/** What is held of all connections together, at the most. */
const mostHeldBytes = 268_435_456;
