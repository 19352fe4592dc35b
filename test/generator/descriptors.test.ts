import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect as connectSocket, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import {
  createFileRegistry,
  type FileRegistry,
  fromBinary,
  fromJson,
  getOption,
  type JsonValue,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import { base64Decode } from "@bufbuild/protobuf/wire";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { createServer, silentLogger, tcp } from "nanowire";
import { describe, expect, onTestFinished, test } from "vitest";
import { Room } from "../../examples/chat/room.js";
import { Project, proto } from "./support/project.js";

const repository = fileURLToPath(new URL("../..", import.meta.url));

/** What a tool finds in the file. */
interface Descriptors {
  readonly nanowire: string;
  readonly version: number;
  readonly dictVersion: string;
  readonly services: readonly object[];
  readonly routes: readonly DescribedRoute[];
  readonly descriptorSet: string;
}

interface DescribedRoute {
  readonly route: string;
  readonly code: number;
  readonly kind: string;
  readonly request: string;
  readonly response: string;
}

/**
 * A client as a tool may be one: it knows the wire format, the file, and @bufbuild/protobuf; nothing that was generated and
 * nothing of nanowire.
 */
class Tool {
  readonly #routes: readonly DescribedRoute[];
  readonly #registry: FileRegistry;
  readonly #socket: Socket;
  #received = Buffer.alloc(0);

  private constructor(descriptors: Descriptors, socket: Socket) {
    this.#routes = descriptors.routes;
    this.#registry = registryOf(descriptors);
    this.#socket = socket;
  }

  static async connect(descriptors: Descriptors, port: number): Promise<Tool> {
    const socket = connectSocket(port, "127.0.0.1");
    onTestFinished(() => void socket.destroy());
    await once(socket, "connect");
    const tool = new Tool(descriptors, socket);
    tool.#send(
      1,
      Buffer.from(JSON.stringify({ sys: { type: "tool", version: "1", dictVersion: descriptors.dictVersion } })),
    );
    expect(await tool.#packet()).toMatchObject({ type: 1 });
    tool.#send(2, Buffer.alloc(0));
    return tool;
  }

  /** Sends a request with the id 5, or a notify. */
  call(name: string, message: JsonValue): void {
    const { kind, code, request } = this.#route(({ route }) => route === name);
    const flag = kind === "request" ? [0x01, 5] : [0x03];
    this.#send(4, Buffer.from([...flag, code >> 8, code & 0xff, ...this.#encode(request, message)]));
  }

  /** The next message: the answer to a request for `name`, or a push of whatever route. */
  async next(name: string): Promise<{ readonly route: string; readonly message: JsonValue }> {
    let { type, body } = await this.#packet();
    while (type === 3) {
      // A heartbeat.
      ({ type, body } = await this.#packet());
    }
    expect(type).toBe(4);
    const flag = body[0];
    if (flag === 0x04) {
      expect(body[1]).toBe(5);
      const { response } = this.#route(({ route }) => route === name);
      return { route: name, message: this.#decode(response, body.subarray(2)) };
    }
    expect(flag).toBe(0x07);
    const pushed = this.#route(({ code }) => code === body.readUInt16BE(1));
    expect(pushed.kind).toBe("push");
    return { route: pushed.route, message: this.#decode(pushed.request, body.subarray(3)) };
  }

  #route(matches: (route: DescribedRoute) => boolean): DescribedRoute {
    const found = this.#routes.find(matches);
    if (found === undefined) {
      throw new Error("there is no such route");
    }
    return found;
  }

  #encode(type: string, json: JsonValue): Uint8Array {
    const message = messageOf(this.#registry, type);
    return toBinary(message, fromJson(message, json));
  }

  #decode(type: string, bytes: Uint8Array): JsonValue {
    const message = messageOf(this.#registry, type);
    return toJson(message, fromBinary(message, bytes));
  }

  #send(type: number, body: Buffer): void {
    this.#socket.write(Buffer.from([type, 0, body.length >> 8, body.length & 0xff, ...body]));
  }

  async #packet(): Promise<{ readonly type: number; readonly body: Buffer }> {
    for (;;) {
      const end = this.#received.length < 4 ? Number.POSITIVE_INFINITY : 4 + this.#received.readUIntBE(1, 3);
      if (this.#received.length >= end) {
        const packet = { type: this.#received[0] ?? 0, body: this.#received.subarray(4, end) };
        this.#received = this.#received.subarray(end);
        return packet;
      }
      const [chunk]: Buffer[] = await once(this.#socket, "data");
      this.#received = Buffer.concat([this.#received, chunk ?? Buffer.alloc(0)]);
    }
  }
}

function messageOf(registry: FileRegistry, type: string): NonNullable<ReturnType<FileRegistry["getMessage"]>> {
  const message = registry.getMessage(type);
  if (message === undefined) {
    throw new Error(`there is no message ${type}`);
  }
  return message;
}

function registryOf({ descriptorSet }: Descriptors): FileRegistry {
  return createFileRegistry(fromBinary(FileDescriptorSetSchema, base64Decode(descriptorSet)));
}

async function describeProject(project: Project, ...args: string[]): Promise<Descriptors> {
  await project.generate("--descriptors", "tools/protocol.json", ...args);
  const descriptors: Descriptors = JSON.parse(project.read("tools/protocol.json"));
  return descriptors;
}

const a = proto(
  "// Rooms.",
  "service Room {",
  "  // Enters.",
  "  // Twice.",
  "  rpc Join(Text) returns (Other) {",
  "    option (nanowire.method).rate_limit = { messages: 3, per_ms: 10 };",
  "    option deprecated = true;",
  "  }",
  "}",
);

describe("nanowire generate --descriptors", () => {
  test("a tool calls a real server and hears its pushes by the file alone", async () => {
    const room = { "proto/chat/v1/room.proto": readFileSync(`${repository}proto/chat/v1/room.proto`, "utf8") };
    const project = new Project({
      ...room,
      "proto/routes.lock.json": readFileSync(`${repository}proto/routes.lock.json`, "utf8"),
    });
    const descriptors = await describeProject(project);
    const transport = tcp({ host: "127.0.0.1", port: 0 });
    const server = createServer({ components: [new Room()], listen: [transport], logger: silentLogger });
    await server.start();
    onTestFinished(() => server.stop());
    const port = transport.address?.port ?? 0;

    const ada = await Tool.connect(descriptors, port);
    ada.call("Room.Join", { name: "ada" });
    expect(await ada.next("Room.Join")).toEqual({ route: "Room.Join", message: { members: ["ada"] } });
    const grace = await Tool.connect(descriptors, port);
    grace.call("Room.Join", { name: "grace" });
    expect(await grace.next("Room.Join")).toEqual({ route: "Room.Join", message: { members: ["ada", "grace"] } });
    expect(await ada.next("")).toEqual({ route: "RoomEvents.Joined", message: { name: "grace" } });
    grace.call("Room.Say", { text: "hello" });
    expect(await ada.next("")).toEqual({
      route: "RoomEvents.Said",
      message: { name: "grace", text: "hello", atMs: expect.stringMatching(/^\d{13}$/) },
    });
    grace.call("Room.Leave", {});
    expect(await ada.next("")).toEqual({ route: "RoomEvents.Left", message: { name: "grace" } });
  });

  test("tells of each route what it is and what it is held to", async () => {
    const descriptors = await describeProject(new Project({ "proto/a.proto": a }));
    expect({ ...descriptors, descriptorSet: "" }).toEqual({
      nanowire: "descriptors",
      version: 1,
      dictVersion: expect.stringMatching(/^[0-9a-f]{16}$/),
      services: [
        { name: "test.v1.Room", kind: "HANDLER", direction: "client-to-server", deprecated: false, comment: "Rooms." },
      ],
      routes: [
        {
          route: "Room.Join",
          code: 1,
          kind: "request",
          direction: "client-to-server",
          service: "test.v1.Room",
          method: "Join",
          request: "test.v1.Text",
          response: "test.v1.Other",
          order: "session",
          rateLimit: { messages: 3, perMs: 10 },
          boundOnly: false,
          fingerprint: expect.stringMatching(/^[0-9a-f]{8}$/),
          deprecated: true,
          comment: "Enters.\nTwice.",
        },
      ],
      remoteRoutes: [],
      descriptorSet: "",
    });
  });

  test("tells apart what nodes ask of each other, without a code", async () => {
    const ledger =
      "service Ledger {\n  option (nanowire.service).kind = REMOTE;\n  rpc Add(Text) returns (Other);\n}\n";
    const descriptors = await describeProject(new Project({ "proto/a.proto": a + ledger }));
    expect(descriptors.services).toEqual([
      expect.objectContaining({ name: "test.v1.Room", kind: "HANDLER" }),
      expect.objectContaining({ name: "test.v1.Ledger", kind: "REMOTE", direction: "server-to-server" }),
    ]);
    expect(descriptors.routes.map(({ route, code }) => [route, code])).toEqual([["Room.Join", 1]]);
    expect(descriptors).toMatchObject({
      remoteRoutes: [
        {
          route: "Ledger.Add",
          kind: "call",
          direction: "server-to-server",
          service: "test.v1.Ledger",
          method: "Add",
          request: "test.v1.Text",
          response: "test.v1.Other",
          order: "none",
        },
      ],
    });
    expect(registryOf(descriptors).getService("test.v1.Ledger")?.method["add"]).toBeDefined();
  });

  test("holds every file that is needed and no other, options included, places left out", async () => {
    const project = new Project({ "proto/a.proto": a, "proto/b.proto": 'syntax = "proto3";\nmessage B {}\n' });
    const descriptors = await describeProject(project);
    const { file } = fromBinary(FileDescriptorSetSchema, base64Decode(descriptors.descriptorSet));
    expect(file.map(({ name }) => name)).toEqual([
      "google/protobuf/empty.proto",
      "google/protobuf/descriptor.proto",
      "nanowire/options.proto",
      "a.proto",
      "b.proto",
    ]);
    expect(file.filter(({ sourceCodeInfo }) => sourceCodeInfo !== undefined)).toEqual([]);
    const registry = registryOf(descriptors);
    const option = registry.getExtension("nanowire.method");
    const method = registry.getService("test.v1.Room")?.method["join"];
    expect(option && method && getOption(method, option)).toMatchObject({ rateLimit: { messages: 3, perMs: 10 } });
  });

  test("is the same whatever the files' order, and says what --check says", async () => {
    const files = {
      "proto/a.proto": a,
      "proto/b.proto": 'syntax = "proto3";\nimport "a.proto";\nmessage B { test.v1.Text t = 1; }\n',
    };
    const project = new Project({ ...files, "nanowire.config.json": '{ "descriptors": "d.json" }' });
    expect(await project.generate()).toContain("wrote d.json");
    const text = project.read("d.json");
    expect(await project.generate()).toEqual([expect.stringMatching(/^0 written, \d+ unchanged; 1 route$/)]);
    expect((await project.run("generate", "--check")).exitCode).toBe(0);
    const apart = new Project({ "two/b.proto": files["proto/b.proto"], "one/a.proto": a });
    await apart.generate("--proto", "two", "--proto", "one", "--descriptors", "d.json");
    expect(apart.read("d.json")).toBe(text);

    project.write({ "proto/a.proto": a.replace("Twice", "Once") });
    const { exitCode, errors } = await project.run("generate", "--check");
    expect(exitCode).toBe(1);
    expect(errors).toContain("d.json is stale");
    expect(project.read("d.json")).toBe(text);
  });

  test("a file of the user's own is not overwritten, and nothing else is written", async () => {
    const project = new Project({ "proto/a.proto": a, "package.json": "{}" });
    expect(await project.errors("--descriptors", "package.json")).toEqual([
      "package.json is not a generated file, and would be overwritten: move it, or name another file with --descriptors FILE",
    ]);
    expect(project.list()).toEqual(["package.json", "proto/a.proto"]);
    expect(project.read("package.json")).toBe("{}");
  });

  test("no two things go to one file, and nothing is written", async () => {
    const project = new Project({ "proto/a.proto": a });
    const toolsFault = "name another one for the descriptors with --descriptors FILE";
    expect(await project.errors("--descriptors", "generated/routes.ts")).toEqual([
      `generated/routes.ts is one of the generated files: ${toolsFault}`,
    ]);
    expect(await project.errors("--descriptors", "proto/routes.lock.json")).toEqual([
      "proto/routes.lock.json is the lock: name another file for the descriptors with --descriptors FILE",
    ]);
    expect(await project.errors("--lock", "routes.ts", "--descriptors", "./a.ts", "--out", ".")).toEqual([
      "routes.ts is one of the generated files: name another one for the lock with --lock FILE",
      `a.ts is one of the generated files: ${toolsFault}`,
    ]);
    expect(project.list()).toEqual(["proto/a.proto"]);
  });

  test("the flag wants a file", async () => {
    expect(await new Project().errors("--descriptors")).toEqual(["--descriptors wants a value: --descriptors FILE"]);
  });
});
