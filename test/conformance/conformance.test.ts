import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { inflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { ServerOptions } from "../../runtime/server/options.js";
import { wireProfiles } from "../../runtime/server/profile.js";
import { concat, toHex } from "../protocol/hex.js";
import { openLink } from "../support/link.js";
import { startServer } from "../support/server.js";
import { Arrivals, defer, until } from "../support/wait.js";
import { type Conversation, parseConversation } from "./conversation.js";
import { echoComponent } from "./service.js";

const folder = fileURLToPath(new URL(".", import.meta.url));
const profiles = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
const conversations = profiles.flatMap(({ name }) =>
  readdirSync(`${folder}${name}`).map((file) => ({
    name: `${name}/${file}`,
    conversation: parseConversation(readFileSync(`${folder}${name}/${file}`, "utf8")),
  })),
);

it("every profile that ships has a conversation, which goes on to its end", () => {
  expect(profiles.map(({ name }) => name).sort()).toEqual(Object.keys(wireProfiles).sort());
  for (const { conversation } of conversations) {
    expect(conversation.steps.length).toBeGreaterThan(2);
    expect(conversation.steps.at(-1)?.kind).toBe("end");
  }
});

describe.each(["tcp", "ws"] as const)("over %s", (transport) => {
  it.each(conversations)("$name", async ({ conversation }) => {
    await hold(conversation, transport);
  });
});

async function hold({ options, steps }: Conversation, transport: "tcp" | "ws"): Promise<void> {
  const test = await startServer({
    components: [echoComponent()],
    heartbeatIntervalMs: 30_000,
    transport,
    ...(options as Partial<ServerOptions>),
  });
  const link = await openLink(test.transport);
  const packets = new Arrivals<Uint8Array>();
  const ended = defer();
  let stream: Uint8Array = new Uint8Array(0);
  link.start({
    received(bytes) {
      const found = split(concat(stream, bytes));
      stream = found.rest;
      for (const packet of found.packets) {
        packets.push(packet);
      }
    },
    ended() {
      packets.end(new Error("the server closed the connection"));
      ended.resolve();
    },
  });
  for (const step of steps) {
    if (step.kind === "send") {
      link.send(step.bytes);
    } else if (step.kind === "expect") {
      const { packets: expected, rest } = split(step.bytes);
      expect(toHex(rest), `line ${step.line} ends within a packet`).toBe("");
      for (const packet of expected) {
        expect(toHex(plain(await packets.next())), `line ${step.line}`).toBe(toHex(packet));
      }
    } else if (step.kind === "step") {
      // The client's ack, sent before, has to have come: heartbeats begin with it.
      await until(() => test.server.counters.sessions === 1);
      test.clock.step(step.milliseconds);
    } else {
      await ended.promise;
      expect(packets.length, `line ${step.line}: more came`).toBe(0);
      expect(toHex(stream)).toBe("");
    }
  }
}

/** The whole packets of a stream, and what is left of it. */
function split(stream: Uint8Array): { packets: Uint8Array[]; rest: Uint8Array } {
  const packets: Uint8Array[] = [];
  let start = 0;
  while (stream.length - start >= 4) {
    const end = start + 4 + (new DataView(stream.buffer, stream.byteOffset + start).getUint32(0) % 0x1000000);
    if (end > stream.length) {
      break;
    }
    packets.push(stream.slice(start, end));
    start = end;
  }
  return { packets, rest: stream.slice(start) };
}

/** The packet, with its zlib stream as the plainest one: see README.md. */
function plain(packet: Uint8Array): Uint8Array {
  const [type, , , , flag = 0] = packet;
  const body = packet.subarray(4);
  if (type === 1 && flag === 0x78) {
    return withBody(1, stored(inflateSync(body)));
  }
  if (type === 4 && (flag & 0x10) !== 0) {
    const start = payloadStart(body);
    return withBody(4, concat(body.subarray(0, start), stored(inflateSync(body.subarray(start)))));
  }
  return packet;
}

/** Of a response with an id below 128, or a push. */
function payloadStart(body: Uint8Array): number {
  const [flag = 0, length = 0] = body;
  if (((flag >> 1) & 7) === 2) {
    return 2;
  }
  return (flag & 1) === 1 ? 3 : 2 + length;
}

function withBody(type: number, body: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(type, body.length >> 16, (body.length >> 8) & 0xff, body.length & 0xff), body);
}

/** RFC 1950 and RFC 1951, 3.2.4. */
function stored(bytes: Uint8Array): Uint8Array {
  let low = 1;
  let high = 0;
  for (const byte of bytes) {
    low = (low + byte) % 65_521;
    high = (high + low) % 65_521;
  }
  const head = Buffer.from([0x78, 0x01, 0x01, 0, 0, 0, 0]);
  head.writeUInt16LE(bytes.length, 3);
  head.writeUInt16LE(0xffff - bytes.length, 5);
  const tail = Buffer.alloc(4);
  tail.writeUInt32BE(high * 0x10000 + low);
  return concat(head, bytes, tail);
}
