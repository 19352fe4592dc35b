import { describe, expect, it, onTestFinished, vi } from "vitest";
import { consoleLogger, type LogLevel, silentLogger } from "../../runtime/base/logger.js";
import type { Serializer } from "../../runtime/protocol/serializer.js";
import { createServer } from "../../runtime/server/server.js";
import { startTestServer } from "../../runtime/testing/test-server.js";
import { memory } from "../../runtime/transport/memory.js";
import {
  OpenRequest,
  type OpenResponse,
} from "../generator/scenarios/redacted/expected/generated/account/v1/account.js";
import { OpenRequest as OpenRequestJson } from "../generator/scenarios/redacted/expected/generated/account/v1/account.json.js";
import {
  AccountComponent,
  AccountEvents,
} from "../generator/scenarios/redacted/expected/generated/account/v1/account.server.js";
import type { Card } from "../generator/scenarios/redacted/expected/generated/account/v1/card.js";
import { Client, notify, request } from "../support/client.js";
import { KeptLog } from "../support/log.js";
import { turn } from "../support/wait.js";

const secret = "hunter2";
const secretNumber = 4_815_162_342n;

class Account extends AccountComponent {
  response: unknown = { id: "7", sessionKey: secret, nested: { token: secretNumber, fine: true } };

  override open(): OpenResponse {
    return this.response as OpenResponse;
  }

  override rename(): void {}

  override close(): void {}
}

/** A log that says which lines it takes. */
class LeveledLog extends KeptLog {
  level: LogLevel = "debug";

  isLevelEnabled(level: LogLevel): boolean {
    return this.level === "debug" || level !== "debug";
  }
}

/** A server with one client, which speaks JSON or protobuf. */
async function start(handshake: object | undefined, log: KeptLog, serializers: readonly Serializer[] = []) {
  const account = new Account();
  const transport = memory();
  const server = createServer({ components: [account], listen: [transport], logger: log, serializers });
  await server.start();
  onTestFinished(() => server.stop());
  const client = await Client.open(transport);
  await client.enter(handshake);
  return { server, account, client };
}

const card = { owner: "ada", number: secret, bank: { name: "bank", code: secret }, Proto: secret } as unknown as Card;
const opened: OpenRequest = {
  name: "ada",
  password: secret,
  card,
  otherCards: [card, card],
  cardsByName: new Map([["a", card]]),
  pins: new Map([[secret, secretNumber]]),
  proof: { $case: "mother", value: secret },
  recommendedBy: { ...emptyRequest(), password: secret, proof: { $case: "paidBy", value: card } },
  answers: [secret, secret],
  fingerPrint: new TextEncoder().encode(secret),
  secrets: { [secret]: secret },
  nickname: "countess",
  avatar: Uint8Array.of(1, 2, 3),
  nested: { token: secretNumber, fine: true },
};

function emptyRequest(): OpenRequest {
  return OpenRequest.decode(new Uint8Array(0));
}

const json = { sys: { type: "js-websocket", version: "0.0.1", serializer: "json" } };
const protobuf = { sys: { type: "nanowire", version: "1", serializer: "protobuf" } };
const utf8 = new TextEncoder();

/** What a log was told in all, as text: fields, errors with what led to them. */
function everything(log: KeptLog): string {
  const tell = (value: unknown): string =>
    value instanceof Error
      ? `${value.stack} ${tell(value.cause)} ${JSON.stringify({ ...value })}`
      : typeof value === "object" && value !== null
        ? Object.values(value).map(tell).join(" ")
        : String(value);
  return log.lines.map((line) => `${line.message} ${tell(line.fields)}`).join("\n");
}

describe("what messages hold", () => {
  it.each([
    ["protobuf", protobuf, OpenRequest.encode(opened).finish()],
    ["JSON", json, utf8.encode(JSON.stringify(OpenRequestJson.toJSON(opened)))],
  ])("is logged at the level debug, without the fields that are marked: %s", async (_, handshake, payload) => {
    const log = new LeveledLog();
    const { server, client } = await start(handshake, log);
    client.send(request(1, "Account.Open", payload));
    await client.message();
    const session = server.sessions()[0];
    await session?.bind("ada");
    AccountEvents.opened(server.everyone, { id: "8", sessionKey: secret, nested: undefined });
    await client.message();
    client.send(notify("Account.Rename", new Uint8Array(0)));
    await turn();
    const lines = log.lines.filter(({ fields }) => "payload" in fields);
    const id = session?.id;
    expect(lines.map(({ level, message, fields }) => [level, message, { ...fields, payload: "" }])).toEqual([
      ["debug", "a request came in", { session: id, route: "Account.Open", id: 1, payload: "" }],
      ["debug", "a response goes out", { session: id, route: "Account.Open", id: 1, payload: "" }],
      ["debug", "a push goes out", { session: id, uid: "ada", route: "AccountEvents.Opened", payload: "" }],
      ["debug", "a notify came in", { session: id, uid: "ada", route: "Account.Rename", payload: "" }],
    ]);
    const texts = lines.map(({ fields }) => String(fields["payload"]));
    expect(texts[0]).toContain('{name: "ada", password: [redacted], card: {owner: "ada", number: [redacted], bank:');
    expect(texts[0]).toContain("proof: {mother: [redacted]}");
    expect(texts[0]).toContain('nickname: "countess", avatar: <3 bytes>, nested: {token: [redacted], fine: true}}');
    expect(texts.slice(1)).toEqual([
      '{id: "7", sessionKey: [redacted], nested: {token: [redacted], fine: true}}',
      '{id: "8", sessionKey: [redacted]}',
      '{name: ""}',
    ]);
    expect(everything(log)).not.toContain(secret);
    expect(everything(log)).not.toContain(String(secretNumber));
  });

  it("is not looked at while debug is off; the level may change meanwhile", async () => {
    const log = new LeveledLog();
    log.level = "info";
    const { account, client } = await start(protobuf, log);
    let reads = 0;
    const id = { get: () => `${++reads}`, enumerable: true };
    account.response = Object.defineProperty({ sessionKey: "" }, "id", id);
    client.send(request(1, "Account.Open", OpenRequest.encode(opened).finish()));
    await client.message();
    const readsToEncode = reads;
    log.level = "debug";
    client.send(request(2, "Account.Open", OpenRequest.encode(opened).finish()));
    await client.message();
    expect(reads).toBeGreaterThan(2 * readsToEncode);
    expect(log.lines.filter(({ fields }) => "payload" in fields).map(({ fields }) => fields["id"])).toEqual([2, 2]);
  });

  it("is not logged where the logger does not say its level", async () => {
    const log = new KeptLog();
    const { client } = await start(protobuf, log);
    client.send(request(1, "Account.Open", OpenRequest.encode(opened).finish()));
    await client.message();
    expect(log.lines.filter(({ fields }) => "payload" in fields)).toEqual([]);
  });

  it("is logged by the console's logger from debug on, and by the silent one never", () => {
    const levels = ["debug", "info", "warn", "error"] as const;
    const enabled = (least: LogLevel) => levels.filter((level) => consoleLogger(least).isLevelEnabled?.(level));
    expect(enabled("debug")).toEqual([...levels]);
    expect(enabled("warn")).toEqual(["warn", "error"]);
    expect(silentLogger.isLevelEnabled).toBeUndefined();
  });
});

describe("the errors of messages with marked fields", () => {
  it.each<[string, string]>([
    ["a value of another type", `{"password": {"x": "${secret}"}}`],
    ["a number that is none", `{"nested": {"token": "${secret}"}}`],
    ["a key of a map", `{"pins": {"${secret}": "${secret}"}}`],
    ["a field that there is not", `{"${secret}": 1}`],
    ["what is no JSON", `{"password": ${secret}`],
  ])("tell neither the client's value nor where in it something is wrong: %s", async (_, payload) => {
    const log = new LeveledLog();
    const { client } = await start(json, log);
    client.send(request(1, "Account.Open", utf8.encode(payload)));
    await client.message();
    client.send(request(2, "Account.Open", utf8.encode("{}")));
    await client.message();
    expect(log.lines.length).toBeGreaterThan(0);
    expect(everything(log)).not.toContain(secret);
  });

  it("tell the client in which field it was", async () => {
    const { client } = await start({ ...json, sys: { ...json.sys, type: "nanowire" } }, new KeptLog());
    client.send(request(1, "Account.Open", utf8.encode('{"nested": {"token": "x"}}')));
    expect((await client.message()).text).toContain("is no message of Account.Open: nested is not as it should be");
  });

  it.each([
    ["protobuf", protobuf],
    ["JSON", json],
  ])("do not tell what could not be sent: %s", async (_, handshake) => {
    const log = new LeveledLog();
    const { server, account, client } = await start(handshake, log);
    const unfit = {
      id: "1",
      sessionKey: "",
      get nested(): never {
        throw new RangeError(`${secret} does not fit`);
      },
    };
    account.response = unfit;
    const payload = handshake === json ? utf8.encode("{}") : new Uint8Array(0);
    client.send(request(1, "Account.Open", payload));
    await client.message();
    const push = (): unknown => AccountEvents.opened(server.everyone, unfit as unknown as OpenResponse);
    expect(push).toThrow("a message with fields marked debug_redact could not be encoded");
    expect(log.at("error").map(({ message }) => message)).toEqual(["a handler failed"]);
    expect(everything(log)).not.toContain(secret);
  });
});

describe("a server in a test", () => {
  it("logs nothing at all, unless the test hands it a logger", async () => {
    const written = ["debug", "info", "warn", "error"] as const;
    const spies = written.map((level) => vi.spyOn(console, level).mockImplementation(() => {}));
    const out = vi.spyOn(process.stdout, "write");
    onTestFinished(() => void vi.restoreAllMocks());
    const account = new Account();
    account.open = () => {
      throw new Error("it fails");
    };
    const test = await startTestServer({ components: [account] });
    const { connection } = await test.connect();
    const open = { route: "Account.Open", code: 0, request: OpenRequest, response: OpenRequest };
    await expect(connection.request(open, emptyRequest())).rejects.toMatchObject({ code: "internal" });
    await test.stop();
    expect(spies.flatMap(({ mock }) => mock.calls)).toEqual([]);
    expect(out).not.toHaveBeenCalled();
  });
});
