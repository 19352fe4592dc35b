/** A file of an archive. */
export interface TarEntry {
  /** With forward slashes, relative. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

const blockBytes = 512;
const longestPlainName = 100;

/** Packs files into a tar archive (POSIX.1-2001 pax): names of any length and script, no owners, no times. */
export function packTar(entries: readonly TarEntry[]): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const entry of entries) {
    const name = new TextEncoder().encode(entry.name);
    if (name.length > longestPlainName || name.length !== entry.name.length) {
      // A name that the old header cannot hold goes before it, as a file of its own that says `path`.
      append(parts, "pax", "x", paxRecord("path", name));
      append(parts, "long", "0", entry.bytes);
    } else {
      append(parts, entry.name, "0", entry.bytes);
    }
  }
  parts.push(new Uint8Array(2 * blockBytes));
  return concat(parts);
}

function append(parts: Uint8Array[], name: string, type: "0" | "x", bytes: Uint8Array): void {
  const rest = bytes.length % blockBytes;
  parts.push(header(name, type, bytes.length), bytes);
  if (rest > 0) {
    parts.push(new Uint8Array(blockBytes - rest));
  }
}

/**
 *     | name 100 | mode 8 | uid 8 | gid 8 | size 12 | mtime 12 | checksum 8 | type 1 | link 100 | "ustar\0" 6 | "00" 2 | zeros |
 */
function header(name: string, type: "0" | "x", size: number): Uint8Array {
  const block = new Uint8Array(blockBytes);
  const put = (offset: number, text: string): void => {
    block.set(new TextEncoder().encode(text), offset);
  };
  put(0, name);
  put(100, "0000644\0");
  put(108, "0000000\0");
  put(116, "0000000\0");
  put(124, `${size.toString(8).padStart(11, "0")}\0`);
  put(136, "00000000000\0");
  put(148, "        "); // the checksum counts its own field as eight spaces
  put(156, type);
  put(257, "ustar\0");
  put(263, "00");
  const sum = block.reduce((total, byte) => total + byte, 0);
  put(148, `${sum.toString(8).padStart(6, "0")}\0 `);
  return block;
}

/** `<length> <key>=<value>\n`, where the length counts its own digits. */
function paxRecord(key: string, value: Uint8Array): Uint8Array {
  const rest = new TextEncoder().encode(` ${key}=`);
  const body = rest.length + value.length + 1;
  let length = body + String(body).length;
  length = body + String(length).length;
  return concat([new TextEncoder().encode(String(length)), rest, value, new TextEncoder().encode("\n")]);
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
