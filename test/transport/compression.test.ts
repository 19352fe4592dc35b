import { ws } from "../../runtime/transport/ws.js";
import { type Contract, networkContract, transportContract } from "./contract.js";

const contract: Contract = {
  title: "ws with compression",
  name: "ws",
  create: (port = 0) => ws({ host: "127.0.0.1", port, compression: { thresholdBytes: 0 } }),
  url: /^ws:\/\/127\.0\.0\.1:\d+$/,
  remoteAddress: "127.0.0.1",
  link: { headers: ["Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"] },
};

transportContract(contract);
networkContract(contract);
