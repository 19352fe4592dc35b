// All clients of the soak, in a process of their own.

import { answerParent } from "../../parent-process.js";
import { type ClientKind, clientKinds, type SoakClientsQuestion, type SoakPorts, type SoakReport } from "../soak.js";
import { AskingClient } from "./asking-client.js";
import { CuttingProxy } from "./cutting-proxy.js";
import { garbage, silent, slow } from "./manners.js";
import { type Manners, RudeClient } from "./rude-client.js";
import { Tally } from "./tally.js";

/** How many connections are made at once. */
const atOnce = 50;
const rude: Readonly<Partial<Record<ClientKind, Manners>>> = { slow, garbage, silent };

const tally = new Tally();
const asking: AskingClient[] = [];
const others: RudeClient[] = [];
let proxy: CuttingProxy | undefined;

answerParent<SoakClientsQuestion>(async (question): Promise<SoakReport | undefined> => {
  if (question.ask === "open") {
    await open(question.ports, question.clients);
    proxy?.cut(true);
    return undefined;
  }
  if (question.ask === "rest" || question.ask === "goOn") {
    const goesOn = question.ask === "goOn";
    proxy?.cut(goesOn);
    for (const client of others) {
      if (goesOn) {
        client.come();
      } else {
        client.rest();
      }
    }
    return undefined;
  }
  await Promise.all(asking.map((client) => client.close()));
  for (const client of others) {
    client.rest();
  }
  proxy?.close();
  return tally.report();
});

async function open({ tcp, ws }: SoakPorts, clients: number): Promise<void> {
  proxy = await CuttingProxy.open(tcp, tally);
  const kinds = kindsOf(clients);
  for (let begin = 0; begin < kinds.length; begin += atOnce) {
    await Promise.all(
      kinds.slice(begin, begin + atOnce).map(async (kind, index) => {
        const manners = rude[kind];
        if (manners !== undefined) {
          others.push(new RudeClient(tcp, manners));
          return;
        }
        const client = new AskingClient(`${kind} client ${begin + index}`, tally, kind === "cut");
        asking.push(client);
        const url = index % 2 === 0 ? `tcp://127.0.0.1:${tcp}` : `ws://127.0.0.1:${ws}`;
        await client.open(kind === "cut" ? `tcp://127.0.0.1:${proxy?.port}` : url);
      }),
    );
  }
}

/** The kind of each client: mixed as they come, so that every moment has some of each. */
function kindsOf(clients: number): ClientKind[] {
  const kinds = Object.entries(clientKinds) as [ClientKind, number][];
  const counts = new Map(kinds.map(([kind, share]) => [kind, Math.max(1, Math.round((clients * share) / 100))]));
  const mixed: ClientKind[] = [];
  while (counts.size > 0) {
    for (const [kind, left] of counts) {
      mixed.push(kind);
      if (left === 1) {
        counts.delete(kind);
      } else {
        counts.set(kind, left - 1);
      }
    }
  }
  return mixed;
}
