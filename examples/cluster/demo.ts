import { createServer } from "node:net";
import { HallGuest } from "./hall-guest.js";
import { startNatsServer } from "./nats-server.js";
import { type NodeProcess, startProcess } from "./processes.js";

const usage = `Usage: npm run demo:cluster [-- --nats]

Starts a cluster of five processes (two gates, two nodes for rooms, one for topics), lets three people talk in a room, kills
the node that has it, and shows that they go on.

  --nats   over NATS, which is started as well (nats-server has to be there); else over gRPC
`;

/** The demo takes a few seconds; on a machine that is busy it may take longer. */
const mostMs = 120_000;

async function main(overNats: boolean): Promise<void> {
  const undo: (() => unknown)[] = [];
  const deadline = setTimeout(() => {
    process.stderr.write(`the time is up\n`);
    process.exit(1);
  }, mostMs);
  try {
    await play(overNats, undo);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  } finally {
    for (const step of undo.reverse()) {
      await step();
    }
    clearTimeout(deadline);
  }
}

async function play(overNats: boolean, undo: (() => unknown)[]): Promise<void> {
  const { first, others } = overNats ? await natsFlags(undo) : await grpcFlags();
  const start = async (id: string, role: string, where: readonly string[]): Promise<NodeProcess> => {
    const node = await startProcess(id, ["--role", role, ...where]);
    undo.push(() => node.stop());
    print(`${id} is there${[...node.urls.values()].map((url) => `, ${url}`).join("")}`);
    return node;
  };
  title(`A cluster over ${overNats ? "NATS" : "gRPC"}`);
  await start("topics", "topic", first);
  const rooms = [await start("room-1", "room", others), await start("room-2", "room", others)];
  const gates = [await start("gate-1", "gate", others), await start("gate-2", "gate", others)];

  title("Three people, two gates, two transports");
  const [ws = "", tcp = ""] = [gates[0]?.urls.get("ws"), gates[1]?.urls.get("tcp")];
  const people: Person[] = [];
  for (const [name, url] of [
    ["ada", ws],
    ["bob", tcp],
    ["eve", ws],
  ] as const) {
    const person = await Person.enter(name, url);
    undo.push(() => person.guest.close());
    people.push(person);
    print(`${name} is in the lobby, at ${person.node}, with ${person.members.join(", ")}`);
  }
  const [ada, bob, eve] = people as [Person, Person, Person];
  await say(ada, "Hello! Who has this room?", people);
  await say(bob, `${bob.node} has it, and I came by another gate.`, people);
  await eve.guest.setTopic("what happens when a node dies");
  await everybody(people, "the topic", (person) => person.topic === "what happens when a node dies");
  print("everybody hears of the topic, which the third kind of node keeps");

  title(`SIGKILL for ${ada.node}`);
  const dead = rooms.find(({ id }) => id === ada.node) as NodeProcess;
  dead.kill();
  await everybody(people, "a new room", (person) => person.node !== dead.id && person.moves > 0);
  print(`everybody is in the lobby again, at ${ada.node}, and stayed connected`);
  await say(eve, "Are you all there?", people);
  await say(bob, "Yes.", people);
  await say(ada, `So is the topic: ${ada.topic}.`, people);
}

/** A person, and what the person has heard. */
class Person {
  readonly name: string;
  readonly guest!: HallGuest;
  node = "";
  members: readonly string[] = [];
  topic = "";
  moves = 0;
  readonly heard: string[] = [];
  readonly #waiting: (() => void)[] = [];

  private constructor(name: string) {
    this.name = name;
  }

  static async enter(name: string, url: string): Promise<Person> {
    const person = new Person(name);
    const changed = (): void => {
      for (const wake of person.#waiting.splice(0)) {
        wake();
      }
    };
    const guest = await HallGuest.enter(url, name, "lobby", {
      entered: (node, members, topic) => {
        Object.assign(person, { node, members, topic });
        changed();
      },
      joined: () => {},
      said: (who, text) => {
        person.heard.push(`${who}: ${text}`);
        changed();
      },
      topicChanged: (topic) => {
        person.topic = topic;
        changed();
      },
      moved: () => {
        person.moves++;
        changed();
      },
    });
    return Object.assign(person, { guest });
  }

  /** Resolved when something holds of the person. */
  async until(holds: (person: Person) => boolean): Promise<void> {
    while (!holds(this)) {
      await new Promise<void>((resolve) => void this.#waiting.push(resolve));
    }
  }
}

async function say(person: Person, text: string, people: readonly Person[]): Promise<void> {
  await person.guest.say(text);
  await everybody(people, text, ({ heard }) => heard.includes(`${person.name}: ${text}`));
  print(`${person.name}: ${text}`);
}

async function everybody(people: readonly Person[], _what: string, holds: (person: Person) => boolean): Promise<void> {
  await Promise.all(people.map((person) => person.until(holds)));
}

async function grpcFlags(): Promise<{ first: string[]; others: string[] }> {
  const port = await freePort();
  return { first: ["--master", String(port)], others: ["--join", `127.0.0.1:${port}`] };
}

async function natsFlags(undo: (() => unknown)[]): Promise<{ first: string[]; others: string[] }> {
  const { url, stop } = await startNatsServer();
  undo.push(stop);
  print(`nats-server is there, ${url}`);
  return { first: ["--nats", url], others: ["--nats", url] };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

function title(text: string): void {
  process.stdout.write(`\n${text}\n`);
}

function print(text: string): void {
  process.stdout.write(`  ${text}\n`);
}

const flags = process.argv.slice(2);
if (flags.includes("--help")) {
  process.stdout.write(usage);
} else if (flags.some((flag) => flag !== "--nats")) {
  process.stderr.write(`${flags.join(" ")} is not --nats\n\n${usage}`);
  process.exitCode = 1;
} else {
  await main(flags.includes("--nats"));
}
