import { describe, expect, test } from "vitest";
import { Project, proto } from "./support/project.js";

/** The .proto below the six lines that `proto` writes: the first of `lines` is line 7. */
interface Case {
  readonly what: string;
  readonly lines: readonly string[];
  readonly errors: readonly string[];
}

const at = (line: number, column: number, message: string): string => `proto/a.proto:${line}:${column}: ${message}`;
const handling = (what: string, option: string): string =>
  `${what}, and \`${option}\` says how the server handles a call: leave it out`;
const ofClients = (what: string, option: string): string =>
  `${what}, and \`${option}\` is for the calls of clients: leave it out`;
const noSession = "it belongs to no session: write `order = SERVICE` or `order = NONE`, or leave `order` out";
const noCode = "`code` is for the dictionary of clients, which has no remote calls: leave it out";
const noMessages =
  "a rate limit of 0 messages lets nothing through: write `messages: 1` or more, or leave `rate_limit` out";

const unsaid = (what: string, policy: string): string =>
  `the overload of ${what} is ${policy}, and does not say how many may wait: write \`max_waiting: 1\` or more`;
const ofCounting = (what: string, policy: string): string =>
  `the overload of ${what} is ${policy}, and \`max_waiting\` is for REFUSE and DROP_OLDEST: leave it out`;
const ofConflating = (what: string, policy: string): string =>
  `the ${what} is ${policy}, and \`key\` is for CONFLATE: leave it out`;
const notApart = (key: string, method: string, fault: string): string =>
  `the key ${key} of the overload of test.v1.S.${method} is ${fault} in test.v1.Thing: write a field that is a number without fractions, a string, a bool or an enum`;

const noShard = (key: string, method: string, what: string): string =>
  `the shard key ${key} of test.v1.S.${method} ${what}`;
const noStep = (step: string, key: string, method: string, what: string): string =>
  `${step}, in the shard key ${key} of test.v1.S.${method}, ${what}`;
const usableShard = "write a field that is a number without fractions, a string, a bool, an enum or bytes";

const cases: readonly Case[] = [
  {
    what: "a request that streams",
    lines: ["service S {", "  rpc A(stream Text) returns (Text);", "}"],
    errors: [
      at(
        8,
        9,
        "test.v1.S.A is a streaming rpc, and there are none here: leave `stream` out; what the server tells on its own goes into a service of kind PUSH",
      ),
    ],
  },
  {
    what: "a response that streams",
    lines: ["service S {", "  rpc A(Text) returns (stream Text);", "}"],
    errors: [
      at(
        8,
        24,
        "test.v1.S.A is a streaming rpc, and there are none here: leave `stream` out; what the server tells on its own goes into a service of kind PUSH",
      ),
    ],
  },
  {
    what: "a push that returns something",
    lines: ["service S {", "  option (nanowire.service).kind = PUSH;", "  rpc A(Text) returns (Other);", "}"],
    errors: [
      at(
        9,
        24,
        "test.v1.S.A is a push, and nobody answers a push: write `returns (google.protobuf.Empty)` instead of test.v1.Other",
      ),
    ],
  },
  {
    what: "a notify that returns something",
    lines: [
      "service S {",
      "  rpc A(Text) returns (Other) {",
      "    option (nanowire.method).notify = true;",
      "  }",
      "}",
    ],
    errors: [
      at(
        8,
        24,
        "test.v1.S.A is a notify, and a notify is not answered: write `returns (google.protobuf.Empty)` instead of test.v1.Other, or leave `notify` out",
      ),
    ],
  },
  {
    what: "a push that is a notify",
    lines: [
      "service S {",
      "  option (nanowire.service).kind = PUSH;",
      "  rpc A(Text) returns (google.protobuf.Empty) {",
      "    option (nanowire.method).notify = true;",
      "  }",
      "}",
    ],
    errors: [at(10, 5, "test.v1.S.A is a push, and a notify goes to the server: leave `notify` out")],
  },
  {
    what: "options of handling on a push",
    lines: [
      "service S {",
      "  option (nanowire.service).kind = PUSH;",
      "  option (nanowire.service).order = SERVICE;",
      "  option (nanowire.service).timeout_ms = 0;",
      "  option (nanowire.service).rate_limit = { messages: 1 };",
      "  option (nanowire.service).bound_only = true;",
      "  rpc A(Text) returns (google.protobuf.Empty) {",
      "    option (nanowire.method).order = SESSION;",
      "    option (nanowire.method).timeout_ms = 5;",
      "    option (nanowire.method).rate_limit = { messages: 1 };",
      "    option (nanowire.method).bound_only = false;",
      "  }",
      "}",
    ],
    errors: [
      at(9, 3, handling("service test.v1.S is of kind PUSH", "order")),
      at(10, 3, handling("service test.v1.S is of kind PUSH", "timeout_ms")),
      at(11, 10, handling("service test.v1.S is of kind PUSH", "rate_limit")),
      at(12, 3, handling("service test.v1.S is of kind PUSH", "bound_only")),
      at(14, 5, handling("test.v1.S.A is a push", "order")),
      at(15, 5, handling("test.v1.S.A is a push", "timeout_ms")),
      at(16, 12, handling("test.v1.S.A is a push", "rate_limit")),
      at(17, 5, handling("test.v1.S.A is a push", "bound_only")),
    ],
  },
  {
    what: "options of clients' calls on a remote",
    lines: [
      "service S {",
      "  option (nanowire.service).kind = REMOTE;",
      "  option (nanowire.service).order = SESSION;",
      "  option (nanowire.service).rate_limit = { messages: 1 };",
      "  option (nanowire.service).bound_only = false;",
      "  option (nanowire.service).timeout_ms = 5;",
      "  rpc A(Text) returns (Text) {",
      "    option (nanowire.method).order = SESSION;",
      "    option (nanowire.method).rate_limit = { messages: 1 };",
      "    option (nanowire.method).bound_only = true;",
      "    option (nanowire.method).timeout_ms = 5;",
      "    option (nanowire.method).code = 0;",
      '    option (nanowire.method).route = "S.B";',
      "  }",
      "  rpc B(Text) returns (Text) {",
      "    option (nanowire.method).code = 7;",
      "  }",
      "}",
    ],
    errors: [
      at(9, 3, `service test.v1.S is of kind REMOTE, and ${noSession}`),
      at(10, 10, ofClients("service test.v1.S is of kind REMOTE", "rate_limit")),
      at(11, 3, ofClients("service test.v1.S is of kind REMOTE", "bound_only")),
      at(14, 5, `test.v1.S.A is a remote call, and ${noSession}`),
      at(15, 12, ofClients("test.v1.S.A is a remote call", "rate_limit")),
      at(16, 5, ofClients("test.v1.S.A is a remote call", "bound_only")),
      at(18, 5, `test.v1.S.A is a remote call, and ${noCode}`),
      at(
        19,
        5,
        "test.v1.S.A is a remote call, and the nodes that host it are found by the first part of its route: leave `route` out, or write it at the service",
      ),
      at(
        21,
        7,
        'route S.B of test.v1.S.B is that of test.v1.S.A at proto/a.proto:13:7: give one of them another route: `option (nanowire.method).route = "…";`',
      ),
      at(22, 5, `test.v1.S.B is a remote call, and ${noCode}`),
    ],
  },
  {
    what: "a remote that streams, and a tell that returns something",
    lines: [
      "service S {",
      "  option (nanowire.service).kind = REMOTE;",
      "  rpc A(stream Text) returns (Text);",
      "  rpc B(Text) returns (Text) {",
      "    option (nanowire.method).notify = true;",
      "  }",
      "}",
    ],
    errors: [
      at(
        9,
        9,
        "test.v1.S.A is a streaming rpc, and there are none here: leave `stream` out; what a node tells on its own goes into a method with `notify = true`",
      ),
      at(
        10,
        24,
        "test.v1.S.B is a notify, and a notify is not answered: write `returns (google.protobuf.Empty)` instead of test.v1.Text, or leave `notify` out",
      ),
    ],
  },
  {
    what: "jobs that nobody could have done",
    lines: [
      "service S {",
      "  option (nanowire.service).kind = REMOTE;",
      "  rpc A(Text) returns (Text) {",
      "    option (nanowire.method).reliable = true;",
      "  }",
      "  rpc B(Text) returns (Text) {",
      "    option (nanowire.method).reliable = false;",
      "  }",
      "}",
      "service T {",
      "  rpc A(Text) returns (google.protobuf.Empty) {",
      "    option (nanowire.method).reliable = true;",
      "  }",
      "}",
      "service U {",
      "  option (nanowire.service).kind = PUSH;",
      "  rpc A(Text) returns (google.protobuf.Empty) {",
      "    option (nanowire.method).reliable = false;",
      "  }",
      "}",
    ],
    errors: [
      at(
        9,
        24,
        "test.v1.S.A is reliable, and nobody waits for the answer of a job: write `returns (google.protobuf.Empty)` instead of test.v1.Text, or leave `reliable` out",
      ),
      at(18, 5, "test.v1.T.A is a call of a client, and `reliable` is for the calls of nodes: leave it out"),
      at(24, 5, "test.v1.U.A is a push, and `reliable` is for the calls of nodes: leave it out"),
    ],
  },
  {
    what: "a remote that has the name of another service",
    lines: [
      "service Room {",
      "  rpc A(Text) returns (Text);",
      "}",
      "service Hall {",
      "  option (nanowire.service).kind = REMOTE;",
      '  option (nanowire.service).route = "Room";',
      "  rpc B(Text) returns (Text);",
      "}",
    ],
    errors: [
      at(
        10,
        9,
        'service test.v1.Hall and service test.v1.Room at proto/a.proto:7:9 are both called Room in the cluster: give one of them another name there: `option (nanowire.service).route = "test.v1.Hall";`',
      ),
    ],
  },
  {
    what: "a service that has the name of a remote's caller",
    lines: [
      "service Room {",
      "  option (nanowire.service).kind = REMOTE;",
      "}",
      "service RoomRemoteAll {",
      "  option (nanowire.service).kind = PUSH;",
      "}",
    ],
    errors: [
      at(
        10,
        9,
        "service test.v1.RoomRemoteAll and service test.v1.Room at proto/a.proto:7:9 are both generated as RoomRemoteAll: rename one of them",
      ),
    ],
  },
  {
    what: "two equal routes in a service",
    lines: [
      "service S {",
      "  rpc A(Text) returns (Text);",
      "  rpc B(Text) returns (Text) {",
      '    option (nanowire.method).route = "S.A";',
      "  }",
      "}",
    ],
    errors: [
      at(
        9,
        7,
        'route S.A of test.v1.S.B is that of test.v1.S.A at proto/a.proto:8:7: give one of them another route: `option (nanowire.method).route = "…";`',
      ),
    ],
  },
  {
    what: "a route with an empty part, one without a dot, and one with a control character",
    lines: [
      "service S {",
      '  option (nanowire.service).route = "a..b";',
      "  rpc A(Text) returns (Text);",
      "}",
      "service T {",
      "  rpc A(Text) returns (Text) {",
      '    option (nanowire.method).route = "alone";',
      "  }",
      "  rpc B(Text) returns (Text) {",
      '    option (nanowire.method).route = ".b";',
      "  }",
      "  rpc C(Text) returns (Text) {",
      '    option (nanowire.method).route = "T.\\n";',
      "  }",
      "}",
    ],
    errors: [
      at(8, 3, 'route "a..b" of service test.v1.S has an empty part: write a name before and after every dot'),
      at(13, 5, 'route "alone" of test.v1.T.A has no dot: write `<service>.<method>`, as in "Room.Join"'),
      at(16, 5, 'route ".b" of test.v1.T.B has an empty part: write a name before and after every dot'),
      at(19, 5, 'route "T.\\n" of test.v1.T.C holds a control character: leave it out'),
    ],
  },
  {
    what: "a route of 256 bytes, in characters that take two",
    lines: [
      "service S {",
      "  rpc A(Text) returns (Text) {",
      `    option (nanowire.method).route = "S.${"é".repeat(127)}";`,
      "  }",
      "}",
    ],
    errors: [at(9, 5, `route "S.${"é".repeat(127)}" of test.v1.S.A has 256 bytes, more than 255: write a shorter one`)],
  },
  {
    what: "codes out of range, and one given twice",
    lines: [
      "service S {",
      "  rpc A(Text) returns (Text) {",
      "    option (nanowire.method).code = 65536;",
      "  }",
      "  rpc B(Text) returns (Text) {",
      "    option (nanowire.method).code = 0;",
      "  }",
      "  rpc C(Text) returns (Text) {",
      "    option (nanowire.method).code = 9;",
      "  }",
      "  rpc D(Text) returns (Text) {",
      "    option (nanowire.method) = { code: 9 };",
      "  }",
      "}",
    ],
    errors: [
      at(9, 5, "code 65536 of S.A is out of range: write one from 1 to 65535"),
      at(12, 5, "code 0 of S.B is out of range: write one from 1 to 65535"),
      at(18, 34, "code 9 is given to S.C and to S.D: write another one here, or none"),
    ],
  },
  {
    what: "rate limits of nothing",
    lines: [
      "service S {",
      "  option (nanowire.service).rate_limit = { per_ms: 5 };",
      "  rpc A(Text) returns (Text) {",
      "    option (nanowire.method).rate_limit = { messages: 0 };",
      "  }",
      "}",
    ],
    errors: [at(8, 10, noMessages), at(10, 12, noMessages)],
  },
  {
    what: "payloads and waiting where there are none",
    lines: [
      "service S {",
      "  option (nanowire.service).overflow = { policy: DROP };",
      "  rpc A(Text) returns (Text) {",
      "    option (nanowire.method).overflow = { policy: DROP };",
      "  }",
      "}",
      "service P {",
      "  option (nanowire.service).kind = PUSH;",
      "  option (nanowire.service).max_payload_bytes = 0;",
      "  rpc A(Text) returns (google.protobuf.Empty) {",
      "    option (nanowire.method).max_payload_bytes = 5;",
      "    option (nanowire.method).overload = { policy: QUEUE };",
      "  }",
      "}",
      "service R {",
      "  option (nanowire.service).kind = REMOTE;",
      "  option (nanowire.service).overload = { policy: CONFLATE };",
      "  rpc A(Text) returns (Text) {",
      "    option (nanowire.method).max_payload_bytes = 5;",
      "    option (nanowire.method).overflow = { policy: DROP };",
      "  }",
      "}",
    ],
    errors: [
      at(8, 10, "service test.v1.S is of kind HANDLER, and `overflow` is for pushes: leave it out"),
      at(10, 12, "test.v1.S.A is a call of a client, and `overflow` is for pushes: leave it out"),
      at(15, 3, handling("service test.v1.P is of kind PUSH", "max_payload_bytes")),
      at(17, 5, handling("test.v1.P.A is a push", "max_payload_bytes")),
      at(18, 12, handling("test.v1.P.A is a push", "overload")),
      at(23, 10, ofClients("service test.v1.R is of kind REMOTE", "overload")),
      at(25, 5, ofClients("test.v1.R.A is a remote call", "max_payload_bytes")),
      at(26, 12, "test.v1.R.A is a remote call, and `overflow` is for pushes: leave it out"),
    ],
  },
  {
    what: "waiting that says too little or too much",
    lines: [
      "service S {",
      "  option (nanowire.service).overload = { policy: REFUSE };",
      "  rpc A(Text) returns (Text) {",
      "    option (nanowire.method).overload = { policy: DROP_OLDEST max_waiting: 0 };",
      "  }",
      "  rpc B(Text) returns (Text) {",
      '    option (nanowire.method).overload = { policy: CONFLATE max_waiting: 3 key: "text" };',
      "  }",
      "  rpc C(Text) returns (Text) {",
      '    option (nanowire.method).overload = { max_waiting: 3 key: "text" };',
      "  }",
      "  rpc D(Text) returns (Text) {",
      "    option (nanowire.method).order = NONE;",
      "    option (nanowire.method).overload = { policy: CONFLATE };",
      "  }",
      "}",
      "service P {",
      "  option (nanowire.service).kind = PUSH;",
      '  option (nanowire.service).overflow = { policy: DROP key: "text" };',
      "  rpc A(Text) returns (google.protobuf.Empty) {",
      '    option (nanowire.method).overflow = { key: "text" };',
      "  }",
      "}",
    ],
    errors: [
      at(8, 10, unsaid("service test.v1.S", "REFUSE")),
      at(10, 63, unsaid("test.v1.S.A", "DROP_OLDEST")),
      at(13, 60, ofCounting("test.v1.S.B", "CONFLATE")),
      at(16, 43, ofCounting("test.v1.S.C", "QUEUE")),
      at(16, 58, ofConflating("overload of test.v1.S.C", "QUEUE")),
      at(20, 12, "test.v1.S.D is of the order NONE, and waits for nothing: leave `overload` out"),
      at(25, 55, ofConflating("overflow of service test.v1.P", "DROP")),
      at(27, 43, ofConflating("overflow of test.v1.P.A", "CLOSE")),
    ],
  },
  {
    what: "keys by which nothing can be told apart",
    lines: [
      "message Thing {",
      "  Text message = 1;",
      "  repeated int32 list = 2;",
      "  map<string, string> map = 3;",
      "  bytes bytes = 4;",
      "  double double = 5;",
      "  oneof either { int32 one = 6; }",
      "  string good = 7;",
      "}",
      "service S {",
      ...["lost", "message", "list", "map", "bytes", "double", "one", "good"].map(
        (key, index) =>
          `  rpc A${index}(Thing) returns (Thing) { option (nanowire.method).overload = { policy: CONFLATE key: "${key}" }; }`,
      ),
      '  rpc B(google.protobuf.Empty) returns (Thing) { option (nanowire.method).overload = { policy: CONFLATE key: "x" }; }',
      "}",
      "service P {",
      "  option (nanowire.service).kind = PUSH;",
      '  option (nanowire.service).overflow = { policy: CONFLATE key: "good" };',
      "  rpc A(Thing) returns (google.protobuf.Empty);",
      "  rpc B(Text) returns (google.protobuf.Empty);",
      "}",
    ],
    errors: [
      at(
        17,
        90,
        "the key lost of the overload of test.v1.S.A0 is no field of test.v1.Thing: write one of good, or leave `key` out",
      ),
      at(18, 90, notApart("message", "A1", "a message")),
      at(19, 90, notApart("list", "A2", "a list or a map")),
      at(20, 90, notApart("map", "A3", "a list or a map")),
      at(21, 90, notApart("bytes", "A4", "bytes")),
      at(22, 90, notApart("double", "A5", "a number with fractions")),
      at(23, 90, notApart("one", "A6", "in a oneof")),
      at(25, 105, "the key x of the overload of test.v1.S.B is no field of google.protobuf.Empty: leave `key` out"),
      at(
        31,
        9,
        "the key good of the overflow of test.v1.P.B is no field of test.v1.Text: write one of text, or leave `key` out",
      ),
    ],
  },
  {
    what: "shard keys that are no fields",
    lines: [
      "message Thing { int32 id = 1; bytes raw = 2; Thing inner = 3; double weight = 4; repeated int32 ids = 5; }",
      "service S {",
      ...["lost", "inner.lost", "inner.inner.", ".id", "Id"].map(
        (key, index) => `  rpc A${index}(Thing) returns (Thing) { option (nanowire.method).shard_key = "${key}"; }`,
      ),
      '  rpc B(google.protobuf.Empty) returns (Thing) { option (nanowire.method).shard_key = "id"; }',
      "}",
    ],
    errors: [
      at(9, 35, noShard("lost", "A0", "is no field of test.v1.Thing: write one of id, raw, or leave `shard_key` out")),
      at(
        10,
        35,
        noStep(
          "lost",
          "inner.lost",
          "A1",
          "is no field of test.v1.Thing: write one of inner.id, inner.raw, or leave `shard_key` out",
        ),
      ),
      at(
        11,
        35,
        noStep(
          '""',
          "inner.inner.",
          "A2",
          "is no field of test.v1.Thing: write one of inner.inner.id, inner.inner.raw, or leave `shard_key` out",
        ),
      ),
      at(
        12,
        35,
        noStep('""', ".id", "A3", "is no field of test.v1.Thing: write one of id, raw, or leave `shard_key` out"),
      ),
      at(13, 35, noShard("Id", "A4", "is no field of test.v1.Thing: write one of id, raw, or leave `shard_key` out")),
      at(14, 50, noShard("id", "B", "is no field of google.protobuf.Empty: leave `shard_key` out")),
    ],
  },
  {
    what: "shard keys of types that tell nothing apart",
    lines: [
      'import "google/protobuf/struct.proto";',
      'import "google/protobuf/timestamp.proto";',
      "message Thing {",
      "  int32 id = 1;",
      "  Thing inner = 2;",
      "  double weight = 3;",
      "  repeated int32 ids = 4;",
      "  map<string, Thing> things = 5;",
      "  google.protobuf.Timestamp at = 6;",
      "  google.protobuf.NullValue null = 7;",
      "  Empty empty = 8;",
      "}",
      "message Empty {}",
      "service S {",
      ...[
        "inner",
        "weight",
        "ids",
        "things",
        "things.value",
        "id.x",
        "weight.x",
        "at",
        "at.seconds",
        "null",
        "empty",
      ].map(
        (key, index) => `  rpc A${index}(Thing) returns (Thing) { option (nanowire.method).shard_key = "${key}"; }`,
      ),
      "}",
    ],
    errors: [
      at(21, 35, noShard("inner", "A0", "is a message in test.v1.Thing: write one of inner.id")),
      at(22, 35, noShard("weight", "A1", `is a number with fractions in test.v1.Thing: ${usableShard}`)),
      at(23, 35, noShard("ids", "A2", `is a list or a map in test.v1.Thing: ${usableShard}`)),
      at(24, 35, noShard("things", "A3", `is a list or a map in test.v1.Thing: ${usableShard}`)),
      at(
        25,
        35,
        noStep(
          "things",
          "things.value",
          "A4",
          `is a list or a map in test.v1.Thing, and has no fields: ${usableShard}`,
        ),
      ),
      at(26, 35, noStep("id", "id.x", "A5", "is of type int32 in test.v1.Thing, and has no fields: write id")),
      at(
        27,
        35,
        noStep(
          "weight",
          "weight.x",
          "A6",
          `is a number with fractions in test.v1.Thing, and has no fields: ${usableShard}`,
        ),
      ),
      at(28, 35, noShard("at", "A7", `is a message in test.v1.Thing: ${usableShard}`)),
      at(
        29,
        35,
        noStep(
          "seconds",
          "at.seconds",
          "A8",
          `is a field of google.protobuf.Timestamp, whose fields JSON does not show: ${usableShard}, of a message of your own`,
        ),
      ),
      at(
        30,
        35,
        noShard("null", "A9", `is google.protobuf.NullValue in test.v1.Thing, which has one value: ${usableShard}`),
      ),
      at(31, 36, noShard("empty", "A10", `is a message in test.v1.Thing: ${usableShard}`)),
    ],
  },
  {
    what: "a shard key of a service that a method's request has not, and shard keys of pushes",
    lines: [
      "service S {",
      '  option (nanowire.service).shard_key = "text";',
      "  rpc A(Text) returns (Text);",
      "  rpc B(Other) returns (Text);",
      "  rpc C(google.protobuf.Empty) returns (Text);",
      "  rpc D(google.protobuf.Empty) returns (Text) {",
      '    option (nanowire.method).shard_key = "";',
      "  }",
      "}",
      "service P {",
      "  option (nanowire.service).kind = PUSH;",
      '  option (nanowire.service).shard_key = "text";',
      "  rpc A(Text) returns (google.protobuf.Empty) {",
      '    option (nanowire.method).shard_key = "";',
      "  }",
      "}",
    ],
    errors: [
      at(10, 9, noShard("text", "B", 'is no field of test.v1.Other: write `option (nanowire.method).shard_key = "";`')),
      at(
        11,
        9,
        noShard("text", "C", 'is no field of google.protobuf.Empty: write `option (nanowire.method).shard_key = "";`'),
      ),
      at(18, 3, "service test.v1.P is of kind PUSH, and `shard_key` says which node handles a call: leave it out"),
      at(20, 5, "test.v1.P.A is a push, and `shard_key` says which node handles a call: leave it out"),
    ],
  },
  {
    what: "methods that get one name",
    lines: ["service S {", "  rpc Say_hello(Text) returns (Text);", "  rpc sayHello(Text) returns (Text);", "}"],
    errors: [
      at(
        9,
        7,
        "test.v1.S.sayHello and test.v1.S.Say_hello at proto/a.proto:8:7 are both generated as sayHello: rename one of them",
      ),
    ],
  },
  {
    what: "services that get one name",
    lines: [
      "service room {}",
      "service Room {}",
      "service RoomComponent {",
      "  option (nanowire.service).kind = PUSH;",
      "}",
    ],
    errors: [
      at(
        8,
        9,
        "service test.v1.Room and service test.v1.room at proto/a.proto:7:9 are both generated as RoomComponent: rename one of them",
      ),
      at(
        9,
        9,
        "service test.v1.RoomComponent and service test.v1.room at proto/a.proto:7:9 are both generated as RoomComponent: rename one of them",
      ),
    ],
  },
  {
    what: "types that cannot be written in TypeScript, or that the codecs would trip over",
    lines: ["message string { int32 a = 1; }", "message Map { int32 a = 1; }", "enum class { NONE = 0; }"],
    errors: [
      at(7, 9, "string cannot be the name of a type in the generated code: write another one"),
      at(8, 9, "Map cannot be the name of a type in the generated code: write another one"),
      at(9, 6, "class cannot be the name of a type in the generated code: write another one"),
    ],
  },
  {
    what: "types that get one name",
    lines: ["message Outer { message Inner {} }", "message Outer_Inner {}", "message outer_x {}", "message outerX {}"],
    errors: [at(10, 9, "outerX is generated as outerX, as is the type at proto/a.proto:9:9: rename one of them")],
  },
  {
    what: "a message of its own called Timestamp beside Google's",
    lines: [
      'import "google/protobuf/timestamp.proto";',
      "message Timestamp {",
      "  google.protobuf.Timestamp at = 1;",
      "}",
    ],
    errors: [
      at(
        8,
        9,
        "a type called Timestamp and google.protobuf.Timestamp in one file would be taken for each other in the generated code: rename it, or use them in two files",
      ),
    ],
  },
  {
    what: "google.protobuf.Any, which cannot be read as JSON",
    lines: [
      'import "google/protobuf/any.proto";',
      "service S {",
      "  rpc A(M) returns (google.protobuf.Any);",
      "}",
      "message M {",
      "  repeated google.protobuf.Any a = 1;",
      "}",
    ],
    errors: [
      at(
        9,
        21,
        "google.protobuf.Any cannot be read as JSON without a list of every type: write `bytes`, or generate without JSON (--no-json)",
      ),
      at(
        12,
        12,
        "google.protobuf.Any cannot be read as JSON without a list of every type: write `bytes`, or generate without JSON (--no-json)",
      ),
    ],
  },
  {
    what: "a field of nanowire's own options",
    lines: ["message M {", "  nanowire.RateLimit limit = 1;", "}"],
    errors: [
      at(
        8,
        3,
        "nanowire.RateLimit is for options only, and no code is generated for it: declare a message of your own",
      ),
    ],
  },
];

describe("what cannot be generated", () => {
  test.each(cases)("$what", async ({ lines, errors }) => {
    const project = new Project({ "proto/a.proto": proto(...lines) });
    expect(await project.errors()).toEqual(errors);
    expect(project.list()).toEqual(["proto/a.proto"]);
  });

  test("two equal routes in two packages: the second is told to name its own", async () => {
    const project = new Project({
      "proto/a.proto": proto("service Room {", "  rpc Join(Text) returns (Text);", "}"),
      "proto/b/b.proto":
        'syntax = "proto3";\npackage b;\nmessage Text {}\nservice Room {\n  rpc Join(Text) returns (Text);\n}\n',
    });
    expect(await project.errors()).toEqual([
      'proto/b/b.proto:5:7: route Room.Join of b.Room.Join is that of test.v1.Room.Join at proto/a.proto:8:7: give one of the services another route: `option (nanowire.service).route = "b.Room";`',
    ]);
  });

  test("what the compiler finds, at the user's own path, all of it", async () => {
    const project = new Project({
      "wire/a/a.proto": 'syntax = "proto3";\nmessage M {\n  Missing a = 1;\n  Gone b = 2;\n}\n',
      "wire/b.proto": 'syntax = "proto3";\nimport "nowhere.proto";\n',
    });
    const errors = await project.errors("--proto", "wire");
    expect(
      errors.filter((line) => line.startsWith("wire/a/a.proto:3:3: ") || line.startsWith("wire/a/a.proto:4:3: ")),
    ).toHaveLength(2);
    expect(errors.filter((line) => line.startsWith("wire/b.proto:2:"))).toHaveLength(1);
    expect(errors.find((line) => line.startsWith("wire/b.proto:2:"))).toContain(
      "(imports are looked for in the folders given with --proto)",
    );
  });

  test("what is declared twice, with both places", async () => {
    const project = new Project({
      "proto/a.proto": 'syntax = "proto3";\npackage p;\n// message Text {}\nmessage Text { string x = 1; }\n',
      "proto/b.proto":
        'syntax = "proto3";\npackage p;\nenum Kind {\n  NONE = 0;\n  /* } */ Text = 1;\n}\nservice S {}\n\nmessage S {}\n',
      "proto/c.proto": 'syntax = "proto3";\npackage q;\nmessage Text { string x = 1; string x = 2; }\n',
    });
    const [ofText, ...others] = (await project.errors()).toSorted();
    // Of two files the compiler takes either for the first.
    expect(["a.proto:4:9 b.proto:5:11", "b.proto:5:11 a.proto:4:9"]).toContain(
      /^proto\/(\S+): `Text` declared multiple times, also at proto\/(\S+): rename one of them$/
        .exec(ofText ?? "")
        ?.slice(1)
        .join(" "),
    );
    expect(others).toEqual([
      "proto/b.proto:9:9: `S` declared multiple times, also at proto/b.proto:7:9: rename one of them",
      "proto/c.proto:3:23: `x` declared multiple times, also at proto/c.proto:3:37: rename one of them",
      "proto/c.proto:3:37: message fields have the same JSON name",
    ]);
  });

  test.each([
    [
      "  option (nanowire.method).notfy = true;",
      "12:27: cannot find message field `notfy` in `nanowire.MethodOptions`; did you mean notify?",
    ],
    [
      "  option (nanowire.method).rate_limit = { mesages: 1 };",
      "12:43: cannot resolve message field name for `nanowire.RateLimit`; did you mean messages?",
    ],
    ["  option (nanowire.method).order = SESION;", "12:36: cannot find `SESION` in this scope; did you mean SESSION?"],
    [
      "  option (nanowire.metod).notify = true;",
      "12:11: cannot find `nanowire.metod` in this scope; did you mean nanowire.method?",
    ],
    ["} rpc B(Txet) returns (Text) {", "12:9: cannot find `Txet` in this scope; did you mean Text?"],
    [
      "} rpc B(Ticket) returns (Text) {",
      '12:9: cannot find `Ticket` in this scope: write `shop.v1.Ticket`, and `import "shop/v1/shop.proto";` above, if it is not there',
    ],
    [
      "} rpc B(shop.v1.Ticket) returns (Text) {",
      '12:9: cannot find `shop.v1.Ticket` in this scope: write `import "shop/v1/shop.proto";` above, if it is not there',
    ],
    [
      "} rpc B(google.protobuf.Timestamp) returns (Text) {",
      '12:9: cannot find `google.protobuf.Timestamp` in this scope: write `import "google/protobuf/timestamp.proto";` above, if it is not there',
    ],
    [
      "} rpc B(google.protobuf.Emtpy) returns (Text) {",
      "12:9: cannot find `google.protobuf.Emtpy` in this scope; did you mean google.protobuf.Empty?",
    ],
    [
      "}} message Of { int34 x = 1; } service T { rpc A(Text) returns (Text) {",
      "12:17: cannot find `int34` in this scope; did you mean int32 or int64?",
    ],
    ["} rpc B(Xyzzy) returns (Text) {", "12:9: cannot find `Xyzzy` in this scope"],
  ])("what is mistyped, or lacks an import, with what to write: %s", async (line, error) => {
    const project = new Project({
      "proto/a.proto": proto(
        "// A field is named in a text: notfy = 1;",
        "service S {",
        "  // One that stands behind another.",
        "  rpc Do(Text) returns (Text);",
        "  rpc A(Text) returns (google.protobuf.Empty) {",
        line,
        "  }",
        "}",
      ),
      "proto/shop/v1/shop.proto": 'syntax = "proto3";\npackage shop.v1;\nmessage Ticket { string name = 1; }\n',
    });
    const errors = await project.errors();
    expect(errors.map((text) => text.replace(/ \(known: (?:\w+(?:, )?)+\)$/, ""))).toEqual([`proto/a.proto:${error}`]);
  });

  test("an import that is mistyped", async () => {
    const project = new Project({ "proto/a.proto": 'syntax = "proto3";\nimport "google/protobuf/emtpy.proto";\n' });
    expect(await project.errors()).toEqual([
      "proto/a.proto:2:1: imported file does not exist (imports are looked for in the folders given with --proto); did you mean google/protobuf/empty.proto?",
    ]);
  });

  test("an edition that there is not", async () => {
    const project = new Project({ "proto/a.proto": 'edition = "2030";\nmessage M {}\n' });
    expect(await project.errors()).toEqual([
      'proto/a.proto:1:11: unrecognized `edition` declaration value: write `edition = "2024"` or `edition = "2023"`',
    ]);
  });

  test("what the compiler falls over: no stack of its own program, but the file and the line", async () => {
    const project = new Project({
      "proto/a.proto": 'syntax = "proto3";\nmessage A {}\n',
      "proto/b.proto": 'syntax = "proto3"; // "\n/* " */\noption java_package = "b;\nmessage B {}\n',
      "proto/c.proto": 'syntax = "proto3";\nmessage C {}\n',
    });
    const errors = await project.errors();
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatch(
      /^proto\/b\.proto:3:23: buf, which compiles the \.proto files, fell over something here \([^\n]{1,200}\): most often a string lacks its closing quote$/,
    );
  });

  test("an import of nanowire's options that was forgotten", async () => {
    const project = new Project({
      "proto/a.proto":
        'syntax = "proto3";\nmessage M {}\nservice S {\n  option (nanowire.service).kind = PUSH;\n  option (other.thing).x = 1;\n}\n',
    });
    const errors = await project.errors();
    expect(errors).toContain(
      'proto/a.proto:4:11: cannot find `nanowire.service` in this scope: write `import "nanowire/options.proto";` above, if it is not there',
    );
    expect(errors).toContain("proto/a.proto:5:11: cannot find `other.thing` in this scope");
  });

  test("files of which the same file would be made", async () => {
    const message = 'syntax = "proto3";\n';
    const project = new Project({
      "proto/routes.proto": message,
      "proto/a.proto": `${message}service S {}\n`,
      "proto/a.server.proto": message,
    });
    expect(await project.errors()).toEqual([
      "proto/a.proto:1:1: a.proto is generated as a.server.ts, as is a.server.proto: give the file another name",
      "proto/routes.proto:1:1: routes.proto is generated as routes.ts, as is the route dictionary: give the file another name",
    ]);
  });

  test("files whose paths differ in case only", async () => {
    const message = (name: string): string => `syntax = "proto3";\npackage ${name};\nmessage M {}\n`;
    const project = new Project({
      "proto/Foo/x.proto": message("a"),
      "proto/foo/x.proto": message("b"),
      "proto/R.proto": message("c"),
      "proto/r.proto": proto("service S {", "  rpc A(Text) returns (Text);", "}"),
      "proto/Routes.proto": message("d"),
    });
    const same = "which many systems and TypeScript take for the same file: give one another name";
    expect(await project.errors()).toEqual([
      `proto/Routes.proto:1:1: Routes.proto is generated as Routes.ts, and the route dictionary as routes.ts, ${same}`,
      `proto/foo/x.proto:1:1: foo/x.proto is generated as foo/x.ts, and Foo/x.proto as Foo/x.ts, ${same}`,
      `proto/r.proto:1:1: r.proto is generated as r.ts, and R.proto as R.ts, ${same}`,
    ]);
    expect(project.list("proto")).not.toContain("routes.lock.json");
  });

  test("a file that would be one of declarations, which holds no code", async () => {
    const project = new Project({ "proto/a.d.proto": 'syntax = "proto3";\n' });
    expect(await project.errors()).toEqual([
      'proto/a.d.proto:1:1: the file name "a.d.proto" would make a file of declarations, which holds no code: leave out the `.d` before `.proto`',
    ]);
  });

  test("a file whose outputs would have names that are too long: nothing is written", async () => {
    const name = "a".repeat(246);
    const project = new Project({ [`proto/${name}.proto`]: `${proto("service S {}")}` });
    expect(await project.errors()).toEqual(
      [`${name}.server.ts`].map(
        (file) =>
          `proto/${name}.proto:1:1: ${name}.proto is generated as ${file}, whose name has 256 bytes, more than the 255 that a file's may have: give the file a shorter name`,
      ),
    );
    expect(project.list()).toEqual([`proto/${name}.proto`]);
  });

  test("an edition that the compiler knows and the generator does not", async () => {
    const project = new Project({ "proto/a.proto": '// Head.\n  edition = "2026";\nmessage M {}\n' });
    expect(await project.errors()).toEqual([
      'proto/a.proto:2:3: the rules of edition 2026 are not known here: write `edition = "2024"` or `edition = "2023"`',
    ]);
  });

  test("file names that cannot be those of modules", async () => {
    const project = new Project({
      "proto/it's.proto": 'syntax = "proto3";\n',
      "proto/a.proto.d/b.proto": 'syntax = "proto3";\n',
    });
    const advice =
      "cannot be that of a module: leave out quotes, backslashes and the like, and `.proto` but for the end";
    expect(await project.errors()).toEqual([
      `proto/a.proto.d/b.proto:1:1: the file name "a.proto.d/b.proto" ${advice}`,
      `proto/it's.proto:1:1: the file name "it's.proto" ${advice}`,
    ]);
  });

  test("everything at once, by place, with a count", async () => {
    const project = new Project({
      "proto/a.proto": proto(
        "service S {",
        "  rpc A(stream Text) returns (Text);",
        "  rpc a(Text) returns (Text);",
        "}",
        "message string {}",
      ),
    });
    const { exitCode, errors } = await project.run("generate");
    expect(exitCode).toBe(1);
    expect(errors.slice(0, -1).map((line) => line.split(": ")[0])).toEqual([
      "proto/a.proto:8:9",
      "proto/a.proto:9:7",
      "proto/a.proto:11:9",
    ]);
    expect(errors.at(-1)).toBe("3 errors; nothing was written");
  });
});
