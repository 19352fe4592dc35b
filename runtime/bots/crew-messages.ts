import type { CrewDelta, CrewPlan } from "./crew.js";

/** What the process that runs it all tells one with bots. */
export type ToCrew =
  | { readonly type: "load"; readonly scenario: string; readonly url: string; readonly plan: CrewPlan }
  | { readonly type: "begin" }
  | { readonly type: "end" };

/** What a process with bots tells. */
export type FromCrew =
  | { readonly type: "loaded"; readonly name: string }
  | { readonly type: "refused"; readonly message: string }
  | { readonly type: "delta"; readonly delta: CrewDelta }
  | { readonly type: "done" };
