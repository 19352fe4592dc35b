// Never run: the compiler reads it. Each `@ts-expect-error` stands over a line that must not compile.

import type { Server, ServerHealth, ServerState } from "nanowire";

/** Compiles only where both types are the same. */
function same<A, B>(_: (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false): void {}

/** What a program may and may not write of a server's end. */
export async function typesOfTheEnd(server: Server): Promise<void> {
  await server.stop();
  await server.stop({ graceMs: 1_000, reason: "update", afterMs: 1, spreadMs: 2, url: "ws://there" });
  await server.drain({ graceMs: 1_000 });
  const release = server.stopOnSignals({ signals: ["SIGTERM"], graceMs: 5, onStopped: (signal) => signal });
  same<typeof release, () => void>(true);
  same<typeof server.health, ServerHealth>(true);
  same<ServerHealth["state"], ServerState>(true);

  // @ts-expect-error an option that does not exist
  await server.stop({ grace: 1_000 });
  // @ts-expect-error an option is left out, not undefined
  await server.drain({ url: undefined });
  // @ts-expect-error a time is a number
  await server.drain({ graceMs: "5s" });
  // @ts-expect-error no such signal
  server.stopOnSignals({ signals: ["SIGSTOPP"] });
  // @ts-expect-error nobody makes a server healthy by saying so
  server.health.ready = true;
}
