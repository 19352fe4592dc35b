// `nanowire/testing`: what tests of components and clients are made of.

export { MemoryNetwork } from "../cluster/memory-network.js";
export type { CutPoint, LinkConditions } from "./link.js";
export { SteppedClock } from "./stepped-clock.js";
export type { TestClient } from "./test-client.js";
export { startTestServer, type TestConnectOptions, type TestServer, type TestServerOptions } from "./test-server.js";
