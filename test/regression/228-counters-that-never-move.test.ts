// pitaya: a gauge is registered and never set; histograms are made and never registered. (prometheus_reporter.go:313-326) What
// a server here counts are its counters: each of them has to move.

import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { NanowireError } from "../../runtime/base/error.js";
import { tcp } from "../../runtime/transport/tcp.js";
import { makeCertificate } from "../support/certificate.js";
import { notify, packet, request } from "../support/client.js";
import { openSocket } from "../support/link.js";
import { startServer } from "../support/server.js";
import { pushOf } from "../support/service.js";
import { until } from "../support/wait.js";

const tests = fileURLToPath(new URL("..", import.meta.url));

it("every counter of a server counts", async () => {
  const test = await startServer({ maxConnections: 2 });
  const { server } = test;
  const moved = new Set<string>();
  const look = () => {
    for (const [name, value] of Object.entries(server.counters)) {
      if (typeof value === "number" ? value > 0 : Object.values(value as object).some((count) => count > 0)) {
        moved.add(name);
      }
    }
  };
  const client = await test.enter();
  client.send(request(1, "Echo.Say", "x"));
  client.send(notify("Echo.Say", "x"));
  await client.message();
  server.sessions()[0]?.push(pushOf("E.X", 0), "x");
  server.scheduler.run(() => {
    throw new NanowireError("no", "it fails");
  });
  await until(() => server.counters.failedTasks === 1);
  look();
  const stranger = await test.open();
  stranger.send(packet(1, "no handshake"));
  await test.open();
  await until(() => Object.keys(server.counters.refusedHandshakes).length > 0);
  look();
  client.send(packet(7));
  await client.ended;
  look();
  expect(moved.size).toBeGreaterThan(8);
  // What wants a scene of its own has it in another test, which expects it to be more than 0.
  const others = readdirSync(tests, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".test.ts") && !file.includes("/228-"))
    .map((file) => readFileSync(`${tests}/${file}`, "utf8"))
    .join("\n");
  const { remote, ...single } = server.counters;
  const ofRemotes = Object.keys(remote.made).filter((name) => name !== "failed");
  const still = [...Object.keys(single).filter((name) => !moved.has(name)), ...ofRemotes];
  expect(still.filter((name) => !new RegExp(`\\b${name}(: | === )[1-9]`).test(others))).toEqual([]);
});

it("arriving counts, too", async () => {
  const transport = tcp({ host: "127.0.0.1", port: 0, tls: makeCertificate("localhost") });
  const { server } = await startServer({ transport });
  const socket = await openSocket({ port: server.addresses[0]?.port as number });
  await until(() => server.counters.arriving === 1);
  socket.destroy();
  await until(() => server.counters.arriving === 0);
});
