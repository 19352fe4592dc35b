import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { runNanowire } from "../../generator/commands.js";
import type { Finding } from "../../generator/model/breaking.js";
import { type ownRules, wireRules } from "../../generator/model/breaking-rules.js";
import { readOwnPackage } from "../../generator/read/package-root.js";
import { findBufBinary, findPeers } from "../../generator/read/peers.js";
import { Project, proto } from "./support/project.js";

const lockFile = "proto/routes.lock.json";
const [requireBuf] = findPeers(readOwnPackage(), process.cwd(), ["@bufbuild/buf"]);
const bufBinary = findBufBinary(requireBuf);

type Lock = Readonly<Partial<Record<"routes" | "removed" | "renamed", Readonly<Record<string, number>>>>>;

/** One version of a project: what follows the usual beginning of its one .proto file, or the whole of it; and its lock. */
interface Version {
  readonly lines?: readonly string[];
  readonly text?: string;
  readonly lock?: Lock;
}

function filesOf({ lines = [], text, lock }: Version): Record<string, string> {
  const { routes = {}, removed = {}, renamed } = lock ?? {};
  return {
    "proto/a.proto": text ?? proto(...lines),
    ...(lock === undefined ? {} : { [lockFile]: `${JSON.stringify({ version: 1, routes, removed, renamed })}\n` }),
  };
}

function git(project: Project, ...args: readonly string[]): void {
  const { status, stderr } = spawnSync("git", args, { cwd: project.directory, encoding: "utf8" });
  expect(stderr).toBe("");
  expect(status).toBe(0);
}

/** A repository with one version committed on main. */
function repository(before: Version): Project {
  const project = new Project(filesOf(before));
  git(project, "init", "--quiet", "--initial-branch=main");
  git(project, "config", "user.name", "Test");
  git(project, "config", "user.email", "test@localhost");
  git(project, "add", "--all");
  git(project, "commit", "--quiet", "--message=before");
  return project;
}

/** What is found between two folders: no commit is needed for that, which are ten processes of git for each. */
async function findings(before: Version, after: Version, ...flags: readonly string[]): Promise<Finding[]> {
  const project = new Project(filesOf(after));
  const old = Object.entries(filesOf(before)).map(([path, text]) => [path.replace(/^proto\//, "main/"), text]);
  project.write(Object.fromEntries(old));
  const { exitCode, printed, errors } = await project.run("breaking", "--against", "main", "--format=json", ...flags);
  expect(errors).toEqual([]);
  const found: { findings: Finding[] } = JSON.parse(printed.join("\n"));
  expect(exitCode).toBe(found.findings.some(({ severity }) => severity === "breaking") ? 1 : 0);
  return found.findings;
}

const handler = (...methods: readonly string[]): string[] => ["service S {", ...methods, "}"];
const push = (...methods: readonly string[]): string[] =>
  handler("  option (nanowire.service).kind = PUSH;", ...methods);
const request = (name: string, option = "", from = "Text", to = "Text"): string =>
  `  rpc ${name}(${from}) returns (${to}) {${option === "" ? "" : ` option (nanowire.method).${option}; `}}`;
const notify = (name: string, option = ""): string =>
  `  rpc ${name}(Text) returns (google.protobuf.Empty) { option (nanowire.method).notify = true;${option === "" ? "" : ` option (nanowire.method).${option};`} }`;
const event = (name: string, message = "Text"): string => `  rpc ${name}(${message}) returns (google.protobuf.Empty);`;

const pushed = (name: string, option: string): string =>
  `  rpc ${name}(Text) returns (google.protobuf.Empty) { option (nanowire.method).${option}; }`;
const job = (name: string, reliable: boolean): string => (reliable ? pushed(name, "reliable = true") : event(name));
const jobs = (...methods: readonly string[]): string[] =>
  handler("  option (nanowire.service).kind = REMOTE;", ...methods);
const refuse = (count: number): string => `overload = { policy: REFUSE max_waiting: ${count} }`;
const conflate = (option: string): string => `${option} = { policy: CONFLATE key: "text" }`;

const limit = (messages: number, perMs: number): string => `rate_limit = { messages: ${messages} per_ms: ${perMs} }`;

/** Both versions of a thing, and what they say. */
interface Case {
  readonly before: Version;
  readonly after: Version;
  /** The rules that fire, each with who breaks and where. Default: none. */
  readonly fires?: readonly string[];
}

/** A message that travels in a request, with one field or what is said. */
const message = (...lines: readonly string[]): Version => ({
  text: proto("message M {", ...lines, "}", "service S { rpc A(M) returns (Text); }"),
});
const enumOf = (...lines: readonly string[]): Version => ({
  text: proto(
    "enum E {",
    "  ZERO = 0;",
    ...lines,
    "}",
    "message M { E e = 1; }",
    "service S { rpc A(M) returns (Text); }",
  ),
});
const edition = (...lines: readonly string[]): Version => ({
  text: ['edition = "2023";', "package test.v1;", ...lines, "service S { rpc A(M) returns (M); }", ""].join("\n"),
});

const both = "old clients, new clients";

/** For each rule a change that it tells, and one like it that it does not. */
const cases: Readonly<Record<keyof typeof ownRules | keyof typeof wireRules, readonly [Case, Case]>> = {
  SERVICE_REMOVED: [
    {
      before: { lines: [...handler(request("A"), request("B")), "service T {", request("C"), "}"] },
      after: { lines: ["service T {", request("C"), "}"] },
      fires: ["SERVICE_REMOVED (old clients) old 7:9"],
    },
    {
      before: { lines: [...handler(request("A")), "service T {", "}"] },
      after: { lines: handler(request("A")) },
    },
  ],
  REQUEST_REMOVED: [
    {
      before: { lines: handler(request("A"), request("B")) },
      after: { lines: handler(request("A")) },
      fires: ["REQUEST_REMOVED (old clients) old 9:7"],
    },
    { before: { lines: handler(request("A"), request("B")) }, after: { lines: handler(request("B"), request("A")) } },
  ],
  NOTIFY_REMOVED: [
    {
      before: { lines: handler(request("A"), notify("B")) },
      after: { lines: handler(request("A")) },
      fires: ["NOTIFY_REMOVED (old clients) old 9:7"],
    },
    { before: { lines: handler(notify("B")) }, after: { lines: handler(notify("B")) } },
  ],
  PUSH_REMOVED: [
    {
      before: { lines: push(event("A"), event("B")) },
      after: { lines: push(event("A")) },
      fires: ["PUSH_REMOVED (old clients) old 10:7"],
    },
    { before: { lines: push(event("A")) }, after: { lines: push(event("A")) } },
  ],
  ROUTE_CHANGED: [
    {
      before: {
        lines: [...handler(request("A")), "service P { option (nanowire.service).kind = PUSH;", event("A"), "}"],
      },
      after: {
        lines: [
          ...handler(request("A", 'route = "S.a"')),
          'service P { option (nanowire.service) = { kind: PUSH route: "Q" };',
          event("A"),
          "}",
        ],
      },
      fires: [`ROUTE_CHANGED (${both}) new 8:7`, `ROUTE_CHANGED (${both}) new 11:7`],
    },
    {
      before: { lines: handler(request("A")) },
      after: { lines: ["service Renamed {", request("A", 'route = "S.A"'), "}"] },
    },
  ],
  ROUTE_RENAMED: [
    {
      before: { lines: handler(request("A")), lock: { routes: { "S.A": 1 } } },
      after: { lines: handler(request("B", 'was = "S.A"')), lock: { routes: { "S.A": 1 } } },
      fires: ["ROUTE_RENAMED () new 8:7"],
    },
    {
      before: { lines: handler(request("B", 'was = "S.A"')), lock: { routes: { "S.A": 1 } } },
      after: { lines: handler(request("B", 'was = "S.A"')), lock: { routes: { "S.B": 1 }, renamed: { "S.A": 1 } } },
    },
  ],
  WAS_REMOVED: [
    {
      before: {
        lines: handler(request("B", 'was = "S.A"')),
        lock: { routes: { "S.B": 1 }, renamed: { "S.A": 1 } },
      },
      after: { lines: handler(request("B")), lock: { routes: { "S.B": 1 }, renamed: { "S.A": 1 } } },
      fires: ["WAS_REMOVED (old clients) new 8:7"],
    },
    {
      before: {
        lines: ["service S { option (nanowire.service).was = 'R';", request("A"), request("New"), "}"],
        lock: { routes: { "S.A": 1, "S.New": 2 }, renamed: { "R.A": 1 } },
      },
      after: {
        lines: handler(request("A", 'was = "R.A"'), request("New")),
        lock: { routes: { "S.A": 1, "S.New": 2 }, renamed: { "R.A": 1 } },
      },
    },
  ],
  CODE_CHANGED: [
    {
      before: { lines: handler(request("A")), lock: { routes: { "S.A": 1 }, removed: { "S.Z": 2 } } },
      after: { lines: handler(request("A")), lock: { routes: { "S.A": 3 }, removed: { "S.Z": 2, "S.Y": 1 } } },
      fires: [`CODE_CHANGED (${both}) new 8:7`],
    },
    {
      before: { lines: handler(request("A")), lock: { routes: { "S.A": 1 } } },
      after: { lines: handler(request("A")), lock: { routes: { "S.A": 1 }, removed: { "S.Y": 3 } } },
    },
  ],
  CODE_REUSED: [
    {
      before: { lines: handler(request("A")), lock: { routes: { "S.A": 1 }, removed: { "S.Z": 2 } } },
      after: { lines: handler(request("A"), request("B")), lock: { routes: { "S.A": 1, "S.B": 2 } } },
      fires: [`CODE_REUSED (${both}) new 9:7`, "METHOD_ADDED () new 9:7"],
    },
    {
      before: { lines: handler(request("A")), lock: { routes: { "S.A": 1 }, removed: { "S.Z": 2 } } },
      after: { lines: handler(request("A"), request("Z")), lock: { routes: { "S.A": 1, "S.Z": 2 } } },
      fires: ["METHOD_ADDED () new 9:7"],
    },
  ],
  CODE_FORGOTTEN: [
    {
      before: { lines: handler(request("A")), lock: { routes: { "S.A": 1 }, removed: { "S.Z": 2 } } },
      after: { lines: handler(request("A")), lock: { routes: { "S.A": 1 } } },
      fires: ["CODE_FORGOTTEN () new 1:1"],
    },
    {
      before: { lines: handler(request("A"), request("Z")), lock: { routes: { "S.A": 1, "S.Z": 2 } } },
      after: { lines: handler(request("A")), lock: { routes: { "S.A": 1, "S.Z": 2 } } },
      fires: ["REQUEST_REMOVED (old clients) old 9:7"],
    },
  ],
  KIND_CHANGED: [
    {
      before: { lines: handler(notify("A")) },
      after: { lines: push(event("A")) },
      fires: [`KIND_CHANGED (${both}) new 9:7`],
    },
    {
      before: { lines: handler(notify("A")) },
      after: { lines: handler("  option (nanowire.service).kind = HANDLER;", notify("A")) },
    },
  ],
  REQUEST_TO_NOTIFY: [
    {
      before: { lines: handler(event("A")) },
      after: { lines: handler(notify("A")) },
      fires: [`REQUEST_TO_NOTIFY (${both}) new 8:7`],
    },
    {
      before: { lines: handler(event("A")) },
      after: { lines: handler(request("A", "notify = false", "Text", "google.protobuf.Empty")) },
    },
  ],
  NOTIFY_TO_REQUEST: [
    {
      before: { lines: handler(notify("A")) },
      after: { lines: handler(event("A")) },
      fires: [`NOTIFY_TO_REQUEST (${both}) new 8:7`],
    },
    { before: { lines: handler(notify("A")) }, after: { lines: handler("  // Still.", notify("A")) } },
  ],
  REQUEST_TYPE_CHANGED: [
    {
      before: { lines: handler(request("A"), notify("B")) },
      after: { lines: handler(request("A", "", "google.protobuf.Empty"), notify("B").replace("Text", "Other")) },
      fires: [`REQUEST_TYPE_CHANGED (${both}) new 8:9`, `REQUEST_TYPE_CHANGED (${both}) new 9:9`],
    },
    { before: { lines: handler(request("A")) }, after: { lines: handler(request("A", "", "test.v1.Text")) } },
  ],
  RESPONSE_TYPE_CHANGED: [
    {
      before: { lines: handler(request("A")) },
      after: { lines: handler(request("A", "", "Text", "Other")) },
      fires: [`RESPONSE_TYPE_CHANGED (${both}) new 8:24`],
    },
    { before: { lines: handler(request("A")) }, after: { lines: handler(request("A", "", "Text", ".test.v1.Text")) } },
  ],
  PUSH_TYPE_CHANGED: [
    {
      before: { lines: push(event("A")) },
      after: { lines: push(event("A", "Other")) },
      fires: [`PUSH_TYPE_CHANGED (${both}) new 9:9`],
    },
    { before: { lines: push(event("A")) }, after: { lines: push(event("A", "test.v1.Text")) } },
  ],
  RATE_LIMIT_NARROWED: [
    {
      before: {
        lines: handler(
          request("None"),
          request("Burst", limit(10, 1000)),
          request("Rate", limit(10, 1000)),
          notify("Notify", limit(2, 1000)),
        ),
      },
      after: {
        lines: handler(
          request("None", limit(1000, 1)),
          request("Burst", limit(5, 100)),
          request("Rate", limit(10, 2000)),
          notify("Notify", limit(1, 1000)),
        ),
      },
      fires: [8, 9, 10, 11].map((line) => `RATE_LIMIT_NARROWED (old clients) new ${line}:7`),
    },
    {
      before: {
        lines: handler(request("A", limit(10, 1000)), request("B", limit(10, 1000)), request("C", limit(10, 1000))),
      },
      after: {
        lines: handler(request("A"), request("B", limit(20, 2000)), request("C", "rate_limit = { messages: 10 }")),
      },
    },
  ],
  MAX_PAYLOAD_NARROWED: [
    {
      before: { lines: handler(request("A"), request("B", "max_payload_bytes = 10"), notify("C")) },
      after: {
        lines: handler(
          request("A", "max_payload_bytes = 10"),
          request("B", "max_payload_bytes = 9"),
          notify("C", "max_payload_bytes = 1"),
        ),
      },
      fires: [8, 9, 10].map((line) => `MAX_PAYLOAD_NARROWED (old clients) new ${line}:7`),
    },
    {
      before: { lines: handler(request("A", "max_payload_bytes = 10"), request("B", "max_payload_bytes = 10")) },
      after: { lines: handler(request("A", "max_payload_bytes = 0"), request("B", "max_payload_bytes = 11")) },
    },
  ],
  OVERLOAD_NARROWED: [
    {
      before: { lines: handler(request("A"), request("B", refuse(2)), request("C", refuse(2)), notify("D")) },
      after: {
        lines: handler(
          request("A", refuse(9)),
          request("B", refuse(1)),
          request("C", "overload = { policy: DROP_OLDEST max_waiting: 2 }"),
          notify("D", conflate("overload")),
        ),
      },
      fires: [8, 9, 10, 11].map((line) => `OVERLOAD_NARROWED (old clients) new ${line}:7`),
    },
    {
      before: { lines: handler(request("A", "overload = { policy: QUEUE }"), request("B", refuse(2))) },
      after: { lines: handler(request("A"), request("B", refuse(2))) },
    },
  ],
  OVERLOAD_CHANGED: [
    {
      before: { lines: handler(request("A", refuse(2)), request("B", refuse(2)), request("C", conflate("overload"))) },
      after: {
        lines: handler(request("A", refuse(3)), request("B"), request("C", "overload = { policy: CONFLATE }")),
      },
      fires: [8, 9, 10].map((line) => `OVERLOAD_CHANGED () new ${line}:7`),
    },
    {
      before: { lines: handler(request("A", conflate("overload"))) },
      after: { lines: handler(request("A", conflate("overload"))) },
    },
  ],
  OVERFLOW_CHANGED: [
    {
      before: { lines: push(event("A"), pushed("B", conflate("overflow")), pushed("C", conflate("overflow"))) },
      after: {
        lines: push(
          pushed("A", "overflow = { policy: DROP }"),
          event("B"),
          pushed("C", "overflow = { policy: CONFLATE }"),
        ),
      },
      fires: [9, 10, 11].map((line) => `OVERFLOW_CHANGED () new ${line}:7`),
    },
    {
      before: { lines: push(event("A"), pushed("B", conflate("overflow"))) },
      after: { lines: push(pushed("A", "overflow = { policy: CLOSE }"), pushed("B", conflate("overflow"))) },
    },
  ],
  RELIABLE_REMOVED: [
    {
      before: { lines: jobs(job("A", true), job("B", false), job("C", true)) },
      after: { lines: jobs(job("A", false), job("B", false), job("C", true)) },
      fires: ["RELIABLE_REMOVED () new 9:7"],
    },
    {
      before: { lines: jobs(job("A", false)) },
      after: { lines: jobs(job("A", true)) },
    },
  ],
  SHARD_KEY_CHANGED: [
    {
      before: { lines: handler(request("A"), request("B", 'shard_key = "text"'), request("C", 'shard_key = "text"')) },
      after: { lines: handler(request("A", 'shard_key = "text"'), request("B"), request("C", 'shard_key = ""')) },
      fires: [8, 9, 10].map((line) => `SHARD_KEY_CHANGED () new ${line}:7`),
    },
    {
      before: { lines: handler(request("A", 'shard_key = ""'), request("B", 'shard_key = "text"')) },
      after: { lines: handler(request("A"), request("B", 'shard_key = "text"')) },
    },
  ],
  TIMEOUT_SHORTENED: [
    {
      before: {
        lines: handler(
          request("A", "timeout_ms = 100"),
          request("B", "timeout_ms = 0"),
          request("C", "timeout_ms = 0"),
        ),
      },
      after: { lines: handler(request("A", "timeout_ms = 99"), request("B", "timeout_ms = 60000"), request("C")) },
      fires: [8, 9, 10].map((line) => `TIMEOUT_SHORTENED (old clients) new ${line}:7`),
    },
    {
      before: { lines: handler(request("A", "timeout_ms = 100"), request("B", "timeout_ms = 100")) },
      after: { lines: handler(request("A", "timeout_ms = 100"), request("B", "timeout_ms = 0")) },
    },
  ],
  TIMEOUT_CHANGED: [
    {
      before: { lines: handler(request("A"), request("B", "timeout_ms = 100")) },
      after: { lines: handler(request("A", "timeout_ms = 100"), request("B")) },
      fires: [8, 9].map((line) => `TIMEOUT_CHANGED () new ${line}:7`),
    },
    {
      before: { lines: handler(request("A", "timeout_ms = 100")) },
      after: { lines: handler(request("A", "timeout_ms = 200")) },
    },
  ],
  BOUND_ONLY_ON: [
    {
      before: { lines: handler(request("A"), request("B", "bound_only = true")) },
      after: { lines: handler("  option (nanowire.service).bound_only = true;", request("A"), request("B")) },
      fires: ["BOUND_ONLY_ON (old clients) new 9:7"],
    },
    { before: { lines: handler(request("A", "bound_only = true")) }, after: { lines: handler(request("A")) } },
  ],
  ORDER_CHANGED: [
    {
      before: { lines: handler(request("A")) },
      after: { lines: handler(request("A", "order = SERVICE")) },
      fires: ["ORDER_CHANGED () new 8:7"],
    },
    { before: { lines: handler(request("A")) }, after: { lines: handler(request("A", "order = SESSION")) } },
  ],
  METHOD_ADDED: [
    {
      before: { lines: handler(request("A")) },
      after: { lines: handler(request("A"), notify("B")) },
      fires: ["METHOD_ADDED () new 9:7"],
    },
    { before: { lines: handler(request("A")) }, after: { lines: [...handler(request("A")), "message More {}"] } },
  ],
  PUSH_ADDED: [
    {
      before: { lines: push(event("A")) },
      after: { lines: push(event("A"), event("B")) },
      fires: ["PUSH_ADDED () new 10:7"],
    },
    { before: { lines: push() }, after: { lines: push() } },
  ],

  FIELD_WIRE_JSON_COMPATIBLE_TYPE: [
    {
      before: message("  int32 a = 1;"),
      after: message("  string a = 1;"),
      fires: [`FIELD_WIRE_JSON_COMPATIBLE_TYPE (${both}) new 8:3`],
    },
    { before: message("  int32 a = 1;"), after: message("  uint32 a = 1;") },
  ],
  FIELD_WIRE_COMPATIBLE_TYPE: [
    {
      before: message("  int32 a = 1;"),
      after: message("  string a = 1;"),
      fires: [`FIELD_WIRE_COMPATIBLE_TYPE (${both}) new 8:3`],
    },
    { before: message("  int32 a = 1;"), after: message("  int64 a = 1;") },
  ],
  FIELD_WIRE_JSON_COMPATIBLE_CARDINALITY: [
    {
      before: message("  string a = 1;"),
      after: message("  repeated string a = 1;"),
      fires: [`FIELD_WIRE_JSON_COMPATIBLE_CARDINALITY (${both}) new 8:3`],
    },
    { before: message("  string a = 1;"), after: message("  optional string a = 1;") },
  ],
  FIELD_WIRE_COMPATIBLE_CARDINALITY: [
    {
      before: message("  int32 a = 1;"),
      after: message("  repeated int32 a = 1;"),
      fires: [`FIELD_WIRE_COMPATIBLE_CARDINALITY (${both}) new 8:3`],
    },
    { before: message("  int32 a = 1;"), after: message("  optional int32 a = 1;") },
  ],
  FIELD_NO_DELETE_UNLESS_NUMBER_RESERVED: [
    {
      before: message("  string a = 1;", "  string b = 2;"),
      after: message("  string a = 1;", '  reserved "b";'),
      fires: [`FIELD_NO_DELETE_UNLESS_NUMBER_RESERVED (${both}) new 7:1`],
    },
    {
      before: message("  string a = 1;", "  string b = 2;"),
      after: message("  string a = 1;", "  reserved 2;", '  reserved "b";'),
    },
  ],
  FIELD_NO_DELETE_UNLESS_NAME_RESERVED: [
    {
      before: message("  string a = 1;", "  string b = 2;"),
      after: message("  string a = 1;", "  reserved 2;"),
      fires: [`FIELD_NO_DELETE_UNLESS_NAME_RESERVED (${both}) new 7:1`],
    },
    {
      before: message("  string a = 1;", "  string b = 2;"),
      after: message("  string a = 1;", "  reserved 2;", '  reserved "b";'),
    },
  ],
  FIELD_SAME_NAME: [
    {
      before: message('  string a = 1 [json_name = "a"];'),
      after: message('  string b = 1 [json_name = "a"];'),
      fires: [`FIELD_SAME_NAME (${both}) new 8:10`],
    },
    { before: message("  string a = 1;"), after: message("  // Said.", "  string a = 1;") },
  ],
  FIELD_SAME_JSON_NAME: [
    {
      before: message("  string a = 1;"),
      after: message('  string a = 1 [json_name = "b"];'),
      fires: [`FIELD_SAME_JSON_NAME (${both}) new 8:17`],
    },
    { before: message("  string a = 1;"), after: message('  string a = 1 [json_name = "a"];') },
  ],
  FIELD_SAME_ONEOF: [
    {
      before: message("  string a = 1;"),
      after: message("  oneof o {", "    string a = 1;", "  }"),
      fires: [`FIELD_SAME_ONEOF (${both}) new 9:5`],
    },
    {
      before: message("  string a = 1;"),
      after: message("  string a = 1;", "  oneof o {", "    string b = 2;", "  }"),
    },
  ],
  FIELD_SAME_DEFAULT: [
    {
      before: {
        text: 'syntax = "proto2"; message M { optional int32 a = 1 [default = 3]; } service S { rpc A(M) returns (M); }\n',
      },
      after: {
        text: 'syntax = "proto2"; message M { optional int32 a = 1 [default = 4]; } service S { rpc A(M) returns (M); }\n',
      },
      fires: [`FIELD_SAME_DEFAULT (${both}) new 1:54`],
    },
    {
      before: {
        text: 'syntax = "proto2"; message M { optional int32 a = 1 [default = 3]; } service S { rpc A(M) returns (M); }\n',
      },
      after: {
        text: 'syntax = "proto2"; message M { optional int32 a = 1 [default = 3]; } service S { rpc A(M) returns (M); }\n',
      },
    },
  ],
  MESSAGE_SAME_REQUIRED_FIELDS: [
    {
      before: { text: 'syntax = "proto2"; message M { required int32 a = 1; } service S { rpc A(M) returns (M); }\n' },
      after: {
        text: 'syntax = "proto2"; message M { required int32 a = 1; required int32 b = 2; } service S { rpc A(M) returns (M); }\n',
      },
      fires: [`MESSAGE_SAME_REQUIRED_FIELDS (${both}) new 1:54`],
    },
    {
      before: { text: 'syntax = "proto2"; message M { required int32 a = 1; } service S { rpc A(M) returns (M); }\n' },
      after: {
        text: 'syntax = "proto2"; message M { required int32 a = 1; optional int32 b = 2; } service S { rpc A(M) returns (M); }\n',
      },
    },
  ],
  RESERVED_MESSAGE_NO_DELETE: [
    {
      before: message("  reserved 5;"),
      after: message(),
      fires: [`RESERVED_MESSAGE_NO_DELETE (${both}) new 7:1`],
    },
    { before: message("  reserved 5;"), after: message("  reserved 4 to 6;") },
  ],
  RESERVED_ENUM_NO_DELETE: [
    { before: enumOf("  reserved 5;"), after: enumOf(), fires: [`RESERVED_ENUM_NO_DELETE (${both}) new 7:1`] },
    { before: enumOf("  reserved 5;"), after: enumOf("  reserved 4 to 6;") },
  ],
  ENUM_VALUE_NO_DELETE_UNLESS_NUMBER_RESERVED: [
    {
      before: enumOf("  ONE = 1;"),
      after: enumOf('  reserved "ONE";'),
      fires: [`ENUM_VALUE_NO_DELETE_UNLESS_NUMBER_RESERVED (${both}) new 7:1`],
    },
    { before: enumOf("  ONE = 1;"), after: enumOf("  reserved 1;", '  reserved "ONE";') },
  ],
  ENUM_VALUE_NO_DELETE_UNLESS_NAME_RESERVED: [
    {
      before: enumOf("  ONE = 1;"),
      after: enumOf("  reserved 1;"),
      fires: [`ENUM_VALUE_NO_DELETE_UNLESS_NAME_RESERVED (${both}) new 7:1`],
    },
    { before: enumOf("  ONE = 1;"), after: enumOf("  reserved 1;", '  reserved "ONE";') },
  ],
  ENUM_VALUE_SAME_NAME: [
    {
      before: enumOf("  ONE = 1;"),
      after: enumOf("  UNO = 1;"),
      fires: [`ENUM_VALUE_SAME_NAME (${both}) new 9:9`],
    },
    { before: enumOf("  ONE = 1;"), after: enumOf("  ONE = 1;", "  TWO = 2;") },
  ],
  FILE_SAME_PACKAGE: [
    {
      before: { text: 'syntax = "proto3"; package a.v1; service S {}\n' },
      after: { text: 'syntax = "proto3"; package b.v1; service S {}\n' },
      fires: [`FILE_SAME_PACKAGE (${both}) new 1:20`],
    },
    {
      before: { text: 'syntax = "proto3"; package a.v1; service S {}\n' },
      after: { text: 'syntax = "proto3"; package a.v1; service T {}\n' },
    },
  ],
  MESSAGE_SAME_JSON_FORMAT: [
    {
      before: edition("message M {}"),
      after: edition("message M { option features.json_format = LEGACY_BEST_EFFORT; }"),
      fires: [`MESSAGE_SAME_JSON_FORMAT (${both}) new 3:13`],
    },
    { before: edition("message M {}"), after: edition("message M { option features.json_format = ALLOW; }") },
  ],
  ENUM_SAME_JSON_FORMAT: [
    {
      before: edition("enum E { ZERO = 0; }", "message M { E e = 1; }"),
      after: edition(
        "enum E { option features.json_format = LEGACY_BEST_EFFORT; ZERO = 0; }",
        "message M { E e = 1; }",
      ),
      fires: [`ENUM_SAME_JSON_FORMAT (${both}) new 3:10`],
    },
    {
      before: edition("enum E { ZERO = 0; }", "message M { E e = 1; }"),
      after: edition("enum E { option features.json_format = ALLOW; ZERO = 0; }", "message M { E e = 1; }"),
    },
  ],
};

/** buf asks these two without JSON only: with it, their stricter twins. */
const withoutJson: ReadonlySet<string> = new Set(["FIELD_WIRE_COMPATIBLE_TYPE", "FIELD_WIRE_COMPATIBLE_CARDINALITY"]);

function show({ rule, breaks, isOld, place }: Finding): string {
  return `${rule} (${breaks.join(", ")}) ${isOld ? "old" : "new"} ${place.line}:${place.column}`;
}

describe("a rule", () => {
  test.each(Object.entries(cases))("%s", async (rule, [firing, silent]) => {
    const flags = withoutJson.has(rule) ? ["--no-json"] : [];
    const found = await findings(firing.before, firing.after, ...flags);
    expect(found.map(show)).toEqual(firing.fires);
    expect(found.map((finding) => finding.rule)).toContain(rule);
    const quiet = await findings(silent.before, silent.after, ...flags);
    expect(quiet.map(show)).toEqual(silent.fires ?? []);
  });

  test("of buf's is one of its own, and none of them is missing", () => {
    const { stdout } = spawnSync(bufBinary, ["config", "ls-breaking-rules", "--version=v2", "--format=json"], {
      encoding: "utf8",
    });
    const rules = stdout
      .trim()
      .split("\n")
      .map((line): { id: string; categories: string[] } => JSON.parse(line))
      .filter(({ id, categories }) => !id.startsWith("RPC_") && categories.some((name) => name.startsWith("WIRE")));
    expect(rules.map(({ id }) => id).sort()).toEqual(Object.keys(wireRules).sort());
    for (const { id, categories } of rules) {
      expect(Object.entries(wireRules).find(([name]) => name === id)?.[1].jsonOnly, id).toBe(
        !categories.includes("WIRE"),
      );
    }
  });
});

describe("a service between nodes", () => {
  const remote = (...methods: readonly string[]): string[] =>
    handler("  option (nanowire.service).kind = REMOTE;", ...methods);

  test("breaks nodes, and is in no lock", async () => {
    const found = await findings(
      { lines: remote(request("A"), request("B")) },
      { lines: remote(request("A", "order = NONE", "Other"), request("C")) },
    );
    expect(found.map(show)).toEqual([
      "REQUEST_TYPE_CHANGED (old nodes, new nodes) new 9:9",
      "METHOD_ADDED () new 10:7",
      "REQUEST_REMOVED (old nodes) old 10:7",
    ]);
    expect(found.at(-1)?.message).toBe("request test.v1.S.B is gone: old nodes that call S.B find nobody who takes it");
  });

  test("cannot have been another one", async () => {
    const project = new Project({ "proto/a.proto": proto(...remote(request("A", 'was = "S.B"'))) });
    expect(await project.errors()).toEqual([
      "proto/a.proto:9:32: test.v1.S.A is of kind REMOTE, and other nodes call it by the name that it has: leave `was` out; a service keeps its old name there with `option (nanowire.service).route`",
    ]);
  });
});

describe("a message", () => {
  const before = proto(
    "message Inner { int32 a = 1; }",
    "message Asked { Inner inner = 1; }",
    "message Told { int32 a = 1; }",
    "message Unused { int32 a = 1; }",
    "service S { rpc A(Asked) returns (Asked); }",
    "service P { option (nanowire.service).kind = PUSH; rpc B(Told) returns (google.protobuf.Empty); }",
  );

  test("is said to travel as it does, and one that nobody sends is a warning", async () => {
    const found = await findings({ text: before }, { text: before.replaceAll("int32 a", "string a") });
    expect(
      found.map(({ place, severity, message: text }) => [place.line, severity, text.replace(/^.*"string"/, "")]),
    ).toEqual([
      [
        7,
        "breaking",
        "; it goes to the server: old clients send it in its old form, and new clients send the new form to an old server; it comes back in answers: old clients read its new form, and new clients the old form of an old server",
      ],
      [9, "breaking", "; it is pushed: old clients read its new form, and new clients the old form of an old server"],
      [10, "warning", "; no service sends it"],
    ]);
  });
});

describe("nanowire breaking", () => {
  const before: Version = { lines: handler(request("A"), request("B")), lock: { routes: { "S.A": 1, "S.B": 2 } } };
  const after: Version = {
    lines: handler(request("A", "bound_only = true")),
    lock: { routes: { "S.A": 1, "S.B": 2 } },
  };
  const line = [
    "proto/a.proto:8:7: BOUND_ONLY_ON: breaking for old clients: test.v1.S.A was for any session, and is for bound ones only: old clients that have not logged in get unauthenticated; see that every one logs in before it calls, or leave `bound_only` out",
    "proto/a.proto:9:7: REQUEST_REMOVED: breaking for old clients: request test.v1.S.B is gone: old clients that call S.B get unknown_route (the place is that of main); keep it, marked deprecated, until there are none that need it",
  ];

  test("prints what it found, each with its place, and fails", async () => {
    const project = repository(before);
    project.write(filesOf(after));
    expect(await project.run("breaking", "--against", "main")).toEqual({
      exitCode: 1,
      printed: [...line, "2 breaking, 0 warnings, 0 to know"],
      errors: [],
    });
  });

  test("succeeds when nothing breaks, and writes nothing", async () => {
    const project = repository(before);
    const files = project.list().filter((path) => !path.startsWith(".git/"));
    expect(await project.run("breaking", "--against=HEAD")).toEqual({
      exitCode: 0,
      printed: ["0 breaking, 0 warnings, 0 to know"],
      errors: [],
    });
    expect(project.list().filter((path) => !path.startsWith(".git/"))).toEqual(files);
  });

  test("says nothing of a rule that is ignored, by a flag or in the configuration", async () => {
    const project = repository(before);
    project.write({
      ...filesOf(after),
      "nanowire.config.json": JSON.stringify({ breaking: { ignore: ["REQUEST_REMOVED"] } }),
    });
    expect(await project.run("breaking", "--against", "main", "--ignore", "BOUND_ONLY_ON")).toEqual({
      exitCode: 0,
      printed: ["0 breaking, 0 warnings, 0 to know; 2 ignored"],
      errors: [],
    });
    expect((await project.run("breaking", "--against", "main")).printed).toEqual([
      line[0],
      "1 breaking, 0 warnings, 0 to know; 1 ignored",
    ]);
  });

  test("compares with a folder and its lock, and with an image and a lock that is named", async () => {
    const project = new Project(filesOf(before));
    project.write({ "old/a.proto": project.read("proto/a.proto"), "old/routes.lock.json": project.read(lockFile) });
    const other = new Project({
      "old/a.proto": project.read("proto/a.proto").replace('import "nanowire/options.proto";\n', ""),
    });
    const { status } = spawnSync(bufBinary, ["build", "old", "-o", join(project.directory, "old.binpb")], {
      cwd: other.directory,
    });
    expect(status).toBe(0);
    project.write({
      "proto/a.proto": proto(...handler(request("A"))),
      [lockFile]: filesOf({ lock: { routes: { "S.A": 3 } } })[lockFile] ?? "",
    });
    const rules = async (...args: readonly string[]): Promise<string[]> => {
      const { printed } = await project.run("breaking", "--format=json", ...args);
      return (JSON.parse(printed.join("\n")) as { findings: Finding[] }).findings.map(({ rule }) => rule);
    };
    const all = ["CODE_FORGOTTEN", "CODE_CHANGED", "REQUEST_REMOVED"];
    expect((await rules("--against", "old")).sort()).toEqual([...all].sort());
    expect((await rules("--against", "old.binpb", "--against-lock", "old/routes.lock.json")).sort()).toEqual(
      [...all].sort(),
    );
    // Without a lock, no code of the old tree is known.
    expect(await rules("--against", "old.binpb")).toEqual(["REQUEST_REMOVED"]);
  });

  test("a lock that is named and not there is an error, not an empty one", async () => {
    const project = repository(before);
    project.write({ "old/a.proto": project.read("proto/a.proto") });
    const advice = "name the lock of that version with --against-lock FILE, or leave it out";
    for (const [against, where] of [
      ["main", " at main"],
      ["./old", ""],
    ] as const) {
      expect(await project.run("breaking", "--against", against, "--against-lock", "nope.json")).toMatchObject({
        exitCode: 2,
        printed: [],
        errors: [`there is no nope.json${where}: ${advice}`],
      });
    }
  });

  test("works below the top of the repository, and reads the commit, not the folder", async () => {
    const top = repository(before);
    mkdirSync(join(top.directory, "sub"));
    const { exitCode, printed } = await runIn(join(top.directory, "sub"), "--proto", "../proto", "--against", "main");
    expect(printed).toEqual(["0 breaking, 0 warnings, 0 to know"]);
    expect(exitCode).toBe(0);
    top.write(filesOf(after));
    const again = await runIn(join(top.directory, "sub"), "--proto", "../proto", "--against", "main");
    expect(again.exitCode).toBe(1);
    expect(again.printed[1]).toMatch(/^\.\.\/proto\/a\.proto:9:7: REQUEST_REMOVED/);
  });

  test.each<[what: string, args: readonly string[], errors: readonly string[]]>([
    ["nothing to compare with", [], ["nanowire breaking wants something to compare with: --against REF|PATH"]],
    [
      "a commit that there is not",
      ["--against", "nowhere"],
      [
        "there is no nowhere: no file or folder, and no commit of git (in CI, fetch it first: `git fetch origin nowhere`)",
      ],
    ],
    [
      "a name that is a folder and a branch",
      ["--against", "main"],
      ["main is a file or folder and a commit of git too: write ./main or refs/heads/main"],
    ],
    [
      "a file that is no image",
      ["--against", "proto/a.proto"],
      [
        "proto/a.proto is no compiled set of .proto files: write one with `buf build -o proto/a.proto`, or name a folder or a commit",
      ],
    ],
    [
      "a folder that was not there then",
      ["--against", "HEAD", "--proto", "other"],
      [
        "there is no .proto file in other at HEAD: name the folder that it had with --proto DIR, or a copy of it with --against DIR",
      ],
    ],
    [
      "an unknown rule",
      ["--against", "HEAD", "--ignore", "PUSH_REMOVE"],
      ["there is no rule PUSH_REMOVE; did you mean PUSH_REMOVED? (docs/breaking.md lists them)"],
    ],
    [
      "an unknown flag",
      ["--agianst=HEAD"],
      ["there is no flag --agianst; did you mean --against? (nanowire breaking --help lists them)"],
    ],
    ["an empty value", ["--against", ""], ["--against wants a value: --against REF|PATH"]],
    ["a flag without a value", ["--against"], ["--against wants a value: --against REF|PATH"]],
    ["an empty word as a value", ["--against", ""], ["--against wants a value: --against REF|PATH"]],
    [
      "a flag as a value",
      ["--against", "--format"],
      ["--against wants a value: --against REF|PATH", "--format wants a value: --format text|json"],
    ],
    [
      "a format that there is not",
      ["--against", "HEAD", "--format", "xml"],
      ["--format xml is not known: write --format text or --format json"],
    ],
    ["a flag twice", ["--against", "a", "--against", "b"], ["--against is given twice"]],
  ])("cannot compare with %s: that is another exit code", async (_, args, errors) => {
    const project = repository(before);
    project.write({ "other/b.proto": 'syntax = "proto3";\n', "main/b.proto": 'syntax = "proto3";\n' });
    expect(await project.run("breaking", ...args)).toEqual({ exitCode: 2, printed: [], errors });
  });

  test("tells what is wrong with either tree", async () => {
    const project = repository({ text: "nonsense\n" });
    project.write(filesOf(before));
    const old = await project.run("breaking", "--against", "main");
    expect(old.exitCode).toBe(2);
    expect(old.errors[0]).toMatch(/^proto\/a\.proto:1:1: at main: /);
    git(project, "add", "--all");
    git(project, "commit", "--quiet", "--message=good");
    project.write({ "proto/a.proto": proto(...handler("  rpc A(stream Text) returns (Text);")) });
    const now = await project.run("breaking", "--against", "main");
    expect(now.exitCode).toBe(2);
    expect(now.errors[0]).toMatch(/^proto\/a\.proto:8:9: test\.v1\.S\.A is a streaming rpc/);
  });

  test("--help tells of its flags and exit codes", async () => {
    const { exitCode, printed } = await new Project().run("breaking", "--help");
    expect(exitCode).toBe(0);
    for (const text of ["--against REF", "--against PATH", "--against-lock FILE", "--ignore RULE", "Exit codes:"]) {
      expect(printed.join("\n")).toContain(text);
    }
  });
});

/** Runs `nanowire breaking …` in a folder of a project. */
async function runIn(
  directory: string,
  ...args: readonly string[]
): Promise<{ readonly exitCode: number; readonly printed: readonly string[] }> {
  const printed: string[] = [];
  const exitCode = await runNanowire(["breaking", ...args], {
    directory,
    print: (text) => printed.push(...text.split("\n")),
    printError: (text) => printed.push(text),
  });
  return { exitCode, printed };
}
