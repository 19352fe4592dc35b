import { hybrid } from "../../runtime/transport/hybrid.js";
import { tcp } from "../../runtime/transport/tcp.js";
import { ws } from "../../runtime/transport/ws.js";
import { makeCertificate } from "../support/certificate.js";
import { type Contract, networkContract, portContract, transportContract } from "./contract.js";

const tls = makeCertificate("localhost");
const loopback = { host: "127.0.0.1" };
const remoteAddress = "127.0.0.1";

const contracts: readonly Contract[] = [
  {
    title: "tls",
    name: "tls",
    create: (port = 0) => tcp({ ...loopback, port, tls }),
    url: /^tls:\/\/127\.0\.0\.1:\d+$/,
    remoteAddress,
    clientFirst: true,
  },
  {
    title: "wss",
    name: "wss",
    create: (port = 0) => ws({ ...loopback, port, tls }),
    url: /^wss:\/\/127\.0\.0\.1:\d+$/,
    remoteAddress,
  },
  {
    title: "hybrid, native, with TLS",
    name: "hybrid",
    wire: "tls",
    create: (port = 0) => hybrid({ ...loopback, port, tls }),
    url: /^wss:\/\/127\.0\.0\.1:\d+$/,
    remoteAddress,
    link: { face: "tcp" },
    clientFirst: true,
  },
  {
    title: "hybrid, WebSocket, with TLS",
    name: "hybrid",
    wire: "wss",
    create: (port = 0) => hybrid({ ...loopback, port, tls }),
    url: /^wss:\/\/127\.0\.0\.1:\d+$/,
    remoteAddress,
    link: { face: "ws" },
  },
];

for (const contract of contracts) {
  transportContract(contract);
  networkContract(contract);
  portContract(contract);
}
