import { type ChildProcess, fork } from "node:child_process";
import { until } from "../../../support/wait.js";

/** What a program tells. */
export type ToParent =
  | { readonly kind: "ready"; readonly address: string }
  | { readonly kind: "told"; readonly text: string }
  | { readonly kind: "frame"; readonly from: string; readonly text: string };

/** What a program is told. */
export type ToProgram =
  | { readonly kind: "send"; readonly to: string; readonly text: string }
  | { readonly kind: "leave" };

/** A node, or a master that hosts nothing, in a process of its own. */
export class NodeProcess {
  /** What its driver told, in its order: `joined a`, `left b`. */
  readonly told: string[] = [];
  readonly frames: { readonly from: string; readonly text: string }[] = [];
  address = "";
  #isOver = false;
  readonly #child: ChildProcess;

  private constructor(program: string, id: string | undefined, options: object) {
    this.#child = fork(program, [JSON.stringify({ id, options })]);
    this.#child.on("exit", () => {
      this.#isOver = true;
    });
    this.#child.on("message", (message: ToParent) => {
      if (message.kind === "ready") {
        this.address = message.address;
      } else if (message.kind === "told") {
        this.told.push(message.text);
      } else {
        this.frames.push(message);
      }
    });
  }

  /** Starts one, and waits until it is in the cluster. Without an id it is a master. */
  static async start(program: string, id: string | undefined, options: object): Promise<NodeProcess> {
    const node = new NodeProcess(program, id, options);
    await until(() => node.address !== "" || node.#isOver);
    if (node.#isOver) {
      throw new Error(`the process of ${id ?? "the master"} ended before it was ready`);
    }
    return node;
  }

  send(to: string, text: string): void {
    this.#child.send({ kind: "send", to, text } satisfies ToProgram);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** It leaves the cluster, and ends. */
  async leave(): Promise<void> {
    this.#child.send({ kind: "leave" } satisfies ToProgram);
    await until(() => this.#isOver);
  }

  /** It is gone without a word. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await until(() => this.#isOver);
  }
}
