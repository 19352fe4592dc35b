import { NanowireError } from "../base/error.js";
import type { ClientConnection } from "../client/client-connection.js";
import { dialNode, nodeSchemes } from "../client/dial-node.js";
import { parseDialUrl, showUrl } from "../client/dial-url.js";
import { type ClientSerializer, connect } from "../client/index.js";
import type { ClientMethod } from "../client/method.js";
import { decodeErrorPayload } from "../protocol/error-payload.js";
import { maxBodyBytes } from "../protocol/limits.js";
import { jsonSerializer, protobufSerializer } from "../protocol/serializer.js";
import { bytesCodec } from "./bytes-codec.js";
import { encodeJsonPayload, type PayloadForm, showPayload } from "./message-json.js";
import { ProtocolBook } from "./protocol-book.js";
import { PushPost } from "./push-post.js";
import { readReflection } from "./read-reflection.js";
import type { Screen } from "./screen.js";
import { wiretap } from "./wiretap.js";

/** What is spoken on the wire. */
export type ReplSerializer = "protobuf" | "json";

/** With whom, and how. */
export interface ConversationOptions {
  /** Where to connect to; undefined until somebody says. */
  readonly url: string | undefined;
  /** What is known of the protocol; undefined: the server is asked. */
  readonly book: ProtocolBook | undefined;
  /** What is asked for. */
  readonly serializer: ReplSerializer;
  /** How long to wait for a connection, an answer, a push. */
  readonly timeoutMs: number;
  /** What the handshake tells the application on the server; undefined for nothing. */
  readonly user: unknown;
  /** The issuers of certificates that are trusted. */
  readonly ca: Uint8Array | undefined;
}

/** A connection to a server, one after another, and what is known of it. */
export class Conversation {
  /** What the handshake tells the application on the server, the next one. */
  user: unknown;
  /** What the server answered to the handshake, the last one; undefined before. */
  handshake: unknown;
  /** Its pushes. */
  readonly pushes: PushPost;
  readonly #options: ConversationOptions;
  readonly #screen: Screen;
  #url: string | undefined;
  #book: ProtocolBook;
  #connection: ClientConnection | undefined;
  /** Why there is none. */
  #lostBy: NanowireError | undefined;

  constructor(options: ConversationOptions, screen: Screen) {
    this.user = options.user;
    this.#options = options;
    this.#screen = screen;
    this.#url = options.url;
    this.#book = options.book ?? new ProtocolBook();
    this.pushes = new PushPost(screen, (route) => this.#formOf(route, "request"), options.timeoutMs);
  }

  /** What is known of what the server speaks. */
  get book(): ProtocolBook {
    return this.#book;
  }

  /** The routes of the dictionary that the server sent, and their codes. */
  get dictionary(): ReadonlyMap<string, unknown> {
    return new Map(Object.entries(Object(this.#sys["dict"])));
  }

  /** Where it is, as may be shown; undefined when it is nowhere. */
  get #place(): string | undefined {
    return this.#connection === undefined || this.#url === undefined
      ? undefined
      : showUrl(new URL(this.#url)).replace(/\/$/, "");
  }

  /**
   * Connects, to where it was before when no url is given, and asks the server what it speaks where nobody has said. A connection that there is is
   * closed before.
   *
   * @throws NanowireError as `connect` does; `invalid_command` when there is no url
   */
  async connect(signal: AbortSignal, url: string | undefined = this.#url): Promise<void> {
    if (url === undefined) {
      throw new NanowireError("invalid_command", "no server is named: connect ws://127.0.0.1:3250");
    }
    const { timeoutMs, ca, serializer } = this.#options;
    const wire = { maxPacketBytes: maxBodyBytes, ...(ca === undefined ? {} : { ca }) };
    const dial = dialNode(parseDialUrl(url, nodeSchemes), wire);
    this.disconnect();
    this.#url = url;
    this.handshake = undefined;
    const tapped = wiretap(dial, maxBodyBytes, {
      handshake: (answer) => {
        this.handshake = answer;
      },
      push: (route) => this.pushes.expect(route),
    });
    const connection = await connect(tapped, {
      ...wire,
      serializers: serializer === "json" ? [asJson, asProtobuf] : [asProtobuf, asJson],
      requestTimeoutMs: timeoutMs,
      connectTimeoutMs: timeoutMs,
      signal,
      ...(this.user === undefined ? {} : { user: this.user }),
    });
    this.#connection = connection;
    this.pushes.open(connection);
    connection.onClose((reason) => this.#closed(connection, reason));
    this.#screen.note(`connected to ${this.#place}: ${this.#serializer} is spoken`);
    await this.#ask(connection, signal);
  }

  /** Closes the connection, if there is one. */
  disconnect(): void {
    const connection = this.#connection;
    if (connection !== undefined) {
      this.#leave(new NanowireError("closed", "it was closed"));
      connection.close();
    }
  }

  /**
   * Calls a route. @returns the answer, as lines
   *
   * @throws NanowireError the server's own, or as a client's `request` does
   */
  async request(route: string, text: string, signal: AbortSignal): Promise<readonly string[]> {
    const connection = this.#connected();
    this.#book.assertKind(route, "request");
    const payload = encodeJsonPayload(route, text, this.#formOf(route, "request"));
    const answer = await connection.request(methodOf(route), payload, { signal });
    return showPayload(answer, this.#formOf(route, "response"), this.#screen.width);
  }

  /**
   * Sends what is not answered.
   *
   * @throws NanowireError as a client's `notify` does
   */
  notify(route: string, text: string): void {
    const connection = this.#connected();
    this.#book.assertKind(route, "notify");
    const payload = encodeJsonPayload(route, text, this.#formOf(route, "request"));
    connection.notify(methodOf(route) as ClientMethod<Uint8Array, never>, payload);
  }

  get #sys(): Readonly<Record<string, unknown>> {
    return Object(Object(this.handshake).sys) as Readonly<Record<string, unknown>>;
  }

  /** What was agreed upon; the client has seen to it that it is one of the two. */
  get #serializer(): string {
    const { serializer = this.#options.serializer } = this.#sys;
    return typeof serializer === "string" ? serializer : this.#options.serializer;
  }

  #formOf(route: string, side: "request" | "response"): PayloadForm {
    return { book: this.#book, type: this.#book.find(route)?.[side], serializer: this.#serializer };
  }

  #connected(): ClientConnection {
    if (this.#connection === undefined) {
      const why = this.#lostBy === undefined ? "" : ` (${this.#lostBy.message})`;
      throw new NanowireError("invalid_command", `there is no connection${why}: connect`);
    }
    return this.#connection;
  }

  /** Asks the server what it speaks. Others than ours have no such service, and some never answer what they do not know. */
  async #ask(connection: ClientConnection, signal: AbortSignal): Promise<void> {
    if (this.#options.book !== undefined) {
      return;
    }
    const before = this.#book;
    this.#book = new ProtocolBook().takeDeclared(before);
    if (!Array.isArray(this.#sys["capabilities"])) {
      return;
    }
    try {
      const descriptors = await readReflection(connection, this.#serializer, signal);
      if (descriptors === undefined) {
        this.#screen.note(
          "the server does not tell what it speaks: types are known with --proto or --descriptors alone",
        );
      } else {
        this.#book = ProtocolBook.of(descriptors).takeDeclared(before);
      }
    } catch (error) {
      this.#screen.complain(`what the server speaks is not known: ${error instanceof Error ? error.message : error}`);
    }
  }

  #closed(connection: ClientConnection, reason: NanowireError): void {
    if (this.#connection === connection) {
      this.#leave(reason);
      this.#screen.complain(`the connection is closed: ${reason.message}`);
    }
  }

  #leave(reason: NanowireError): void {
    this.#connection = undefined;
    this.#lostBy = reason;
    this.pushes.close(reason);
  }
}

/** A route whose messages are bytes already, or still. */
function methodOf(route: string): ClientMethod<Uint8Array, Uint8Array> {
  return { route, code: 0, request: bytesCodec, response: bytesCodec };
}

/** Messages are bytes here: what they are written in matters to errors alone. */
const asProtobuf: ClientSerializer = {
  name: "protobuf",
  method: (method) => method,
  push: (push) => push,
  error: (payload) => decodeErrorPayload(payload, protobufSerializer),
};
const asJson: ClientSerializer = {
  ...asProtobuf,
  name: "json",
  error: (payload) => decodeErrorPayload(payload, jsonSerializer),
};
