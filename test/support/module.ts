import type { Awaitable } from "../../runtime/base/awaitable.js";
import { Module, type NamedModule } from "../../runtime/component/module.js";
import type { GivenModule } from "../../runtime/server/modules.js";
import { type Life, TestComponent } from "./service.js";

/** A module whose life can be listened in on. */
export class TestModule extends Module {
  readonly #life: Life;

  constructor(life: Life = {}) {
    super();
    this.#life = life;
  }

  override init(): Awaitable<void> {
    return this.#life.init?.();
  }

  override afterInit(): Awaitable<void> {
    return this.#life.afterInit?.();
  }

  override beforeShutdown(): Awaitable<void> {
    return this.#life.beforeShutdown?.();
  }

  override shutdown(): Awaitable<void> {
    return this.#life.shutdown?.();
  }
}

/** Modules whose names no program has declared, as a program in plain JavaScript has them. */
export function undeclared(...modules: readonly GivenModule[]): NamedModule[] {
  return modules as readonly unknown[] as NamedModule[];
}

/** A life that writes down what becomes of it. */
export function noted(seen: string[], name: string): Required<Life> {
  const note = (what: string) => () => void seen.push(`${what} ${name}`);
  return {
    init: note("init"),
    afterInit: note("afterInit"),
    beforeShutdown: note("beforeShutdown"),
    shutdown: note("shutdown"),
  };
}

/** A component without methods. */
export function componentCalled(name: string, life: Life): TestComponent {
  return new TestComponent(name, [], { version: "v1", routes: {} }, life);
}
