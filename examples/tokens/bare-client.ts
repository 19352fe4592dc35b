import { WebSocket } from "ws";

/** What the server answers to a handshake, as far as it matters here. */
interface Answer {
  readonly code: number;
  readonly error?: string;
  readonly sys: { readonly resume?: { readonly token: string; readonly received?: number } };
}

/** A client that can do what ours never would: keep what its session is resumed by, and show it again. */
export interface BareClient {
  readonly answer: Answer;
  /** The connection breaks, as when a cable is cut: the session waits for its client. */
  cut(): void;
  /** Says that it goes for good, which ends its session. */
  leave(): Promise<void>;
}

/** Connects and shakes hands. A packet is its type, three bytes of length, and its body. */
export async function connectBare(url: string, token: string | undefined, secret?: string): Promise<BareClient> {
  const resume = secret === undefined ? {} : { resume: { token: secret, received: 0, forgotten: 0 } };
  const handshake = { sys: { type: "bare", version: "1", capabilities: ["resume"], ...resume }, user: { token } };
  const socket = new WebSocket(url);
  const answered = new Promise<Answer>((resolve, reject) => {
    socket.once("open", () => socket.send(packet(1, JSON.stringify(handshake))));
    socket.once("message", (bytes: Buffer) => resolve(JSON.parse(bytes.toString("utf8", headerBytes)) as Answer));
    socket.on("error", reject);
  });
  const answer = await answered;
  if (answer.code === 200) {
    socket.send(packet(2));
  }
  return {
    answer,
    cut: () => socket.terminate(),
    leave() {
      const closed = new Promise<void>((resolve) => void socket.once("close", () => resolve()));
      socket.send(packet(6, '{"leave":true}'));
      socket.close();
      return closed;
    },
  };
}

function packet(type: number, text = ""): Uint8Array {
  const body = Buffer.from(text);
  return Buffer.concat([Buffer.from([type, body.length >>> 16, body.length >>> 8, body.length]), body]);
}

const headerBytes = 4;
