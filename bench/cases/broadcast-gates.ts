import { aloneGatesSide, gatesSide } from "../cluster/gates-side.js";
import { missingNats } from "../cluster/nats-server.js";
import type { BenchCase, Comparison } from "../comparison.js";
import { Telling } from "../generated/bench/v1/broadcast.js";
import { notifyPacket } from "../load/packets.js";
import type { ClusterLink } from "../servers/link-driver.js";
import { mostConnections } from "../side.js";
import { broadcastServer } from "./broadcast.js";
import { codeOf } from "./code-of.js";

const gates = 4;

/** So many members for each connection of other cases: 10,000 by default, over all gates. */
const membersAConnection = 10;

/** Everybody at several gates is told the same, by a member. */
export const broadcastGates: BenchCase = {
  name: "broadcast-gates",
  summary: `a message pushed by a member to 10 clients a connection, over ${gates} gates; a message is one delivery; CPU is the gates'; against as many servers that tell their own clients, at the same time`,
  missing: missingNats,
  comparisons: (["grpc", "nats"] as const).flatMap((link) => [1, 100].map((times) => comparisonOf(link, times))),
};

function comparisonOf(link: ClusterLink, times: number): Comparison {
  const { load } = broadcastServer("tcp", times);
  const entering = notifyPacket(codeOf("Broadcast.Tell"), Telling.encode({ position: undefined, times: 0 }).finish());
  return {
    name: `${link}-${times}`,
    title: `${link}(), ${times === 1 ? "a message" : `${times} messages`} at once`,
    baseline: aloneGatesSide({ name: "each its own", gates, load, connectionsOf: membersOf }),
    subject: gatesSide({
      name: `${gates} gates`,
      link,
      gates,
      load: { ...load, first: entering },
      connectionsOf: membersOf,
    }),
  };
}

/** As many at each gate. */
function membersOf(usual: number): number {
  return Math.floor(Math.min(usual * membersAConnection, mostConnections) / gates) * gates;
}
