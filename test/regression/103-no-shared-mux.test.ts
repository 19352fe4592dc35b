// nano registers its WebSocket path on the process's default mux: a second listener with that path ends the process, and
// whatever else is on the mux (pprof, say) is open to clients.

import { createServer } from "node:http";
import { expect, it, onTestFinished } from "vitest";
import { ws } from "../../runtime/transport/ws.js";
import { openWebSocket } from "../support/link.js";
import { startServer } from "../support/server.js";

it("two servers in one process have the same path, and neither serves what another HTTP server does", async () => {
  const other = createServer((_request, response) => void response.end("secrets"));
  await new Promise<void>((resolve) => void other.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void other.close());

  for (const _round of ["one", "another"]) {
    const { server } = await startServer({ transport: ws({ host: "127.0.0.1", port: 0, path: "/game" }) });
    const port = server.addresses[0]?.port as number;
    (await openWebSocket({ port }, "/game")).destroy();
    const response = await fetch(`http://127.0.0.1:${port}/debug/pprof/`);
    expect([response.status, await response.text()]).toEqual([426, "upgrade_refused"]);
  }
});
