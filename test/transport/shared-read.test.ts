import type { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { readShared, type SharedSocket } from "../../runtime/transport/shared-read.js";
import { toHex } from "../protocol/hex.js";
import { turn, until } from "../support/wait.js";
import { notShared } from "./support/not-shared.js";
import { socketPair } from "./support/socket-pair.js";

function raise(): never {
  throw new Error("not implemented");
}

/** A socket that was accepted, and what came of it: by the array that all share, or as data. */
async function accepted(prepare: (server: SharedSocket) => void = () => {}) {
  const { client, server }: { client: Socket; server: SharedSocket } = await socketPair();
  prepare(server);
  const log: string[] = [];
  const arrays: Uint8Array[] = [];
  server.nanowireRead = (bytes, count) => {
    arrays.push(bytes);
    log.push(`read ${toHex(bytes.subarray(0, count))}`);
  };
  readShared(server);
  server.on("data", (chunk: Buffer) => log.push(`data ${toHex(chunk)}`));
  server.on("end", () => log.push("end"));
  server.on("close", () => log.push("close"));
  const send = async (...bytes: number[]): Promise<void> => {
    const all = server.bytesRead + bytes.length;
    client.write(Uint8Array.from(bytes));
    await until(() => server.bytesRead === all);
    await turn();
  };
  return { client, server, log, arrays, send };
}

describe("a socket that was accepted", () => {
  it("is read into the array that all share", async () => {
    const [one, two] = [await accepted(), await accepted()];
    await one.send(1, 2, 3);
    await two.send(4);
    await one.send(5);
    expect([one.log, two.log]).toEqual([["read 010203", "read 05"], ["read 04"]]);
    expect(new Set([...one.arrays, ...two.arrays]).size).toBe(1);
  });

  it("tells its end behind what came before it, and its breaking at once", async () => {
    const ended = await accepted();
    await ended.send(1);
    ended.client.end();
    await until(() => ended.log.includes("end"));
    expect(ended.log).toEqual(["read 01", "end"]);
    const broken = await accepted();
    broken.server.on("error", () => {});
    broken.client.resetAndDestroy();
    await until(() => broken.log.includes("close"));
    expect(broken.log).toEqual(["close"]);
  });

  it("goes on where it was after a pause, in which it notices that the client is gone", async () => {
    const { client, server, log, send } = await accepted();
    await send(1);
    server.pause();
    await send(2);
    await send(3);
    expect(log).toEqual(["read 01"]);
    server.resume();
    await until(() => log.length > 1);
    await send(4);
    expect(log.join()).toMatch(/^read 01,data 02,?(data )?03,read 04$/);
    server.pause();
    await send(5);
    server.on("error", () => {});
    client.resetAndDestroy();
    await until(() => server.destroyed);
  });

  it("keeps what comes in a pause, and nothing beside it", async () => {
    const { server, send } = await accepted();
    const kept: ArrayBufferLike[] = [];
    server.on("data", ({ buffer }: Buffer) => kept.push(buffer));
    server.pause();
    await send(1, 2);
    await send(3);
    server.resume();
    await until(() => server.readableLength === 0);
    expect(kept.map(({ byteLength }) => byteLength)).toEqual([2, 1]);
  });

  it("takes no more in a pause than a stream does", async () => {
    const { client, server, log } = await accepted();
    server.pause();
    const megabytes = Buffer.alloc(32 * 1024 * 1024, 7);
    client.write(megabytes);
    await until(() => server.readableLength >= server.readableHighWaterMark);
    for (let index = 0; index < 20; index++) {
      // Who goes on and stops again has looked at nothing, nor has who only asks for more.
      server.resume();
      server.pause();
      server.read(0);
      await turn();
    }
    expect(server.readableLength).toBeLessThanOrEqual(server.readableHighWaterMark + 64 * 1024);
    let bytes = 0;
    server.nanowireRead = (_bytes, count) => {
      bytes += count;
    };
    server.removeAllListeners("data").on("data", (chunk: Buffer) => {
      bytes += chunk.length;
    });
    server.resume();
    await until(() => bytes === megabytes.length);
    expect(log).toEqual([]);
  });

  it("hands on what was given back to it first", async () => {
    const { server, log, send } = await accepted((socket) => socket.unshift(Buffer.from([9, 8])));
    await send(1);
    expect(server.readableLength).toBe(0);
    expect(log).toEqual(["data 0908", "read 01"]);
  });
});

describe("a socket is read as a stream", () => {
  it.each<[string, (socket: Socket) => void, string[]]>([
    ["where Node knows no array of a user's", notShared, ["data 01"]],
    ["where it is not done, but raised", (socket) => notShared(socket, raise), ["data 01"]],
    ["where somebody listens to it", (socket) => void socket.on("data", () => {}), ["data 01"]],
  ])("%s", async (_where, prepare, expected) => {
    const { log, send } = await accepted(prepare);
    await send(1);
    expect(log).toEqual(expected);
  });
});
