import { NanowireError } from "../base/error.js";
import { noSuchName } from "../base/known-names.js";
import type { Command, CommandScene } from "./command.js";
import { describe, routeLines } from "./describe.js";
import { emptyType, type RouteKind } from "./protocol-book.js";
import { showJson } from "./show-json.js";
import { firstWord, wordsOf } from "./split-line.js";

/** Every command, by its name, as `help` lists them. */
export const commands: ReadonlyMap<string, Command> = new Map<string, Command>([
  [
    "request",
    {
      usage: "request ROUTE [JSON]",
      summary: "call a route, and print the answer",
      argument: "request",
      async run(rest, { conversation, screen, signal }) {
        const [route, json] = routeAnd(rest, "request");
        const startedAt = performance.now();
        const lines = await conversation.request(route, json, signal);
        screen.sayAll([], lines);
        screen.note(`after ${(performance.now() - startedAt).toFixed(1)} ms`);
      },
    },
  ],
  [
    "notify",
    {
      usage: "notify ROUTE [JSON]",
      summary: "send what is never answered",
      argument: "notify",
      run(rest, { conversation }) {
        conversation.notify(...routeAnd(rest, "notify"));
      },
    },
  ],
  [
    "listen",
    {
      usage: "listen [all | none | ROUTE…]",
      summary: "show these pushes as they come, and no others (at first: all)",
      argument: "pushes",
      run(rest, { conversation, screen }) {
        const words = wordsOf(rest);
        const { pushes, book } = conversation;
        if (words.length > 0) {
          const isAll = words.length === 1 && words[0] === "all";
          const isNone = words.length === 1 && words[0] === "none";
          const routes = isAll || isNone ? [] : words;
          for (const route of routes) {
            book.assertKind(route, "push");
          }
          pushes.show(isAll ? undefined : routes);
        }
        const { shown } = pushes;
        const what = shown === undefined ? "all" : [...shown].join(" ") || "none";
        screen.note(`pushes that are shown: ${what}`);
      },
    },
  ],
  [
    "wait",
    {
      usage: "wait ROUTE",
      summary: "wait for a push: one that has come since the last wait for it counts, too",
      argument: "push",
      async run(rest, { conversation, signal }) {
        const [route, more] = routeAnd(rest, "wait");
        assertNoMore("wait", more);
        conversation.book.assertKind(route, "push");
        await conversation.pushes.wait(route, signal);
      },
    },
  ],
  [
    "routes",
    {
      usage: "routes [TEXT]",
      summary: "list the routes, or those in whose names the text is",
      argument: "none",
      run(rest, { conversation, screen }) {
        const { book, dictionary } = conversation;
        const isMeant = (route: string): boolean => route.toLowerCase().includes(rest.toLowerCase());
        const known = book.routes.filter(({ route }) => isMeant(route));
        const others = [...dictionary].filter(([route]) => isMeant(route) && book.find(route) === undefined);
        for (const line of [...routeLines(known), ...others.map(([route, code]) => `${route}  (code ${code})`)]) {
          screen.say(line);
        }
        if (known.length + others.length === 0) {
          throw new NanowireError("invalid_command", `no route ${rest === "" ? "is known" : `with ${rest} is known`}`);
        }
      },
    },
  ],
  [
    "describe",
    {
      usage: "describe ROUTE|TYPE",
      summary: "tell all that is known of a route, a message or an enum",
      argument: "name",
      run(rest, { conversation, screen }) {
        const [name, more] = routeAnd(rest, "describe");
        assertNoMore("describe", more);
        for (const line of describe(name, conversation.book)) {
          screen.say(line);
        }
      },
    },
  ],
  [
    "declare",
    {
      usage: "declare ROUTE request|notify|push TYPE [TYPE]",
      summary: "say what a route carries, where no descriptors tell: what is sent, and what is answered",
      argument: "declaration",
      run(rest, { conversation }) {
        const [route, kind, request = emptyType, response = emptyType, ...more] = wordsOf(rest);
        if (route === undefined || !isKind(kind) || (kind !== "request" && response !== emptyType)) {
          throw usageError("declare");
        }
        assertNoMore("declare", more.join(" "));
        conversation.book.declare(route, kind, request, response);
      },
    },
  ],
  [
    "handshake",
    {
      usage: "handshake [JSON]",
      summary: "print what the server answered; with JSON: what the next one tells the application there",
      argument: "none",
      isSecret: (rest) => rest !== "",
      run(rest, { conversation, screen }) {
        if (rest !== "") {
          conversation.user = parseUser(rest);
          screen.note("told from the next connection on: reconnect");
          return;
        }
        if (conversation.handshake === undefined) {
          throw new NanowireError("invalid_command", "no server has answered a handshake yet: connect");
        }
        screen.sayAll([], showJson(conversation.handshake, screen.width));
      },
    },
  ],
  [
    "connect",
    {
      usage: "connect [URL]",
      summary: "connect, to ws://, wss://, tcp://, tls://; without a URL to where it was before",
      argument: "none",
      // A user, a password, a query.
      isSecret: (rest) => /[@?]/.test(rest),
      async run(rest, { conversation, signal }) {
        await (rest === "" ? conversation.connect(signal) : conversation.connect(signal, rest));
      },
    },
  ],
  [
    "reconnect",
    {
      usage: "reconnect",
      summary: "close the connection, and make it anew",
      argument: "none",
      async run(rest, { conversation, signal }) {
        assertNoMore("reconnect", rest);
        await conversation.connect(signal);
      },
    },
  ],
  [
    "disconnect",
    {
      usage: "disconnect",
      summary: "close the connection",
      argument: "none",
      run(rest, { conversation }) {
        assertNoMore("disconnect", rest);
        conversation.disconnect();
      },
    },
  ],
  [
    "history",
    {
      usage: "history [TEXT]",
      summary: "list earlier commands, or those in which the text is",
      argument: "none",
      run(rest, { history, screen }) {
        for (const line of history.filter((one) => one.includes(rest))) {
          screen.say(line);
        }
      },
    },
  ],
  [
    "help",
    {
      usage: "help [COMMAND]",
      summary: "list the commands, or tell of one",
      argument: "command",
      run(rest, scene) {
        printHelp(rest, scene);
      },
    },
  ],
  ["exit", { usage: "exit", summary: "close the connection, and end", argument: "none", run() {} }],
]);

/** The command that ends it all: the others go on. */
export const exitCommand = "exit";

function printHelp(name: string, { screen, commands: known }: CommandScene): void {
  const entries = name === "" ? [...known.values()] : [commandNamed(name)];
  const width = Math.max(...entries.map(({ usage }) => usage.length));
  for (const { usage, summary } of entries) {
    screen.say(["name", usage.padEnd(width)], `  ${summary}`);
  }
}

/**
 * The command of that name.
 *
 * @throws NanowireError `invalid_command`
 */
export function commandNamed(name: string): Command {
  const command = commands.get(name);
  if (command === undefined) {
    throw new NanowireError("invalid_command", noSuchName(`command ${name}`, name, commands.keys()));
  }
  return command;
}

function routeAnd(rest: string, command: string): readonly [route: string, more: string] {
  const [route, more] = firstWord(rest);
  if (route === "") {
    throw usageError(command);
  }
  return [route, more];
}

function assertNoMore(command: string, more: string): void {
  if (more !== "") {
    throw usageError(command);
  }
}

function usageError(command: string): NanowireError {
  return new NanowireError("invalid_command", `write ${commandNamed(command).usage}`);
}

function isKind(word: string | undefined): word is RouteKind {
  return word === "request" || word === "notify" || word === "push";
}

function parseUser(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : cause;
    throw new NanowireError("invalid_command", `what the handshake is to tell is no JSON: ${reason}`, { cause });
  }
}
