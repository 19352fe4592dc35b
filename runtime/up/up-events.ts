/** What a process of {@link up} is at. `waiting`: it has crashed, and is started anew when its pause is over. */
export type UpProcessState = "starting" | "ready" | "waiting" | "stopping";

/** A process of {@link up}. */
export interface UpProcess {
  /** What it is called: `gate-1`. */
  readonly node: string;
  /** Its role's name. */
  readonly role: string;
  /** Its number among those of its role, from 1. */
  readonly instance: number;
  /** Undefined while there is no process. */
  readonly pid: number | undefined;
  /** What it is at. */
  readonly state: UpProcessState;
}

/** What happens while {@link up} is at work. Of a process `node` is the name, `pid` the number. */
export type UpEvent =
  | { readonly type: "started"; readonly node: string; readonly pid: number }
  | { readonly type: "ready"; readonly node: string; readonly pid: number; readonly afterMs: number }
  /** It ended without being asked to, or was never ready. `restartInMs` is undefined when it is not started anew. */
  | {
      readonly type: "crashed";
      readonly node: string;
      readonly reason: string;
      readonly restartInMs: number | undefined;
    }
  | { readonly type: "stopping"; readonly node: string; readonly pid: number }
  /** It did not end in time, and was ended with SIGKILL. */
  | { readonly type: "killed"; readonly node: string; readonly afterMs: number }
  /** It has ended as it was asked to. */
  | { readonly type: "stopped"; readonly node: string }
  /** What it is as a whole. `problem` tells why a start or a roll ended. */
  | { readonly type: "state"; readonly state: UpState; readonly problem?: string };

/** What {@link up} is at as a whole. `starting`: not every process was ready yet. */
export type UpState = "starting" | "running" | "rolling" | "stopping" | "stopped";

/** A line that a process has printed. */
export interface UpLine {
  /** What the process is called: `gate-1`. */
  readonly node: string;
  /** The place of its role in the list, from 0. */
  readonly roleIndex: number;
  /** Where it was printed. */
  readonly stream: "stdout" | "stderr";
  /** Without its end. One of more than 16,384 characters comes in pieces. */
  readonly text: string;
}

/** How {@link up} has ended. */
export interface UpEnd {
  /** Whether everything was started, and ended when it was asked to. */
  readonly orderly: boolean;
  /** Why it could not be started. */
  readonly problem: string | undefined;
  /** The last lines that the process which kept it from starting wrote to standard error: 50 at the most. */
  readonly lastLines: readonly string[];
}
