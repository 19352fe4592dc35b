import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RoomClient, RoomEventsClient } from "../../generated/chat/v1/room.client.js";
import { errorCodes } from "../../runtime/base/error.js";
import { readApi } from "../../scripts/api/read-api.js";
import { eventually } from "../support/wait.js";
import { PageProgram } from "./support/page-program.js";
import { printedLines, runServer } from "./support/running-program.js";

const root = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
const folder = `${root}/node_modules/.docs-coming-from`;

interface Row {
  readonly page: string;
  readonly theirs: string;
  /** What is called ours, as it is written: each a name, an expression, a command, an option of the .proto. */
  readonly ours: readonly string[];
  readonly differs: string;
}

/** The rows of the tables that show what is called there and here. */
function rowsOf(page: string): Row[] {
  const rows: Row[] = [];
  let isTable = false;
  for (const line of readFileSync(`${root}/docs/${page}`, "utf8").split("\n")) {
    const cells = line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim());
    if (cells.length === 0) {
      isTable = false;
    } else if (cells[1] === "here") {
      isTable = true;
    } else if (isTable && !line.startsWith("|--")) {
      const [theirs = "", here = "", differs = ""] = cells;
      rows.push({ page, theirs, ours: [...here.matchAll(/`([^`]+)`/g)].map(([, span = ""]) => span), differs });
    }
  }
  return rows;
}

/** The pages, and how many rows each has at the least. */
const pages: Readonly<Record<string, number>> = {
  "coming-from-colyseus.md": 45,
  "coming-from-nano.md": 70,
  "coming-from-pitaya.md": 70,
  "coming-from-pomelo.md": 60,
};
const rows = Object.keys(pages).flatMap(rowsOf);
const spans = [...new Set(rows.flatMap(({ ours }) => ours))];

const entries = readApi(root);
const exported = entries.flatMap(({ exports }) => exports);
/** What is said by one name: an export, an option, an error's code. */
const names = new Set([
  ...exported.map(({ name }) => name),
  ...exported.filter(({ name }) => /Options$/.test(name)).flatMap(({ members }) => members.map(({ name }) => name)),
  ...Object.keys(errorCodes),
]);
const protoOptions = readFileSync(`${root}/proto/nanowire/options.proto`, "utf8");
const commands = readFileSync(`${root}/generator/commands.ts`, "utf8");

const isName = (span: string) => /^\w+$/.test(span);
const isProtoOption = (span: string) => span.startsWith("(nanowire.");
const isPackage = (span: string) => /^nanowire\b/.test(span);
const isCode = (span: string) => !isName(span) && !isProtoOption(span) && !isPackage(span);

/** What the expressions of the pages speak of. */
const prelude = `
import type { Server as HttpServer } from "node:http";
import {
  type AfterHook, type BeforeHook, type Component, consoleLogger, createServer, Group, type GroupPart, hybrid, type InboundStep, type ModuleName, NanowireError,
  type OutboundStep, type Queue, type Scheduler, type ServerOptions, type Session, type SessionBound, type SessionClosed, type StopOnSignalsOptions,
  tcp, type TickTask, type Timer, type TlsOptions, ws,
} from "nanowire";
import type { ClusterDriver, ReliableMethod, RemoteContext } from "nanowire";
import { type ClientConnection, connect } from "nanowire/client";
import { grpc } from "nanowire/grpc";
import { opentelemetry } from "nanowire/opentelemetry";
import { prometheus } from "nanowire/prometheus";
import { reflection } from "nanowire/reflection";
import { statsd } from "nanowire/statsd";
import { startTestServer } from "nanowire/testing";
import { openTelemetryTracing } from "nanowire/tracing";
import { protovalidate } from "nanowire/validate";
import type { JoinRequest, UserSaid } from "${root}/generated/chat/v1/room.js";
import { RoomComponent, RoomEvents } from "${root}/generated/chat/v1/room.server.js";

declare const { components, listen }: ServerOptions;
declare const options: ServerOptions;
declare const { server, session, group, queue, scheduler, timer, component, connection }: {
  server: ReturnType<typeof createServer>; session: Session; group: Group; queue: Queue; scheduler: Scheduler; timer: Timer;
  component: Component; connection: ClientConnection;
};
declare const room: RoomComponent;
declare const driver: ClusterDriver;
declare const context: RemoteContext;
declare const { name, uid, id, reason, code, url, path }: Readonly<Record<"name" | "uid" | "id" | "reason" | "code" | "url" | "path", string>>;
declare const { port, ms, count, graceMs }: Readonly<Record<"port" | "ms" | "count" | "graceMs", number>>;
declare const { message, request }: { message: UserSaid; request: JoinRequest };
declare const sendLetter: ReliableMethod<UserSaid>;
declare const tls: TlsOptions;
declare const http: HttpServer;
declare const details: Readonly<Record<string, string>>;
declare const filter: (session: Session) => boolean;
declare const condition: () => boolean;
declare const task: () => void;
declare const step: TickTask;
declare const onClosed: (closed: SessionClosed) => void;
declare const onBound: (bound: SessionBound) => void;
declare const onReason: (reason: NanowireError) => void;
declare const onEmpty: (group: Group) => void;
declare const onStopped: NonNullable<StopOnSignalsOptions["onStopped"]>;
declare const inboundStep: InboundStep;
declare const outboundStep: OutboundStep;
declare const before: BeforeHook;
declare const after: AfterHook;
declare const moduleName: ModuleName;
declare const descriptors: Uint8Array;
`;

beforeAll(() => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the pages for those who come from elsewhere", () => {
  test("have many rows, each of which says something of ours", () => {
    for (const [name, least] of Object.entries(pages)) {
      expect([name, rows.filter(({ page }) => page === name).length > least]).toEqual([name, true]);
    }
    expect(rows.filter(({ ours, differs }) => ours.length === 0 && differs === "")).toEqual([]);
    expect(rows.filter(({ theirs, ours, differs }) => theirs === "" && (ours.length === 0 || differs === ""))).toEqual(
      [],
    );
  });

  test("name nothing of ours that there is not", () => {
    const unknown = spans.filter(isName).filter((span) => !names.has(span));
    expect(unknown).toEqual([]);
  });

  test("name options that a .proto can have", () => {
    const asked = spans.filter(isProtoOption);
    expect(asked.length).toBeGreaterThan(5);
    const [services = "", methods = ""] = protoOptions.split("\nmessage MethodOptions");
    for (const span of asked) {
      const [, kind = "", field = ""] = /^\(nanowire\.(\w+)\)\.(\w+)$/.exec(span) ?? [];
      expect([span, kind === "service" ? services : methods]).toEqual([
        span,
        expect.stringMatching(new RegExp(`^  \\S.* ${field} = \\d+;$`, "m")),
      ]);
    }
  });

  test("name entries of the package and commands that there are", () => {
    const asked = spans.filter(isPackage);
    expect(asked.length).toBeGreaterThan(4);
    for (const span of asked) {
      const [, command] = /^nanowire (\w+)$/.exec(span) ?? [];
      const there =
        command === undefined ? entries.some(({ name }) => name === span) : commands.includes(`\n  ${command}: {`);
      expect([span, there]).toEqual([span, true]);
    }
  });

  test("call ours as it can be called", () => {
    const calls = spans.filter(isCode);
    expect(calls.length).toBeGreaterThan(70);
    const statements = calls.map((call, index) => `export function call${index}() {\n  ${call};\n}`);
    writeFileSync(`${folder}/calls.ts`, prelude + statements.join("\n"));
    const config = {
      extends: `${root}/tsconfig.json`,
      compilerOptions: {
        rootDir: root,
        paths: Object.fromEntries(
          ["index", "client/index", "reflection/index", "testing/index", "validate/index"].map((file) => [
            `nanowire${file === "index" ? "" : `/${file.slice(0, -6)}`}`,
            [`${root}/runtime/${file}.ts`],
          ]),
        ),
        noUnusedLocals: false,
        typeRoots: [`${root}/node_modules/@types`],
      },
      include: [],
      files: ["calls.ts"],
    };
    writeFileSync(`${folder}/tsconfig.json`, JSON.stringify(config));
    const { status, stdout } = spawnSync("npx", ["--no-install", "tsc", "-p", `${folder}/tsconfig.json`], {
      cwd: root,
      encoding: "utf8",
    });
    expect(stdout).toBe("");
    expect(status).toBe(0);
  });
});

/** The pages for nano and pitaya have the room of docs/server.md; server.test.ts runs them. */
describe("the programs", () => {
  test("of docs/coming-from-pomelo.md: on one port, a room, and one session for each user", async () => {
    printedLines();
    const page = new PageProgram("docs/coming-from-pomelo.md");
    expect(page.count).toBe(1);
    const { server, come } = await runServer(page, "hybrid({ port: 3250 })");
    const [ada, eve] = [await come(), await come()];
    const heard: string[] = [];
    new RoomEventsClient(ada).onSaid(({ name, text }) => void heard.push(`${name}: ${text}`));
    await new RoomClient(ada).join({ name: "ada" });
    expect(await new RoomClient(eve).join({ name: "eve" })).toEqual({ members: ["ada", "eve"] });
    new RoomClient(eve).say({ text: "hello" });
    await eventually(() => expect(heard).toEqual(["eve: hello"]));
    const again = await come();
    expect(await new RoomClient(again).join({ name: "eve" })).toEqual({ members: ["ada", "eve"] });
    expect(await eve.closed).toMatchObject({ code: "kicked" });
    expect(server.counters.sessions).toBe(2);
  });

  test("of docs/coming-from-colyseus.md: a room takes eight, the ninth gets another, and comes over when there is place", async () => {
    printedLines();
    const page = new PageProgram("docs/coming-from-colyseus.md");
    expect(page.count).toBe(1);
    const { come } = await runServer(page, "maxClients");
    const clients = await Promise.all(Array.from({ length: 9 }, () => come()));
    const rooms = clients.map((connection) => new RoomClient(connection));
    const heard: string[] = [];
    const [first, , , , , , , , ninth] = clients;
    for (const [index, room] of rooms.entries()) {
      const { members } = await room.join({ name: `player ${index + 1}` });
      expect(members).toHaveLength(index === 8 ? 1 : index + 1);
    }
    for (const [place, connection] of Object.entries({ first, ninth })) {
      new RoomEventsClient(connection as NonNullable<typeof connection>).onSaid(
        ({ text }) => void heard.push(`${place}: ${text}`),
      );
    }
    rooms[1]?.say({ text: "hello" });
    await eventually(() => expect(heard).toEqual(["first: hello"]));
    await rooms[8]?.leave();
    await expect(rooms[8]?.leave()).rejects.toMatchObject({ code: "not_in_a_room" });
    await rooms[0]?.leave();
    expect((await (rooms[8] as RoomClient).join({ name: "player 9" })).members).toHaveLength(8);
  });
});
