import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { emptyFolder, pack, plainEnvironment, root, run } from "./packed.js";

const folder = emptyFolder();
const project = join(folder, "project");
let tarball = "";

beforeAll(() => {
  tarball = pack(folder);
  mkdirSync(project);
  writeFileSync(join(project, "package.json"), '{ "type": "module", "private": true }');
  run(project, `npm install --no-audit --no-fund ${tarball}`);
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the package, installed as a production server installs it", () => {
  test("brings ws and the protobuf wire format, and nothing else", () => {
    const modules = join(project, "node_modules");
    const installed = readdirSync(modules).filter((name) => !name.startsWith("."));
    expect(installed.sort()).toEqual(["@bufbuild", "nanowire", "ws"]);
    expect(readdirSync(join(modules, "@bufbuild"))).toEqual(["protobuf"]);
  });

  test("holds the runtime, the generator, its templates, those of a new project and its own .proto files, and no test, example or source", () => {
    const files = execFileSync("tar", ["-tzf", tarball], { encoding: "utf8" }).trim().split("\n");
    const places = new Set(
      files.map((file) =>
        file
          .replace(/^package\//, "")
          .split("/")
          .slice(0, 2)
          .join("/"),
      ),
    );
    expect([...places].sort()).toEqual([
      "CHANGELOG.md",
      "LICENSE",
      "README.md",
      "dist/generator",
      "dist/runtime",
      "generator/scaffold",
      "generator/lua",
      "generator/templates",
      "package.json",
      "proto/nanowire",
      "runtime/reflection",
    ]);
    expect(files.filter((file) => /\.tsx?$/.test(file) && !file.endsWith(".d.ts"))).toEqual([]);
    const page = files.filter((file) => file.startsWith("package/dist/runtime/studio/page/"));
    expect(page.map((file) => file.split("/").at(-1)).sort()).toEqual([
      "icon.svg",
      "index.html",
      "page.js",
      "style.css",
    ]);
  });

  test("shows the studio's page, which is not large", () => {
    writeFileSync(
      join(project, "studio.js"),
      `import { createServer, memory, silentLogger } from "nanowire";
       import { studio } from "nanowire/studio";
       const inspector = studio({ port: 0 });
       const server = createServer({ components: [], listen: [memory()], logger: silentLogger, inspectors: [inspector] });
       await server.start();
       const answers = await Promise.all(["", "page.js", "style.css"].map((path) => fetch(inspector.url + path)));
       console.log(JSON.stringify(await Promise.all(answers.map(async (one) => [one.status, (await one.text()).length]))));
       await server.stop();`,
    );
    const [page, script, style] = JSON.parse(run(project, "node studio.js")) as [number, number][];
    expect([page?.[0], script?.[0], style?.[0]]).toEqual([200, 200, 200]);
    expect(script?.[1]).toBeLessThan(260_000);
    expect(style?.[1]).toBeLessThan(20_000);
  });

  test("imports in Node: the server, the client, options.proto", () => {
    writeFileSync(
      join(project, "check.js"),
      `import { createServer, memory, silentLogger } from "nanowire";
       import { connect } from "nanowire/client";
       import { readFileSync } from "node:fs";
       import { fileURLToPath } from "node:url";
       const transport = memory();
       const server = createServer({ components: [], listen: [transport], logger: silentLogger });
       await server.start();
       const connection = await connect(transport.dial);
       const options = readFileSync(fileURLToPath(import.meta.resolve("nanowire/proto/nanowire/options.proto")), "utf8");
       console.log(connection.state, options.includes("package nanowire;"));
       connection.close();
       await server.stop();`,
    );
    expect(run(project, "node check.js")).toBe("open true\n");
  });

  test("nanowire up starts a server's processes, and ends with what ends them", () => {
    writeFileSync(
      join(project, "room.js"),
      `import { createServer, silentLogger, tcp } from "nanowire";
       import { upWorker } from "nanowire/up";
       const { node, instance } = upWorker();
       const listen = [tcp({ port: 0, host: "127.0.0.1" })];
       const server = createServer({ components: [], listen, logger: silentLogger });
       await server.start();
       server.stopOnSignals();
       console.log(node + " serves");
       if (instance === 2) {
         process.kill(process.ppid, "SIGTERM");
       }`,
    );
    const roles = [{ name: "room", entry: "room.js", instances: 2 }];
    writeFileSync(join(project, "nanowire.up.json"), JSON.stringify({ roles }));
    const lines = run(project, "npx --no-install nanowire up").split("\n");
    expect(lines).toContain("room-2 | room-2 serves");
    expect(lines.slice(-2)).toEqual(["up     | stopped", ""]);
  });

  test("nanowire repl needs nothing that the generator needs", () => {
    expect(run(project, "echo help exit | npx --no-install nanowire repl")).toBe(
      "exit  close the connection, and end\n",
    );
  });

  test("the generator says exactly what to install", () => {
    mkdirSync(join(project, "proto"));
    writeFileSync(join(project, "proto/empty.proto"), 'syntax = "proto3";\n');
    const { peerDependencies } = JSON.parse(readFileSync(`${root}package.json`, "utf8")) as {
      peerDependencies: Record<string, string>;
    };
    const told = ["generate", "sync"].map((command) => {
      const { status, stderr } = spawnSync("npx", ["--no-install", "nanowire", command], {
        cwd: project,
        encoding: "utf8",
        env: plainEnvironment(),
      });
      expect(status).toBe(1);
      expect(stderr).toContain("npm install -D");
      return stderr;
    });
    const stderr = told.join("");
    // Without protovalidate it generates as well; only its rules need it, and only bots in TypeScript need esbuild. What carries a cluster, or tells metrics, is a server's.
    const needed = Object.entries(peerDependencies).filter(
      ([name]) =>
        name !== "@bufbuild/protovalidate" &&
        name !== "esbuild" &&
        !/^(?:@(?:grpc|nats-io|opentelemetry)\/|hot-shots$|prom-client$)/.test(name),
    );
    expect(needed.length).toBe(4);
    for (const [name, range] of needed) {
      expect(stderr).toContain(`${name}@${range.replace("^", "")}`);
    }
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test("every entry of the exports map leads to a file", () => {
    const { exports, bin } = JSON.parse(readFileSync(join(project, "node_modules/nanowire/package.json"), "utf8")) as {
      exports: Record<string, string | Record<string, string>>;
      bin: Record<string, string>;
    };
    const targets = [
      ...Object.values(exports).flatMap((entry) => (typeof entry === "string" ? [entry] : Object.values(entry))),
      ...Object.values(bin),
    ];
    const lost = targets.filter(
      (target) => !existsSync(join(project, "node_modules/nanowire", target.replace("*", "nanowire/options.proto"))),
    );
    expect(lost).toEqual([]);
  });
});
