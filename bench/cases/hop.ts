import type { GateLoad } from "../cluster/clients.js";
import { clusterSide, halfLoadedSide } from "../cluster/cluster-side.js";
import { type Engine, engineSide } from "../cluster/engine-side.js";
import type { HopCase, HopComparison, HopLatency } from "../cluster/hop.js";
import { missingNats } from "../cluster/nats-server.js";
import { Position } from "../generated/bench/v1/echo.js";
import type { ClusterLink } from "../servers/link-driver.js";
import { loadedServer } from "../side.js";
import { type EchoMessage, echoServers } from "./ping-pong.js";

/** So many clients ask, where there are as many requests at once. */
const clients = 64;

/** How many requests are under way at any time, all clients together. */
const atOnceOf = [1, 64, 512] as const;

/** What is asked and answered: 64 bytes. */
const position: EchoMessage = {
  route: "Echo.Move",
  payload: Position.encode({
    atMs: 1_700_000_000_000n,
    x: 12.5,
    y: -3.25,
    name: "A name that is forty-five characters long, so",
  }).finish(),
};

const links: Readonly<Record<ClusterLink, { readonly title: string; readonly engines: readonly Engine[] }>> = {
  grpc: {
    title: "grpc()",
    engines: [
      { name: "unary call", server: "grpc-server.js", caller: "grpc-client.js", args: ["unary"] },
      { name: "stream", server: "grpc-server.js", caller: "grpc-client.js", args: ["stream"] },
    ],
  },
  nano: {
    title: "nano's unary way",
    engines: [
      { name: "unary call", server: "grpc-server.js", caller: "grpc-client.js", args: ["unary"] },
      { name: "there and back", server: "grpc-server.js", caller: "grpc-client.js", args: ["back"] },
    ],
  },
  nats: {
    title: "nats()",
    engines: [{ name: "NATS request", server: "nats-responder.js", caller: "nats-requester.js", isNats: true }],
  },
};

/** A request that a gate has a member answer. */
export const hop: HopCase = {
  name: "hop",
  kind: "hop",
  summary: "a request through a gate to a member and back, 64 bytes; against what carries it, by itself",
  missing: missingNats,
  comparisons: (["grpc", "nano", "nats"] as const).flatMap((link) => [
    ...atOnceOf.map((atOnce) => comparisonOf(link, atOnce)),
    latencyOf(link),
  ]),
};

function comparisonOf(link: ClusterLink, atOnce: number): HopComparison {
  const { title, engines } = links[link];
  const connections = Math.min(clients, atOnce);
  const { name: _name, ...alone } = echoServers(position, "tcp", atOnce / connections).subject;
  return {
    name: `${link}-${atOnce}`,
    title: `${title}, ${atOnce === 1 ? "a request" : `${atOnce} requests`} at once`,
    alone: loadedServer({ name: "no hop", ...alone, connections: () => connections }),
    forwarded: clusterSide(title, link, { ...alone.load, connections }),
    engines: engines.map((engine) => engineSide(engine, { request: position.payload, atOnce })),
  };
}

function latencyOf(link: ClusterLink): HopLatency {
  const { title } = links[link];
  const load: GateLoad = { ...echoServers(position, "tcp", 1).subject.load, connections: clients, work: "quiet" };
  return {
    name: `${link}-latency`,
    title: `${title}, half as many requests a second as are borne, evenly spread`,
    paced: halfLoadedSide(title, link, load),
  };
}
