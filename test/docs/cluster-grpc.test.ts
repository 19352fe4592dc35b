import { readFileSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import { RoomClient } from "../../generated/chat/v1/room.client.js";
import { connect } from "../../runtime/client/connect-node.js";
import { resolveGrpcOptions } from "../../runtime/cluster/grpc/grpc-options.js";
import type { GrpcMaster } from "../../runtime/cluster/grpc/index.js";
import type { Server } from "../../runtime/server/server.js";
import { expectNumbers } from "./support/option-table.js";
import { PageProgram } from "./support/page-program.js";
import { printedLines } from "./support/running-program.js";

const page = new PageProgram("docs/cluster-grpc.md");
const text = readFileSync(new URL("../../docs/cluster-grpc.md", import.meta.url), "utf8");

test("each program is run here", () => {
  expect(page.count).toBe(3);
});

test("a client of the gate is answered by the member", async () => {
  printedLines();
  const { master } = await page.run<{ master: GrpcMaster }>("grpcMaster", ["master"], {
    instead: { "10.0.0.1:7000": "127.0.0.1:0" },
  });
  onTestFinished(() => master.stop());
  const join = { "10.0.0.1:7000": master.address as string };
  const run = async (words: string, listen: string): Promise<Server> => {
    const instead = { ...join, [listen]: "127.0.0.1:0" };
    const { server } = await page.run<{ server: Server }>(words, ["server"], { instead });
    onTestFinished(() => server.stop());
    return server;
  };
  await run("room-1", "10.0.0.2:7001");
  const gate = await run("gate-1", "10.0.0.3:7001");
  const connection = await connect(`ws://127.0.0.1:${gate.addresses[0]?.port}`);
  onTestFinished(() => connection.close());
  expect(await new RoomClient(connection).join({ name: "ada" })).toEqual({ members: ["ada"] });
});

test("the table has the options, with their defaults and limits", () => {
  const section = text.split("## Options of grpc()")[1]?.split("\n## ")[0] as string;
  expectNumbers(
    section,
    ["heartbeatIntervalMs", "nanoHeartbeatIntervalMs", "joinTimeoutMs", "maxWaitingBytes"],
    (options) => resolveGrpcOptions({ master: true, ...options }),
  );
  const told = [...section.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name).sort();
  const refusal = /there are (.*)$/.exec(refusalOf({ master: true, misspelt: 1 }))?.[1];
  expect(told).toEqual(refusal?.split(", ").sort());
});

function refusalOf(options: object): string {
  try {
    resolveGrpcOptions(options);
  } catch (error) {
    return (error as Error).message;
  }
  return "";
}
