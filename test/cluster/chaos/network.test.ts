import { afterEach, describe, expect, test } from "vitest";
import { ChaosCluster } from "../../../bench/chaos/chaos-cluster.js";
import { DividedNetwork, whyUndivided } from "../../../bench/chaos/divided-network.js";
import { cutOf, farId, strike } from "../../../bench/chaos/faults.js";
import { bundledProgram } from "../../support/bundled-program.js";

const program = bundledProgram("bench/chaos/node.ts");
const why = whyUndivided();
const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) {
    await close();
  }
});

describe.skipIf(why !== undefined)(`a cut between two networks (${why ?? "namespaces of this machine"})`, () => {
  test.each(["grpc", "nats"] as const)(
    "costs what was under way, and heals: over %s",
    { timeout: 120_000 },
    async (carrier) => {
      const network = DividedNetwork.open();
      closers.push(() => network.close());
      const cluster = await ChaosCluster.start({
        carrier,
        program,
        gates: 1,
        members: 1,
        clients: 12,
        patience: { heartbeatMs: 250, silenceMs: 1_500 },
        agreeWithinMs: 25_000,
        host: network.host,
      });
      closers.push(() => cluster.close());
      await cluster.startNode("member", farId, network.far);
      await cluster.agreed("a member has come", performance.now());
      expect(await strike(cutOf(network), cluster, 0)).toEqual([]);
      const [cut, healed] = cluster.agreements.slice(-2).map(({ after }) => after);
      expect([cut, healed]).toEqual(["a cut", "the end of a cut"]);
    },
  );
});
