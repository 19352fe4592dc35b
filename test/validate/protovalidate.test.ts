import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { protovalidate } from "nanowire/validate";
import { describe, expect, it, onTestFinished } from "vitest";
import type { HandlerCall } from "../../runtime/index.js";
import { createServer, type Server } from "../../runtime/server/server.js";
import { memory } from "../../runtime/transport/memory.js";
import { Project } from "../generator/support/project.js";
import { Client, errorIn, notify, request } from "../support/client.js";
import { KeptLog } from "../support/log.js";
import { turn } from "../support/wait.js";
import { BuyRequest, LookRequest, NoteRequest, type SignInRequest } from "./shop/generated/shop/v1/shop.js";
import {
  BuyRequest as BuyRequestJson,
  SignInRequest as SignInRequestJson,
} from "./shop/generated/shop/v1/shop.json.js";
import { ShopComponent } from "./shop/generated/shop/v1/shop.server.js";

const shop = fileURLToPath(new URL("shop", import.meta.url));
const descriptors = readFileSync(`${shop}/generated/descriptors.json`);
const secret = "hunter2hunter";
/** Made once: its rules are compiled then, which takes longer than a test. */
const hook = protovalidate(descriptors);

class Shop extends ShopComponent {
  readonly handled: string[] = [];

  override buy({ id }: { readonly id: string }): { id: string } {
    this.handled.push("buy");
    return { id };
  }

  override note(): void {
    this.handled.push("note");
  }

  override signIn(): void {
    this.handled.push("signIn");
  }

  override look(): void {
    this.handled.push("look");
  }

  override close(): void {
    this.handled.push("close");
  }
}

/** A server that validates, and a client that speaks a serializer. */
async function start(serializer: "json" | "protobuf", prepare?: (server: Server, shop: Shop) => void) {
  const component = new Shop();
  const transport = memory();
  const log = new KeptLog();
  const server = createServer({ components: [component], listen: [transport], logger: log });
  (prepare ?? (() => void server.hooks.before(hook)))(server, component);
  await server.start();
  onTestFinished(() => server.stop());
  const client = await Client.open(transport);
  await client.enter({ sys: { type: "nanowire", version: "1", serializer } });
  return { server, client, handled: component.handled, log };
}

const good: BuyRequest = {
  name: "ada",
  lines: [{ count: 2, price: 10, instead: undefined }],
  labels: new Map([["a", 1]]),
  at: new Date(0),
  within: { seconds: 60n, nanos: 0 },
  payment: { $case: "card", value: "1234" },
  proof: Uint8Array.of(1, 2, 3, 4),
  currency: "EUR",
};

interface Told {
  readonly code: string;
  readonly msg: string;
  readonly metadata: Readonly<Record<string, string>>;
}

const asJson = (payload: Uint8Array): Told => {
  const { code, message, msg, metadata, details } = JSON.parse(new TextDecoder().decode(payload));
  return { code, msg: msg ?? message, metadata: metadata ?? details };
};

/** Buys, by each serializer: both servers say the same. */
async function buy(changed: Partial<BuyRequest>): Promise<Told | "taken"> {
  const message = { ...good, ...changed };
  const told: (Told | "taken")[] = [];
  for (const serializer of ["protobuf", "json"] as const) {
    const isJson = serializer === "json";
    const payload = isJson
      ? new TextEncoder().encode(JSON.stringify(BuyRequestJson.toJSON(message)))
      : BuyRequest.encode(message).finish();
    const { client, handled } = await start(serializer);
    client.send(request(1, "Shop.Buy", payload));
    const answer = await client.message();
    const isTaken = handled.length === 1;
    told.push(isTaken ? "taken" : isJson ? asJson(answer.payload) : (errorIn(answer.payload) as unknown as Told));
  }
  expect(told[1]).toEqual(told[0]);
  return told[0] as Told | "taken";
}

const violations = (told: Told | "taken"): unknown =>
  told === "taken" ? told : JSON.parse(told.metadata["violations"] ?? "null");

describe("protovalidate as a hook", () => {
  it("lets a message pass that keeps all rules", async () => {
    expect(await buy({})).toBe("taken");
    expect(await buy({ payment: { $case: "cash", value: 0n }, currency: "", at: undefined })).toBe("taken");
  });

  it.each<[string, Partial<BuyRequest>, readonly [field: string, rule: string, message: string | RegExp][]]>([
    ["a text", { name: "" }, [["name", "string.min_len", /at least 1 char/]]],
    ["a list", { lines: [] }, [["lines", "repeated.min_items", /at least 1 item/]]],
    [
      "a message in a list",
      { lines: [{ count: 1, price: 1, instead: { count: 0, price: 1, instead: undefined } }] },
      [["lines[0].instead.count", "int32.gt", /greater than 0/]],
    ],
    ["a value of a map", { labels: new Map([["x", 0]]) }, [['labels["x"]', "int32.gt", /greater than 0/]]],
    ["a time", { at: new Date(Date.now() + 86_400_000) }, [["at", "timestamp.lt_now", /less than now/]]],
    ["a duration", { within: { seconds: 60n, nanos: 1 } }, [["within", "duration.lte", /less than or equal to 60s/]]],
    ["a pattern", { payment: { $case: "card", value: "12" } }, [["card", "string.pattern", /regex pattern/]]],
    [
      "a 64-bit number",
      { payment: { $case: "cash", value: -1n } },
      [["cash", "int64.gte", /greater than or equal to 0/]],
    ],
    ["bytes", { proof: new Uint8Array(5) }, [["proof", "bytes.max_len", /at most 4 bytes/]]],
    ["a oneof", { payment: undefined }, [["payment", "required", /exactly one field is required in oneof/]]],
    ["a predefined rule", { currency: "eur" }, [["currency", "string.capitals", "three capital letters are wanted"]]],
    [
      "a rule of the whole message",
      { lines: [{ count: 100, price: 11, instead: undefined }] },
      [["", "buy.total", "all of it costs more than 1000"]],
    ],
    [
      "several",
      { name: "a very long name", proof: new Uint8Array(5) },
      [
        ["name", "string.max_len", /at most 10 char/],
        ["proof", "bytes.max_len", /at most 4 bytes/],
      ],
    ],
  ])("answers with invalid_argument, and names field, rule and message: %s", async (_, changed, expected) => {
    const told = await buy(changed);
    expect(told).toMatchObject({ code: "invalid_argument" });
    expect(violations(told)).toEqual(
      expected.map(([field, rule, message]) => ({ field, rule, message: expect.stringMatching(message) })),
    );
    const { msg } = told as Told;
    expect(expected.filter(([field, rule]) => !msg.includes(field) || !msg.includes(`(${rule})`))).toEqual([]);
    expect(msg.startsWith("the message of Shop.Buy breaks its rules: ")).toBe(true);
  });

  it("tells ten violations at the most, and short ones, whatever the client sends", async () => {
    const lines = Array.from({ length: 500 }, () => ({ count: 0, price: 0, instead: undefined }));
    const told = (await buy({ lines, labels: new Map([["k".repeat(10_000), 0]]) })) as Told;
    expect(violations(told)).toHaveLength(10);
    expect(told.metadata["more"]).toBe("491");
    expect(told.msg.length).toBeLessThan(1_000);
    const key = (await buy({ labels: new Map([["k".repeat(10_000), 0]]) })) as Told;
    expect(violations(key)).toMatchObject([{ field: `labels["${"k".repeat(40)}"]` }]);
  });

  it("drops a notify that breaks a rule, and counts it", async () => {
    const { server, client, handled } = await start("protobuf");
    client.send(notify("Shop.Note", NoteRequest.encode({ text: "" }).finish()));
    client.send(notify("Shop.Note", NoteRequest.encode({ text: "x" }).finish()));
    await turn();
    expect(handled).toEqual(["note"]);
    expect(server.counters.failed).toEqual({ invalid_argument: 1 });
  });

  it("does not look at messages without rules", async () => {
    const { client, handled } = await start("protobuf");
    client.send(request(1, "Shop.Look", LookRequest.encode({ at: "x" }).finish()));
    client.send(request(2, "Shop.Close", new Uint8Array(0)));
    await client.messages(2);
    expect(handled).toEqual(["look", "close"]);
    let encoded = 0;
    const codec = { protobuf: { encode: () => encoded++ } };
    const call = { route: "Shop.Look", codec, request: {} } as unknown as HandlerCall;
    expect(hook(call)).toBeUndefined();
    expect(encoded).toBe(0);
  });

  it("sees what the hooks before it made of the message, and may be one handler's alone", async () => {
    const { client, handled } = await start("protobuf", (server, component) => {
      server.hooks.of(component, "note").before(hook);
      server.hooks.before((call) => {
        if (call.route === "Shop.Note") {
          call.request = { text: "" };
        }
      });
    });
    client.send(notify("Shop.Note", NoteRequest.encode({ text: "x" }).finish()));
    client.send(request(1, "Shop.Buy", BuyRequest.encode({ ...good, name: "" }).finish()));
    await client.message();
    expect(handled).toEqual(["buy"]);
  });

  it("answers with internal, and tells the log, when the descriptors do not know a route, rather than let a message pass", async () => {
    const { routes, ...rest } = JSON.parse(descriptors.toString("utf8"));
    const others = routes.filter(({ route }: { readonly route: string }) => route !== "Shop.Look");
    const { client, handled, log } = await start("protobuf", ({ hooks }) => {
      hooks.before(protovalidate({ ...rest, routes: others }));
    });
    client.send(request(1, "Shop.Look", LookRequest.encode({ at: "x" }).finish()));
    expect(errorIn((await client.message()).payload)).toMatchObject({ code: "internal" });
    expect(handled).toEqual([]);
    expect(String(log.at("error")[0]?.fields["error"])).toContain("the descriptors know no route Shop.Look");
  });
});

describe("fields that are marked debug_redact", () => {
  it.each<[string, Partial<SignInRequest>, readonly object[]]>([
    [
      "a rule that is not kept",
      { password: "short1", again: "short1" },
      [{ field: "password", rule: "string.min_len", message: expect.stringContaining("at least 8 char") }],
    ],
    [
      "a rule of one's own whose text is computed",
      { password: "hunterhunter", again: "hunterhunter" },
      [{ field: "password", rule: "sign_in.digit", message: "the rule is broken" }],
    ],
    [
      "one of the whole message",
      { again: "other9other" },
      [{ field: "", rule: "sign_in.same", message: "the rule is broken" }],
    ],
    [
      "a key of a map",
      { answers: new Map([[secret, "x"]]) },
      [{ field: "answers", rule: "string.min_len", message: expect.stringContaining("at least 3 char") }],
    ],
  ])("are named, and what they hold is neither in the answer nor in the log: %s", async (_, changed, expected) => {
    const message: SignInRequest = { password: secret, again: secret, answers: new Map(), ...changed };
    const { client, log } = await start("json");
    const payload = new TextEncoder().encode(JSON.stringify(SignInRequestJson.toJSON(message)));
    client.send(request(1, "Shop.SignIn", payload));
    const told = asJson((await client.message()).payload);
    expect(violations(told)).toEqual(expected);
    const lines = log.lines.map(({ fields }) => `${String(fields["error"])} ${JSON.stringify(fields)}`).join("\n");
    expect(lines).toContain("invalid_argument");
    expect(
      [...Object.values(message).filter((value) => typeof value === "string"), secret].filter((value) =>
        lines.includes(value),
      ),
    ).toEqual([]);
  });
});

describe("the descriptors", () => {
  it.each<[string, string | Uint8Array | object]>([
    ["bytes", descriptors],
    ["a text", descriptors.toString("utf8")],
    ["the value", JSON.parse(descriptors.toString("utf8"))],
  ])("may be the file's %s", (_, given) => {
    const codec = { protobuf: NoteRequest };
    const call = { route: "Shop.Note", codec, request: { text: "" } } as unknown as HandlerCall;
    expect(() => protovalidate(given)(call)).toThrow(expect.objectContaining({ code: "invalid_argument" }));
  });

  it.each<[string, unknown]>([
    ["no JSON", "{"],
    ["another text", '"descriptors"'],
    ["null", null],
    ["another version", { ...JSON.parse(descriptors.toString("utf8")), version: 2 }],
    ["no set", { version: 1, routes: [] }],
    ["a set that is none", { version: 1, routes: [], descriptorSet: "/////w==" }],
    ["a set that is no base64", { version: 1, routes: [], descriptorSet: "?" }],
  ])("are refused when the hook is made: %s", (_, given) => {
    expect(() => protovalidate(given as object)).toThrow(
      expect.objectContaining({ code: "invalid_option", message: expect.stringContaining("--descriptors FILE") }),
    );
  });
});

describe("what is generated of a .proto with rules", () => {
  it("is what stands in test/validate/shop: the rules' own file need not be written, and no code is made of it", async () => {
    const project = Project.copyOf(shop);
    project.remove("generated");
    await project.generate("--descriptors", "generated/descriptors.json");
    const paths = project.list("generated");
    expect(paths).toEqual(Project.copyOf(shop).list("generated"));
    for (const path of paths) {
      expect(project.read(`generated/${path}`), path).toBe(readFileSync(`${shop}/generated/${path}`, "utf8"));
    }
    expect(paths.filter((path) => path.includes("validate"))).toEqual([]);
  });

  it("lints, and can be compared with what it was", async () => {
    const project = Project.copyOf(shop);
    const { printed, errors } = await project.run("lint");
    expect(errors).toEqual([]);
    expect(printed.filter((line) => !/PUSH_UNBOUNDED|found in 2 files/.test(line))).toEqual([]);
    const other = Project.copyOf(`${shop}/proto`);
    const breaking = await project.run("breaking", "--against", other.directory);
    expect([breaking.exitCode, breaking.errors]).toEqual([0, []]);
    project.write({ "buf.yaml": "version: v2\nmodules:\n  - path: proto\nlint:\n  use:\n    - PACKAGE_DEFINED\n" });
    expect((await project.run("lint")).errors).toEqual([]);
  });

  it("leaves a copy of the user's own as it is", async () => {
    const project = new Project({
      "proto/buf/validate/validate.proto":
        'syntax = "proto2";\npackage buf.validate;\nimport "google/protobuf/descriptor.proto";\nextend google.protobuf.FieldOptions { optional string field = 1159; }\n',
      "proto/a.proto":
        'syntax = "proto3";\nimport "buf/validate/validate.proto";\nmessage A { string b = 1 [(buf.validate.field) = "mine"]; }\n',
    });
    expect((await project.run("generate")).errors).toEqual([]);
  });

  it("does not bring the rules into a browser", async () => {
    const { outputFiles } = await build({
      stdin: {
        contents: 'export { ShopClient } from "./generated/shop/v1/shop.client.js";',
        resolveDir: shop,
      },
      bundle: true,
      format: "esm",
      platform: "browser",
      minify: true,
      write: false,
      metafile: true,
      external: ["nanowire/*"],
    });
    const text = outputFiles[0]?.text ?? "";
    expect(text).toContain("Shop.Buy");
    expect(text).not.toMatch(/min_len|validate|string\.capitals/);
    expect(text.length).toBeLessThan(10_000);
  });
});
