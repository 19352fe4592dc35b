import type { Target } from "./target.js";
import { clientTargets } from "./targets/client-bytes.js";
import { clusterTargets } from "./targets/cluster-bytes.js";
import { conversationTarget } from "./targets/conversation.js";
import { generatorTargets } from "./targets/generator.js";
import { nodeLinkTarget } from "./targets/node-link.js";
import { webSocketTarget } from "./targets/web-socket.js";

export { plantedTargets } from "./targets/planted.js";

/** All that is fuzzed. */
export const targets: readonly Target[] = [
  ...clientTargets,
  conversationTarget,
  webSocketTarget,
  ...clusterTargets,
  nodeLinkTarget,
  ...generatorTargets,
];
