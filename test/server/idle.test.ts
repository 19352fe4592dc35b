import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect as connectRaw, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { handshakeOk } from "../../runtime/protocol/handshake.js";
import { encodePacket } from "../../runtime/protocol/packet.js";
import * as packetType from "../../runtime/protocol/packet-type.js";
import { encodeJson } from "../../runtime/protocol/utf8.js";
import { bundledProgram } from "../support/bundled-program.js";
import { request } from "../support/client.js";
import type { HeapCount, IdleServer } from "./support/idle-program.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const program = bundledProgram("test/server/support/idle-program.ts");
const children: ChildProcess[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) {
    child.disconnect();
    await once(child, "exit");
  }
});

/** So many are there before what one more takes is counted: what all share has been made. */
const settled = 60;
const counted = 200;

const handshake = encodePacket(
  packetType.handshake,
  encodeJson({ sys: { type: "nanowire", version: "1.0.0", serializer: "protobuf" } }),
);
const ack = encodePacket(packetType.handshakeAck);
const question = request(1, "Echo.Say", "hello");

async function openTcp(port: number, shakesHands: boolean): Promise<Socket> {
  const socket = connectRaw(port, "127.0.0.1");
  await once(socket, "connect");
  if (shakesHands) {
    socket.write(handshake);
    const [answer] = (await once(socket, "data")) as [Buffer];
    expect(answer.toString()).toContain(`"code":${handshakeOk}`);
    socket.write(ack);
    // The first heartbeat: the session is there.
    await once(socket, "data");
    socket.write(question);
    await once(socket, "data");
  }
  return socket.on("data", () => {});
}

async function openWs(port: number, shakesHands: boolean): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
  await once(socket, "open");
  if (shakesHands) {
    socket.send(handshake);
    const [answer] = (await once(socket, "message")) as [Buffer];
    expect(answer.toString()).toContain(`"code":${handshakeOk}`);
    socket.send(ack);
    await once(socket, "message");
    socket.send(question);
    await once(socket, "message");
  }
  return socket;
}

/** What one connection has on the heap of its server, some time after it has asked something, where it is a session. Only that of which each has one or more: the tables of all grow by leaps. */
async function heldByOne(kind: IdleServer): Promise<HeapCount> {
  const child = fork(program, [kind], { execArgv: ["--expose-gc"], serialization: "advanced" });
  children.push(child);
  const [port] = (await once(child, "message")) as [number];
  const isWs = kind.endsWith("ws");
  const open = async (count: number): Promise<HeapCount> => {
    for (let opened = 0; opened < count; opened += 20) {
      await Promise.all(Array.from({ length: 20 }, () => (isWs ? openWs : openTcp)(port, !kind.startsWith("bare"))));
    }
    child.send("count");
    const [heap] = (await once(child, "message")) as [HeapCount];
    return heap;
  };
  const before = await open(settled);
  const after = await open(counted);
  const each = Object.entries(after).map(([what, { count, bytes }]) => {
    const { count: countBefore, bytes: bytesBefore } = before[what] ?? { count: 0, bytes: 0 };
    return [
      what,
      { count: Math.round((count - countBefore) / counted), bytes: (bytes - bytesBefore) / counted },
    ] as const;
  });
  return Object.fromEntries(each.filter(([what, { count }]) => count > 0 && !isOfTheEngine.test(what)));
}

/** V8's own: code, and the shapes of objects. */
const isOfTheEngine = /^(code|hidden|object shape|synthetic|system)/;

/** What a session has that a bare connection has not. That ws has fewer closures of ours than of a bare server's is no merit. */
async function heldBySession(transport: "tcp" | "ws"): Promise<HeapCount> {
  const bare = await heldByOne(`bare ${transport}`);
  const ours = await heldByOne(transport);
  const more = Object.entries(ours).map(([what, { count, bytes }]) => {
    const { count: bareCount, bytes: bareBytes } = bare[what] ?? { count: 0, bytes: 0 };
    return [what.replace(/^_/, ""), { count: count - bareCount, bytes: Math.round(bytes - bareBytes) }] as const;
  });
  return Object.fromEntries(more.filter(([, { count }]) => count > 0));
}

/** The table of docs/memory.md: | what | over TCP | over WebSocket | bytes each | … */
function documented(transport: "tcp" | "ws"): HeapCount {
  const page = readFileSync(`${root}docs/memory.md`, "utf8");
  const rows = [...page.matchAll(/^\| `(\w+)` \| (\d) \| (\d) \| (\d+) \|/gm)].map(
    ([, what = "", overTcp, overWs, bytes]) => {
      const count = Number(transport === "tcp" ? overTcp : overWs);
      return [what, { count, bytes: count * Number(bytes) }] as const;
    },
  );
  return Object.fromEntries(rows.filter(([, { count }]) => count > 0));
}

function countsOf(heap: HeapCount): Record<string, number> {
  return Object.fromEntries(Object.entries(heap).map(([what, { count }]) => [what, count]));
}

function bytesOf(heap: HeapCount): number {
  return Object.values(heap).reduce((sum, { bytes }) => sum + bytes, 0);
}

describe("what an idle session holds that a bare connection does not", () => {
  it.each(["tcp", "ws"] as const)(
    "over %s is what docs/memory.md says, object by object",
    {
      timeout: 60_000,
    },
    async (transport) => {
      const told = documented(transport);
      const held = await heldBySession(transport);
      expect(countsOf(held)).toEqual(countsOf(told));
      // Versions of V8 differ by a word here and there.
      expect(bytesOf(held)).toBeLessThan(bytesOf(told) * 1.1);
    },
  );
});
