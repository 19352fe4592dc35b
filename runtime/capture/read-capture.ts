import { type CaptureHead, type CaptureLine, captureVersion, timeOf } from "./capture-line.js";
import { captureFault } from "./fault.js";

/** A capture: its first line, and the others, each with its number in the file. */
export interface Capture {
  /** What errors and reports call it. */
  readonly name: string;
  /** Its first line. */
  readonly head: CaptureHead;
  /** The others. */
  readonly lines: readonly NumberedLine[];
}

/** A line, and where it stands. */
export interface NumberedLine {
  /** Counted from 1; the first line of a capture is its head. */
  readonly number: number;
  /** What it says. */
  readonly line: CaptureLine;
}

/**
 * Reads a capture, as `nanowire tap` writes it. Lines of kinds that are not known are left out.
 *
 * @param text what is in the file
 * @param name what errors and reports call it. Default: `capture.jsonl`
 * @throws NanowireError `invalid_capture`, with the line
 */
export function readCapture(text: string, name = "capture.jsonl"): Capture {
  const [first = "", ...rest] = text.split("\n");
  const head = parse(first, name, 1);
  if (head["nanowire"] !== "capture" || typeof head["source"] !== "string") {
    throw captureFault(`${name}:1: it is no capture: its first line is not what nanowire tap writes`);
  }
  if (head["version"] !== captureVersion) {
    const message = `${name}:1: it is a capture of version ${head["version"]}, and this program reads version ${captureVersion}`;
    throw captureFault(message);
  }
  const lines = rest.flatMap((line, index): NumberedLine[] => {
    const number = index + 2;
    if (line.trim() === "") {
      return [];
    }
    const value = parse(line, name, number);
    const { kind } = value;
    const members = typeof kind === "string" && Object.hasOwn(membersOf, kind) ? membersOf[kind] : undefined;
    if (members === undefined) {
      return [];
    }
    for (const [member, fits] of Object.entries({ ...everywhere, ...members })) {
      if (!fits(value[member])) {
        throw captureFault(`${name}:${number}: its ${member} cannot be ${JSON.stringify(value[member])}`);
      }
    }
    return [{ number, line: value as unknown as CaptureLine }];
  });
  return { name, head: head as unknown as CaptureHead, lines };
}

function parse(line: string, name: string, number: number): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // What a parser says shows some of the text.
    throw captureFault(`${name}:${number}: it is no JSON`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw captureFault(`${name}:${number}: it is no JSON object`);
  }
  return value as Readonly<Record<string, unknown>>;
}

type Fits = (value: unknown) => boolean;

const isText: Fits = (value) => typeof value === "string";
const isObject: Fits = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const isId: Fits = (value) => isText(value) || (Number.isSafeInteger(value) && (value as number) > 0);
const isDirection: Fits = (value) => value === "in" || value === "out";
const isBytes: Fits = (value) => value === undefined || /^0x(?:[0-9a-f]{2})*$/i.test(String(value));
const isPaths: Fits = (value) => value === undefined || (Array.isArray(value) && value.every(isText));

/** What every line has. */
const everywhere: Readonly<Record<string, Fits>> = {
  time: (value) => isText(value) && !Number.isNaN(timeOf(value as string)),
  connection: (value) => Number.isSafeInteger(value) && (value as number) >= 0,
};

/** What those of a kind have besides, as far as it matters to whoever replays them. */
const membersOf: Readonly<Record<string, Readonly<Record<string, Fits>>>> = {
  open: {},
  handshake: { direction: isDirection, sys: isObject, redacted: isPaths },
  request: { id: isId, route: isText, bytes: isBytes, redacted: isPaths },
  notify: { route: isText, bytes: isBytes, redacted: isPaths },
  response: { id: isId, code: isText, bytes: isBytes, redacted: isPaths },
  push: { route: isText, bytes: isBytes, redacted: isPaths },
  kick: { reason: isText },
  heartbeat: { direction: isDirection },
  system: { direction: isDirection, message: isText },
  gap: { direction: isDirection },
  fault: { message: isText },
  lost: {},
  close: { by: (value) => value === "client" || value === "server" || value === "nobody" },
};
