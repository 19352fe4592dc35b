import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { SocketPathOptions } from "../../runtime/transport/listen.js";
import { tcp } from "../../runtime/transport/tcp.js";
import { ws } from "../../runtime/transport/ws.js";
import { temporaryFolder } from "../support/certificate.js";
import { KeptHost } from "../support/host.js";
import { openSocket } from "../support/link.js";
import { type Contract, networkContract, transportContract } from "./contract.js";

const contracts: readonly Contract[] = [
  {
    title: "tcp on a Unix socket",
    name: "tcp",
    create: () => tcp({ socketPath: join(temporaryFolder(), "game.sock") }),
    url: /^tcp\+unix:\/\/\/.*\/game\.sock$/,
    remoteAddress: "unix",
  },
  {
    title: "ws on a Unix socket",
    name: "ws",
    create: () => ws({ socketPath: join(temporaryFolder(), "game.sock"), path: "/play" }),
    url: /^ws\+unix:\/\/\/.*\/game\.sock:\/play$/,
    remoteAddress: "unix",
  },
];

for (const contract of contracts) {
  transportContract(contract);
  networkContract(contract);
}

/** A socket's file whose process was killed: nobody answers there. */
function staleSocket(): string {
  const socketPath = join(temporaryFolder(), "game.sock");
  const program = `require("node:net").createServer().listen(${JSON.stringify(socketPath)}, () => process.kill(process.pid, "SIGKILL"))`;
  spawnSync(process.execPath, ["-e", program]);
  return socketPath;
}

describe("the file of a Unix socket", () => {
  it("is there while it is listened on, and not after", async () => {
    const socketPath = join(temporaryFolder(), "game.sock");
    const listener = tcp({ socketPath });
    await listener.listen(new KeptHost());
    expect(statSync(socketPath).isSocket()).toBe(true);
    expect(listener.address).toEqual({
      transport: "tcp",
      host: "unix",
      port: 0,
      socketPath,
      url: `tcp+unix://${socketPath}`,
    });
    await listener.close();
    expect(existsSync(socketPath)).toBe(false);
  });

  it("that a dead process left behind is replaced", async () => {
    const socketPath = staleSocket();
    expect(statSync(socketPath).isSocket()).toBe(true);
    await expect(openSocket({ socketPath })).rejects.toMatchObject({ code: "ECONNREFUSED" });
    const host = new KeptHost();
    const listener = tcp({ socketPath });
    await listener.listen(host);
    onTestFinished(() => listener.close());
    const client = await openSocket({ socketPath });
    expect((await host.accepted.next()).wire.remoteAddress).toBe("unix");
    client.destroy();
  });

  it("that a living process listens on is left to it", async () => {
    const socketPath = join(temporaryFolder(), "game.sock");
    const [first, second] = [tcp({ socketPath }), tcp({ socketPath })];
    const host = new KeptHost();
    await first.listen(host);
    onTestFinished(() => first.close());
    const failure = second.listen(new KeptHost());
    await expect(failure).rejects.toMatchObject({ code: "listen_failed", cause: { code: "EADDRINUSE" } });
    await expect(failure).rejects.toThrow(`cannot listen on ${socketPath}: listen EADDRINUSE`);
    // The one asked whether anybody answers; the other is the test's.
    (await openSocket({ socketPath })).destroy();
    expect((await host.accepted.next()).wire.transport).toBe("tcp");
  });

  it("that is another file is left as it is", async () => {
    const socketPath = join(temporaryFolder(), "notes.txt");
    writeFileSync(socketPath, "dear diary");
    await expect(tcp({ socketPath }).listen(new KeptHost())).rejects.toMatchObject({ code: "listen_failed" });
    expect(readFileSync(socketPath, "utf8")).toBe("dear diary");
  });

  it("in a folder that does not exist cannot be", async () => {
    const socketPath = join(temporaryFolder(), "no", "game.sock");
    const failure = tcp({ socketPath }).listen(new KeptHost());
    await expect(failure).rejects.toMatchObject({ code: "listen_failed", scope: "startup" });
  });

  it("has the rights that are asked for", async () => {
    const socketPath = join(temporaryFolder(), "game.sock");
    const listener = tcp({ socketPath, socketMode: 0o600 });
    await listener.listen(new KeptHost());
    onTestFinished(() => listener.close());
    expect(statSync(socketPath).mode & 0o777).toBe(0o600);
  });

  it.each<[string, object, string]>([
    ["empty", { socketPath: "" }, 'socketPath "" is no path'],
    ["no text", { socketPath: 7 }, "socketPath 7 is no path"],
    ["cut by a zero", { socketPath: "/tmp/a\0b" }, 'socketPath "/tmp/a\\u0000b" is no path'],
    ["too long", { socketPath: `/${"ü".repeat(60)}` }, `socketPath /${"ü".repeat(60)} has 121 bytes, more than 107`],
    [
      "beside a port",
      { socketPath: "/tmp/a", port: 1 },
      "there are a port 1 and a socketPath /tmp/a: a listener has one of them",
    ],
  ])("cannot be %s", (_what, options, message) => {
    expect(() => tcp(options as SocketPathOptions)).toThrow(
      expect.objectContaining({ code: "invalid_option", message }),
    );
  });
});
