import { tcp } from "../../runtime/transport/tcp.js";
import { type Contract, networkContract, transportContract } from "./contract.js";

const contract: Contract = {
  create: (port = 0) => tcp({ host: "127.0.0.1", port }),
  url: /^tcp:\/\/127\.0\.0\.1:\d+$/,
  remoteAddress: "127.0.0.1",
};

transportContract("tcp", contract);
networkContract("tcp", contract);
