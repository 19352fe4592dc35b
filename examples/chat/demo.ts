import { isDeepStrictEqual } from "node:util";
import { silentLogger } from "nanowire";
import { type ClientConnection, connect, NanowireError } from "nanowire/client";
import { RoomClient, RoomEventsClient } from "../../generated/chat/v1/room.client.js";
import { dictVersion } from "../../generated/routes.js";
import { isMain } from "./is-main.js";
import { JsonClient, JsonClientError } from "./json-client.js";
import { startChat } from "./server.js";
import { noColours, type Paint, paintFor, printable, type Style } from "./terminal-style.js";

/** What {@link runDemo} may be told. */
export interface DemoOptions {
  /** Default: no colours */
  readonly paint?: Paint;
  /** Where the bundled page is. Default: where `npm run build` puts it */
  readonly pageDirectory?: string;
  /** Milliseconds after which the demo fails. Default: 20,000 */
  readonly timeoutMs?: number;
}

/**
 * Three people meet in a room, each by another client: typed over WebSocket, typed over TCP, and one written by hand
 * that speaks JSON. Nothing here waits for time to pass: each step waits for what the others are to hear of it.
 *
 * @param write takes what is to be printed, in whole lines
 * @throws Error when something happens that is not in the script, or the time is up
 */
export async function runDemo(write: (text: string) => void, options: DemoOptions = {}): Promise<void> {
  const { paint = noColours, pageDirectory, timeoutMs = 20_000 } = options;
  const startedAt = performance.now();
  const deadline = AbortSignal.timeout(timeoutMs);
  const print = new Printer(write, paint);
  const chat = await startChat({
    port: 0,
    tcpPort: 0,
    host: "127.0.0.1",
    logger: silentLogger,
    ...(pageDirectory === undefined ? {} : { pageDirectory }),
  });
  const people: Person[] = [];
  try {
    print.title("Nanowire chat", "one room, three clients: two transports, two encodings");
    print.fact("page", chat.url);
    print.fact("WebSocket", chat.webSocketUrl);
    print.fact("TCP", chat.tcpUrl);

    const ada = await TypedPerson.connect("ada", "cyan", chat.webSocketUrl, deadline);
    people.push(ada);
    const bob = await TypedPerson.connect("bob", "magenta", chat.tcpUrl, deadline);
    people.push(bob);
    const carol = await JsonPerson.connect("carol", "yellow", chat.webSocketUrl, deadline);
    people.push(carol);

    print.scene("Three clients connect");
    print.line(ada, "WebSocket, the generated client: protobuf, routes as codes");
    print.line(bob, "TCP, the generated client: protobuf, routes as codes");
    print.line(carol, "WebSocket, by hand as nano's browser client: JSON, routes as text");

    print.scene("They join");
    await join(print, ada, [], ["ada"]);
    await join(print, bob, [ada], ["ada", "bob"]);

    print.scene("What is refused is refused with a typed error");
    await refused(print, carol, "leaves a room she is not in", "unauthenticated", () => carol.leave());
    await refused(print, carol, 'joins as "ada"', "name_taken", () => carol.join("ada"));
    await refused(print, bob, 'joins once more, as "robert"', "already_joined", () => bob.join("robert"));
    await refused(print, carol, "joins without a name", "invalid_name", () => carol.join("  "));
    await join(print, carol, [ada, bob], ["ada", "bob", "carol"]);

    print.scene("They talk");
    const room = [ada, bob, carol];
    await say(print, ada, "Hello! I never wrote a route string.", room);
    await say(print, bob, "Nor did I, and there is no WebSocket between us. 👋", room);
    await say(print, carol, "I wrote every byte by hand. Grüße aus dem JSON-Land!", room);
    await say(print, ada, "And we all heard the same, in the same order.", room);

    print.scene("Twenty messages a second, says room.proto");
    await flood(print, bob, ada, room);

    print.scene("They go");
    await bob.leave();
    await hear([ada, carol], { what: "left", name: "bob" });
    print.line(bob, "leaves; his connection stays", "heard by ada, carol");
    await refused(print, bob, "leaves again", "unauthenticated", () => bob.leave());
    carol.close();
    await hear([ada], { what: "left", name: "carol" });
    print.line(carol, "just hangs up: the server takes her out", "heard by ada");
    await ada.leave();
    print.line(ada, "turns off the light");

    for (const person of people) {
      person.assertHeardAll();
    }
  } finally {
    for (const person of people) {
      person.close();
    }
    await chat.stop();
  }
  print.end(`Everything went by the script, in ${Math.round(performance.now() - startedAt)} ms.`);
}

/** What a member of the room is told. */
interface Heard {
  readonly what: "joined" | "said" | "left";
  readonly name: string;
  readonly text?: string;
}

/** Somebody with a client. What he hears is kept in order until the script asks for it. */
abstract class Person {
  readonly name: string;
  readonly style: Style;
  readonly #deadline: AbortSignal;
  readonly #heard: Heard[] = [];
  #wake: () => void = () => {};

  constructor(name: string, style: Style, deadline: AbortSignal) {
    this.name = name;
    this.style = style;
    this.#deadline = deadline;
  }

  abstract join(name: string): Promise<readonly string[]>;
  abstract say(text: string): void;
  abstract leave(): Promise<void>;
  abstract close(): void;

  /** Waits until the person hears something, which must be just this. */
  async hears(expected: Heard): Promise<void> {
    const waitsFor = `${this.name} to hear ${show(expected)}`;
    while (this.#heard.length === 0) {
      await this.within(new Promise<void>((resolve) => (this.#wake = resolve)), waitsFor);
    }
    const heard = this.#heard.shift();
    if (!isDeepStrictEqual(heard, expected)) {
      throw new Error(`${this.name} heard ${show(heard)}; the script says ${show(expected)}`);
    }
  }

  /** What was heard so far and not asked for; it is forgotten here. */
  takeAll(): readonly Heard[] {
    return this.#heard.splice(0);
  }

  /** @throws Error when the person heard something that is not in the script */
  assertHeardAll(): void {
    const [extra] = this.#heard;
    if (extra !== undefined) {
      throw new Error(`${this.name} heard ${show(extra)}, which is not in the script`);
    }
  }

  /** Waits, but not longer than the demo may take. */
  protected within<T>(promise: Promise<T>, waitsFor: string): Promise<T> {
    return within(this.#deadline, promise, waitsFor);
  }

  protected hear(heard: Heard): void {
    this.#heard.push(heard);
    this.#wake();
  }
}

/** With the generated client, whatever carries it. */
class TypedPerson extends Person {
  readonly #connection: ClientConnection;
  readonly #room: RoomClient;

  private constructor(name: string, style: Style, connection: ClientConnection, deadline: AbortSignal) {
    super(name, style, deadline);
    this.#connection = connection;
    this.#room = new RoomClient(connection);
    const events = new RoomEventsClient(connection);
    events.onJoined(({ name }) => this.hear({ what: "joined", name }));
    events.onSaid(({ name, text }) => this.hear({ what: "said", name, text }));
    events.onLeft(({ name }) => this.hear({ what: "left", name }));
  }

  static async connect(name: string, style: Style, url: string, deadline: AbortSignal): Promise<TypedPerson> {
    const connection = await within(deadline, connect(url, { dictVersion }), `the connection of ${name}`);
    return new TypedPerson(name, style, connection, deadline);
  }

  async join(name: string): Promise<readonly string[]> {
    const { members } = await this.within(this.#room.join({ name }), `the answer to ${this.name}, who joins`);
    return members;
  }

  say(text: string): void {
    this.#room.say({ text });
  }

  leave(): Promise<void> {
    return this.within(this.#room.leave(), `the answer to ${this.name}, who leaves`);
  }

  close(): void {
    this.#connection.close();
  }
}

/** With the client that was written by hand: routes are strings, and what comes is of no known type. */
class JsonPerson extends Person {
  readonly #client: JsonClient;

  private constructor(name: string, style: Style, client: JsonClient, deadline: AbortSignal) {
    super(name, style, deadline);
    this.#client = client;
    client.on("RoomEvents.Joined", (message) => {
      this.hear({ what: "joined", name: (message as { name: string }).name });
    });
    client.on("RoomEvents.Said", (message) => {
      const { name, text } = message as { name: string; text: string };
      this.hear({ what: "said", name, text });
    });
    client.on("RoomEvents.Left", (message) => {
      this.hear({ what: "left", name: (message as { name: string }).name });
    });
  }

  static async connect(name: string, style: Style, url: string, deadline: AbortSignal): Promise<JsonPerson> {
    const client = await within(deadline, JsonClient.connect(url), `the connection of ${name}`);
    return new JsonPerson(name, style, client, deadline);
  }

  async join(name: string): Promise<readonly string[]> {
    const answer = this.#client.request("Room.Join", { name });
    const { members } = (await this.within(answer, `the answer to ${this.name}, who joins`)) as { members: string[] };
    return members;
  }

  say(text: string): void {
    this.#client.notify("Room.Say", { text });
  }

  async leave(): Promise<void> {
    await this.within(this.#client.request("Room.Leave", {}), `the answer to ${this.name}, who leaves`);
  }

  close(): void {
    this.#client.close();
  }
}

// the steps of the script

async function join(print: Printer, person: Person, others: Person[], members: readonly string[]): Promise<void> {
  const answer = await person.join(person.name);
  if (!isDeepStrictEqual(answer, members)) {
    throw new Error(`${person.name} joined and found ${answer.join(", ")}; the script says ${members.join(", ")}`);
  }
  await hear(others, { what: "joined", name: person.name });
  print.line(person, "joins", `in the room: ${members.join(", ")}`);
}

async function say(print: Printer, person: Person, text: string, everybody: readonly Person[]): Promise<void> {
  person.say(text);
  await hear(everybody, { what: "said", name: person.name, text });
  print.speech(person, text);
}

async function refused(
  print: Printer,
  person: Person,
  attempt: string,
  code: string,
  call: () => Promise<unknown>,
): Promise<void> {
  const error = await errorOf(call);
  if (error?.code !== code) {
    throw new Error(`${person.name} ${attempt}: the answer is ${error?.code ?? "no error"}; the script says ${code}`);
  }
  print.line(person, attempt);
  print.refusal(error.code, error.message);
}

async function flood(print: Printer, person: Person, listener: Person, everybody: readonly Person[]): Promise<void> {
  const sent = 200;
  for (let number = 1; number <= sent; number++) {
    person.say(`${number}`);
  }
  // An answer comes after everything that was sent before it: then all that will be heard was heard.
  for (const anybody of [person, ...everybody]) {
    await errorOf(() => anybody.join(anybody.name));
  }
  const counts = everybody.map((anybody) => anybody.takeAll().length);
  const [heard = 0] = counts;
  if (heard === 0 || heard === sent || counts.some((count) => count !== heard)) {
    throw new Error(`of ${sent} messages at once, ${counts.join(", ")} were heard; the script says 20 or a few more`);
  }
  print.line(person, `says ${sent} things at once`, `${listener.name} hears ${heard}: the rest is refused`);
}

async function hear(people: readonly Person[], heard: Heard): Promise<void> {
  for (const person of people) {
    await person.hears(heard);
  }
}

/** Waits for a promise until the deadline. */
function within<T>(deadline: AbortSignal, promise: Promise<T>, waitsFor: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const give = (): void => reject(new Error(`the time is up; the script waited for ${waitsFor}`));
    if (deadline.aborted) {
      give();
    }
    deadline.addEventListener("abort", give);
    promise.then(resolve, reject).finally(() => deadline.removeEventListener("abort", give));
  });
}

async function errorOf(call: () => Promise<unknown>): Promise<NanowireError | JsonClientError | undefined> {
  try {
    await call();
    return undefined;
  } catch (error) {
    if (error instanceof NanowireError || error instanceof JsonClientError) {
      return error;
    }
    throw error;
  }
}

function show(heard: Heard | undefined): string {
  return heard === undefined
    ? "nothing"
    : `${heard.name} ${heard.what}${heard.text === undefined ? "" : ` "${heard.text}"`}`;
}

/** Lays the conversation out. */
class Printer {
  readonly #write: (text: string) => void;
  readonly #paint: Paint;

  constructor(write: (text: string) => void, paint: Paint) {
    this.#write = write;
    this.#paint = paint;
  }

  title(title: string, subtitle: string): void {
    this.#write(`\n  ${this.#paint("bold", title)}\n  ${this.#paint("dim", subtitle)}\n\n`);
  }

  fact(name: string, value: string): void {
    this.#write(`  ${this.#paint("dim", name.padEnd(11))}${value}\n`);
  }

  scene(title: string): void {
    this.#write(`\n  ${this.#paint("bold", title)}\n`);
  }

  line(person: Person, text: string, aside = ""): void {
    this.#write(`  ${this.#name(person)}  ${text.padEnd(aside === "" ? 0 : 42)}${this.#paint("dim", aside)}\n`);
  }

  speech(person: Person, text: string): void {
    this.#write(`  ${this.#name(person)}  “${printable(text)}”\n`);
  }

  refusal(code: string, message: string): void {
    this.#write(
      `  ${" ".repeat(nameWidth)}  ${this.#paint("red", `✗ ${code}`)}  ${this.#paint("dim", printable(message))}\n`,
    );
  }

  end(text: string): void {
    this.#write(`\n  ${this.#paint("green", "✓")} ${text}\n\n`);
  }

  #name({ name, style }: Person): string {
    return this.#paint(style, name.padStart(nameWidth));
  }
}

const nameWidth = 7;

if (isMain(import.meta.url)) {
  try {
    await runDemo((text) => process.stdout.write(text), { paint: paintFor(process.stdout) });
  } catch (error) {
    process.stderr.write(`\n  ✗ The demo failed: ${error instanceof Error ? error.message : String(error)}\n\n`);
    process.exitCode = 1;
  }
}
