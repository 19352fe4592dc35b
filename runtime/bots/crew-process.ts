// The program of a process with bots: `CrewProcesses` starts it, and talks to it.

import { systemClock } from "../base/clock.js";
import { NanowireError } from "../base/error.js";
import { Crew } from "./crew.js";
import type { FromCrew, ToCrew } from "./crew-messages.js";
import { loadScenario } from "./load-scenario.js";

/** What this process does of what it is told. */
class CrewProcess {
  #crew: Crew | undefined;

  async receive(message: ToCrew): Promise<void> {
    switch (message.type) {
      case "load":
        await this.#load(message);
        return;
      case "begin":
        await this.#crew?.run();
        tell({ type: "done" });
        return;
      default:
        this.#crew?.end();
    }
  }

  async #load({ scenario: module, url, plan }: ToCrew & { readonly type: "load" }): Promise<void> {
    try {
      const scenario = await loadScenario(module);
      this.#crew = new Crew({
        ...plan,
        scenario,
        url,
        clock: systemClock,
        onDelta: (delta) => tell({ type: "delta", delta }),
      });
      tell({ type: "loaded", name: scenario.name });
    } catch (error) {
      if (!(error instanceof NanowireError)) {
        throw error;
      }
      tell({ type: "refused", message: error.message });
    }
  }
}

function tell(message: FromCrew): void {
  process.send?.(message);
}

const crewProcess = new CrewProcess();

// Who presses Ctrl-C tells all processes at once: the one that started this one says when it is to end.
process.on("SIGINT", () => {});
// Without it nobody would hear what the bots have to tell, and nobody could end them.
process.on("disconnect", () => process.exit(1));
process.on("message", (message: ToCrew) => void crewProcess.receive(message));
