import { createServer } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { ws } from "../../runtime/transport/ws.js";
import { makeCertificate } from "../support/certificate.js";
import { type Contract, networkContract, portContract, transportContract } from "./contract.js";

const certificate = makeCertificate("localhost");
const loopback = { host: "127.0.0.1", path: "/play" };

const contracts: readonly Contract[] = [
  {
    title: "ws on a shared HTTP server",
    name: "ws",
    create: (port = 0) => ws({ ...loopback, port, server: createServer() }),
    url: /^ws:\/\/127\.0\.0\.1:\d+\/play$/,
    remoteAddress: "127.0.0.1",
  },
  {
    title: "wss on a shared HTTPS server",
    name: "wss",
    create: (port = 0) => ws({ ...loopback, port, server: createSecureServer(certificate) }),
    url: /^wss:\/\/127\.0\.0\.1:\d+\/play$/,
    remoteAddress: "127.0.0.1",
  },
];

for (const contract of contracts) {
  transportContract(contract);
  networkContract(contract);
  portContract(contract);
}
