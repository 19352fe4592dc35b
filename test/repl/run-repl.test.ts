import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { ReplOptions } from "../../runtime/repl/run-repl.js";
import { tcp } from "../../runtime/transport/tcp.js";
import { certificateFiles, makeCertificate, temporaryFolder } from "../support/certificate.js";
import { until } from "../support/wait.js";
import { freePort } from "../up/support/processes.js";
import { arenaSet } from "./support/arena.js";
import { runLines } from "./support/repl-process.js";
import { openShop, shopDescriptors } from "./support/shop.js";

const raw = /(?!\u200d)[\p{Cc}\p{Cf}]/u;

describe("a script", () => {
  it.each([
    ["ws", "protobuf"],
    ["ws", "json"],
    ["tcp", "protobuf"],
    ["tcp", "json"],
  ] as const)("calls a server over %s in %s, which tells what it speaks", async (transport, serializer) => {
    const { urls, shop } = await openShop();
    const { exitCode, printed, errors } = await runLines(
      [
        "# what there is",
        "routes shop.",
        "describe Shop.Note",
        "",
        'request Shop.Buy {"name": "tea", "lines": [',
        '  {"count": 2}',
        "]}",
        "wait ShopEvents.Sold",
        'notify Shop.Note {"text": "thanks"}',
        "request Shop.Close",
        "handshake",
      ],
      { url: urls[transport], serializer },
    );
    expect(errors).toEqual([]);
    expect(exitCode).toBe(0);
    expect(printed.slice(0, 10)).toEqual([
      "Shop.Buy     request  shop.v1.BuyRequest → shop.v1.BuyResponse",
      "Shop.Close   request  (nothing) → (nothing)",
      "Shop.Look    request  shop.v1.LookRequest → (nothing)",
      "Shop.Note    notify   shop.v1.NoteRequest",
      "Shop.SignIn  request  shop.v1.SignInRequest → (nothing)",
      "notify Shop.Note, code 4",
      "  shop.v1.NoteRequest",
      "message shop.v1.NoteRequest",
      "  text  string",
      expect.stringMatching(/^(\{"id":"1-tea"\}|push ShopEvents\.Sold .*)$/),
    ]);
    const said = printed.slice(9);
    expect(said).toContain('{"id":"1-tea"}');
    expect(said.filter((line) => line.startsWith("push "))).toEqual([
      expect.stringMatching(/^push ShopEvents\.Sold \{"name":"tea","lines":\[\{"count":2.*\}$/),
    ]);
    expect(said.at(-2)).toBe("{}");
    expect(JSON.parse(said.at(-1) ?? "")).toMatchObject({
      code: 200,
      sys: { serializer, dict: { "Shop.Buy": 1 }, heartbeat: 30 },
    });
    await until(() => shop.notes.length === 1);
    expect(shop.notes).toEqual(["thanks"]);
  });

  it("takes an answer before a push that came behind it, and the other way round", async () => {
    const { urls } = await openShop();
    const { printed } = await runLines(['request Shop.Buy {"name": "a"}', 'request Shop.Buy {"name": "b"}'], {
      url: urls.tcp,
    });
    // The shop pushes before it answers.
    expect(printed.map((line) => line.replace(/,.*/, ""))).toEqual([
      'push ShopEvents.Sold {"name":"a"',
      '{"id":"1-a"}',
      'push ShopEvents.Sold {"name":"b"',
      '{"id":"1-b"}',
    ]);
  });

  it.each<[string, string[], RegExp]>([
    ["a command", ["reqest Shop.Buy"], /:1: there is no command reqest: there are request, /],
    [
      "a route",
      ["", "request Shop.Bye"],
      /:2: there is no request Shop\.Bye: there are Shop\.Buy, .*; what the descrip/,
    ],
    ["a kind", ["notify Shop.Buy"], /:1: Shop\.Buy is a request, which is answered \(request ROUTE\), no notify$/],
    [
      "a field",
      ['request Shop.Buy {"nam": 1}'],
      /:1: invalid_payload: Shop\.Buy: there is no field nam in .*: there are name, /,
    ],
    ["a push", ["listen ShopEvents.Solt"], /:1: there is no push ShopEvents\.Solt: there are ShopEvents\.Sold; what /],
    ["a type", ["describe shop.v1.Lin"], /:1: there is no route or type shop\.v1\.Lin: there are shop\.v1\.Line, /],
    ["what is missing", ["request"], /:1: write request ROUTE \[JSON\]$/],
    ["what is too much", ["reconnect now"], /:1: write reconnect$/],
    ["a declaration", ["declare A.B pull X"], /:1: write declare ROUTE request\|notify\|push TYPE \[TYPE\]$/],
    [
      "JSON that ends too early",
      ["routes", "request Shop.Buy {", "exit"],
      /:2: the JSON of the last command is not closed$/,
    ],
    ["a list that is empty", ["routes xyz"], /:1: no route with xyz is known$/],
    ["a handshake", ["handshake {]"], /:1: what the handshake is to tell is no JSON: /],
    ["an answer", ['request Shop.Buy {"name": "gold"}'], /:1: Shop\.Buy: sold_out: there is no gold/],
    ["a limit", ['request Shop.Buy {"name": "patience"}'], /:1: .*deadline_exceeded: .*Shop\.Buy.* 1500 ms/],
    [
      "a push that does not come",
      ["wait ShopEvents.Sold"],
      /:1: deadline_exceeded: no push ShopEvents\.Sold came within 1500 ms$/,
    ],
  ])("ends with 1 at what fails, and names it: %s", async (_, lines, message) => {
    const { urls, shop } = await openShop();
    const { exitCode, errors } = await runLines([...lines, 'notify Shop.Note {"text": "too far"}'], {
      url: urls.tcp,
      // Long enough to connect in, wherever the test is run.
      timeoutMs: 1_500,
    });
    expect(errors).toEqual([expect.stringMatching(message)]);
    expect(errors[0]).toMatch(/^standard input:/);
    expect(exitCode).toBe(1);
    expect(shop.notes).toEqual([]);
  });

  it("ends with `exit`, whatever follows", async () => {
    const { urls } = await openShop();
    expect(await runLines(["exit", "foo"], { url: urls.ws })).toEqual({ exitCode: 0, printed: [], errors: [] });
  });

  it("is read from a file, which errors name", async () => {
    const { urls } = await openShop();
    const script = join(temporaryFolder(), "buy.repl");
    writeFileSync(script, 'request Shop.Buy {"name": "tea"}\r\nlisten none\r\nfoo\r\n');
    const { exitCode, printed, errors } = await runLines([], { url: urls.ws, script });
    expect(printed.at(-1)).toBe('{"id":"1-tea"}');
    expect(errors).toEqual([expect.stringContaining(`${script}:3: there is no command foo`)]);
    expect(exitCode).toBe(1);
  });

  it("listens to the pushes that it names", async () => {
    const { urls } = await openShop();
    const buy = 'request Shop.Buy {"name": "x"}';
    const { printed, errors } = await runLines(["listen none", buy, "listen ShopEvents.Sold", buy, "listen all", buy], {
      url: urls.tcp,
    });
    expect(errors).toEqual([]);
    expect(printed.filter((line) => line.startsWith("push"))).toHaveLength(2);
  });

  it("reconnects, and tells the application on the server what it is told to tell", async () => {
    const users: unknown[] = [];
    const { urls } = await openShop({
      onHandshake: ({ user }) => {
        users.push(user);
        return { greeting: "hello" };
      },
    });
    const { exitCode, printed, errors } = await runLines(
      [
        'handshake {"token": "t"}',
        "reconnect",
        "request Shop.Close",
        "disconnect",
        "connect",
        "handshake",
        "disconnect",
        "request Shop.Close",
      ],
      { url: urls.tcp, user: [1] },
    );
    expect(users).toEqual([[1], { token: "t" }, { token: "t" }]);
    expect(printed[0]).toBe("{}");
    expect(JSON.parse(printed[1] ?? "")).toMatchObject({ user: { greeting: "hello" } });
    expect(errors).toEqual(["standard input:8: Shop.Close: there is no connection (it was closed): connect"]);
    expect(exitCode).toBe(1);
  });

  it("is told when the server dies while an answer is waited for", async () => {
    const { urls, server, shop } = await openShop();
    const running = runLines(['request Shop.Buy {"name": "patience"}', "exit"], { url: urls.ws });
    await until(() => shop.waiting === 1);
    await server.stop();
    const { exitCode, errors } = await running;
    expect(exitCode).toBe(1);
    expect(errors.some((line) => /^standard input:1: unavailable: .*Shop\.Buy/.test(line))).toBe(true);
    expect(errors.some((line) => line.startsWith("the connection is closed: "))).toBe(true);
  });

  it("shows nothing of what a server says that a terminal would obey", async () => {
    const { urls } = await openShop();
    const gold = await runLines(['request Shop.Buy {"name": "gold"}'], { url: urls.ws });
    expect(gold.errors).toEqual([
      'standard input:1: Shop.Buy: sold_out: there is no gold\\u001b[2J\\u009b {"next\\u202e":"monday"}',
    ]);
    const kicked = await runLines(['request Shop.Buy {"name": "trouble"}', "wait ShopEvents.Sold"], { url: urls.tcp });
    expect(kicked.errors.join("\n").replaceAll("\n", "")).not.toMatch(raw);
    expect(kicked.errors).toContain(
      "the connection is closed: the server told the client to go: no \\u001b[31mtrouble",
    );
    expect(kicked.exitCode).toBe(1);
  });
});

it("trusts the certificate that it is told to", async () => {
  const certificate = makeCertificate("localhost");
  const { certFile } = certificateFiles(certificate);
  const transport = tcp({ host: "127.0.0.1", port: 0, ears: 1, tls: certificate });
  const { server } = await openShop({ listen: [transport] });
  const url = server.addresses[0]?.url ?? "";
  const distrustful = await runLines(["request Shop.Close"], { url });
  expect([distrustful.exitCode, ...distrustful.errors]).toEqual([1, expect.stringMatching(/^connect_failed: tls:/)]);
  expect(await runLines(["request Shop.Close"], { url, caFile: certFile })).toMatchObject({ exitCode: 0 });
});

describe("what the server does not tell", () => {
  it("descriptors tell", async () => {
    const { urls } = await openShop({}, false);
    const { exitCode, printed } = await runLines(["request Shop.Close", "describe Shop.Close"], {
      url: urls.ws,
      descriptors: shopDescriptors,
    });
    expect([exitCode, ...printed]).toEqual([0, "{}", "request Shop.Close, code 2", "  (nothing) → (nothing)"]);
  });

  it("is sent as it is written, in JSON or in bytes", async () => {
    const { urls } = await openShop({}, false);
    const lines = ["listen none", "routes Buy", 'request Shop.Buy {"name": "tea"}'];
    const asJson = await runLines(lines, { url: urls.ws, serializer: "json" });
    expect(asJson).toEqual({ exitCode: 0, printed: ["Shop.Buy  (code 1)", '{"id":"1-tea"}'], errors: [] });
    const inBytes = await runLines(["listen none", "request Shop.Buy 0x0a03746561", ...lines], { url: urls.ws });
    expect(inBytes.printed).toEqual([`0x0a05${Buffer.from("1-tea").toString("hex")}`, "Shop.Buy  (code 1)"]);
    expect(inBytes.errors).toEqual([
      expect.stringContaining("the types of Shop.Buy are not known, and the server speaks protobuf: declare them"),
    ]);
  });

  it("is declared, with types of a FileDescriptorSet", async () => {
    const { urls } = await openShop({}, false);
    const { printed, exitCode } = await runLines(
      ["listen none", "declare Shop.Buy request arena.v1.PlayRequest", 'request Shop.Buy {"name": "tea"}'],
      { url: urls.tcp, descriptors: arenaSet },
    );
    expect([exitCode, ...printed]).toEqual([0, "{}"]);
  });

  it("stays declared on the next connection, and says nothing of other routes", async () => {
    const { urls } = await openShop({}, false);
    const { errors, printed } = await runLines(
      ["declare Shop.Close request", "reconnect", "describe Shop.Close", "request Shop.Look", "request Shop.Look {}"],
      { url: urls.tcp },
    );
    expect(printed).toEqual(["request Shop.Close", "  (nothing) → (nothing)", "no bytes"]);
    expect(errors).toEqual([expect.stringMatching(/:5: invalid_payload: the types of Shop\.Look are not known, /)]);
  });

  it("is forgotten with the server that told it", async () => {
    const telling = await openShop();
    const silent = await openShop({}, false);
    const { errors } = await runLines(["describe Shop.Close", `connect ${silent.urls.ws}`, "describe Shop.Close"], {
      url: telling.urls.tcp,
    });
    expect(errors).toEqual(["standard input:3: there is no route or type Shop.Close: there is none at all"]);
  });

  it("is not told in full where a server sends less than the descriptors take", async () => {
    const { urls } = await openShop({ maxOutboxBytes: 4_096 });
    const { errors, exitCode } = await runLines(["exit"], { url: urls.tcp });
    expect(errors).toEqual([expect.stringMatching(/^what the server speaks is not known: .*4096/)]);
    expect(exitCode).toBe(0);
  });
});

describe("before anything is tried", () => {
  it.each<[string, ReplOptions, RegExp]>([
    ["a url", { url: "http://127.0.0.1" }, /^http:\/\/127\.0\.0\.1\/ does not begin with ws: or /],
    ["a time", { timeoutMs: -1 }, /^timeoutMs -1 is not a number from 0 to /],
    ["a serializer", { serializer: "xml" as "json" }, /^serializer xml is not protobuf or json$/],
    ["an option", { timeout: 1 } as ReplOptions, /^there is no option timeout; there are /],
    ["a script", { script: "/nowhere/at.all" }, /^script \/nowhere\/at\.all cannot be read: ENOENT$/],
    ["a certificate", { caFile: "/nowhere/at.all" }, /^caFile \/nowhere\/at\.all cannot be read: ENOENT$/],
    ["descriptors", { descriptors: "{}" }, /^descriptors are not what /],
  ])("ends with 2 when %s is of no use", async (_, options, message) => {
    const { exitCode, printed, errors } = await runLines(["exit"], options);
    expect({ exitCode, printed }).toEqual({ exitCode: 2, printed: [] });
    expect(errors).toEqual([expect.stringMatching(message)]);
  });

  it("ends with 1 when nobody answers at that address", async () => {
    const { exitCode, errors } = await runLines([], { url: `tcp://127.0.0.1:${await freePort()}` });
    expect(errors).toEqual([
      expect.stringMatching(/^connect_failed: tcp:\/\/127\.0\.0\.1:\d+ could not be connected: ECONNREFUSED/),
    ]);
    expect(exitCode).toBe(1);
  });

  it("needs no server to help", async () => {
    const { printed, exitCode, errors } = await runLines(["help", "help wait", "request A.B"]);
    expect(printed).toContain(
      "wait ROUTE                                     wait for a push: one that has come since the last wait for it counts, too",
    );
    expect(printed.at(-1)).toMatch(/^wait ROUTE {2}wait for a push/);
    expect(errors).toEqual(["standard input:3: A.B: there is no connection: connect"]);
    expect(exitCode).toBe(1);
  });
});
