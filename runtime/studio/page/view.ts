import type { ServerAnswer } from "../answers.js";
import type { DoorClient } from "./door-client.js";
import type { Protocol } from "./protocol.js";

/** What the views of the page share. */
export interface Studio {
  readonly door: DoorClient;
  readonly protocol: Protocol;
  /** What the server said of itself last; undefined before it did. */
  readonly server: ServerAnswer | undefined;
  /** Goes to another view, and has something done there. */
  go(view: ViewName, act?: (view: View) => void): void;
  /** Says something for a few seconds. */
  say(text: string, tone?: "good" | "bad"): void;
  /** Asks before something is done. Resolved with what was written, or undefined. */
  confirm(question: Question): Promise<string | undefined>;
}

/** What is asked before something is done. */
export interface Question {
  readonly title: string;
  readonly text: string;
  /** What can be written to it: why. */
  readonly label: string;
  readonly value: string;
  readonly act: string;
}

export type ViewName = "overview" | "messages" | "sessions" | "groups" | "nodes" | "routes" | "requests" | "metrics";

/** One of the pages of the page. */
export interface View {
  readonly name: ViewName;
  readonly title: string;
  readonly element: HTMLElement;
  /** It is seen from now on. */
  shown?(): void;
  /** It is not seen any more. */
  hidden?(): void;
  /** Every two seconds, while it is seen. */
  tick?(): void;
  /** The server's routes and types are known, or others. */
  learned?(): void;
  /** The field to be written in first: `/` goes there. */
  search?(): HTMLElement;
  /** A key that no field has taken. @returns whether it was for this view */
  key?(event: KeyboardEvent): boolean;
}
