import { describe, expect, it } from "vitest";
import { toHex } from "../protocol/hex.js";
import { textOf } from "../support/client.js";
import { arenaSet } from "./support/arena.js";
import { type Asked, deflated, otherServer, push, response } from "./support/other-server.js";
import { runLines } from "./support/repl-process.js";

/** Codes of what is said to a terminal, in each of the ways in which a stranger could say it. */
const evil = "\u001b[2J\u009b31m\u202e";

describe("nano's server", () => {
  // What Go nano answers: no serializer, a dictionary in which a code may be 0.
  const answer = {
    code: 200,
    sys: { heartbeat: 30, servertime: 1_700_000_000, dict: { "Room.Join": 1, onMembers: 2 } },
  };

  it("is spoken to in JSON, as it comes, by codes where it has them", async () => {
    const asked: Asked[] = [];
    const { url, handshakes } = await otherServer({
      answer,
      handle: (message, say) => {
        asked.push(message);
        say(push(2, '{"members":[1152921504606846977]}'), response(message.id, '{"code":0,"result":"ok"}'));
        say(push("onNewUser", '{"content":"hi"}'));
      },
    });
    const { exitCode, printed, errors } = await runLines(
      ["routes", 'request Room.Join {"name": "ada"}', "wait onMembers", "wait onNewUser", "handshake"],
      { url, serializer: "json" },
    );
    expect(errors).toEqual([]);
    expect(exitCode).toBe(0);
    expect(asked.map(({ route, payload }) => [route, textOf(payload)])).toEqual([[1, '{"name": "ada"}']]);
    expect(printed).toEqual([
      "Room.Join  (code 1)",
      "onMembers  (code 2)",
      'push onMembers {"members":[1152921504606846977]}',
      '{"code":0,"result":"ok"}',
      'push onNewUser {"content":"hi"}',
      JSON.stringify(answer),
    ]);
    expect(handshakes).toEqual([expect.objectContaining({ sys: expect.objectContaining({ serializer: "json" }) })]);
  });

  it("never answers what it does not know: that is told when the time is over", async () => {
    const { url } = await otherServer({ answer });
    const { exitCode, errors } = await runLines(["request Nobody.Knows"], {
      url,
      serializer: "json",
      timeoutMs: 1_000,
    });
    expect(errors).toEqual([expect.stringMatching(/:1: deadline_exceeded: .*Nobody\.Knows.* 1000 ms/)]);
    expect(exitCode).toBe(1);
  });
});

describe("pitaya's server", () => {
  const sys = { heartbeat: 60, dict: { "connector.room.join": 1 } };

  it("deflates its handshake, chooses JSON, compresses payloads and flags errors", async () => {
    const { url } = await otherServer({
      answer: { code: 200, sys: { ...sys, serializer: "json" } },
      deflates: true,
      handle: ({ id, route }, say) => {
        if (route === 1) {
          say(push("onMessage", deflated('{"text":"hello"}'), 0x10), response(id, deflated('{"result":"ok"}'), 0x10));
        } else {
          say(response(id, '{"code":"PIT-404","msg":"route not found","metadata":{"server":"room"}}', 0x20));
        }
      },
    });
    const { exitCode, printed, errors } = await runLines(
      ["request connector.room.join {}", "wait onMessage", "request room.room.nothing"],
      { url },
    );
    expect(printed).toEqual(['push onMessage {"text":"hello"}', '{"result":"ok"}']);
    expect(errors).toEqual(['standard input:3: room.room.nothing: PIT-404: route not found {"server":"room"}']);
    expect(exitCode).toBe(1);
  });

  it("speaks protobuf with types that are declared, since its .proto files have no services", async () => {
    const asked: string[] = [];
    const { url } = await otherServer({
      answer: { code: 200, sys: { ...sys, serializer: "protobuf" } },
      handle: ({ kind, route, id, payload }, say) => {
        asked.push(`${kind} ${route} ${toHex(payload)}`);
        if (kind === "request") {
          say(push("onPlayed", Uint8Array.of(8, 7)), response(id, Uint8Array.of(8, 3)));
        }
      },
    });
    const { exitCode, printed, errors } = await runLines(
      [
        "declare connector.room.join request arena.v1.PlayRequest arena.v1.PlayResponse",
        "declare room.room.leave notify",
        "declare onPlayed push arena.v1.Card",
        'request connector.room.join {"name":"ada"}',
        "wait onPlayed",
        "notify room.room.leave",
        'request connector.room.join {"name":""}',
        "wait onPlayed",
      ],
      { url, descriptors: arenaSet },
    );
    expect(errors).toEqual([]);
    expect(exitCode).toBe(0);
    expect(asked).toEqual(["request 1 0a03616461", "notify room.room.leave ", "request 1 "]);
    expect(printed.slice(0, 2)).toEqual(['push onPlayed {"number":7,"colour":"NONE","isOpen":false}', '{"count":3}']);
  });
});

describe("a server that means ill", () => {
  it("shows a terminal nothing that it would obey", async () => {
    const { url } = await otherServer({
      answer: { code: 200, sys: { serializer: "json", dict: { [`Evil${evil}`]: 1 } }, user: evil },
      handle: ({ id }, say) => {
        say(push(`on${evil}`, JSON.stringify({ text: evil })), push("onNoise", `${evil}\n{"nanowire> ":1}`));
        say(push("onNoise", Uint8Array.of(0xff, 0x1b, 0x9b)), response(id, evil));
      },
    });
    const { exitCode, printed, errors } = await runLines(
      ["routes", "handshake", "request A.B", "wait onNoise", `request ${evil}`],
      { url },
    );
    expect([exitCode, ...errors]).toEqual([0]);
    expect([...printed, ...errors].join("")).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(printed[0]).toBe("Evil\\u001b[2J\\u009b31m\\u202e  (code 1)");
    expect(printed).toContain('push onNoise \\u001b[2J\\u009b31m\\u202e\\u000a{"nanowire> ":1}');
  });

  it("is left when it breaks the protocol", async () => {
    const { url } = await otherServer({
      answer: { code: 200, sys: { dict: { "A.B": 1 } } },
      handle: (_, say) => say(push(77, "x")),
    });
    const { exitCode, errors } = await runLines(["request A.B 0x00", "request A.B 0x00"], { url });
    expect(exitCode).toBe(1);
    expect(errors).toEqual([
      "the connection is closed: a push came with the route code 77, which is not in the dictionary",
      expect.stringMatching(/^standard input:1: unavailable: .* before A\.B was answered: a push came /),
    ]);
  });

  it.each([
    [
      "refuses",
      { code: 501, sys: {}, error: "too_old", reason: evil },
      /^handshake_refused: the server refused the handshake with code 501: too_old: \\u001b/,
    ],
    [
      "speaks what nobody speaks",
      { code: 200, sys: { serializer: "xml" } },
      /^invalid_handshake: the server speaks xml; /,
    ],
    [
      "has a dictionary that is none",
      { code: 200, sys: { dict: { a: 70_000 } } },
      /^invalid_handshake: sys\.dict gives the route a the code 70000$/,
    ],
  ])("is left when it %s", async (_, answer, message) => {
    const { url } = await otherServer({ answer });
    const { exitCode, errors } = await runLines([], { url });
    expect(errors).toEqual([expect.stringMatching(message)]);
    expect(exitCode).toBe(1);
  });

  it("pretends to be ours, and tells descriptors that are none", async () => {
    const { url } = await otherServer({
      answer: { code: 200, sys: { capabilities: [] } },
      handle: ({ id }, say) => say(response(id, Uint8Array.of(0x12, 0x02, 0xff, 0xff))),
    });
    const { exitCode, errors } = await runLines(["exit"], { url });
    expect(errors).toEqual([
      expect.stringMatching(/^what the server speaks is not known: the descriptors are no FileDescriptorSet: /),
    ]);
    expect(exitCode).toBe(0);
  });
});
