import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { describe, expect, test } from "vitest";
import { Project } from "./support/project.js";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const count = 200;

/** `Service007`: distinct in any text, and no beginning of another. */
const nameOf = (index: number): string => `Service${String(index).padStart(3, "0")}`;

function services(first: number, last: number, withPackage: string): string {
  const lines = [
    'syntax = "proto3";',
    `package ${withPackage};`,
    'import "google/protobuf/empty.proto";',
    'import "nanowire/options.proto";',
  ];
  for (let index = first; index <= last; index++) {
    const name = nameOf(index);
    lines.push(
      `service ${name} {`,
      `  rpc Ask(${name}Request) returns (${name}Response);`,
      "  rpc Ping(google.protobuf.Empty) returns (google.protobuf.Empty);",
      `  rpc Tell(${name}Request) returns (google.protobuf.Empty) { option (nanowire.method).notify = true; }`,
      "}",
      `service ${name}Events {`,
      "  option (nanowire.service).kind = PUSH;",
      `  rpc Happened(${name}Response) returns (google.protobuf.Empty);`,
      "  rpc Ended(google.protobuf.Empty) returns (google.protobuf.Empty);",
      "}",
      `service ${name}Nodes {`,
      "  option (nanowire.service).kind = REMOTE;",
      `  rpc Share(${name}Request) returns (${name}Response);`,
      "}",
      `message ${name}Request { int64 ${name.toLowerCase()}_question = 1; }`,
      `message ${name}Response { map<string, int64> ${name.toLowerCase()}_answer = 1; }`,
    );
  }
  return `${lines.join("\n")}\n`;
}

/** Bundles a module as a page's bundler would. The project says nothing of side effects: nothing may depend on it. */
async function bundle(project: Project, contents: string): Promise<{ text: string; inputs: string[] }> {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: project.directory, loader: "ts" },
    absWorkingDir: project.directory,
    bundle: true,
    write: false,
    metafile: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    alias: {
      "nanowire/client": join(repository, "runtime/client/browser.ts"),
      "nanowire/wire": join(repository, "runtime/protocol/wire/index.ts"),
    },
    nodePaths: [join(repository, "node_modules")],
    logLevel: "silent",
  });
  const inputs = Object.entries(Object.values(metafile.outputs)[0]?.inputs ?? {});
  return {
    text: outputFiles[0]?.text ?? "",
    inputs: inputs.flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : [])),
  };
}

/** The numbers of the services that a text knows of. */
function servicesIn(text: string): string[] {
  return [...new Set([...text.matchAll(/service(\d{3})/gi)].map(([, number = ""]) => number))].sort();
}

describe("a client that uses one service of two hundred", () => {
  test.each([
    ["all in one file", { "proto/all.proto": services(1, count, "all") }, "all"],
    [
      "in twenty files",
      Object.fromEntries(
        Array.from({ length: 20 }, (_, file) => [
          `proto/part${file}.proto`,
          services(file * 10 + 1, file * 10 + 10, `part${file}`),
        ]),
      ),
      "part0",
    ],
  ])("carries neither the others nor the routes: %s", async (_, files, module) => {
    const project = new Project(files);
    await project.generate();
    const { text, inputs } = await bundle(
      project,
      `import { connect } from "nanowire/client";
      import { ${nameOf(7)}Client, ${nameOf(8)}EventsClient } from "./generated/${module}.client.js";
      import { dictVersion } from "./generated/routes.js";
      const connection = await connect("ws://127.0.0.1:1", { dictVersion });
      new ${nameOf(8)}EventsClient(connection).onHappened(console.log);
      await new ${nameOf(7)}Client(connection).ask({ service007Question: 1n });`,
    );
    expect(servicesIn(text)).toEqual(["007", "008"]);
    expect(text).toContain("Service007.Ask");
    expect(text).toContain("Service008Events.Happened");
    expect(text).not.toContain("Nodes");
    expect(text).not.toContain("toJSON(");
    expect(text).toContain(/dictVersion = "([0-9a-f]{16})"/.exec(project.read("generated/routes.ts"))?.[1]);
    expect(inputs.filter((path) => path.includes("generated/"))).toEqual(
      expect.arrayContaining([`generated/${module}.client.ts`, `generated/${module}.ts`, "generated/routes.ts"]),
    );
    expect(inputs.filter((path) => path.includes("generated/")).length).toBe(3);
  });

  test("carries nothing of a file that it imports and does not use", async () => {
    const project = new Project({ "proto/all.proto": services(1, 3, "all") });
    await project.generate();
    const { text } = await bundle(project, 'import "./generated/all.client.js";\nimport "./generated/routes.js";');
    expect(text.replace(/^\/\/.*$/gm, "").trim()).toBe("");
  });
});
