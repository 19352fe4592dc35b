import { silentLogger } from "nanowire";
import { type ClientConnection, connect } from "nanowire/client";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { dictVersion } from "../../examples/tadpole/generated/routes.js";
import { PondClient, PondEventsClient } from "../../examples/tadpole/generated/tadpole/v1/pond.client.js";
import type { Place } from "../../examples/tadpole/generated/tadpole/v1/pond.js";
import { follow, swim, wrapped } from "../../examples/tadpole/motion.js";
import { radius } from "../../examples/tadpole/pond.js";
import { type RunningPond, startPond } from "../../examples/tadpole/server.js";
import { Swimmer } from "../../examples/tadpole/swimmer.js";
import { until } from "../support/wait.js";
import { bundlePage, codeOf, eventually, type TemporaryDirectory } from "./chat-fixture.js";
import { launchChromium } from "./chromium.js";

let page: TemporaryDirectory;
let pond: RunningPond;
let connections: ClientConnection[];

beforeAll(async () => {
  page = await bundlePage("tadpole");
});

afterAll(() => page?.remove());

beforeEach(async () => {
  connections = [];
  pond = await startPond({ port: 0, host: "127.0.0.1", logger: silentLogger, pageDirectory: page.path });
});

afterEach(async () => {
  for (const connection of connections) {
    connection.close();
  }
  await pond.stop();
});

/** A tadpole with the typed client. */
async function tadpole(name: string) {
  const connection = await connect(pond.webSocketUrl, { dictVersion });
  connections.push(connection);
  const client = new PondClient(connection);
  const events = new PondEventsClient(connection);
  const came: string[] = [];
  const left: number[] = [];
  const said: string[] = [];
  const moved: Place[] = [];
  events.onCame(({ name: who }) => came.push(who));
  events.onLeft(({ id }) => left.push(id));
  events.onSaid(({ text }) => said.push(text));
  events.onMoved((place) => moved.push(place));
  const { id, tadpoles } = await client.enter({ name });
  return { connection, client, id, tadpoles, came, left, said, moved };
}

const at = (x: number, y = 0) => ({ x, y, angle: 0, speed: 0 });

describe("the pond", () => {
  test("tells who is there, who comes, is called otherwise, and goes", async () => {
    const ada = await tadpole("ada");
    const bob = await tadpole(" bob ");
    expect(bob.tadpoles.map(({ name }) => name)).toEqual(["ada", "bob"]);
    await ada.client.enter({ name: "Ada" });
    await until(() => bob.came.length === 1);
    expect([ada.came, bob.came]).toEqual([["bob"], ["Ada"]]);
    ada.connection.close();
    await until(() => bob.left.length === 1);
    expect(bob.left).toEqual([ada.id]);
  });

  test("tells where somebody is, and nowhere outside", async () => {
    const [ada, bob] = [await tadpole("ada"), await tadpole("bob")];
    ada.client.swim({ x: 10, y: -20, angle: 1, speed: 30 });
    await until(() => bob.moved.length === 1);
    expect(bob.moved).toEqual([{ id: ada.id, x: 10, y: -20, angle: 1, speed: 30 }]);
    ada.client.swim({ x: 1e30, y: Number.NEGATIVE_INFINITY, angle: Number.NaN, speed: -5 });
    await until(() => bob.moved.length === 2);
    expect(bob.moved.at(-1)).toEqual({ id: ada.id, x: radius, y: -radius, angle: 0, speed: 0 });
  });

  test("tells words to those who are near", async () => {
    const [ada, near, far] = [await tadpole("ada"), await tadpole("near"), await tadpole("far")];
    ada.client.swim(at(0));
    near.client.swim(at(1_000));
    far.client.swim(at(1_500));
    await until(() => ada.moved.length === 3);
    ada.client.say({ text: " hello " });
    ada.client.say({ text: "" });
    ada.client.say({ text: "x".repeat(81) });
    await until(() => near.said.length === 1 && ada.said.length === 1);
    ada.client.swim(at(1));
    await until(() => far.moved.length === 4);
    expect([ada.said, near.said, far.said]).toEqual([["hello"], ["hello"], []]);
  });

  test("refuses a name that cannot be seen, or is too long", async () => {
    const ada = await tadpole("ada");
    expect(await codeOf(ada.client.enter({ name: "a\u202Eb" }))).toBe("invalid_name");
    expect(await codeOf(ada.client.enter({ name: "x".repeat(21) }))).toBe("invalid_name");
  });

  test("has tadpoles without a person, which swim about", async () => {
    const ada = await tadpole("ada");
    const swimmer = await Swimmer.start(pond.webSocketUrl, "");
    await until(() => new Set(ada.moved.map(({ x }) => x)).size > 3);
    swimmer.stop();
    await until(() => ada.left.length === 1);
  });
});

describe("motion", () => {
  test("goes where it is wished, as far in two halves of a second as in a whole one, and no farther than the pond", () => {
    const [whole, halves] = [
      { ...at(0), angle: 0 },
      { ...at(0), angle: 0 },
    ];
    swim(whole, { angle: Math.PI / 2, strength: 0 }, 100, 1);
    expect(whole).toEqual(at(0));
    swim(whole, { angle: 0, strength: 1 }, 1_000, 0.2);
    swim(halves, { angle: 0, strength: 1 }, 1_000, 0.1);
    swim(halves, { angle: 0, strength: 1 }, 1_000, 0.1);
    expect(halves.speed).toBeCloseTo(whole.speed, 9);
    swim(whole, { angle: 0, strength: 1 }, 1_000, 100);
    expect(whole.x).toBe(1_000);
  });

  test("follows what was told, which goes on meanwhile", () => {
    const [shown, told] = [at(0), { ...at(100), speed: 50 }];
    for (let step = 0; step < 100; step++) {
      follow(shown, told, 0.02);
    }
    expect(told.x).toBeCloseTo(200, 6);
    expect(Math.abs(shown.x - told.x)).toBeLessThan(10);
    expect(wrapped(1.5 * Math.PI)).toBeCloseTo(-0.5 * Math.PI, 9);
  });
});

test("two people see each other swim and speak in their browsers", async () => {
  const browser = await launchChromium();
  try {
    const open = async (colorScheme: "light" | "dark") => {
      const context = await browser.newContext({ viewport: { width: 900, height: 600 }, colorScheme });
      const tab = await context.newPage();
      const complaints: string[] = [];
      tab.on("pageerror", (error) => complaints.push(error.message));
      tab.on("console", (message) => complaints.push(message.text()));
      await tab.goto(pond.url);
      await tab.getByText("In the pond", { exact: true }).waitFor();
      const canvas = tab.locator("#pond");
      const x = async (): Promise<number> => Number(await canvas.getAttribute("data-x"));
      const drawn = async (): Promise<number> => Number(await canvas.getAttribute("data-drawn"));
      return { tab, canvas, complaints, x, drawn };
    };
    const [ada, bob] = [await open("light"), await open("dark")];
    const watcher = await tadpole("watcher");
    await eventually(() => ada.tab.locator("#figures").textContent()).toContain("3 in the pond");
    await ada.tab.getByLabel("Your name").fill("Ada");
    await ada.tab.getByLabel("Your name").press("Tab");
    await until(() => watcher.came.includes("Ada"));

    // With the keys, and with the mouse.
    await ada.canvas.focus();
    const before = await ada.x();
    await ada.tab.keyboard.down("ArrowRight");
    await eventually(ada.x).toBeGreaterThan(before + 60);
    await ada.tab.keyboard.up("ArrowRight");
    const turned = await bob.x();
    await bob.tab.mouse.move(20, 300);
    await eventually(bob.x).toBeLessThan(turned - 60);
    const places = new Set(watcher.moved.map(({ id }) => id));
    expect(places.size).toBe(2);

    await ada.tab.getByLabel("Say something").fill("hello, pond");
    await ada.tab.getByLabel("Say something").press("Enter");
    await eventually(() => ada.tab.getByLabel("Say something").inputValue()).toBe("");
    const frames = await bob.drawn();
    await eventually(bob.drawn).toBeGreaterThan(frames + 5);
    expect([ada.complaints, bob.complaints]).toEqual([[], []]);

    // A server that is started anew: everybody gets in again, and swims where he swam.
    const [there, port] = [await ada.x(), Number(new URL(pond.url).port)];
    await pond.stop();
    await ada.tab.getByText("Connecting again").waitFor();
    pond = await startPond({ port, host: "127.0.0.1", logger: silentLogger, pageDirectory: page.path });
    await ada.tab.getByText("In the pond", { exact: true }).waitFor();
    const back = await tadpole("watcher");
    await eventually(() => back.tadpoles.length + back.came.length).toBe(3);
    expect(Math.abs((await ada.x()) - there)).toBeLessThan(200);
  } finally {
    await browser.close();
  }
}, 60_000);
