import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  decodeHandshakeRequest,
  decodeHandshakeResponse,
  encodeHandshake,
  handshakeOk,
  handshakeRefused,
  maxHandshakeDepth,
} from "../../runtime/protocol/handshake.js";
import { hex, toHex } from "./hex.js";
import { type Result, resultOf } from "./outcome.js";
import {
  badHandshakeVectors,
  badRequestHandshakeVectors,
  badResponseHandshakeVectors,
  deepHandshakeVectors,
  requestHandshakeVectors,
  responseHandshakeVectors,
} from "./vectors.js";

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

function refusal(says: string) {
  return { error: "invalid_handshake", scope: "connection", message: expect.stringContaining(says) as unknown };
}

describe("a client's handshake", () => {
  it.each(requestHandshakeVectors)("$name", ({ body, value }) => {
    expect(resultOf(() => decodeHandshakeRequest(body))).toEqual({ value });
  });

  it.each([...badHandshakeVectors, ...badRequestHandshakeVectors, ...deepHandshakeVectors])(
    "refused: $name",
    ({ body, says }) => {
      expect(resultOf(() => decodeHandshakeRequest(body))).toEqual(refusal(says));
    },
  );
});

describe("a server's handshake", () => {
  it.each(responseHandshakeVectors)("$name", ({ body, value }) => {
    expect(resultOf(() => decodeHandshakeResponse(body))).toEqual({ value });
  });

  it.each([...badHandshakeVectors, ...badResponseHandshakeVectors])("refused: $name", ({ body, says }) => {
    expect(resultOf(() => decodeHandshakeResponse(body))).toEqual(refusal(says));
  });
});

describe("a server's handshake that is nested deeply", () => {
  const nested = (levels: number): string => "[".repeat(levels) + "]".repeat(levels);

  it("is taken: a client has picked its server", () => {
    const user: unknown = JSON.parse(nested(maxHandshakeDepth));
    expect(decodeHandshakeResponse(utf8(`{"code":200,"user":${nested(maxHandshakeDepth)}}`))).toMatchObject({ user });
  });

  it("is invalid where it is wrong, however deep", () => {
    const deep = 200_000;
    expect(resultOf(() => decodeHandshakeResponse(utf8("[".repeat(deep))))).toEqual(refusal("not JSON"));
    expect(resultOf(() => decodeHandshakeResponse(utf8(`{"user":${nested(deep)}}`)))).toEqual(
      refusal("code is not a number"),
    );
  });
});

describe("encodeHandshake", () => {
  it("writes the JSON of the wire", () => {
    expect(toHex(encodeHandshake({ sys: { type: "nanowire", version: "1" }, user: null }))).toBe(
      toHex(hex(`'{"sys":{"type":"nanowire","version":"1"},"user":null}'`)),
    );
    expect(toHex(encodeHandshake({ code: handshakeOk, sys: { heartbeat: 30, dict: { é: 1 } } }))).toBe(
      toHex(hex(`'{"code":200,"sys":{"heartbeat":30,"dict":{"é":1}}}'`)),
    );
    expect(toHex(encodeHandshake({ code: handshakeRefused, sys: {}, error: "e", reason: "r" }))).toBe(
      toHex(hex(`'{"code":400,"sys":{},"error":"e","reason":"r"}'`)),
    );
  });
});

describe("a __proto__ in the JSON", () => {
  const dirt = `"__proto__":{"polluted":true,"serializer":"json","user":1,"code":200,"sys":{}}`;

  it("changes no prototype, and lends no field", () => {
    const request = decodeHandshakeRequest(utf8(`{"sys":{${dirt}},"user":{${dirt}},${dirt}}`));
    const response = decodeHandshakeResponse(utf8(`{"code":200,"sys":{${dirt},"dict":{"__proto__":7}},${dirt}}`));

    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    expect(
      [request, request.sys, request.user, response, response.sys, response.sys.dict].map(Object.getPrototypeOf),
    ).toEqual(Array.from({ length: 6 }, () => Object.prototype as unknown));
    expect(request.sys.serializer).toBeUndefined();
    expect(response.sys.serializer).toBeUndefined();
    expect(Object.entries(response.sys.dict ?? {})).toEqual([["__proto__", 7]]);
  });

  it("is no sys, user or code", () => {
    expect(decodeHandshakeRequest(utf8(`{${dirt}}`))).toMatchObject({ sys: {}, user: null });
    expect(resultOf(() => decodeHandshakeResponse(utf8(`{${dirt}}`)))).toEqual(refusal("code is not a number"));
  });
});

describe("properties", () => {
  const text = fc.string({ unit: "binary" });
  const user = fc.jsonValue({ maxDepth: 8 });
  const sys = fc.record(
    {
      type: text,
      version: text,
      serializer: text,
      dictVersion: text,
      platform: text,
      libVersion: text,
      clientVersion: text,
    },
    { requiredKeys: [] },
  );
  /** What JSON makes of a value: -0 is 0 there. */
  const throughJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

  it("a client's handshake that is encoded is decoded", () => {
    fc.assert(
      fc.property(sys, user, (fields, value) => {
        const decoded = decodeHandshakeRequest(encodeHandshake({ sys: fields, user: value }));
        expect(decoded).toEqual(throughJson({ sys: fields, user: value }));
      }),
    );
  });

  it("a server's handshake that is encoded is decoded", () => {
    const seconds = fc.double({ min: 0, max: 1e12, noNaN: true });
    const answer = fc.record(
      {
        code: fc.constantFrom(200, 400, 500, 501),
        sys: fc.record(
          {
            heartbeat: seconds,
            servertime: seconds,
            dict: fc.dictionary(text, fc.integer({ min: 1, max: 65_535 })),
            dictVersion: text,
            serializer: text,
          },
          { requiredKeys: [] },
        ),
        user,
        error: text,
        reason: text,
      },
      { requiredKeys: ["code", "sys"] },
    );
    fc.assert(
      fc.property(answer, (value) => {
        expect(decodeHandshakeResponse(encodeHandshake(value))).toEqual(throughJson(value));
      }),
    );
  });

  it("lists and objects are as deep as they may be, whatever texts lie between", () => {
    const level = fc.constantFrom("list", "object");
    const texts = fc.string({ unit: fc.constantFrom("[", "{", "]", "}", '"', "\\", "a") });
    fc.assert(
      fc.property(fc.array(level, { minLength: 1, maxLength: 2 * maxHandshakeDepth }), texts, (levels, noise) => {
        const value = levels.reduce<unknown>(
          (inner, kind) => (kind === "list" ? [noise, inner] : { [noise]: noise, inner }),
          noise,
        );
        const allowed = levels.length + 1 <= maxHandshakeDepth;
        const expected = allowed ? { value: { sys: {}, user: value } } : refusal(`deeper than ${maxHandshakeDepth}`);
        expect(resultOf(() => decodeHandshakeRequest(utf8(JSON.stringify({ user: value }))))).toEqual(expected);
      }),
    );
  });

  /** Any JSON where a handshake has its fields, and so nearly a handshake. */
  const nearly = fc
    .tuple(
      fc.dictionary(
        fc.constantFrom("type", "serializer", "heartbeat", "servertime", "dict", "dictVersion", "__proto__", "x"),
        fc.oneof(user, text, fc.nat()),
      ),
      fc.oneof(user, fc.nat()),
      fc.oneof(user, text),
      user,
    )
    .map(([fields, code, reason, other]) => utf8(JSON.stringify({ code, sys: fields, reason, user: other })));
  const anything = fc.oneof(
    fc.uint8Array(),
    fc.json().map(utf8),
    nearly,
    fc
      .tuple(nearly, fc.nat(40), fc.integer({ min: 0, max: 255 }))
      .map(([body, at, byte]) => body.fill(byte, at, at + 1)),
  );

  it("any bytes come to a handshake of the right types, or to invalid_handshake", () => {
    const seen = new Set<unknown>();
    fc.assert(
      fc.property(anything, (body) => {
        const verdicts = [
          verdict(
            resultOf(() => decodeHandshakeRequest(body)),
            ({ sys, user }) => [
              Object.getPrototypeOf(sys) === Object.prototype,
              user !== undefined,
              [sys.type, sys.version, sys.serializer, sys.dictVersion, sys.platform].every(isAbsentOr("string")),
            ],
          ),
          verdict(
            resultOf(() => decodeHandshakeResponse(body)),
            ({ code, sys, error, reason }) => [
              Number.isFinite(code),
              Object.getPrototypeOf(sys) === Object.prototype,
              [sys.heartbeat, sys.servertime].every(isAbsentOr("number")),
              Object.values(sys.dict ?? {}).every((number) => typeof number === "number"),
              [sys.dictVersion, sys.serializer, error, reason].every(isAbsentOr("string")),
            ],
          ),
        ];
        for (const one of verdicts) {
          expect(["right", "invalid_handshake (connection)"]).toContain(one);
          seen.add(one);
        }
      }),
      { numRuns: 500 },
    );
    expect(seen.size).toBe(2);
  });

  function verdict<T>(result: Result<T>, facts: (value: T) => boolean[]): string {
    if ("error" in result) {
      return `${result.error} (${result.scope})`;
    }
    return facts(result.value).every((fact) => fact) ? "right" : `wrong: ${JSON.stringify(result.value)}`;
  }

  function isAbsentOr(type: string): (value: unknown) => boolean {
    return (value) => value === undefined || typeof value === type;
  }
});
