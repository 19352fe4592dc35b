import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { defaultHistoryFile, History } from "../../runtime/repl/history.js";
import { temporaryFolder } from "../support/certificate.js";

function open(file: string | undefined) {
  const troubles: string[] = [];
  return { history: new History(file, (message) => troubles.push(message)), troubles };
}

describe("the history", () => {
  it("is there the next time, for its owner alone", () => {
    const file = join(temporaryFolder(), "state", "nanowire", "repl-history");
    const { history, troubles } = open(file);
    history.add("routes", false);
    history.add('request A.B {\n  "a": 1\n}', false);
    history.add("routes ", false);
    history.add("routes", false);
    history.add("", false);
    expect(history.lines).toEqual(["routes", 'request A.B { "a": 1 }', "routes"]);
    expect(open(file).history.lines).toEqual(history.lines);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(troubles).toEqual([]);
  });

  it("keeps what is secret, and what begins with a space, for this time alone", () => {
    const file = join(temporaryFolder(), "history");
    const { history } = open(file);
    history.add("routes", false);
    history.add('handshake {"token": "t"}', true);
    history.add(" request A.B", false);
    expect(history.lines).toEqual(["routes", 'handshake {"token": "t"}', "request A.B"]);
    expect(readFileSync(file, "utf8")).toBe("routes\n");
  });

  it("is a thousand commands long, and its file not much longer", () => {
    const file = join(temporaryFolder(), "history");
    const lines = Array.from({ length: 2_500 }, (_, index) => `request A.${index}`);
    writeFileSync(file, `${lines.join("\n")}\n`);
    const { history } = open(file);
    expect(history.lines).toEqual(lines.slice(-1_000));
    expect(readFileSync(file, "utf8").split("\n")).toHaveLength(1_001);
    history.add("routes", false);
    expect(history.lines).toHaveLength(1_000);
    expect(readFileSync(file, "utf8").endsWith("A.2499\nroutes\n")).toBe(true);
  });

  it("is there without a file, too, and says once why nothing is kept", () => {
    const folder = join(temporaryFolder(), "folder");
    mkdirSync(folder);
    const { history, troubles } = open(folder);
    history.add("routes", false);
    history.add("help", false);
    expect(history.lines).toEqual(["routes", "help"]);
    expect(troubles).toEqual([expect.stringMatching(/^what is typed is not kept: EISDIR/)]);
    expect(open(undefined).history.lines).toEqual([]);
  });

  it("lies in the user's folder for state", () => {
    expect(defaultHistoryFile({ XDG_STATE_HOME: "/state" })).toBe("/state/nanowire/repl-history");
    expect(defaultHistoryFile({ XDG_STATE_HOME: "relative" })).toBe(
      join(homedir(), ".local/state/nanowire/repl-history"),
    );
  });
});
