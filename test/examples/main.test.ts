import { execFile } from "node:child_process";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually, Guest, root, type TemporaryDirectory } from "./chat-fixture.js";
import { compilePrograms, type Program, run } from "./programs.js";

let programs: TemporaryDirectory;

beforeAll(async () => {
  programs = await compilePrograms();
  await promisify(execFile)(process.execPath, [
    join(root, "scripts/bundle-page.js"),
    "chat",
    join(programs.path, "page"),
  ]);
});

afterAll(async () => {
  await programs.remove();
});

/** What a program has printed, when it has printed what is waited for. */
async function printed(program: Program, awaited: string): Promise<string> {
  let output = "";
  program.process.stdout?.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  await eventually(() => output).toContain(awaited);
  return output;
}

test.each(["SIGINT", "SIGTERM"] as const)("serves until %s, and ends with 0", async (signal) => {
  const program = run(programs.path, "main", ["--port", "0", "--tcp-port", "0", "--host", "127.0.0.1"]);
  const output = await printed(program, "Ctrl+C");
  const [url = ""] = output.match(/http:\S+/) ?? [];
  const [tcpUrl = ""] = output.match(/tcp:\S+/) ?? [];
  expect(output).toContain(`npm run chat:terminal -- --name ada --url ${tcpUrl}\n`);
  expect(output).not.toContain("LAN");
  const ada = await Guest.connect(tcpUrl);
  expect(await ada.join("ada")).toEqual(["ada"]);
  expect((await fetch(url)).status).toBe(200);

  program.process.kill(signal);

  expect(await program.ended).toBe(0);
  expect((await ada.connection.closed).code).toBe("connection_lost");
  expect(await program.stdout).toContain("Stopping");
  expect(await program.stderr).toBe("");
});

test("listens on every address, and names those of the network", async () => {
  const program = run(programs.path, "main", ["--port", "0", "--tcp-port", "0"]);

  expect(await printed(program, "Ctrl+C")).toMatch(/Page +http:\/\/127\.0\.0\.1:\d+\/\n/);

  program.process.kill("SIGTERM");
  expect(await program.ended).toBe(0);
});

test("says so when a port is taken", async () => {
  const other = await new Promise<Server>((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => resolve(server));
  });
  const { port } = other.address() as { port: number };

  const program = run(programs.path, "main", ["--port", "0", "--tcp-port", `${port}`, "--host", "127.0.0.1"]);

  expect(await program.ended).toBe(1);
  expect(await program.stderr).toContain(`Port ${port} is taken: is the chat running already?`);
  other.close();
});

test.each([
  [["--port", "http"], "--port http is no port: one is a number from 0 to 65535"],
  [["--tcp-port", "65536"], "--tcp-port 65536 is no port"],
  [["--prot", "1"], "Unknown option '--prot'"],
])("refuses %j", async (args, message) => {
  const program = run(programs.path, "main", args);

  expect(await program.ended).toBe(1);
  expect(await program.stderr).toContain(message);
});
