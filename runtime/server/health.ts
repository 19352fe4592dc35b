/**
 * Where a server is in its life. `draining`: it has told its clients to go and takes no new ones; what is left to do is to stop. A server that is stopped can be
 * started again.
 */
export type ServerState = "stopped" | "starting" | "running" | "draining" | "stopping";

/** What those who watch a process ask a server. */
export interface ServerHealth {
  /** Whether the process is worth keeping: the server is not stopped. */
  readonly live: boolean;
  /** Whether clients may be sent here: it runs, and is not about to stop. */
  readonly ready: boolean;
  /** Where the server is in its life. */
  readonly state: ServerState;
  /** Connections that are open. */
  readonly connections: number;
  /** Sessions that are open: clients whose handshake was taken; with the option `resume` also those that are suspended. */
  readonly sessions: number;
  /** Clients that are on their way: they have a socket, and are no connection yet. */
  readonly arriving: number;
  /** Whether `maxConnections` are taken: whoever comes now is refused. */
  readonly full: boolean;
}
