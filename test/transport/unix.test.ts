import { join } from "node:path";
import { tcp } from "../../runtime/transport/tcp.js";
import { ws } from "../../runtime/transport/ws.js";
import { temporaryFolder } from "../support/certificate.js";
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
