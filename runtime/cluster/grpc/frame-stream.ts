import type { ClientDuplexStream, ServerDuplexStream } from "@grpc/grpc-js";

/** Who is told of what comes on a stream of frames. */
export interface FrameReader {
  frame(frame: Uint8Array): void;
  /** It takes frames again. */
  drained(): void;
  /** No more frames come, and none can be written. Told once. */
  closed(reason: unknown): void;
}

/** One end of the stream of a pair of nodes: the same for the one that opened it and the other. */
export class FrameStream {
  readonly #stream: ClientDuplexStream<Uint8Array, Uint8Array> | ServerDuplexStream<Uint8Array, Uint8Array>;
  #reader: FrameReader | undefined;
  #isEnded = false;

  constructor(
    stream: ClientDuplexStream<Uint8Array, Uint8Array> | ServerDuplexStream<Uint8Array, Uint8Array>,
    reader: FrameReader,
  ) {
    this.#stream = stream;
    this.#reader = reader;
    stream.on("data", (frame: Uint8Array) => this.#reader?.frame(frame));
    stream.on("drain", () => this.#reader?.drained());
    stream.on("end", () => this.#closed("the other side ended it"));
    stream.on("error", (error: unknown) => this.#closed(error));
    stream.on("cancelled", () => this.#closed("the connection broke"));
    stream.on("close", () => this.#closed("the connection broke"));
  }

  /** @returns whether more may be written; if not, `drained` is told */
  write(frame: Uint8Array): boolean {
    return this.#isEnded || this.#stream.write(frame);
  }

  /** Nothing more is written. What was, goes out; what the other side still writes is read, and then it is closed. */
  end(): void {
    if (!this.#isEnded) {
      this.#isEnded = true;
      this.#stream.end();
    }
  }

  /** Nothing more is written or read. Nobody is told. */
  abort(): void {
    this.#reader = undefined;
    this.#isEnded = true;
    if ("cancel" in this.#stream) {
      this.#stream.cancel();
    } else {
      // What it answers is told by its status.
      this.#stream.end();
    }
  }

  #closed(reason: unknown): void {
    const reader = this.#reader;
    this.#reader = undefined;
    this.end();
    reader?.closed(reason);
  }
}
