import { vi } from "vitest";
import { tcp } from "../../runtime/transport/tcp.js";
import { ws } from "../../runtime/transport/ws.js";
import { networkContract, transportContract } from "./contract.js";

/** As on a version of Node in which a socket that was accepted cannot be read into the array that all share. */
vi.mock("../../runtime/transport/shared-read.js", () => ({ readShared: () => {} }));

for (const [title, transport, scheme] of [
  ["tcp, read as a stream", tcp, "tcp"],
  ["ws, read as a stream", ws, "ws"],
] as const) {
  const contract = {
    title,
    name: scheme,
    create: (port = 0) => transport({ host: "127.0.0.1", port }),
    url: new RegExp(String.raw`^${scheme}://127\.0\.0\.1:\d+`),
    remoteAddress: "127.0.0.1",
  };
  transportContract(contract);
  networkContract(contract);
}
