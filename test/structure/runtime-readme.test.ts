import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { errorCodes } from "../../runtime/base/error.js";

const runtime = fileURLToPath(new URL("../../runtime/", import.meta.url));
const readme = readFileSync(`${runtime}README.md`, "utf8");

interface Stop {
  readonly file: string;
  readonly name: string;
  readonly codes: readonly string[];
}

const stops: Stop[] = readme
  .split("\n")
  .filter((line) => /^\| \d+ \|/.test(line))
  .map((line) => {
    const [, , file = "", name = "", , , codes = ""] = line.split("|").map((cell) => cell.trim());
    return {
      file,
      name: name.replaceAll("`", ""),
      codes: [...codes.matchAll(/`(\w+)`/g)].map(([, code]) => code ?? ""),
    };
  });

describe("the table of stops in runtime/README.md", () => {
  test("has the whole path", () => {
    expect(stops.length).toBeGreaterThan(20);
  });

  test.each(stops)("$file has $name", ({ file, name }) => {
    expect(existsSync(runtime + file)).toBe(true);
    const source = readFileSync(runtime + file, "utf8");
    const [owner, member] = name.includes(".") ? name.split(".") : [undefined, name];
    expect(source).toMatch(
      new RegExp(owner === undefined ? `export function ${member}\\b` : `(class|interface) ${owner}\\b`),
    );
    expect(source).toMatch(new RegExp(`\\b${member}(<[^>]+>)?(\\(|: \\()`));
  });

  test.each(stops.filter(({ codes }) => codes.length > 0))("$file raises $codes", ({ file, codes }) => {
    const source = readFileSync(runtime + file, "utf8");
    const reached =
      source + (file.startsWith("transport/") ? readFileSync(`${runtime}transport/socket.ts`, "utf8") : "");
    expect(codes.filter((code) => !(code in errorCodes))).toEqual([]);
    const packets = readFileSync(`${runtime}protocol/packet.ts`, "utf8");
    expect(codes.filter((code) => !`${reached}${packets}`.includes(`"${code}"`))).toEqual([]);
  });

  test.each([
    ["connection.ts", ["packets.decode(", ".message(", "admit("]],
    ["conversation.ts", ["decodeMessageHeader(", "dispatcher.find(", "delivery.receive(", ".post("]],
    ["handling.ts", [".post(", "this.#inflated(call)", "runInbound(", "serializer.decode("]],
    [
      "outgoing.ts",
      ["encodeInPlace(", "serializer.encode(", "runOutbound(", "writeResponse(", "this.#commit(", ".keep("],
    ],
  ])("%s calls its stops, in their order", (file, calls) => {
    const wiring = readFileSync(`${runtime}server/${file}`, "utf8");
    const places = calls.map((call) => wiring.indexOf(call));
    expect(places).not.toContain(-1);
    expect(places).toEqual(places.toSorted((left, right) => left - right));
  });
});
