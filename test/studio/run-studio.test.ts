import { describe, expect, test } from "vitest";
import { type RunStudioOptions, runStudio } from "../../runtime/studio/index.js";
import { eventually } from "../support/wait.js";
import { arenaDescriptors } from "./support/arena-server.js";
import { ask, studioServer, watch } from "./support/door.js";

const token = "a-token-of-24-characters";

/** Runs it until the test ends it. */
async function run(options: RunStudioOptions) {
  const [printed, errors]: [string[], string[]] = [[], []];
  const stop = new AbortController();
  const code = runStudio({
    port: 0,
    signal: stop.signal,
    print: (line) => printed.push(line),
    printError: (line) => errors.push(line),
    ...options,
  });
  await Promise.race([code, eventually(() => expect(printed.length).toBe(2))]);
  const [, url = "", own = ""] = /^open (\S+)#token=(\S+)$/.exec(printed[1] ?? "") ?? [];
  return { code, printed, errors, door: { url }, bearer: { Authorization: `Bearer ${own}` }, stop: () => stop.abort() };
}

describe("nanowire studio", () => {
  test("asks the server's studio, with the server's token, for who has its own", async () => {
    const { door, enter, server } = await studioServer({ token, title: "far" });
    const viewer = await run({ url: door.url ?? "", token, descriptors: arenaDescriptors });
    const { json } = await ask(viewer.door, "api/server", { headers: viewer.bearer });
    expect(json).toMatchObject({ title: "far", state: "running", descriptors: true });
    expect((await ask(viewer.door, "api/descriptors", { headers: viewer.bearer })).json).toEqual(arenaDescriptors);
    expect((await ask(viewer.door, "api/server")).status).toBe(401);
    expect((await ask(viewer.door, "api/server", { headers: { Authorization: `Bearer ${token}` } })).status).toBe(401);

    const client = await enter();
    const feed = await watch(viewer.door, "?kind=request", viewer.bearer);
    await client.call(1, "Echo.Say", "hello");
    expect(await feed.message()).toMatchObject({ route: "Echo.Say", bytes: 5 });
    const options = { method: "POST", body: { reason: "enough" }, headers: viewer.bearer };
    expect((await ask(viewer.door, `api/sessions/${server.sessions()[0]?.id}/kick`, options)).status).toBe(200);
    expect(server.sessions().length).toBe(0);
    expect((await ask(viewer.door, "api/nothing", { headers: viewer.bearer })).status).toBe(404);
    await server.stop();
    const gone = await ask(viewer.door, "api/server", { headers: viewer.bearer });
    expect([gone.status, gone.json.error.message]).toEqual([
      502,
      `${door.url ?? feedUrl(viewer.printed)} does not answer: ECONNREFUSED`,
    ]);
    viewer.stop();
    expect(await viewer.code).toBe(0);
  });

  test("shows where clients of elsewhere connect", async () => {
    const { door } = await studioServer({}, { transport: "ws" });
    const { port } = new URL(door.url ?? "");
    const viewer = await run({ url: `http://localhost:${port}` });
    const { addresses } = (await ask(viewer.door, "api/server", { headers: viewer.bearer })).json;
    expect(addresses).toEqual([{ transport: "ws", url: expect.stringMatching(/^ws:\/\/localhost:\d+\/$/) }]);
    viewer.stop();
    await viewer.code;
  });

  test("ends with 1 where nobody answers, or not to that token, and with 2 at options of no use", async () => {
    const { door } = await studioServer({ token });
    const told = async (options: RunStudioOptions) => {
      const { code, errors } = await run(options);
      return [await code, ...errors];
    };
    const url = door.url ?? "";
    expect(await told({ url })).toEqual([1, "the token is missing: NANOWIRE_STUDIO_TOKEN holds it"]);
    expect(await told({ url, token: "another" })).toEqual([1, "that is not the token: NANOWIRE_STUDIO_TOKEN holds it"]);
    expect(await told({ url: "http://127.0.0.1:1" })).toEqual([
      1,
      expect.stringContaining("http://127.0.0.1:1/ does not answer: "),
    ]);
    expect(await told({ url, token: "with space" })).toEqual([
      2,
      "the token has other characters than ASCII without spaces",
    ]);
    expect(await told({ url: "nowhere" })).toEqual([2, expect.stringContaining("nowhere is no address of a studio")]);
    expect(await told({ url, port: 70_000 })).toEqual([2, "port 70000 is not an integer from 0 to 65535"]);
  });
});

/** Where the server's studio was, as it was printed while it was there. */
function feedUrl([first = ""]: readonly string[]): string {
  return /at (\S+) is/.exec(first)?.[1] ?? "";
}
