import { describe, expect, it } from "vitest";
import { NanowireError } from "../../runtime/base/error.js";
import type { ServerOptions } from "../../runtime/server/options.js";
import { resolveOptions } from "../../runtime/server/options.js";
import { createServer } from "../../runtime/server/server.js";
import { memory } from "../../runtime/transport/memory.js";
import { components, textWithoutJson } from "../support/service.js";

function made(options: object): string {
  try {
    createServer({ components: [], listen: [memory()], ...options } as ServerOptions);
  } catch (error) {
    const { code, scope, message } = error as NanowireError;
    return `${code} ${scope}: ${message}`;
  }
  return "made";
}

const mebibyte = 1_048_576;

/** Every option that is a number: its limits, as they are documented, and whether a fraction will do. */
const numbers = [
  ["heartbeatIntervalMs", 0, 2_147_483_647, "a number"],
  ["handshakeTimeoutMs", 100, 600_000, "a number"],
  ["maxConnections", 1, 1_000_000, "an integer"],
  ["maxConnectionsPerAddress", 1, 1_000_000, "an integer"],
  ["maxMessagesPerSecond", 1, 1_000_000, "an integer"],
  ["maxPacketBytes", 64, 16_777_215, "an integer"],
  ["maxHandshakeBytes", 64, 16_777_215, "an integer"],
  ["maxInflatedBytes", 64, 1_024 * mebibyte, "an integer"],
  ["maxOutboxBytes", 1_024, 1_024 * mebibyte, "an integer"],
  ["maxOutboxMessages", 16, 16 * mebibyte, "an integer"],
  ["maxQueuedMessages", 1, 1_000_000, "an integer"],
  ["requestTimeoutMs", 0, 2_147_483_647, "a number"],
  ["timerPrecisionMs", 1, 1_000, "an integer"],
  ["nodeId", 0, 1_023, "an integer"],
] as const;

describe("an option that is a number", () => {
  it.each(numbers)("%s takes %d to %d", (name, least, most) => {
    expect([made({ [name]: least }), made({ [name]: most })]).toEqual(["made", "made"]);
  });

  it.each(numbers)("%s takes nothing outside of %d to %d", (name, least, most, kind) => {
    const outside = [least - 1, most + 1, Number.NaN, Number.POSITIVE_INFINITY, "7", null, true];
    const expected = (value: unknown) =>
      value === null ? "made" : `invalid_option startup: ${name} ${value} is not ${kind} from ${least} to ${most}`;
    expect(outside.map((value) => made({ [name]: value }))).toEqual(outside.map(expected));
  });

  it.each(numbers)("%s from %d to %d may be a fraction, or not", (name, least, most, kind) => {
    const expected =
      kind === "a number"
        ? "made"
        : `invalid_option startup: ${name} ${least + 0.5} is not an integer from ${least} to ${most}`;
    expect(made({ [name]: least + 0.5 })).toBe(expected);
  });

  it("is its default where it is undefined", () => {
    const options = Object.fromEntries(numbers.map(([name]) => [name, undefined]));
    expect(made(options)).toBe("made");
  });
});

describe("options", () => {
  it("have the defaults that are documented", () => {
    const resolved = resolveOptions({ components: [], listen: [memory()] });
    expect(resolved).toMatchObject({
      heartbeatIntervalMs: 30_000,
      handshakeTimeoutMs: 10_000,
      maxConnections: 10_000,
      maxConnectionsPerAddress: 256,
      maxMessagesPerSecond: 1_000,
      maxPacketBytes: 65_536,
      maxHandshakeBytes: 4_096,
      maxInflatedBytes: mebibyte,
      maxOutboxBytes: mebibyte,
      maxOutboxMessages: 16_384,
      maxQueuedMessages: 256,
      requestTimeoutMs: 30_000,
      serializer: "auto",
    });
    expect(resolved.nodeId).toBeGreaterThanOrEqual(0);
    expect(resolved.nodeId).toBeLessThanOrEqual(1_023);
    expect(resolved.clock.now()).toBeGreaterThan(Date.UTC(2025, 0, 1));
  });

  it("have no other names: a slip is told, with the names that there are", () => {
    const message = made({ heartbeatInterval: 1 });
    expect(message).toMatch(
      /^invalid_option startup: there is no option heartbeatInterval; there are components, modules, remotes, listen, /,
    );
    expect(message).toContain(" heartbeatIntervalMs,");
  });

  it.each([
    [true, "made"],
    [false, "made"],
    [{}, "made"],
    [{ graceMs: 100, maxMessages: 4, maxBytes: 1_024 }, "made"],
    [{ graceMs: 86_400_000, maxMessages: 1_000_000, maxBytes: mebibyte }, "made"],
    [{ graceMs: 99 }, "invalid_option startup: resume.graceMs 99 is not a number from 100 to 86400000"],
    [{ graceMs: "1s" }, "invalid_option startup: resume.graceMs 1s is not a number from 100 to 86400000"],
    [{ maxMessages: 3 }, "invalid_option startup: resume.maxMessages 3 is not an integer from 4 to 1000000"],
    [{ maxBytes: 1_023 }, "invalid_option startup: resume.maxBytes 1023 is not an integer from 1024 to 1048576"],
    [
      { maxBytes: mebibyte + 1 },
      "invalid_option startup: resume.maxBytes 1048577 is not an integer from 1024 to 1048576",
    ],
    [{ grace: 1 }, "invalid_option startup: there is no option resume.grace; there are graceMs, maxMessages, maxBytes"],
    ["yes", "invalid_option startup: resume yes is not true, false or an object"],
    [null, "invalid_option startup: resume null is not true, false or an object"],
  ])("take resume as %j: %s", (resume, expected) => {
    expect(made({ resume })).toBe(expected);
  });

  it("keep no more for a client that may come back than its outbox holds", () => {
    const options = { components: [], listen: [memory()], resume: true };
    expect(resolveOptions(options).resume).toEqual({ graceMs: 30_000, maxMessages: 1_024, maxBytes: 262_144 });
    expect(resolveOptions({ ...options, maxOutboxBytes: 2_048 }).resume?.maxBytes).toBe(2_048);
    expect(resolveOptions({ components: [], listen: [memory()] }).resume).toBeUndefined();
  });

  it("need somewhere to listen", () => {
    expect(made({ listen: [] })).toBe("invalid_option startup: listen is empty: a server needs one transport or more");
  });

  it.each([
    [{ listen: undefined }, "listen undefined is not an array"],
    [{ components: undefined }, "components undefined is not an array"],
    [{ components: {} }, "components [object Object] is not an array"],
  ])("say what is missing: %j", (options, message) => {
    expect(made(options)).toBe(`invalid_option startup: ${message}`);
  });

  it("want JSON only of components that were generated with it", () => {
    const withoutJson = components({ A: { Do: { handle: () => "", request: textWithoutJson } } });
    expect(made({ components: withoutJson, serializer: "json" })).toBe(
      "invalid_option startup: serializer is json, but a component was generated without JSON",
    );
    expect(made({ components: withoutJson, serializer: "auto" })).toBe("made");
  });

  it.each(["msgpack", "", "PROTOBUF", 1])("know no serializer %j", (serializer) => {
    expect(made({ serializer })).toBe(
      `invalid_option startup: serializer ${serializer} is not one of auto, protobuf, json`,
    );
  });

  it.each(["auto", "protobuf", "json"])("know the serializer %s", (serializer) => {
    expect(made({ serializer })).toBe("made");
  });
});

describe("components", () => {
  const handle = (): string => "";

  it("with a route in common are told when the server is made", () => {
    const twice = [...components({ A: { Do: handle } }), ...components({ A: { Do: handle } })];
    expect(made({ components: twice })).toBe(
      "invalid_route startup: two components have the route A.Do: TestComponent and TestComponent",
    );
  });

  it("whose dictionaries disagree are told when the server is made", () => {
    const apart = [
      ...components({ A: { Do: handle } }, ["E.X"]),
      ...components({ B: { Do: handle, Not: handle } }, ["E.X"]),
    ];
    expect(made({ components: apart })).toBe("invalid_route startup: route E.X has two codes: 2 and 3");
    const clash = [...components({ A: { Do: handle } }), ...components({ B: { Do: handle } })];
    expect(made({ components: clash })).toBe("invalid_route startup: code 1 is given to two routes: A.Do and B.Do");
  });

  it("throw nothing but NanowireErrors, whatever the options are", () => {
    const strange = [{ serializer: {} }, { nodeId: 1n }, { maxPacketBytes: [] }, { requestTimeoutMs: Symbol("x") }];
    const errors = strange.map((options) => {
      try {
        return createServer({ components: [], listen: [memory()], ...options } as unknown as ServerOptions);
      } catch (error) {
        return error;
      }
    });
    expect(errors.every((error) => error instanceof NanowireError)).toBe(true);
  });
});

describe("options of JavaScript, which has no types to refuse them", () => {
  it.each([
    [{ logger: {} }, "logger of type object lacks the method debug"],
    [{ logger: console.log }, "logger of type function lacks the method debug"],
    [{ clock: Date }, "clock of type function lacks the method steady"],
    [{ onHandshake: "all" }, "onHandshake all is not a function"],
    [{ onBind: {} }, "onBind of type object is not a function"],
    [{ serializers: {} }, "serializers of type object is not an array"],
    [{ serializers: [null] }, "serializers[0] lacks a name, encode or decode"],
    [{ profiles: 5 }, "profiles 5 is not an array"],
    [{ binding: "kick" }, "the options of binding are kick, not an object"],
    [{ binding: { kickReason: 5 } }, "binding.kickReason 5 is not a string"],
    [{ binding: { rebind: 1 } }, "binding.rebind 1 is not true or false"],
    [{ compressHandshakes: 1 }, "compressHandshakes 1 is not true or false"],
    [{ listen: [3250] }, "listen[0] 3250 lacks the method listen"],
    [{ modules: [null] }, 'a module has no name: { name: "db", module: new Database() }'],
    [{ nodeId: Symbol("one") }, "nodeId Symbol(one) is not an integer from 0 to 1023"],
  ])("are told: %j", (options, message) => {
    expect(made(options)).toBe(`invalid_option startup: ${message}`);
  });

  it("are told where there are none at all", () => {
    expect(() => createServer(undefined as unknown as ServerOptions)).toThrow(
      "the options are undefined, not an object",
    );
  });
});
