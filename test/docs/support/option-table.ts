import { expect } from "vitest";

/** What a page's table says of an option that is a number. */
interface NumberRow {
  readonly name: string;
  readonly value: number;
  readonly least: number;
  readonly most: number;
}

/**
 * Holds the numbers of a table of options against the code: each default is what is filled in, each limit is taken, and nothing beyond is.
 *
 * @param section a part of a page; its tables have columns `default` and `limits`
 * @param names the options that are numbers, in the order of the table
 * @param resolve fills in the defaults, or throws
 */
export function expectNumbers(
  section: string,
  names: readonly string[],
  resolve: (options: Readonly<Record<string, number>>) => object,
): void {
  const rows = numberRows(section);
  expect(rows.map(({ name }) => name)).toEqual(names);
  const told = rows.map(({ name, value }) => [name, value]);
  const defaults = resolve({}) as Readonly<Record<string, unknown>>;
  expect(told).toEqual(names.map((name) => [name, defaults[name]]));
  for (const { name, least, most } of rows) {
    resolve({ [name]: least });
    resolve({ [name]: most });
    for (const value of [least - 1, most + 1]) {
      expect(() => resolve({ [name]: value }), `${name} ${value}`).toThrow(
        expect.objectContaining({
          code: "invalid_option",
          message: expect.stringContaining(`${name} ${value} is not`),
        }),
      );
    }
  }
}

function numberRows(section: string): NumberRow[] {
  let columns: readonly string[] = [];
  return section.split("\n").flatMap((line) => {
    const cells = line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim());
    if (cells.includes("default") && cells.includes("limits")) {
      columns = cells;
      return [];
    }
    const [, name] = /^`(\w+)`$/.exec(cells[0] ?? "") ?? [];
    const [, value] = /^([\d.,]*\d)/.exec(cells[columns.indexOf("default")] ?? "") ?? [];
    const [, least, most] =
      /^(\d[\d,]*)(?: \([^)]*\))? to (\d[\d,]*)/.exec(cells[columns.indexOf("limits")] ?? "") ?? [];
    return name === undefined || value === undefined || least === undefined || most === undefined
      ? []
      : [{ name, value: numberOf(value), least: numberOf(least), most: numberOf(most) }];
  });
}

function numberOf(text: string): number {
  return Number(text.replaceAll(",", ""));
}
