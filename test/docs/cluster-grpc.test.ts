import { readFileSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import { grpc } from "../../runtime/cluster/grpc/grpc.js";
import { resolveGrpcOptions } from "../../runtime/cluster/grpc/grpc-options.js";
import type { GrpcMaster } from "../../runtime/cluster/grpc/index.js";
import type { Server } from "../../runtime/server/server.js";
import { nodeInfo, WatchingHost } from "../cluster/support/watching-host.js";
import { expectNumbers } from "./support/option-table.js";
import { PageProgram } from "./support/page-program.js";
import { printedLines } from "./support/running-program.js";

const page = new PageProgram("docs/cluster-grpc.md");
const text = readFileSync(new URL("../../docs/cluster-grpc.md", import.meta.url), "utf8");

test("each program is run here", () => {
  expect(page.count).toBe(2);
});

test("a member is seen by the others, with what it hosts", async () => {
  printedLines();
  const { master } = await page.run<{ master: GrpcMaster }>("grpcMaster", ["master"], {
    instead: { "10.0.0.1:7000": "127.0.0.1:0" },
  });
  onTestFinished(() => master.stop());
  const instead = { "10.0.0.1:7000": master.address as string, "10.0.0.2:7001": "127.0.0.1:0" };
  const { server } = await page.run<{ server: Server }>("room-1", ["server"], { instead });
  onTestFinished(() => server.stop());
  const host = new WatchingHost();
  const driver = grpc({ join: master.address as string });
  onTestFinished(() => driver.leave());
  await driver.join(nodeInfo("gate-1"), host);
  expect(host.nodes.get("room-1")).toMatchObject({ gate: false, services: [{ name: "Room" }] });
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
