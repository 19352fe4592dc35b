import { readFileSync } from "node:fs";
import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { silentLogger } from "../../runtime/base/logger.js";
import type { ClientConnection } from "../../runtime/client/client-connection.js";
import { clientSerializer } from "../../runtime/client/client-serializer.js";
import type { ConnectOptions } from "../../runtime/client/connect-options.js";
import { connect } from "../../runtime/client/index.js";
import { jsonSerializer } from "../../runtime/protocol/serializer.js";
import { ReflectionClient } from "../../runtime/reflection/generated/nanowire/reflection/v1/reflection.client.js";
import * as messages from "../../runtime/reflection/generated/nanowire/reflection/v1/reflection.js";
import * as json from "../../runtime/reflection/generated/nanowire/reflection/v1/reflection.json.js";
import { type ReflectionOptions, reflection } from "../../runtime/reflection/reflection.js";
import type { ServerOptions } from "../../runtime/server/options.js";
import { createServer, type Server } from "../../runtime/server/server.js";
import { memory } from "../../runtime/transport/memory.js";
import { tcp } from "../../runtime/transport/tcp.js";
import { protovalidate } from "../../runtime/validate/protovalidate.js";
import { rejection } from "../client/support/fake-server.js";
import { components, echo } from "../support/service.js";

const file = new URL("../validate/shop/generated/descriptors.json", import.meta.url);
const descriptors = readFileSync(file, "utf8");

interface Started {
  readonly server: Server;
  readonly connection: ClientConnection;
}

/** A server that reflects, and a client of it. */
async function start(
  options: Partial<ReflectionOptions> = {},
  connectOptions: ConnectOptions = {},
  serverOptions: Partial<ServerOptions> = {},
): Promise<Started> {
  const server = createServer({
    components: [...components(echo), reflection({ descriptors, ...options })],
    listen: [tcp({ host: "127.0.0.1", port: 0, ears: 1 })],
    logger: silentLogger,
    ...serverOptions,
  });
  await server.start();
  onTestFinished(() => server.stop());
  const connection = await connect(server.addresses[0]?.url ?? "", connectOptions);
  onTestFinished(() => connection.close());
  return { server, connection };
}

const asJson = clientSerializer(jsonSerializer, [[messages, json]]);

describe("reflection", () => {
  it.each([
    ["protobuf", {}],
    ["JSON", { serializers: [asJson] }],
  ] as const)("tells routes and types, in %s", async (_, connectOptions) => {
    const { connection } = await start({}, connectOptions);
    const { routes, descriptorSet, dictVersion } = await new ReflectionClient(connection).describe({});
    expect(routes.map(({ name, kind, code }) => [name, kind, code])).toEqual([
      ["Shop.Buy", messages.Route_Kind.REQUEST, 1],
      ["Shop.Close", messages.Route_Kind.REQUEST, 2],
      ["Shop.Look", messages.Route_Kind.REQUEST, 3],
      ["Shop.Note", messages.Route_Kind.NOTIFY, 4],
      ["Shop.SignIn", messages.Route_Kind.REQUEST, 5],
      ["ShopEvents.Sold", messages.Route_Kind.PUSH, 6],
    ]);
    const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptorSet));
    expect(registry.getMessage(routes[0]?.request ?? "")?.fields.map(({ name }) => name)).toContain("lines");
    expect(dictVersion).toBe(JSON.parse(descriptors).dictVersion);
  });

  it("changes nothing in the dictionary, so that clients who name it are not sent it", async () => {
    const { server } = await start();
    const without = createServer({ components: components(echo), listen: [memory()] });
    expect(server.dictionary.toObject()).toEqual(without.dictionary.toObject());
    expect(server.dictionary.version).toBe(without.dictionary.version);
  });

  it("is a route that the server does not have in production, unless it is asked to be", async () => {
    vi.stubEnv("NODE_ENV", "production");
    onTestFinished(() => void vi.unstubAllEnvs());
    const absent = await start();
    const told = await rejection(new ReflectionClient(absent.connection).describe({}));
    expect(told.code).toBe("unknown_route");
    const present = await start({ inProduction: true });
    expect((await new ReflectionClient(present.connection).describe({})).routes).toHaveLength(6);
  });

  it("is called beside validation, which the project's descriptors are for", async () => {
    const { server, connection } = await start();
    server.hooks.before(protovalidate(descriptors));
    expect((await new ReflectionClient(connection).describe({})).routes).toHaveLength(6);
  });

  it("is answered five times a second", async () => {
    const { connection } = await start();
    const client = new ReflectionClient(connection);
    const asked = Array.from({ length: 200 }, () =>
      client.describe({}).then(
        () => "told",
        ({ code }) => code,
      ),
    );
    const answers = await Promise.all(asked);
    expect(answers.slice(0, 5)).toEqual(["told", "told", "told", "told", "told"]);
    expect(answers).toContain("rate_limited");
  });

  it("is refused where the answer is longer than the outbox", async () => {
    const { connection } = await start({}, {}, { maxOutboxBytes: 4_096 });
    const { code } = await rejection(new ReflectionClient(connection).describe({}));
    expect(code).toBe("message_too_large");
  });

  it.each([
    ["an unknown option", { enabled: true }, "there is no option reflection.enabled"],
    ["a switch that is none", { inProduction: "yes" }, "reflection.inProduction yes is not true or false"],
    ["another file", { descriptors: "{}" }, "descriptors are not what"],
    [
      "routes that are none",
      { descriptors: { version: 1, routes: [{}], descriptorSet: "" } },
      "descriptors are not what",
    ],
    [
      "what fits into no packet",
      { descriptors: { version: 1, routes: [], descriptorSet: "AAAA".repeat(5_600_000) } },
      "descriptors make an answer of 16800005 bytes, more than the 16777199 that fit into a packet",
    ],
  ])("refuses %s", (_, options, message) => {
    expect(() => reflection({ descriptors, ...options } as ReflectionOptions)).toThrow(message);
  });
});
