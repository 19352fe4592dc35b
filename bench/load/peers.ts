/*
 * How clients of other servers begin, and what they answer to what is not an answer. Each from the protocol's own
 * description, or from what its client was seen to do.
 */

import type { OtherFrame } from "./frame-answers.js";

/** Other servers that the load generator speaks to, over WebSocket. */
export type PeerFormat = "socket.io" | "colyseus";

/** What a client of theirs can do. */
export interface PeerClient {
  /** Writes a frame. `first`: FIN and opcode. */
  send(payload: Uint8Array, first: number): void;
  opened(): void;
  heartbeat(): void;
}

export const textFrame = 0x81;
export const binaryFrame = 0x82;
const pingFrame = 0x89;
const pongFrame = 0x8a;

/** Which path is asked for in the upgrade of a server that has one for all clients. */
export const socketIoPath = "/socket.io/?EIO=4&transport=websocket";

/** What a client does about a frame that is no answer, by the server's kind. */
export const answerPeer: Readonly<Record<PeerFormat, (client: PeerClient, frame: OtherFrame) => void>> = {
  "socket.io": (client, frame) => {
    const text = Buffer.from(frame.payload).toString();
    const send = (answer: string): void => client.send(new TextEncoder().encode(answer), textFrame);
    if (text.startsWith("0{")) {
      send("40");
    } else if (text.startsWith("40{")) {
      client.opened();
    } else if (text === "2") {
      send("3");
      client.heartbeat();
    } else {
      throw new Error(`socket.io sent ${text}`);
    }
  },
  colyseus: (client, { first, payload }) => {
    const joinRoom = 10;
    if (first === pingFrame) {
      client.send(payload, pongFrame);
      client.heartbeat();
    } else if (payload[0] === joinRoom) {
      client.send(Uint8Array.of(joinRoom), binaryFrame);
      client.opened();
    } else {
      throw new Error(`Colyseus sent ${Buffer.from(payload).toString("hex")}`);
    }
  },
};

/** Takes seats in Colyseus's room `echo`, and returns the paths to connect to. */
export async function takeSeats(port: number, count: number): Promise<string[]> {
  const paths: string[] = [];
  for (let seat = 0; seat < count; seat++) {
    const answer = await fetch(`http://127.0.0.1:${port}/matchmake/joinOrCreate/echo`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{}",
    });
    const text = await answer.text();
    const { room, sessionId } = JSON.parse(text) as {
      room?: { processId: string; roomId: string };
      sessionId?: string;
    };
    if (room === undefined || sessionId === undefined) {
      throw new Error(`Colyseus gave no seat: ${text}`);
    }
    paths.push(`/${room.processId}/${room.roomId}?sessionId=${sessionId}`);
  }
  return paths;
}
