import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { RoomComponent } from "../../generated/chat/v1/room.server.js";
import type { Serializer } from "../../runtime/protocol/serializer.js";
import { type Profile, wireProfiles } from "../../runtime/server/profile.js";
import type { Server } from "../../runtime/server/server.js";
import type { MemoryTransport } from "../../runtime/transport/memory.js";
import { Client } from "../support/client.js";
import { startServer } from "../support/server.js";
import { PageProgram } from "./support/page-program.js";

const programs = new PageProgram("docs/profiles.md");
const page = readFileSync(new URL("../../docs/profiles.md", import.meta.url), "utf8");

test("a profile of one's own", async () => {
  const { server, transport } = await programs.run<{ server: Server; transport: MemoryTransport }>("const dart", []);
  await server.start();
  const client = await Client.open(transport);
  const { sys } = await client.enter({ sys: { type: "dart" } });
  expect(sys.serializer).toBe("json");
  const { flag, text } = await client.call(1, "No.Such");
  expect([flag, JSON.parse(text)]).toEqual([0x24, expect.objectContaining({ code: "unknown_route" })]);
  await server.stop();
});

test("a serializer of one's own, and a client that speaks it", async () => {
  const { packed } = await programs.run<{ packed: (name: string, pack: unknown, unpack: unknown) => Serializer }>(
    "function packed",
    [],
  );
  const { join } = await programs.run<{
    join: (url: string, serializer: Serializer, name: string) => Promise<string[]>;
  }>("function join", []);
  const backwards = (bytes: Uint8Array): Uint8Array => bytes.slice().reverse();
  const serializer = packed(
    "backwards",
    (value: unknown) => backwards(Buffer.from(JSON.stringify(value))),
    (bytes: Uint8Array) => JSON.parse(Buffer.from(backwards(bytes)).toString()),
  );
  class Room extends RoomComponent {
    override join(_session: unknown, { name }: { name: string }): { members: string[] } {
      return { members: [name, "eve"] };
    }
    override say(): void {}
    override leave(): void {}
  }
  const { server, transport } = await startServer({
    components: [new Room()],
    serializers: [serializer],
    transport: "ws",
  });
  expect(await join(transport.address?.url ?? "", serializer, "ada")).toEqual(["ada", "eve"]);
  expect(server.counters.requests).toBe(1);
});

test("the table has the profiles that ship, with what they hold", () => {
  const rows = new Map(
    page
      .slice(0, page.indexOf("## Options"))
      .split("\n")
      .filter((line) => line.startsWith("|"))
      .map((line) => line.split("|").map((cell) => cell.trim()))
      .map(([, head = "", ...cells]) => [head, cells.slice(0, -1)]),
  );
  const profiles: Profile[] = Object.values(wireProfiles);
  expect(rows.get("")).toEqual(profiles.map(({ name }) => `\`${name}\``));
  expect(rows.get("serializer, where it names none")).toEqual(
    profiles.map(({ serializer }) => (serializer === "json" ? "JSON" : serializer)),
  );
  expect(rows.get("compressed payloads")).toEqual(
    profiles.map(({ inflatesPayloads }) => (inflatesPayloads ? "when asked for" : "never")),
  );
  expect(rows.get("body of a kick")).toEqual(
    profiles.map(({ kickBody }) => (kickBody === "json" ? '`{"reason": …}`' : "empty")),
  );
  expect(rows.get("`heartbeat`, in seconds")).toEqual(
    profiles.map(({ heartbeat }) => ({ any: "any number", whole: "whole", positive: "whole, 1 or more" })[heartbeat]),
  );
  expect(rows.get("routes of pushes")).toEqual(
    profiles.map(
      ({ pushCodes }) =>
        ({ always: "as codes", learned: "in full, until it sends a code", never: "in full" })[pushCodes],
    ),
  );
  expect(rows.get("`useDict`")).toEqual(profiles.map(({ useDict }) => (useDict ? "`true`" : "")));
  expect(rows.get("packets in a WebSocket frame")).toEqual(
    profiles.map(({ manyPacketsAFrame }) => (manyPacketsAFrame ? "many" : "one")),
  );
});
