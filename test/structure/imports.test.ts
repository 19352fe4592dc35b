import { fileURLToPath } from "node:url";
import { Project, type SourceFile } from "ts-morph";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Room → the rooms that it may import, types included. A room may always import itself. */
const mayImport: Record<string, readonly string[]> = {
  base: [],
  up: ["base"],
  metrics: ["base"],
  tracing: ["base"],
  protocol: ["base"],
  transport: ["base"],
  schedule: ["base"],
  session: ["base", "protocol", "transport", "schedule"],
  pipeline: ["base", "protocol", "session"],
  component: ["base", "protocol", "schedule", "session"],
  dispatch: ["base", "protocol", "schedule", "session", "component"],
  cluster: ["base", "tracing", "protocol", "transport", "schedule", "session", "pipeline", "component", "dispatch"],
  server: [
    "base",
    "metrics",
    "tracing",
    "protocol",
    "transport",
    "schedule",
    "session",
    "pipeline",
    "component",
    "dispatch",
    "cluster",
    "up",
  ],
  client: ["base", "protocol", "transport"],
  testing: ["base", "transport", "cluster", "server", "client"],
  validate: ["base", "protocol", "dispatch"],
  reflection: ["base", "protocol", "component"],
  repl: ["base", "protocol", "transport", "client", "reflection"],
  capture: ["base", "protocol", "transport", "client", "repl"],
  studio: ["base", "metrics", "protocol", "session", "server"],
  // It runs in a browser: a client, which reads types as the REPL does.
  "studio/page": ["base", "protocol", "transport", "client", "repl", "studio"],
  bots: ["base", "client"],
};

/** The generator's rooms, which know nothing of the runtime. */
const generatorMayImport: Record<string, readonly string[]> = {
  model: [],
  read: ["model"],
  print: ["model"],
  write: [],
  lint: ["model"],
  scaffold: ["model"],
};

/** Where Node's own modules may be imported: nowhere else does the code know on what it runs. */
const nodeIn = [
  /^runtime\/(transport|cluster|server|up|repl|capture|bots)\//,
  /^runtime\/studio\/(?!page\/)/,
  /^runtime\/metrics\/prometheus\//,
  /^runtime\/client\/(dial-tcp|dial-ws)\.ts$/,
  /^generator\/(read|scaffold|write)\//,
  /^generator\/(cli|plugin)\.ts$/,
];

/** The cluster's drivers, the reporters of metrics, and tracing, that stand on packages of their own, which nobody loads who does not use them. */
const driverPackages: Readonly<Record<string, RegExp>> = {
  grpc: /^@grpc\/grpc-js$/,
  nats: /^@nats-io\/(jetstream|kv|transport-node)$/,
  opentelemetry: /^@opentelemetry\/(api|sdk-metrics)$/,
  prometheus: /^prom-client$/,
  statsd: /^hot-shots$/,
};

interface Import {
  readonly from: string;
  readonly to: string;
}

const sources = new Project({ compilerOptions: { allowJs: false } });
sources.addSourceFilesAtPaths([`${root}/runtime/**/*.ts`, `${root}/generator/**/*.ts`, `${root}/generated/**/*.ts`]);
const files = sources.getSourceFiles().map((file) => ({ path: pathOf(file), file }));
const imports: Import[] = files.flatMap(({ path, file }) =>
  specifiersOf(file).map((specifier) => ({ from: path, to: resolve(path, specifier) })),
);

function pathOf(file: SourceFile): string {
  return file.getFilePath().slice(root.length);
}

function specifiersOf(file: SourceFile): string[] {
  const written = [...file.getImportDeclarations(), ...file.getExportDeclarations()].map((declaration) =>
    declaration.getModuleSpecifierValue(),
  );
  const dynamic = file.getImportStringLiterals().map((literal) => literal.getLiteralValue());
  return [...new Set([...written, ...dynamic])].filter((specifier) => specifier !== undefined);
}

function resolve(from: string, specifier: string): string {
  return specifier.startsWith(".")
    ? new URL(specifier, `file:///${from}`).pathname.slice(1).replace(/\.js$/, ".ts")
    : specifier;
}

function roomOf(path: string, house: string): string | undefined {
  return new RegExp(`^${house}/(studio/page|[^/]+)/`).exec(path)?.[1];
}

/** The driver, or the reporter, that a file belongs to. */
function driverOf(path: string): string | undefined {
  return /^runtime\/(?:cluster|metrics|tracing)\/([^/]+)\//.exec(path)?.[1];
}

/** What the generator made: of the chat's files, and of the service of reflection. */
function isGenerated(path: string): boolean {
  return /^(runtime\/reflection\/)?generated\//.test(path);
}

const inside = (house: string) => imports.filter(({ from }) => from.startsWith(`${house}/`));
const show = ({ from, to }: Import) => `${from} → ${to}`;

describe("who may import whom", () => {
  test("the walk saw the house", () => {
    expect(files.length).toBeGreaterThan(60);
    expect(imports.length).toBeGreaterThan(200);
    expect(new Set(files.map(({ path }) => roomOf(path, "runtime")).filter(Boolean))).toEqual(
      new Set(Object.keys(mayImport)),
    );
  });

  test("every import inside the package leads to a file", () => {
    const paths = new Set(files.map(({ path }) => path));
    const lost = imports.filter(({ to }) => /^(runtime|generator|generated)\//.test(to) && !paths.has(to));
    expect(lost.map(show)).toEqual([]);
  });

  test("runtime: each room imports only the rooms below it", () => {
    const wrong = inside("runtime").filter(({ from, to }) => {
      const room = roomOf(from, "runtime");
      const target = roomOf(to, "runtime");
      return room !== undefined && target !== undefined && room !== target && !mayImport[room]?.includes(target);
    });
    expect(wrong.map(show)).toEqual([]);
  });

  test("runtime: the client takes one file of transport, and no room leads out of the runtime", () => {
    const ofTransport = inside("runtime/client").filter(({ to }) => roomOf(to, "runtime") === "transport");
    expect(new Set(ofTransport.map(({ to }) => to))).toEqual(new Set(["runtime/transport/client-socket.ts"]));
    expect(
      inside("runtime")
        .filter(({ to }) => /^(generator|generated|examples|bench|test)\//.test(to))
        .map(show),
    ).toEqual([]);
  });

  test("runtime: its packages are ws and, for JSON, the base64 of @bufbuild/protobuf; validation, the REPL, captures, the page of the studio, the drivers of the cluster and the reporters of metrics have their own", () => {
    const packages = inside("runtime").filter(
      ({ from, to }) => !to.startsWith("runtime/") && !to.startsWith("node:") && !isGenerated(from),
    );
    const ofValidation = packages.filter(({ from }) => roomOf(from, "runtime") === "validate");
    const ofRepl = packages.filter(({ from }) =>
      ["repl", "capture", "studio/page"].includes(roomOf(from, "runtime") ?? ""),
    );
    const others = packages.filter(
      (one) => !ofValidation.includes(one) && !ofRepl.includes(one) && driverOf(one.from) === undefined,
    );
    expect(new Set(others.map(({ to }) => to))).toEqual(new Set(["ws", "@bufbuild/protobuf/wire"]));
    expect(
      ofValidation.map(({ to }) => to).filter((to) => !/^@bufbuild\/proto(?:buf|validate)(?:\/|$)/.test(to)),
    ).toEqual([]);
    expect(new Set(ofRepl.map(({ to }) => to))).toEqual(new Set(["@bufbuild/protobuf", "@bufbuild/protobuf/wkt"]));
    const loaded = inside("runtime").filter(
      ({ from, to }) =>
        /^runtime\/(validate|repl|capture|studio)\//.test(to) && roomOf(from, "runtime") !== roomOf(to, "runtime"),
    );
    expect(new Set(loaded.map(({ from }) => roomOf(from, "runtime")))).toEqual(new Set(["capture", "studio/page"]));
    // Of the studio itself its page knows what is said, and of the REPL nothing that runs in Node.
    const ofPage = loaded.filter(({ from }) => roomOf(from, "runtime") === "studio/page");
    expect(new Set(ofPage.map(({ to }) => to))).toEqual(
      new Set([
        "runtime/repl/bytes-codec.ts",
        "runtime/repl/describe.ts",
        "runtime/repl/protocol-book.ts",
        "runtime/studio/answers.ts",
      ]),
    );
  });

  test("runtime: reflection is loaded by the REPL alone", () => {
    const loaded = inside("runtime").filter(
      ({ from, to }) => to.startsWith("runtime/reflection/") && !from.startsWith("runtime/reflection/"),
    );
    expect(new Set(loaded.map(({ from }) => roomOf(from, "runtime")))).toEqual(new Set(["repl"]));
  });

  test("runtime: a driver of the cluster, or a reporter, has packages of its own, and nobody imports it", () => {
    const ofDrivers = inside("runtime").filter(({ from }) => driverOf(from) !== undefined);
    expect(ofDrivers.length).toBeGreaterThan(20);
    const strange = ofDrivers.filter(
      ({ from, to }) => !/^(runtime\/|node:)/.test(to) && !driverPackages[driverOf(from) as string]?.test(to),
    );
    expect(strange.map(show)).toEqual([]);
    const loaded = inside("runtime").filter(
      ({ from, to }) => driverOf(to) !== driverOf(from) && driverOf(to) !== undefined,
    );
    expect(loaded.map(show)).toEqual([]);
  });

  test("generator: nothing of the runtime, and each room only the rooms below it", () => {
    expect(
      inside("generator")
        .filter(({ to }) => to.startsWith("runtime/") || to.startsWith("nanowire"))
        .map(show),
    ).toEqual([]);
    const wrong = inside("generator").filter(({ from, to }) => {
      const room = roomOf(from, "generator");
      const target = roomOf(to, "generator");
      return (
        room !== undefined && target !== undefined && room !== target && !generatorMayImport[room]?.includes(target)
      );
    });
    expect(wrong.map(show)).toEqual([]);
  });

  test("generated: the package's public entries", () => {
    const allowed = new Set(["nanowire", "nanowire/client", "nanowire/json", "nanowire/wire"]);
    const ofReflection = inside("runtime").filter(({ from }) => isGenerated(from));
    expect(ofReflection.length).toBeGreaterThan(5);
    expect(
      [...inside("generated"), ...ofReflection].filter(({ to }) => !isGenerated(to) && !allowed.has(to)).map(show),
    ).toEqual([]);
  });

  test("Node's modules are imported only where the code may know what it runs on", () => {
    const wrong = imports.filter(({ from, to }) => to.startsWith("node:") && !nodeIn.some((place) => place.test(from)));
    expect(wrong.map(show)).toEqual([]);
  });

  test("there is no circle of imports", () => {
    const edges = new Map<string, string[]>();
    for (const { from, to } of imports.filter(({ to }) => to.endsWith(".ts"))) {
      edges.set(from, [...(edges.get(from) ?? []), to]);
    }
    expect(circlesIn(edges)).toEqual([]);
  });

  test("nothing is re-exported wholesale", () => {
    const stars = files.filter(({ file }) => file.getExportDeclarations().some((e) => e.isNamespaceExport()));
    expect(stars.map(({ path }) => path)).toEqual([]);
  });
});

/** The circles that a walk in depth finds, each as its files. */
function circlesIn(edges: ReadonlyMap<string, readonly string[]>): string[][] {
  const circles: string[][] = [];
  const done = new Set<string>();
  const walk = (path: string, trail: readonly string[]): void => {
    const seenAt = trail.indexOf(path);
    if (seenAt >= 0) {
      circles.push([...trail.slice(seenAt), path]);
      return;
    }
    if (!done.has(path)) {
      for (const next of edges.get(path) ?? []) {
        walk(next, [...trail, path]);
      }
      done.add(path);
    }
  };
  for (const path of edges.keys()) {
    walk(path, []);
  }
  return circles;
}
