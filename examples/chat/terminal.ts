import { clearLine, createInterface, cursorTo, type Interface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { NanowireError } from "nanowire/client";
import { type ChatObserver, ChatSession } from "./chat-session.js";
import { isMain } from "./is-main.js";
import { lengthOf, maxTextLength } from "./limits.js";
import { noColours, type Paint, paintFor, printable } from "./terminal-style.js";

/** What {@link runTerminal} takes. */
export interface TerminalOptions {
  /** The name to join under. */
  readonly name: string;
  /** `tcp://host:port`, `ws://host:port` or `wss://…`. */
  readonly url: string;
  /** What is typed, or piped: a line each is said, or is a command. At its end one leaves. */
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly output: NodeJS.WritableStream & { readonly isTTY?: boolean };
  /** Default: no colours */
  readonly paint?: Paint;
}

/** Chats until the input ends or the connection does. Returns the process's exit code: 0 when one left by oneself. */
export async function runTerminal(options: TerminalOptions): Promise<number> {
  return await new Terminal(options).run();
}

const usage = `Usage: npm run chat:terminal -- --name ada [--url tcp://127.0.0.1:3251]

  --name  how the others see you: 1 to 24 characters
  --url   where the chat is, over TCP or WebSocket
`;

const help = "/leave  leave the room    /join NAME  join again    /who  who is here    /quit  end";

/** A server takes 20 messages a second of one session (room.proto): a file that is piped in goes slower than that. */
const pipedLineMs = 60;

class Terminal implements ChatObserver {
  readonly #options: TerminalOptions;
  readonly #paint: Paint;
  /** Whether somebody sits before it: then what he types stands there already. */
  readonly #interactive: boolean;
  #lines: Interface | undefined;
  #name = "";
  #lost = false;

  constructor(options: TerminalOptions) {
    this.#options = options;
    this.#paint = options.paint ?? noColours;
    this.#interactive = options.input.isTTY === true && options.output.isTTY === true;
  }

  async run(): Promise<number> {
    const { url, name, input, output } = this.#options;
    let session: ChatSession;
    try {
      session = await ChatSession.open(url, this);
    } catch (error) {
      this.#complain(error);
      return 1;
    }
    try {
      await this.#join(session, name);
    } catch (error) {
      this.#complain(error);
      session.close();
      return 1;
    }
    const lines = createInterface({ input, terminal: this.#interactive, ...(this.#interactive ? { output } : {}) });
    this.#lines = lines;
    this.#prompt();
    await this.#obey(session, lines);
    if (this.#lost) {
      return 1;
    }
    await this.#goodbye(session);
    return 0;
  }

  // what happens in the room

  joined(name: string): void {
    this.#tell(`${printable(name)} joined`);
  }

  said({ name, text }: { readonly name: string; readonly text: string }): void {
    if (name !== this.#name || !this.#interactive) {
      this.#print(`${this.#speaker(name)}${printable(text)}`);
    }
  }

  left(name: string): void {
    this.#tell(`${printable(name)} left`);
  }

  closed(reason: NanowireError): void {
    if (reason.code !== "closed") {
      this.#lost = true;
      this.#complain(reason);
      this.#lines?.close();
    }
  }

  // what is typed

  /** Says each line, or does it, until the input ends, /quit comes, or the connection is gone. */
  async #obey(session: ChatSession, lines: Interface): Promise<void> {
    for await (const line of lines) {
      if (this.#lost || line.trim() === "/quit") {
        break;
      }
      try {
        await this.#do(session, line.trim());
      } catch (error) {
        this.#complain(error);
      }
      this.#prompt();
      if (!this.#interactive) {
        await pause(pipedLineMs);
      }
    }
    lines.close();
    this.#lines = undefined;
  }

  async #do(session: ChatSession, line: string): Promise<void> {
    const [command = "", ...rest] = line.split(/\s+/);
    if (command === "") {
      return;
    }
    if (!command.startsWith("/")) {
      this.#say(session, line);
    } else if (command === "/leave") {
      await session.leave();
      this.#name = "";
      this.#tell("you left; /join NAME joins again, /quit ends");
    } else if (command === "/join") {
      await this.#join(session, rest.join(" "));
    } else if (command === "/who") {
      this.#tell(session.members.length === 0 ? "you are not in the room" : `here: ${who(session)}`);
    } else {
      this.#tell(help);
    }
  }

  #say(session: ChatSession, text: string): void {
    const length = lengthOf(text);
    if (this.#name === "") {
      this.#tell("you are not in the room; /join NAME joins it");
    } else if (length > maxTextLength) {
      this.#tell(`not said: it has ${length} characters, and ${maxTextLength} are the most`);
    } else {
      session.say(text);
    }
  }

  async #join(session: ChatSession, name: string): Promise<void> {
    await session.join(name, (known) => {
      this.#name = known;
      this.#tell(`you joined as ${printable(known)}; here: ${who(session)}`);
    });
  }

  async #goodbye(session: ChatSession): Promise<void> {
    try {
      if (this.#name !== "") {
        // Answered after everything that was said before it: nothing is lost when the connection then closes.
        await session.leave();
      }
    } catch {
      // The connection is gone already: so are we.
    }
    session.close();
  }

  // what is printed

  #speaker(name: string): string {
    return `${this.#paint(name === this.#name ? "yellow" : "cyan", printable(name))} › `;
  }

  #tell(text: string): void {
    this.#print(this.#paint("dim", `* ${text}`));
  }

  #complain(error: unknown): void {
    const { code, message } = error instanceof NanowireError ? error : { code: "error", message: String(error) };
    this.#print(this.#paint("red", `! ${printable(`${code}: ${message}`)}`));
    if (code === "connect_failed") {
      this.#tell("is the chat running there? npm run chat starts one");
    }
  }

  /** Prints above what is being typed. */
  #print(line: string): void {
    const { output } = this.#options;
    if (this.#interactive && this.#lines !== undefined) {
      cursorTo(output, 0);
      clearLine(output, 0);
      output.write(`${line}\n`);
      this.#lines.prompt(true);
    } else {
      output.write(`${line}\n`);
    }
  }

  #prompt(): void {
    if (this.#interactive && this.#lines !== undefined) {
      this.#lines.setPrompt(this.#speaker(this.#name === "" ? "nobody" : this.#name));
      this.#lines.prompt();
    }
  }
}

function who(session: ChatSession): string {
  return session.members.map(printable).join(", ");
}

async function main(): Promise<number> {
  let values: { readonly name?: string; readonly url: string; readonly help: boolean };
  try {
    ({ values } = parseArgs({
      options: {
        name: { type: "string" },
        url: { type: "string", default: "tcp://127.0.0.1:3251" },
        help: { type: "boolean", short: "h", default: false },
      },
    }));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    return 2;
  }
  if (values.name === undefined || values.help) {
    (values.help ? process.stdout : process.stderr).write(usage);
    return values.help ? 0 : 2;
  }
  return await runTerminal({
    name: values.name,
    url: values.url,
    input: process.stdin,
    output: process.stdout,
    paint: paintFor(process.stdout),
  });
}

if (isMain(import.meta.url)) {
  process.exitCode = await main();
}
