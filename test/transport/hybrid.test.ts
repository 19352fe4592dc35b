import { hybrid } from "../../runtime/transport/hybrid.js";
import { type Contract, networkContract, portContract, transportContract } from "./contract.js";

const common = {
  name: "hybrid",
  create: (port = 0) => hybrid({ host: "127.0.0.1", port }),
  url: /^ws:\/\/127\.0\.0\.1:\d+$/,
  remoteAddress: "127.0.0.1",
};

const contracts: readonly Contract[] = [
  { ...common, title: "hybrid, native", wire: "tcp", link: { face: "tcp" }, clientFirst: true },
  { ...common, title: "hybrid, WebSocket", wire: "ws", link: { face: "ws" } },
];

for (const contract of contracts) {
  transportContract(contract);
  networkContract(contract);
  portContract(contract);
}
