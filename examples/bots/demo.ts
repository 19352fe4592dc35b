import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer, silentLogger, ws } from "nanowire";
import { runBotsProgram } from "nanowire/bots";
import { Room } from "../chat/room.js";

// The chat's server, and 60 bots on it for some seconds. The report comes as text, and as a page.
const server = createServer({
  components: [new Room()],
  listen: [ws({ host: "127.0.0.1", port: 0 })],
  logger: silentLogger,
});
await server.start();
const html = join(tmpdir(), "nanowire-bots.html");
process.exitCode = await runBotsProgram({
  scenario: new URL("./chat.js", import.meta.url),
  url: server.addresses[0]?.url ?? "",
  bots: 60,
  ramp: "1s",
  for: "3s",
  thresholds: ["chat.v1.Room.Join p99<5s", "say, and hear it p99<5s", "errors<1%"],
  html,
});
await server.stop();
process.stdout.write(`\nThe same as a page: ${html}\n`);
