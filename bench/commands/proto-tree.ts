import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** How large a tree of .proto files is. */
export interface TreeSize {
  /** A file and a folder each, ten services to a package. */
  readonly services: number;
  /** Methods of each service, every one with a request and a response of its own. */
  readonly methods: number;
}

const servicesAPackage = 10;

/**
 * Writes .proto files like those of a large project: doc comments on everything, scalars, 64-bit numbers, enums, maps, oneofs,
 * lists, messages of other files. The same size gives the same bytes.
 *
 * @param directory the folder that imports are relative to
 * @returns how many files there are
 */
export function writeProtoTree(directory: string, { services, methods }: TreeSize): number {
  const write = (name: string, text: string): void => {
    const path = join(directory, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  };
  write("game/common/v1/common.proto", commonProto);
  for (let service = 0; service < services; service++) {
    const folder = `game/area${Math.floor(service / servicesAPackage)}/v1`;
    write(`${folder}/service${service}.proto`, serviceProto(folder.replaceAll("/", "."), service, methods));
  }
  return services + 1;
}

const commonProto = `syntax = "proto3";

package game.common.v1;

// A place in the world.
message Position {
  // East of the origin, in metres.
  double x = 1;
  // North of the origin, in metres.
  double y = 2;
}

// Who plays.
message Player {
  // The account's number.
  uint64 id = 1;
  // What others see.
  string name = 2;
}
`;

function serviceProto(packageName: string, service: number, methods: number): string {
  const lines = [
    `syntax = "proto3";`,
    "",
    `package ${packageName};`,
    "",
    `import "game/common/v1/common.proto";`,
    "",
    `// Service number ${service}: what a player can do in one part of the game.`,
    "//",
    "// Every call is answered once. See the guide for the order of calls.",
    `service Service${service} {`,
  ];
  for (let method = 0; method < methods; method++) {
    lines.push(
      `  // Does thing number ${method} of service ${service}, and tells what came of it.`,
      "  // A second line says when to call it, and what it costs.",
      `  rpc Do${method}(Service${service}Do${method}Request) returns (Service${service}Do${method}Response);`,
    );
  }
  lines.push(
    "}",
    "",
    "// In what state a thing is.",
    `enum Service${service}State {`,
    "  // Nobody has said.",
    `  SERVICE${service}_STATE_UNSPECIFIED = 0;`,
    "  // It goes on.",
    `  SERVICE${service}_STATE_RUNNING = 1;`,
    "  // It is over.",
    `  SERVICE${service}_STATE_OVER = 2;`,
    "}",
  );
  for (let method = 0; method < methods; method++) {
    lines.push(
      "",
      `// What thing number ${method} needs.`,
      `message Service${service}Do${method}Request {`,
      "  // Whom it is about.",
      "  uint64 id = 1;",
      "  // At most 40 letters.",
      "  string name = 2;",
      "  // Where it happens.",
      "  game.common.v1.Position position = 3;",
      "  // How often, when it is said.",
      "  optional int32 times = 4;",
      "  // What goes along.",
      "  repeated string tags = 5;",
      "}",
      "",
      `// What came of thing number ${method}.`,
      `message Service${service}Do${method}Response {`,
      "  // Whether it went well.",
      "  bool ok = 1;",
      "  // The state after it.",
      `  Service${service}State state = 2;`,
      "  // Who was there.",
      "  repeated game.common.v1.Player players = 3;",
      "  // Points by name.",
      "  map<string, sint32> points = 4;",
      "  // What is given for it.",
      "  oneof reward {",
      "    // Gold.",
      "    uint32 gold = 5;",
      "    // A thing, by its name.",
      "    string item = 6;",
      "  }",
      "}",
    );
  }
  return `${lines.join("\n")}\n`;
}
