// Never run: the compiler reads it. Each `@ts-expect-error` stands over a line that must not compile.

import { createServer, Module, type ModuleName, memory } from "nanowire";

class Ledger extends Module {
  total = 0;
}

class Tally extends Module {
  count(): void {}
}

declare module "nanowire" {
  interface ServerModules {
    ledger: Ledger;
    tally: Tally;
  }
}

const listen = [memory()];

/** What a program may and may not write of its modules. */
export function typesOfModules(): void {
  const server = createServer({
    components: [],
    modules: [
      { name: "tally", module: new Tally(), after: ["ledger"] },
      { name: "ledger", module: new Ledger() },
    ],
    listen,
  });
  const total: number = server.module("ledger").total;
  server.module("tally").count();
  const names: ModuleName[] = ["ledger", "tally"];
  // @ts-expect-error: the ledger does not count
  server.module("ledger").count();
  // @ts-expect-error: nobody has declared it
  server.module("leger");
  // @ts-expect-error: another module under that name
  createServer({ components: [], modules: [{ name: "ledger", module: new Tally() }], listen });
  // @ts-expect-error: nobody has declared it
  createServer({ components: [], modules: [{ name: "leger", module: new Ledger() }], listen });
  // @ts-expect-error: nor that one
  createServer({ components: [], modules: [{ name: "ledger", module: new Ledger(), after: ["taly"] }], listen });
  // @ts-expect-error: a module has a name
  createServer({ components: [], modules: [new Ledger()], listen });
  return void [total, names];
}
