import { afterAll, describe, expect, test } from "vitest";
import { ChaosCluster } from "../../../../bench/chaos/chaos-cluster.js";
import { faults, strike } from "../../../../bench/chaos/faults.js";
import type { Carrier } from "../../../../bench/chaos/node-settings.js";
import { bundledProgram } from "../../../support/bundled-program.js";

/** Every fault, one after the other, at a cluster of processes with clients that never rest. The long form, with faults at random, is `npm run bench -- chaos`. */
export function chaosSuite(carrier: Carrier["kind"]): void {
  const program = bundledProgram("bench/chaos/node.ts");
  /** Undefined: a fault was too much for the last one, and the next gets its own. */
  let cluster: ChaosCluster | undefined;

  afterAll(() => cluster?.close());

  const start = async (): Promise<ChaosCluster> => {
    cluster ??= await ChaosCluster.start({
      carrier,
      program,
      gates: 2,
      members: 3,
      clients: 16,
      // Soon missed, and not by a machine that is merely busy.
      patience: { heartbeatMs: 250, silenceMs: 1_500 },
      agreeWithinMs: 25_000,
    });
    return cluster;
  };

  describe(`a cluster over ${carrier} under load`, () => {
    test.each(faults.filter(({ carriers }) => carriers.includes(carrier)))(
      "$name",
      { timeout: 120_000 },
      async (fault) => {
        const struck = await start();
        try {
          expect(await strike(fault, struck, 0.5)).toEqual([]);
        } catch (error) {
          cluster = undefined;
          await struck.close();
          throw error;
        }
      },
    );
  });
}
