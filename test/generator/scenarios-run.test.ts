import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fromBinary, fromJson, type Message, toBinary, toJson } from "@bufbuild/protobuf";
import { describe, expect, onTestFinished, test } from "vitest";
import { type ClientConnection, connect } from "../../runtime/client/index.js";
import type { Component } from "../../runtime/component/component.js";
import type { Remote, RemoteContext } from "../../runtime/component/remote.js";
import type { RemoteAnswer, RemoteCaller } from "../../runtime/component/remote-caller.js";
import { defineMethod } from "../../runtime/component/service.js";
import type { PushTarget } from "../../runtime/session/push.js";
import type { Session } from "../../runtime/session/session.js";
import { tcp } from "../../runtime/transport/tcp.js";
import { MemoryCluster } from "../component/support/memory-caller.js";
import { Client, notify, request } from "../support/client.js";
import { startServer } from "../support/server.js";
import { TestComponent, textCodec } from "../support/service.js";
import { listFiles } from "./support/project.js";
import { type MessageSettings, randomMessage } from "./support/random-message.js";
import {
  loadScenario,
  type Scenario,
  type ScenarioMessage,
  type ScenarioMethod,
  type ScenarioRemote,
  type ScenarioService,
} from "./support/scenario-services.js";
import { drawMany } from "./support/trees.js";

const folder = fileURLToPath(new URL("scenarios", import.meta.url));
/** Scenarios with both sides of some service. */
const names = readdirSync(folder).filter((name) => {
  const generated = listFiles(join(folder, name, "expected"));
  return [".server.ts", ".client.ts"].every((end) => generated.some((path) => path.endsWith(end)));
});
/** Scenarios with services between nodes, and the code of them. */
const remoteNames = readdirSync(folder).filter((name) =>
  listFiles(join(folder, name, "expected"))
    .filter((path) => path.endsWith(".server.ts"))
    .some((path) => readFileSync(join(folder, name, "expected", path), "utf8").includes(" extends Remote {")),
);
/** Scenarios of which not every number can be sent. */
const safeIntegers: ReadonlySet<string> = new Set(["int64-number"]);
/** How often each method is called: where rate limits are declared, once. */
const rounds = (name: string): number => (name === "options" ? 1 : 4);

/** What a component of any service does: it keeps what comes, and answers what it was told to. */
interface Desk {
  readonly received: { readonly route: string; readonly message: unknown }[];
  answer: unknown;
  /** What the server does on its own when it is asked to. */
  act: (session: Session) => unknown;
}

type AnyFunction = (...args: unknown[]) => unknown;

/** A component as a user would write it, for every method of a service. */
function componentOf(service: ScenarioService, desk: Desk): Component {
  const Base = service.server as new () => Component;
  class Answering extends Base {}
  for (const { route, serverName } of service.methods) {
    const handler = (_: Session, message: unknown): unknown => {
      desk.received.push({ route, message });
      return desk.answer;
    };
    Object.defineProperty(Answering.prototype, serverName, { value: handler });
  }
  return new Answering();
}

/** Starts a server with a component for every service, and with one that does on its own what the test wants. */
async function start(
  { services, dictionary }: Scenario,
  desk: Desk,
): Promise<{ readonly port: number; readonly transport: ReturnType<typeof tcp> }> {
  const transport = tcp({ host: "127.0.0.1", port: 0 });
  const act = async (session: Session): Promise<string> => {
    await desk.act(session);
    return "";
  };
  const codes = new Set(Object.values(dictionary.routes));
  let code = 1;
  while (codes.has(code)) {
    code++;
  }
  const method = defineMethod<TestComponent, string, string>({
    name: "Act",
    route: "Desk.Act",
    code,
    kind: "request",
    request: textCodec,
    response: textCodec,
    invoke: (_, session) => act(session),
  });
  const handlers = services.filter(({ isPush }) => !isPush).map((service) => componentOf(service, desk));
  const { server } = await startServer({
    transport,
    components: [
      ...handlers,
      new TestComponent("Desk", [method], { version: "desk", routes: { ...dictionary.routes, "Desk.Act": code } }),
    ],
  });
  return { port: server.addresses[0]?.port ?? 0, transport };
}

const newDesk = (): Desk => ({ received: [], answer: undefined, act: () => undefined });

/** A generated proxy, whose methods are called by name. */
function proxyOf(service: ScenarioService, connection: ClientConnection): Record<string, AnyFunction> {
  const Client = service.client as new (connection: ClientConnection) => Record<string, AnyFunction>;
  const client = new Client(connection);
  // What a promise has would make an `await` of the client wait for ever.
  expect("then" in client).toBe(false);
  return client;
}

function draw({ type }: ScenarioMessage, count: number, seed: number, settings: Partial<MessageSettings>): Message[] {
  return drawMany(randomMessage(type, { unknownEnumValues: true, minusZero: false, ...settings }), seed, count);
}

function callProxy(proxy: Record<string, AnyFunction>, name: string, args: readonly unknown[]): unknown {
  const method = proxy[name];
  if (typeof method !== "function") {
    throw new Error(`the client has no method ${name}`);
  }
  return Reflect.apply(method, proxy, args);
}

/** The messages that go through a method, as the generated code has them: none where the method takes google.protobuf.Empty. */
function argumentsOf(message: ScenarioMessage | undefined, name: string, seed: number): object[][] {
  return message === undefined
    ? Array.from({ length: rounds(name) }, () => [])
    : draw(message, rounds(name), seed, { minusZero: true, safeIntegers: safeIntegers.has(name) }).map((drawn) => [
        message.codec.decode(toBinary(message.type, drawn)),
      ]);
}

/** A message as hex: a view into what was received is the same as a copy. Nothing is "". */
function bytesOf(message: ScenarioMessage | undefined, value: unknown): string {
  return message === undefined || typeof value !== "object" || value === null
    ? ""
    : `${message.type.typeName} ${Buffer.from(message.codec.encode(value).finish()).toString("hex")}`;
}

test("there are scenarios to run", () => {
  expect(names.length).toBeGreaterThanOrEqual(15);
});

describe("over a real connection, a generated client and a generated component", () => {
  test.each(names)("%s", async (name) => {
    const scenario = await loadScenario(name);
    const { services } = scenario;
    const desk = newDesk();
    const { port } = await start(scenario, desk);
    const connection = await connect(`tcp://127.0.0.1:${port}`);
    onTestFinished(() => connection.close());
    const act = async (what: Desk["act"]): Promise<void> => {
      desk.act = what;
      const method = { route: "Desk.Act", code: 0, request: textCodec.protobuf, response: textCodec.protobuf };
      await connection.request(method, "");
    };
    await act((session) => session.bind("u"));

    let calls = 0;
    const call = async (proxy: Record<string, AnyFunction>, method: ScenarioMethod): Promise<void> => {
      const requests = argumentsOf(method.request, name, calls);
      const responses = argumentsOf(method.response, name, calls + 1);
      for (const [index, sent] of requests.entries()) {
        desk.received.length = 0;
        desk.answer = responses[index]?.[0];
        const answer = await callProxy(proxy, method.clientName, sent);
        // A notify has arrived when what was sent after it is answered.
        await act(() => undefined);
        expect(bytesOf(method.response, answer)).toBe(method.isNotify ? "" : bytesOf(method.response, desk.answer));
        expect(
          desk.received.map(({ route, message }) => ({ route, message: bytesOf(method.request, message) })),
        ).toEqual([{ route: method.route, message: bytesOf(method.request, sent[0]) }]);
        calls++;
      }
    };
    const push = async (
      service: ScenarioService,
      proxy: Record<string, AnyFunction>,
      method: ScenarioMethod,
    ): Promise<void> => {
      for (const message of argumentsOf(method.request, name, calls)) {
        const heard: string[] = [];
        const listener = (heardMessage: unknown): unknown => heard.push(bytesOf(method.request, heardMessage));
        const stop = callProxy(proxy, method.clientName, [listener]) as () => void;
        const senders = service.server as Record<string, (target: PushTarget, message?: unknown) => void>;
        await act((session) => senders[method.serverName]?.(session, ...message));
        expect(heard).toEqual([bytesOf(method.request, message[0])]);
        stop();
        calls++;
      }
    };
    for (const service of services) {
      const proxy = proxyOf(service, connection);
      for (const method of service.methods) {
        await (service.isPush ? push(service, proxy, method) : call(proxy, method));
      }
    }
    const methods = services.reduce((sum, service) => sum + service.methods.length, 0);
    expect(calls).toBe(methods * rounds(name));
  });
});

describe("over a real connection, a client that speaks JSON as protobuf's own implementation writes it, and a generated component", () => {
  test.each(names.filter((name) => name !== "no-json"))("%s", async (name) => {
    const scenario = await loadScenario(name);
    const desk = newDesk();
    const { transport } = await start(scenario, desk);
    const client = await Client.open(transport);
    await client.enter({ sys: { serializer: "json" } });
    let id = 0;
    const act = (what: Desk["act"]): void => {
      desk.act = what;
      client.send(request(++id, "Desk.Act", "{}"));
    };
    act((session) => session.bind("u"));
    await client.message();

    let calls = 0;
    const call = async (method: ScenarioMethod): Promise<void> => {
      const requests = jsonOf(method.request, name, calls);
      const responses = jsonOf(method.response, name, calls + 1);
      for (const [index, { json, bytes }] of requests.entries()) {
        const response = responses[index];
        desk.received.length = 0;
        desk.answer = response?.message;
        client.send(method.isNotify ? notify(method.route, json) : request(++id, method.route, json));
        const answer = method.isNotify ? "" : (await client.message()).text;
        act(() => undefined);
        await client.message();
        expect(theirs(method.response, answer)).toBe(method.isNotify ? "" : response?.bytes);
        expect(
          desk.received.map(({ route, message }) => ({ route, message: canonical(method.request, message) })),
        ).toEqual([{ route: method.route, message: bytes }]);
        calls++;
      }
    };
    const push = async (service: ScenarioService, method: ScenarioMethod): Promise<void> => {
      for (const { message, bytes } of jsonOf(method.request, name, calls)) {
        const senders = service.server as Record<string, (target: PushTarget, message?: unknown) => void>;
        act((session) => senders[method.serverName]?.(session, message));
        const [pushed, answer] = await client.messages(2);
        expect([pushed?.type, answer?.type]).toEqual(["push", "response"]);
        expect(theirs(method.request, pushed?.text ?? "")).toBe(bytes);
        calls++;
      }
    };
    for (const service of scenario.services) {
      for (const method of service.methods) {
        await (service.isPush ? push(service, method) : call(method));
      }
    }
    const methods = scenario.services.reduce((sum, service) => sum + service.methods.length, 0);
    expect(calls).toBe(methods * rounds(name));
  });
});

describe("between nodes, the generated callers and a generated remote", () => {
  test("there are some to run", () => {
    expect(remoteNames).toEqual(expect.arrayContaining(["remote", "server-only", "unknown-fields"]));
  });

  test.each(remoteNames)("%s", async (name) => {
    const { remotes } = await loadScenario(name);
    expect(remotes.length).toBeGreaterThan(0);
    const cluster = new MemoryCluster();
    const desks = { a: newDesk(), b: newDesk() };
    for (const [node, desk] of Object.entries(desks)) {
      cluster.host(node, ...remotes.map((remote) => remoteOf(remote, desk)));
    }
    const caller = cluster.callerOf("c");

    let messages = 0;
    /** Calls a method as often as there are rounds, and holds what arrives at some nodes, and what they answer, to what was sent. */
    const call = async (
      Caller: unknown,
      method: ScenarioMethod,
      nodes: readonly (keyof typeof desks)[],
      ...options: readonly object[]
    ): Promise<void> => {
      const proxy = new (Caller as new (caller: RemoteCaller) => Record<string, AnyFunction>)(caller);
      // What a promise has would make an `await` of the caller wait for ever.
      expect("then" in proxy).toBe(false);
      const requests = messagesOf(method.request, name, messages);
      const responses = messagesOf(method.response, name, messages + 1);
      for (const [index, { sent, bytes }] of requests.entries()) {
        const response = responses[index];
        cluster.wire.length = 0;
        for (const desk of Object.values(desks)) {
          desk.received.length = 0;
          desk.answer = response?.sent[0];
        }
        const returned = callProxy(proxy, method.clientName, [...sent, ...options]);
        // A tell has arrived when it returns, and gives nothing that one could wait for.
        expect(returned instanceof Promise).toBe(!method.isNotify);
        const answer = await returned;
        const values = Array.isArray(answer) ? answer.map(answerOf) : [answer];
        const expected = method.isNotify ? [""] : nodes.map(() => response?.bytes);
        expect(values.map((value) => canonical(method.response, value))).toEqual(expected);
        expect(cluster.wire.map((line) => line.split(" ").slice(0, 2))).toEqual(
          nodes.map((node) => [node, method.route]),
        );
        expect(cluster.wire.map((line) => normal(method.request, line.split(" ")[2] ?? ""))).toEqual(
          nodes.map(() => bytes),
        );
        const received = [{ route: method.route, message: bytes }];
        for (const [node, desk] of Object.entries(desks)) {
          expect(
            desk.received.map(({ route, message }) => ({ route, message: canonical(method.request, message) })),
          ).toEqual((nodes as readonly string[]).includes(node) ? received : []);
        }
        messages++;
      }
    };
    for (const { client, all, methods } of remotes) {
      for (const method of methods) {
        await call(client, method, ["b"], { node: "b" });
        await call(all, method, ["a", "b"]);
      }
    }
    expect(cluster.lost).toEqual([]);
    const methods = remotes.reduce((sum, remote) => sum + remote.methods.length, 0);
    expect(messages).toBe(methods * rounds(name) * 2);
  });
});

/** What one of many nodes answered, which must be no error. */
function answerOf(answer: RemoteAnswer<unknown>): unknown {
  expect(answer).toMatchObject({ ok: true });
  return answer.ok ? answer.value : undefined;
}

/** A remote as a user would write it, for every method of a service. */
function remoteOf(service: ScenarioRemote, desk: Desk): Remote {
  const Base = service.remote as new () => Remote;
  class Answering extends Base {}
  for (const { route, serverName } of service.methods) {
    const handler = (context: RemoteContext, message: unknown): unknown => {
      expect(context.caller).toBe("c");
      desk.received.push({ route, message });
      return desk.answer;
    };
    Object.defineProperty(Answering.prototype, serverName, { value: handler });
  }
  return new Answering();
}

/** Messages as arguments of the generated code, and as bytes of protobuf's own implementation. */
function messagesOf(
  message: ScenarioMessage | undefined,
  name: string,
  seed: number,
): { readonly sent: readonly object[]; readonly bytes: string }[] {
  return argumentsOf(message, name, seed).map((sent) => ({ sent, bytes: canonical(message, sent[0]) }));
}

/** Messages, each as the generated code has it, as JSON and as bytes of protobuf's own implementation. */
function jsonOf(
  message: ScenarioMessage | undefined,
  name: string,
  seed: number,
): { readonly message: unknown; readonly json: string; readonly bytes: string }[] {
  if (message === undefined) {
    return Array.from({ length: rounds(name) }, () => ({ message: undefined, json: "", bytes: "" }));
  }
  return draw(message, rounds(name), seed, { safeIntegers: safeIntegers.has(name) }).map((drawn) => {
    const bytes = toBinary(message.type, drawn);
    const json = JSON.stringify(toJson(message.type, drawn));
    return { message: message.codec.decode(bytes), json, bytes: Buffer.from(bytes).toString("hex") };
  });
}

/** JSON, read by protobuf's own implementation, as bytes. */
function theirs(message: ScenarioMessage | undefined, json: string): string {
  return message === undefined
    ? ""
    : Buffer.from(toBinary(message.type, fromJson(message.type, JSON.parse(json)))).toString("hex");
}

/** A message of the generated code as bytes, in the form in which protobuf's own implementation writes it. */
function canonical(message: ScenarioMessage | undefined, value: unknown): string {
  if (message === undefined || typeof value !== "object" || value === null) {
    return "";
  }
  return normal(message, Buffer.from(message.codec.encode(value).finish()).toString("hex"));
}

/** Bytes in the form in which protobuf's own implementation writes them. */
function normal(message: ScenarioMessage | undefined, hex: string): string {
  return message === undefined
    ? hex
    : Buffer.from(toBinary(message.type, fromBinary(message.type, Buffer.from(hex, "hex")))).toString("hex");
}
