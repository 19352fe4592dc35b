import { chaosSuite } from "./support/chaos-suite.js";

chaosSuite("nats");
