import { readFileSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import { RoomClient, RoomEventsClient } from "../../generated/chat/v1/room.client.js";
import { connect } from "../../runtime/client/connect-node.js";
import { resolveOptions, type ServerOptions } from "../../runtime/server/options.js";
import { createServer } from "../../runtime/server/server.js";
import { memory } from "../../runtime/transport/memory.js";
import { eventually } from "../support/wait.js";
import { expectNumbers } from "./support/option-table.js";
import { PageProgram } from "./support/page-program.js";
import { printedLines, runServer } from "./support/running-program.js";

const text = readFileSync(new URL("../../docs/server.md", import.meta.url), "utf8");
const options = text.slice(text.indexOf("## Options"), text.indexOf("## Handlers"));

/** The same room stands on the pages for those who come from elsewhere. */
const pages = ["docs/server.md", "docs/coming-from-nano.md", "docs/coming-from-pitaya.md"];

test.each(pages)("%s: who comes by WebSocket and who comes by TCP are in one room", async (name) => {
  printedLines();
  const page = new PageProgram(name);
  expect(page.count).toBe(1);
  const { server, come } = await runServer(page, "createServer");
  expect(server.addresses.map(({ transport }) => transport)).toEqual(["ws", "tcp"]);
  const ada = await come();
  const eve = await connect(`tcp://127.0.0.1:${server.addresses[1]?.port}`);
  onTestFinished(() => eve.close());
  const heard: string[] = [];
  const events = new RoomEventsClient(ada);
  events.onJoined(({ name }) => void heard.push(`${name} came`));
  events.onSaid(({ name, text }) => void heard.push(`${name}: ${text}`));
  await new RoomClient(ada).join({ name: "ada" });
  heard.length = 0;
  expect(await new RoomClient(eve).join({ name: "eve" })).toEqual({ members: ["ada", "eve"] });
  new RoomClient(eve).say({ text: "hello" });
  await eventually(() => expect(heard).toEqual(["eve came", "eve: hello"]));
  await new RoomClient(ada).leave();
  await new RoomClient(ada).leave().catch(({ code }: { code: string }) => heard.push(code));
  expect(heard.at(-1)).toBe("not_a_member");
});

test("pitaya's unique session: the older one goes", async () => {
  printedLines();
  const { come } = await runServer(new PageProgram("docs/coming-from-pitaya.md"), "createServer");
  const [first, second] = [await come(), await come()];
  await new RoomClient(first).join({ name: "ada" });
  expect(await new RoomClient(second).join({ name: "ada" })).toEqual({ members: ["ada"] });
  expect(await first.closed).toMatchObject({ code: "kicked" });
});

const resolve = (given: Partial<ServerOptions>) => resolveOptions({ components: [], listen: [memory()], ...given });

test("every option has its row, with the default and the limits that it has", () => {
  const rows = [...options.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
  const there = catchMessage(() => resolve({ colour: "red" } as never)).replace(/^.*there are /, "");
  expect(rows.toSorted()).toEqual(there.split(", ").toSorted());
  expectNumbers(
    options,
    [
      "heartbeatIntervalMs",
      "handshakeTimeoutMs",
      "maxConnections",
      "maxConnectionsPerAddress",
      "maxMessagesPerSecond",
      "maxPacketBytes",
      "maxHandshakeBytes",
      "maxInflatedBytes",
      "maxOutboxBytes",
      "maxOutboxMessages",
      "maxQueuedMessages",
      "requestTimeoutMs",
      "timerPrecisionMs",
      "compressPayloadsFromBytes",
    ],
    resolve,
  );
  expect(resolve({}).binding).toEqual({ second: "allow", kickReason: "signed in elsewhere", rebind: false });
});

test.each([
  ["maxPacketBytes", 12],
  ["nodeId", 1_024],
  ["nodeId", -1],
])("%s %d is an error when the server is made", (name, value) => {
  const message = catchMessage(() => createServer({ components: [], listen: [memory()], [name]: value }));
  expect(message).toMatch(new RegExp(`^${name} ${value} is not an integer from `));
});

test("the error that is shown is the one that comes", () => {
  expect(text).toContain(`\`${catchMessage(() => resolve({ maxPacketBytes: 12 }))}\``);
});

function catchMessage(task: () => unknown): string {
  try {
    task();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("nothing was thrown");
}
