// A hot file of the load generator: everything that a thousand members are told arrives here.

import { Bursts } from "./bursts.js";
import { type ClientHost, ClientSocket } from "./client-socket.js";
import { Failures } from "./failures.js";
import type { Load, LoadFigures, LoadOptions } from "./load.js";
import { openAll } from "./open-all.js";

/**
 * Many members of one room, or of one at each server. The first has all of them told the same, `inFlight` times, and does so again when all
 * of it has arrived. A message is one that one member was told; its latency begins with the request.
 */
export class BroadcastLoad implements Load {
  readonly #options: LoadOptions;
  readonly #members: ClientSocket[] = [];
  readonly #failures = new Failures();
  readonly #bursts = new Bursts(this.#failures);
  #heartbeats = 0;
  #onTold = (_count: number, _bytes: number): void => {};

  constructor(options: LoadOptions) {
    this.#options = options;
  }

  get heartbeats(): number {
    return this.#heartbeats;
  }

  /** Opens the connections; each is told once, when it has become a member. */
  connect(): Promise<void> {
    const { connections, port, otherPorts = [], first } = this.#options;
    const ports = [port, ...otherPorts];
    return this.#failures.unlessFailed((resolve) => {
      const host: Omit<ClientHost, "opened"> = {
        readBuffer: new Uint8Array(64 * 1024),
        received: (count, bytes) => this.#onTold(count, bytes),
        failed: (error) => this.#failures.failed(error),
        heartbeat: () => {
          this.#heartbeats++;
        },
      };
      const enter = (member: ClientSocket): void => {
        if (first !== undefined) {
          member.send(first);
        }
      };
      const opened = openAll(connections, () => {
        const options = { ...this.#options, port: ports[this.#members.length % ports.length] ?? port };
        const member: ClientSocket = new ClientSocket(options, { ...host, opened: () => enter(member) });
        this.#members.push(member);
      });
      this.#onTold = (count) => {
        for (let welcome = 0; welcome < count; welcome++) {
          if (opened()) {
            resolve();
          }
        }
      };
    });
  }

  run(ms: number): Promise<LoadFigures> {
    const { askers = 1, inFlight, requests } = this.#options;
    const [request = new Uint8Array(0)] = requests;
    this.#onTold = (count, bytes) => this.#bursts.answered(count, bytes);
    return this.#bursts.run(ms, {
      answers: inFlight * this.#members.length,
      bytes: askers * request.length,
      send: () => {
        for (const asking of this.#members.slice(0, askers)) {
          asking.send(request);
        }
      },
    });
  }
}
