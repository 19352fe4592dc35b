import type { Awaitable } from "../base/awaitable.js";
import { NanowireError } from "../base/error.js";
import type { Scheduler } from "../schedule/scheduler.js";
import type { RemoteCaller } from "./remote-caller.js";

/** The life of a component, a module or a remote: what is called when that which hosts it starts and stops. Each is awaited before the next. */
export abstract class LifeCycle {
  #scheduler: Scheduler | undefined;
  #remotes: RemoteCaller | undefined;

  /**
   * Its part in the main loop: tasks, timers, and queues, which all end with it. It is there from `init` to `shutdown`;
   * in `shutdown` it is closed already.
   *
   * @throws NanowireError `invalid_state` before and after
   */
  get scheduler(): Scheduler {
    if (this.#scheduler === undefined) {
      const name = this.constructor.name;
      throw new NanowireError("invalid_state", `${name} has a scheduler from its init on, while its server runs`);
    }
    return this.#scheduler;
  }

  /**
   * Calls the remotes of all nodes: `new LedgerRemoteClient(this.remotes)`. It is there from `init` to `shutdown`, where the server is a node of a cluster; calls go out once the server
   * has joined that, when every `afterInit` is done, and are `unavailable` before.
   *
   * @throws NanowireError `invalid_state` before and after, and where there is no cluster
   */
  get remotes(): RemoteCaller {
    if (this.#remotes === undefined) {
      const name = this.constructor.name;
      throw new NanowireError(
        "invalid_state",
        `${name} can call remotes from its init on, while its server runs and is in a cluster`,
      );
    }
    return this.#remotes;
  }

  /** Called once before the server listens. An error here stops the start: what was begun is shut down again. */
  init(): Awaitable<void> {}

  /** Called once when every module, remote and component is initialised, before the server listens. */
  afterInit(): Awaitable<void> {}

  /** Called once when the server stops, while the sessions are still open. */
  beforeShutdown(): Awaitable<void> {}

  /** Called once when the server stops, after the sessions are closed, the timers stopped, and what ran has ended. */
  shutdown(): Awaitable<void> {}

  /**
   * @internal Gives it its scheduler, and what calls remotes, for as long as its host runs.
   * @throws NanowireError `invalid_state` when another host runs it
   */
  static attach(hosted: LifeCycle, scheduler: Scheduler, remotes?: RemoteCaller): void {
    if (hosted.#scheduler !== undefined) {
      throw new NanowireError("invalid_state", `${hosted.constructor.name} runs in another server already`);
    }
    hosted.#scheduler = scheduler;
    hosted.#remotes = remotes;
  }

  /** @internal Its host does not run any more. */
  static detach(hosted: LifeCycle): void {
    hosted.#scheduler = undefined;
    hosted.#remotes = undefined;
  }
}
