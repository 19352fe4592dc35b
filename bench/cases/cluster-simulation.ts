import { type SimulationCase, simulated } from "../simulation/run-simulation.js";

/** What no machine of ours holds. */
export const clusterSimulation: SimulationCase = {
  name: "cluster-simulation",
  kind: "simulation",
  summary: `growing clusters in one process, in memory, with a clock that is stepped: what stands for ${simulated.sessionsAGate} sessions a gate and ${simulated.groups} groups`,
  comparisons: [10, 100, 1_000].map((gates) => ({
    name: `gates-${gates}`,
    title: `${gates} gates and a member that hosts all groups`,
    gates,
  })),
};
