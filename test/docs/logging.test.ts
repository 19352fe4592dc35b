import { readFileSync } from "node:fs";
import { expect, onTestFinished, test, vi } from "vitest";
import { consoleLogger, silentLogger } from "../../runtime/base/logger.js";
import { connect } from "../../runtime/client/connect-node.js";
import { maxTextLength } from "../../runtime/protocol/message-text.js";
import { createServer, type Server } from "../../runtime/server/server.js";
import { type MemoryTransport, memory } from "../../runtime/transport/memory.js";
import { AccountClient } from "../generator/scenarios/redacted/expected/generated/account/v1/account.client.js";
import { AccountComponent } from "../generator/scenarios/redacted/expected/generated/account/v1/account.server.js";
import { Client, request } from "../support/client.js";
import { PageProgram } from "./support/page-program.js";

const page = new PageProgram("docs/logging.md");
const text = readFileSync(new URL("../../docs/logging.md", import.meta.url), "utf8");

test("a logger of one's own is told what happens", async () => {
  expect(page.count).toBe(1);
  const { server, transport, lines } = await page.run<{ server: Server; transport: MemoryTransport; lines: string[] }>(
    "createServer",
    ["server", "transport", "lines"],
  );
  onTestFinished(() => server.stop());
  const client = await Client.open(transport);
  await client.enter({ sys: { type: "nanowire", version: "1", serializer: "protobuf" } });
  client.send(request(1, "No.Such"));
  await client.message();
  expect(lines).toEqual(["info listening url", "debug a message was refused session route code error"]);
});

class Account extends AccountComponent {
  override open(): { id: string; sessionKey: string; nested: undefined } {
    return { id: "7", sessionKey: "hunter2", nested: undefined };
  }
  override rename(): void {}
  override close(): void {}
}

const opening = {
  name: "ada",
  password: "hunter2",
  avatar: new Uint8Array(812),
  card: undefined,
  otherCards: [],
  cardsByName: new Map(),
  pins: new Map(),
  proof: undefined,
  recommendedBy: undefined,
  answers: [],
  secrets: undefined,
  nickname: undefined,
  nested: undefined,
};

test("what messages hold is told as it is shown, and a marked field never", async () => {
  const lines: string[] = [];
  vi.spyOn(console, "debug").mockImplementation((line: string) => void lines.push(line));
  vi.spyOn(console, "info").mockImplementation(() => {});
  onTestFinished(() => void vi.restoreAllMocks());
  const transport = memory();
  const server = createServer({ components: [new Account()], listen: [transport], logger: consoleLogger("debug") });
  await server.start();
  onTestFinished(() => server.stop());
  const connection = await connect(transport.dial);
  await new AccountClient(connection).open(opening);
  await new AccountClient(connection).open({ ...opening, name: "a".repeat(300) });
  connection.close();

  const shown = /^ {4}(debug a request came in .*)$/m.exec(text)?.[1];
  // The message that is shown has fewer fields.
  const fewer = lines[0]?.replaceAll(/(?:otherCards|cardsByName|pins|answers): (?:\[\]|\{\}|\[redacted\]), /g, "");
  expect(fewer?.replace(/session=\d+/, "session=731…")).toBe(shown);
  expect(lines[1]).toMatch(
    /^debug a response goes out session=\d+ route=Account\.Open id=1 payload=\{id: "7", sessionKey: \[redacted\]\}$/,
  );
  expect(lines[2]).toMatch(/name: "a{200}[^a]/);
  expect(lines.join()).not.toContain("hunter2");
});

test("a logger that does not say whether somebody reads along is told no payloads", async () => {
  const told: object[] = [];
  const logger = { ...silentLogger, debug: (fields: object) => void told.push(fields) };
  const transport = memory();
  const server = createServer({ components: [new Account()], listen: [transport], logger });
  await server.start();
  onTestFinished(() => server.stop());
  const connection = await connect(transport.dial);
  await new AccountClient(connection).open(opening);
  connection.close();
  expect(told.filter((fields) => "payload" in fields)).toEqual([]);
  expect(server.counters.requests).toBe(1);
});

test("the .proto that is shown is generated, and run above", () => {
  const scenario = new URL("../generator/scenarios/redacted/proto/account/v1/account.proto", import.meta.url);
  const lines = readFileSync(scenario, "utf8").split("\n");
  const [, block = ""] = /^```proto\n([\s\S]*?)^```$/m.exec(text) ?? [];
  expect(
    block
      .trim()
      .split("\n")
      .filter((line) => !lines.includes(line)),
  ).toEqual([]);
  expect(block).toContain("debug_redact");
});

test("the bounds of a payload's text are as they are told", () => {
  expect(text).toContain(`has ${maxTextLength.toLocaleString("en")} characters at the most`);
});
