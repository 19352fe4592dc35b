import { describe, expect, test } from "vitest";
import { Project, proto } from "./support/project.js";

const files = {
  "proto/a.proto": proto(
    "// A room.",
    "service Room {",
    "  option deprecated = true;",
    "  // Enters.",
    "  rpc Join(Text) returns (Other);",
    "  rpc Say(Text) returns (google.protobuf.Empty) {",
    "    option (nanowire.method) = { notify: true, bound_only: true, timeout_ms: 0, order: NONE };",
    "    option (nanowire.method).rate_limit = { messages: 1 };",
    "    option deprecated = true;",
    "  }",
    "}",
    "service RoomEvents {",
    "  option (nanowire.service).kind = PUSH;",
    "  rpc Said(Text) returns (google.protobuf.Empty);",
    "}",
    "service Quiet {}",
  ),
};

/** The dictionary's version and the methods' fingerprints. */
function withoutHashes(lines: readonly string[]): string[] {
  return lines.map((line) => line.replace(/\b[0-9a-f]{16}\b/, "<hash>").replace(/\b[0-9a-f]{8}\b/, "<print>"));
}

describe("nanowire inspect", () => {
  test("tells services, methods, codes, types, policies and files", async () => {
    const project = new Project(files);
    const { exitCode, printed, errors } = await project.run("inspect");
    expect(errors).toEqual([]);
    expect(exitCode).toBe(0);
    expect(withoutHashes(printed)).toEqual([
      "test.v1.Room  HANDLER, client-to-server, deprecated  proto/a.proto:8:9",
      "  request  1  <print>  Room.Join  test.v1.Text → test.v1.Other  deprecated",
      "  notify   2  <print>  Room.Say   test.v1.Text → no answer      bound sessions only, at most 1 message in 1000 ms from one session, no time-out, waits for nothing that came before, deprecated",
      "",
      "test.v1.RoomEvents  PUSH, server-to-client  proto/a.proto:18:9",
      "  push  3  -  RoomEvents.Said  test.v1.Text → no answer",
      "",
      "test.v1.Quiet  HANDLER, client-to-server  proto/a.proto:22:9",
      "  no methods",
      "",
      "3 routes, dictionary <hash>, codes in proto/routes.lock.json",
      "",
      "7 files:",
      "  a.client.ts",
      "  a.json.ts",
      "  a.server.ts",
      "  a.ts",
      "  google/protobuf/empty.json.ts",
      "  google/protobuf/empty.ts",
      "  routes.ts",
    ]);
    expect(project.list()).toEqual(["proto/a.proto"]);
  });

  test("--json prints the whole model, the same every time", async () => {
    const project = new Project(files);
    const first = await project.run("inspect", "--json");
    const model: unknown = JSON.parse(first.printed.join("\n"));
    expect(model).toMatchObject({
      codecs: [{ proto: "a.proto", output: "a.ts", jsonOutput: "a.json.ts" }, { output: "google/protobuf/empty.ts" }],
      services: [{ serverOutput: "a.server.ts", client: { services: [{ exportedName: "RoomClient" }, {}, {}] } }],
      dictionary: { routes: [{ route: "Room.Join", code: 1 }, {}, {}] },
      protocol: {
        services: [
          {
            name: "test.v1.Room",
            kind: "HANDLER",
            place: "proto/a.proto:8:9",
            comment: ["A room."],
            deprecated: true,
            methods: [
              {
                name: "Join",
                kind: "request",
                route: "Room.Join",
                code: 1,
                request: "test.v1.Text",
                response: "test.v1.Other",
                order: "session",
                boundOnly: false,
                fingerprint: expect.stringMatching(/^[0-9a-f]{8}$/),
                comment: ["Enters."],
              },
              {
                kind: "notify",
                response: "google.protobuf.Empty",
                order: "none",
                timeoutMs: 0,
                rateLimit: { messages: 1, perMs: 1000 },
                boundOnly: true,
                deprecated: true,
              },
            ],
          },
          { kind: "PUSH", methods: [{ kind: "push", direction: "server-to-client", code: 3 }] },
          { methods: [] },
        ],
      },
    });
    expect(await project.run("inspect", "--json")).toEqual(first);
  });

  test("tells what becomes of what is too large, or waits", async () => {
    const project = new Project({
      "proto/a.proto": proto(
        "service Room {",
        "  option (nanowire.service) = { max_payload_bytes: 9, overload: { policy: CONFLATE } };",
        "  rpc Any(Text) returns (Text);",
        "  rpc Key(Text) returns (Text) {",
        '    option (nanowire.method) = { max_payload_bytes: 1, overload: { policy: CONFLATE, key: "text" } };',
        "  }",
        "  rpc Few(Text) returns (Text) {",
        "    option (nanowire.method) = { max_payload_bytes: 0, overload: { policy: REFUSE, max_waiting: 3 } };",
        "  }",
        "  rpc New(Text) returns (Text) {",
        "    option (nanowire.method).overload = { policy: DROP_OLDEST max_waiting: 3 };",
        "  }",
        "}",
        "service RoomEvents {",
        "  option (nanowire.service) = { kind: PUSH, overflow: { policy: DROP } };",
        "  rpc Lost(Text) returns (google.protobuf.Empty);",
        "  rpc Last(Text) returns (google.protobuf.Empty) {",
        '    option (nanowire.method).overflow = { policy: CONFLATE key: "text" };',
        "  }",
        "}",
      ),
    });
    const { printed } = await project.run("inspect");
    const policies = printed.flatMap((line) =>
      line.startsWith("  re") || line.startsWith("  pu") ? [line.split("  ").at(-1)] : [],
    );
    expect(policies).toEqual([
      "payloads of at most 9 bytes, only the newest waits",
      "payloads of at most 1 byte, only the newest of each text waits",
      "at most 3 of a session wait, more are refused",
      "payloads of at most 9 bytes, at most 3 of a session wait, the oldest gives way",
      "not sent to a client that falls behind",
      "only the newest of each text waits for a client that falls behind",
    ]);
    const { protocol } = JSON.parse((await project.run("inspect", "--json")).printed.join("\n"));
    const methods = protocol.services.flatMap((service: { methods: object[] }) => service.methods);
    expect(methods).toMatchObject([
      { maxPayloadBytes: 9, overload: { policy: "conflate" } },
      { maxPayloadBytes: 1, overload: { policy: "conflate", key: "text" } },
      { overload: { policy: "refuse", maxWaiting: 3 } },
      { maxPayloadBytes: 9, overload: { policy: "dropOldest", maxWaiting: 3 } },
      { overflow: { policy: "drop" } },
      { overflow: { policy: "conflate", key: "text" } },
    ]);
    expect(methods[2]).not.toHaveProperty("maxPayloadBytes");
  });

  test("tells by which field nodes are chosen, the service's or the method's own", async () => {
    const project = new Project({
      "proto/a.proto": proto(
        "message Thing { Thing inner = 1; bytes id = 2; }",
        "service Room {",
        '  option (nanowire.service).shard_key = "id";',
        "  rpc Join(Thing) returns (Text);",
        '  rpc Say(Thing) returns (Text) { option (nanowire.method).shard_key = "inner.id"; }',
        '  rpc Look(Thing) returns (Text) { option (nanowire.method).shard_key = ""; }',
        "}",
        "service Ledger {",
        '  option (nanowire.service) = { kind: REMOTE, shard_key: "id" };',
        "  rpc Add(Thing) returns (Text);",
        "}",
      ),
    });
    const { printed } = await project.run("inspect");
    const policies = printed.flatMap((line) => (/^ {2}(?:request|call)/.test(line) ? [line.split("  ").at(-1)] : []));
    expect(policies).toEqual(["sharded by id", "sharded by inner.id", "test.v1.Thing → test.v1.Text", "sharded by id"]);
    const { protocol } = JSON.parse((await project.run("inspect", "--json")).printed.join("\n"));
    const methods = protocol.services.flatMap((service: { methods: object[] }) => service.methods);
    expect(methods).toMatchObject([{ shardKey: "id" }, { shardKey: "inner.id" }, {}, { shardKey: "id" }]);
    expect(methods[2]).not.toHaveProperty("shardKey");
    expect(new Set(methods.map(({ fingerprint }: { fingerprint: string }) => fingerprint)).size).toBe(2);
  });

  test("tells what nodes ask of each other, which has no code", async () => {
    const project = new Project({
      "proto/a.proto": proto(
        "service Ledger {",
        "  option (nanowire.service).kind = REMOTE;",
        "  rpc Add(Text) returns (Other) {",
        "    option (nanowire.method) = { order: SERVICE, timeout_ms: 50 };",
        "  }",
        "  rpc Note(Text) returns (google.protobuf.Empty) {",
        "    option (nanowire.method).notify = true;",
        "  }",
        "}",
      ),
    });
    const { printed } = await project.run("inspect");
    expect(withoutHashes(printed)).toEqual([
      "test.v1.Ledger  REMOTE, server-to-server  proto/a.proto:7:9",
      "  call  -  <print>  Ledger.Add   test.v1.Text → test.v1.Other  time-out 50 ms, one at a time for the whole service",
      "  tell  -  <print>  Ledger.Note  test.v1.Text → no answer",
      "",
      "0 routes, dictionary <hash>, codes in proto/routes.lock.json",
      "",
      "4 files:",
      "  a.server.ts",
      "  a.ts",
      "  google/protobuf/empty.ts",
      "  routes.ts",
    ]);
    const json = await project.run("inspect", "--json");
    const { services, protocol } = JSON.parse(json.printed.join("\n"));
    expect(services).toEqual([expect.not.objectContaining({ client: expect.anything() })]);
    const [service] = protocol.services;
    expect(service).toMatchObject({ kind: "REMOTE", direction: "server-to-server" });
    expect(service.methods).toMatchObject([
      { kind: "call", direction: "server-to-server", order: "service", timeoutMs: 50 },
      { kind: "tell", direction: "server-to-server", order: "none" },
    ]);
    expect(service.methods).toEqual([
      expect.not.objectContaining({ code: expect.anything() }),
      expect.not.objectContaining({ code: expect.anything() }),
    ]);
  });

  test("the configuration's choices count, and --json is none of them", async () => {
    const project = new Project({ ...files, "nanowire.config.json": '{ "side": "client", "json": false }' });
    const { printed } = await project.run("inspect");
    expect(printed.slice(printed.indexOf("4 files:"))).toEqual([
      "4 files:",
      "  a.client.ts",
      "  a.ts",
      "  google/protobuf/empty.ts",
      "  routes.ts",
    ]);
    const json = await project.run("inspect", "--json");
    expect(json.printed.join("\n")).not.toContain("json.ts");
  });

  test("shows the codes that the lock keeps", async () => {
    const project = new Project(files);
    project.write({
      "codes.json": '{ "version": 1, "routes": { "Room.Join": 77 }, "removed": {} }',
      "nanowire.config.json": '{ "lock": "codes.json" }',
    });
    const { printed } = await project.run("inspect");
    expect(withoutHashes(printed)[1]).toBe(
      "  request  77     <print>  Room.Join  test.v1.Text → test.v1.Other  deprecated",
    );
  });

  test("what is wrong with the files is told as by generate", async () => {
    const project = new Project({ "proto/a.proto": proto("service A {", "  rpc X(stream Text) returns (Text);", "}") });
    const { exitCode, printed, errors } = await project.run("inspect");
    expect({ exitCode, printed }).toEqual({ exitCode: 1, printed: [] });
    expect(errors[0]).toMatch(/^proto\/a\.proto:8:\d+: test\.v1\.A\.X is a streaming rpc/);
  });

  test.each([
    [["--jsno"], "there is no flag --jsno; did you mean --json? (nanowire inspect --help lists them)"],
    [["--out", "x"], /^there is no flag --out /],
    [["wire"], "nanowire inspect takes no argument wire: folders of .proto files are named with --proto wire"],
  ])("%j is refused", async (args, error) => {
    const { exitCode, errors } = await new Project(files).run("inspect", ...args);
    expect(exitCode).toBe(1);
    expect(errors[0]).toEqual(typeof error === "string" ? error : expect.stringMatching(error));
  });

  test("--help tells its flags", async () => {
    const { exitCode, printed } = await new Project().run("inspect", "--help");
    expect(exitCode).toBe(0);
    expect(printed.join("\n")).toMatch(/--json[\s\S]*--proto DIR[\s\S]*--lock FILE/);
  });
});
