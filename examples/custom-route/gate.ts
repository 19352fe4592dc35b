import { type ClusterDriver, createServer, type RouteChoice, type Server, silentLogger, ws } from "nanowire";
import { MatchComponent } from "./generated/match/v1/match.server.js";

/**
 * Sends a player to a node of the zone that the client's handshake names; undefined, any node, where there is none of that zone. It is asked once a
 * session: the session stays with the node.
 */
export function byZone({ session, nodes }: RouteChoice): string | undefined {
  const { zone } = Object(session.handshake.user) as { zone?: unknown };
  return nodes.find(({ labels }) => labels["zone"] === zone)?.id;
}

/** A gate that decides by itself where players go. */
export function createGate(driver: ClusterDriver): Server {
  const gate = createServer({
    components: [],
    forward: [MatchComponent],
    listen: [ws({ host: "127.0.0.1", port: 0 })],
    cluster: { driver, id: "gate", routing: { Match: byZone } },
    logger: silentLogger,
  });
  // A player who asks for the finals is taken to their node, and stays there.
  gate.inbound.of("Match").pushBack((session, { route }) => {
    const finals = gate.cluster?.others.find(({ labels }) => labels["zone"] === "finals");
    if (route === "Match.Advance" && finals !== undefined) {
      gate.cluster?.route(session, "Match", finals.id);
    }
  });
  return gate;
}
