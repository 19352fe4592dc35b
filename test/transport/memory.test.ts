import { memory } from "../../runtime/transport/memory.js";
import { transportContract } from "./contract.js";

transportContract({
  title: "memory",
  name: "memory",
  create: () => memory(),
  url: /^memory:$/,
  remoteAddress: "memory",
});
