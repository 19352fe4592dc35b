import { describe, expect, it } from "vitest";
import { type ErrorCode, errorCodes, NanowireError, toNanowireError } from "../../runtime/base/error.js";

const codes = Object.keys(errorCodes) as ErrorCode[];

describe("errorCodes", () => {
  it("are words, each with a scope and a meaning of its own", () => {
    expect(codes.filter((code) => !/^[a-z]+(_[a-z]+)*$/.test(code))).toEqual([]);
    expect(new Set(Object.values(errorCodes).map(([scope]) => scope))).toEqual(
      new Set(["request", "connection", "startup"]),
    );
    expect(new Set(Object.values(errorCodes).map(([, meaning]) => meaning)).size).toBe(codes.length);
  });
});

describe("NanowireError", () => {
  it("is an Error with code, message and nothing else", () => {
    const error = new NanowireError("unknown_route", "no component has Room.Fly");
    expect(error).toBeInstanceOf(Error);
    expect(error.name).toBe("NanowireError");
    expect(error.code).toBe("unknown_route");
    expect(error.message).toBe("no component has Room.Fly");
    expect(error.details).toEqual({});
    expect("cause" in error).toBe(false);
    expect(String(error)).toBe("NanowireError: no component has Room.Fly");
  });

  it.each(codes)("%s has its own scope", (code) => {
    expect(new NanowireError(code, "").scope).toBe(errorCodes[code][0]);
  });

  it.each(["room_full", "", "toString", "__proto__", "constructor"])(
    "%j is the application's: a request pays",
    (code) => {
      expect(new NanowireError(code, "").scope).toBe("request");
    },
  );

  it("takes another scope when it is told", () => {
    expect(new NanowireError("kicked", "", { scope: "request" }).scope).toBe("request");
    expect(new NanowireError("room_full", "", { scope: "startup" }).scope).toBe("startup");
  });

  it("carries details and a cause", () => {
    const cause = new Error("disk full");
    const error = new NanowireError("internal", "not saved", { details: { disk: "sda" }, cause });
    expect(error.details).toEqual({ disk: "sda" });
    expect(error.cause).toBe(cause);
  });

  it("keeps a cause that is no error", () => {
    expect(new NanowireError("internal", "", { cause: null }).cause).toBeNull();
    expect(new NanowireError("internal", "", { cause: 0 }).cause).toBe(0);
  });
});

describe("toNanowireError", () => {
  it("leaves one as it is", () => {
    const error = new NanowireError("room_full", "8 already");
    expect(toNanowireError(error, "internal", "the handler failed")).toBe(error);
  });

  it.each([[new TypeError("x")], ["a text"], [null], [undefined]])("makes one of %o", (thrown) => {
    const error = toNanowireError(thrown, "connection_lost", "the connection broke");
    expect(error).toBeInstanceOf(NanowireError);
    expect(error).toMatchObject({ code: "connection_lost", scope: "connection", message: "the connection broke" });
    expect(error.cause).toBe(thrown);
  });
});
