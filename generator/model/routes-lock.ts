import { GeneratorError, type Place, type Problem } from "../error.js";
import { type JsonNode, parseJson } from "./json.js";

/** What `routes.lock.json` remembers: which code every route has, and had. */
export interface RoutesLock {
  /** Route → code of every route that there is. */
  readonly routes: ReadonlyMap<string, number>;
  /** Route → code of every route that there was: its code is never given to another one. */
  readonly removed: ReadonlyMap<string, number>;
}

/** A route that the .proto files declare. */
export interface DeclaredRoute {
  readonly route: string;
  /** `(nanowire.method).code`, when it is written. */
  readonly explicitCode: number | undefined;
  /** Where the code is written, or else the method. */
  readonly place: Place;
}

/** The smallest code of a route. */
export const minRouteCode = 1;
/** The greatest code of a route: it travels in two bytes. */
export const maxRouteCode = 0xffff;

const lockVersion = 1;
const mergeAdvice =
  "when a merge left it so, keep the lines of both sides, with a comma between them, and none of the lines that git put in";

/** A lock without a route. */
export const emptyLock: RoutesLock = { routes: new Map(), removed: new Map() };

/**
 * Reads a lock.
 *
 * @param file the lock's path, for the errors
 * @throws GeneratorError with every line that does not belong there
 */
export function parseRoutesLock(text: string, file: string): RoutesLock {
  const root = parseJson(text, file, mergeAdvice);
  const problems: Problem[] = [];
  const sections = new Map(root.members.map(({ key, node }) => [key, node]));
  if (sections.get("version")?.value !== lockVersion) {
    const place = sections.get("version")?.place ?? root.place;
    throw new GeneratorError([
      { message: `this is not a route lock of version ${lockVersion}, the one that this nanowire reads`, place },
    ]);
  }
  const codes = new Map<number, string>();
  const read = (section: JsonNode | undefined): Map<string, number> => {
    const routes = new Map<string, number>();
    for (const { key, place, node } of section?.members ?? []) {
      const code = node.value;
      if (typeof code !== "number" || !isRouteCode(code)) {
        problems.push({
          message: `the code of ${key} is not an integer from ${minRouteCode} to ${maxRouteCode}`,
          place: node.place,
        });
        continue;
      }
      const other = codes.get(code);
      if (other !== undefined) {
        problems.push({
          message:
            other === key
              ? `${key} stands here twice: delete one of the lines, the one that no client was generated with`
              : `code ${code} is given to ${other} and to ${key}: delete the line of the one that no client was generated with, and generate again: it gets a new code`,
          place,
        });
        continue;
      }
      if (routes.has(key)) {
        problems.push({
          message: `${key} stands here twice: delete one of the lines, the one that no client was generated with`,
          place,
        });
        continue;
      }
      codes.set(code, key);
      routes.set(key, code);
    }
    return routes;
  };
  const lock = { routes: read(sections.get("routes")), removed: read(sections.get("removed")) };
  for (const { key, place } of sections.get("removed")?.members ?? []) {
    if (lock.routes.has(key) && lock.removed.has(key)) {
      problems.push({
        message: `${key} stands in "routes" and in "removed": delete the line whose code no client was generated with`,
        place,
      });
    }
  }
  if (problems.length > 0) {
    throw new GeneratorError(problems);
  }
  return lock;
}

/** Writes a lock: one route a line, sorted, so that two branches that add routes merge. */
export function formatRoutesLock(lock: RoutesLock): string {
  const section = (routes: ReadonlyMap<string, number>): string => {
    const lines = sortedRoutes(routes).map(([route, code]) => `    ${JSON.stringify(route)}: ${code}`);
    return lines.length === 0 ? "{}" : `{\n${lines.join(",\n")}\n  }`;
  };
  return `{\n  "version": ${lockVersion},\n  "routes": ${section(lock.routes)},\n  "removed": ${section(lock.removed)}\n}\n`;
}

/**
 * Gives every declared route its code, and remembers the codes of those that are gone.
 *
 * A route that the lock knows keeps its code, also when it was removed and is back. A new one takes its explicit code, or the
 * lowest that no route has or ever had; new routes are served in the order of their names.
 *
 * @param declared every route once
 * @param lockFile the lock's path, for the errors
 * @throws GeneratorError with every explicit code that cannot be
 */
export function assignCodes(declared: readonly DeclaredRoute[], lock: RoutesLock, lockFile: string): RoutesLock {
  const problems: Problem[] = [];
  const owners = new Map<number, string>();
  for (const [route, code] of [...lock.routes, ...lock.removed]) {
    owners.set(code, route);
  }
  const present = new Set(declared.map(({ route }) => route));
  const explicit = new Map<number, DeclaredRoute>();
  for (const route of declared) {
    const code = route.explicitCode;
    if (code === undefined) {
      continue;
    }
    const message = checkExplicit(
      route.route,
      code,
      lock,
      owners.get(code),
      explicit.get(code)?.route,
      present,
      lockFile,
    );
    if (message !== undefined) {
      problems.push({ message, place: route.place });
    } else {
      explicit.set(code, route);
    }
  }

  const routes = new Map<string, number>();
  let next = minRouteCode;
  for (const { route, explicitCode, place } of [...declared].sort((a, b) => compareText(a.route, b.route))) {
    const kept = explicitCode ?? lock.routes.get(route) ?? lock.removed.get(route);
    if (kept !== undefined) {
      routes.set(route, kept);
      continue;
    }
    while (owners.has(next) || explicit.has(next)) {
      next++;
    }
    if (next > maxRouteCode) {
      problems.push({ message: `${route} gets no code: all ${maxRouteCode} are given or were given once`, place });
      break;
    }
    routes.set(route, next++);
  }
  if (problems.length > 0) {
    throw new GeneratorError(problems);
  }
  const removed = [...lock.routes, ...lock.removed].filter(([route]) => !present.has(route));
  return { routes, removed: new Map(removed) };
}

/** Route and code of each, by route. */
export function sortedRoutes(routes: ReadonlyMap<string, number>): [route: string, code: number][] {
  return [...routes].sort(([a], [b]) => compareText(a, b));
}

/** By UTF-16 code units: the same on every machine, whatever its language. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function isRouteCode(code: number): boolean {
  return Number.isInteger(code) && code >= minRouteCode && code <= maxRouteCode;
}

/** What is wrong with an explicit code, or undefined. */
function checkExplicit(
  route: string,
  code: number,
  lock: RoutesLock,
  owner: string | undefined,
  sameCode: string | undefined,
  present: ReadonlySet<string>,
  lockFile: string,
): string | undefined {
  if (!isRouteCode(code)) {
    return `code ${code} of ${route} is out of range: write one from ${minRouteCode} to ${maxRouteCode}`;
  }
  if (sameCode !== undefined) {
    return `code ${code} is given to ${sameCode} and to ${route}: write another one here, or none`;
  }
  const locked = lock.routes.get(route) ?? lock.removed.get(route);
  if (locked !== undefined && locked !== code) {
    return `${route} has code ${locked} in ${lockFile}, and codes never move: write \`code = ${locked}\` or no code; only if no client was generated with ${locked}, delete its line in ${lockFile}`;
  }
  if (owner !== undefined && owner !== route) {
    return present.has(owner)
      ? `code ${code} is that of ${owner} in ${lockFile}: write another one, or none`
      : `code ${code} was that of ${owner}, which is gone: it is never given again, since an old client would mean the old route; write another one, or none`;
  }
  return undefined;
}
