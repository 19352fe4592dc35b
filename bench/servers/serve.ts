import { answerParent } from "../parent-process.js";

/** What the parent asks a server under test. */
export type ServerQuestion = { readonly ask: "port" } | { readonly ask: "cpu" };

/** The CPU time that a process has used, user and system, in microseconds. */
export function cpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** Tells the parent where a server listens, and what CPU time its process has used whenever it is asked. */
export function serve(port: number): void {
  answerParent<ServerQuestion>(({ ask }) => (ask === "port" ? port : cpuMicros()));
}
