import { formatPlace, GeneratorError, type Place, type Problem } from "../error.js";
import { didYouMean } from "../near.js";
import { type JsonNode, parseJson } from "./json.js";
import { routeFault } from "./route-fault.js";

/** What `routes.lock.json` remembers: which code every route has, and had. */
export interface RoutesLock {
  /** Route → code of every route that there is. */
  readonly routes: ReadonlyMap<string, number>;
  /** Route → code of every route that there was: its code is never given to another one. */
  readonly removed: ReadonlyMap<string, number>;
  /** Earlier route → code of every route that was renamed: its code is that of a route in one of the others. */
  readonly renamed: ReadonlyMap<string, number>;
}

/** A route that the .proto files declare. */
export interface DeclaredRoute {
  readonly route: string;
  /** `(nanowire.method).code`, when it is written. */
  readonly explicitCode: number | undefined;
  /** Where the code is written, or else the method. */
  readonly place: Place;
  /** Routes that it had before it was renamed. */
  readonly was: readonly FormerRoute[];
}

/** A route that a method had, as the .proto says. */
export interface FormerRoute {
  readonly route: string;
  /** Where that is said. */
  readonly place: Place;
  /** What its service was called, when it is the service that was renamed: a method that came later never had such a route. */
  readonly ofService: string | undefined;
}

/** The smallest code of a route. */
export const minRouteCode = 1;
/** The greatest code of a route: it travels in two bytes. */
export const maxRouteCode = 0xffff;

const lockVersion = 1;
/** What the lock's text holds beside its version. The last may be absent: most projects never renamed a route. */
const sectionNames = ["routes", "removed", "renamed"] as const;
type SectionName = (typeof sectionNames)[number];
const mergeAdvice =
  "when a merge left it so, keep the lines of both sides, with a comma between them, and none of the lines that git put in";

/** A lock without a route. */
export const emptyLock: RoutesLock = { routes: new Map(), removed: new Map(), renamed: new Map() };

/**
 * Reads a lock.
 *
 * @param file the lock's path, for the errors
 * @throws GeneratorError with every key that does not belong there, every section that is missing or none, and every line that cannot be
 */
export function parseRoutesLock(text: string, file: string): RoutesLock {
  if (/^\uFEFF?\s*$/.test(text)) {
    const message = "the lock is empty: bring back what the last commit had, or delete the file when there was none";
    throw new GeneratorError([{ message, place: { file, line: 1, column: 1 } }]);
  }
  if (!/^\uFEFF?\s*[[{<=>|]/.test(text)) {
    const message = "this is no lock of routes, which is a JSON object: name the lock's file with --lock FILE";
    throw new GeneratorError([{ message, place: { file, line: 1, column: 1 } }]);
  }
  const root = parseJson(text, file, mergeAdvice);
  const problems: Problem[] = [];
  const version = root.members.find(({ key }) => key === "version")?.node;
  if (version?.value !== lockVersion) {
    const place = version?.place ?? root.place;
    throw new GeneratorError([
      { message: `this is not a route lock of version ${lockVersion}, the one that this nanowire reads`, place },
    ]);
  }
  const sections = readSections(root, problems);
  const owners = new Map<number, LockLine>();
  const lines = new Map<string, LockLine>();
  const read = (section: SectionName): Map<string, number> => {
    const routes = new Map<string, number>();
    for (const { key, place, node } of sections.get(section)?.members ?? []) {
      const code = node.value;
      const fault = routeFault(key, true);
      if (fault !== undefined) {
        const message = `${JSON.stringify(key)} is no route, for it ${fault}; if there never was such a route, delete the line`;
        problems.push({ message, place });
        continue;
      }
      if (!isRouteCode(code)) {
        const message = `the code of ${key} is not an integer from ${minRouteCode} to ${maxRouteCode}`;
        problems.push({ message, place: node.place });
        continue;
      }
      const line = { route: key, place, section };
      const message = lineFault(line, code, lines.get(key), owners.get(code));
      if (message !== undefined) {
        problems.push({ message, place });
        continue;
      }
      if (section !== "renamed") {
        owners.set(code, line);
      }
      lines.set(key, line);
      routes.set(key, code);
    }
    return routes;
  };
  const lock = { routes: read("routes"), removed: read("removed"), renamed: read("renamed") };
  if (problems.length > 0) {
    throw new GeneratorError(problems);
  }
  return lock;
}

/**
 * The sections of a lock. One that is missing, misspelt or of another form is no empty one: all that it remembers would be forgotten,
 * and its codes given to others.
 */
function readSections(root: JsonNode, problems: Problem[]): Map<string, JsonNode> {
  const known = ["version", ...sectionNames];
  const sections = new Map<string, JsonNode>();
  const first = new Map<string, Place>();
  for (const { key, place, node } of root.members) {
    const other = first.get(key);
    if (!known.includes(key)) {
      const message = `there is no key "${key}" in a lock${didYouMean(key, known)} (known: ${known.join(", ")}): write one of these, or delete it`;
      problems.push({ message, place });
    } else if (other !== undefined) {
      const message = `"${key}" stands here twice, first at ${formatPlace(other)}: put the lines of both into one`;
      problems.push({ message, place });
    } else if (key !== "version" && !isObject(node.value)) {
      const message = `"${key}" is not an object of routes and their codes: write it as it was in the last commit, or {} when there was no such route`;
      problems.push({ message, place: node.place });
    } else {
      sections.set(key, node);
    }
    first.set(key, other ?? place);
  }
  for (const name of ["routes", "removed"] as const) {
    if (!first.has(name)) {
      const message = `the lock has no "${name}": write it as it was in the last commit, or "${name}": {} when there was no such route`;
      problems.push({ message, place: root.place });
    }
  }
  return sections;
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A line of the lock's text. */
interface LockLine {
  readonly route: string;
  readonly place: Place;
  readonly section: SectionName;
}

/**
 * What is wrong with a line, seen from those before it, or undefined.
 *
 * @param same a line of the same route
 * @param owner the line of the route that has the code
 */
function lineFault(
  { route, section }: LockLine,
  code: number,
  same: LockLine | undefined,
  owner: LockLine | undefined,
): string | undefined {
  if (same !== undefined) {
    return same.section === section
      ? `${route} stands here twice, first at ${formatPlace(same.place)}: delete one of the lines, the one that no client was generated with`
      : `${route} stands in "${same.section}", at ${formatPlace(same.place)}, and in "${section}": delete the line whose code no client was generated with`;
  }
  if (section === "renamed") {
    return owner === undefined
      ? `code ${code}, which ${route} had before it was renamed, is that of no route: delete the line, or bring back that of the route`
      : undefined;
  }
  return owner === undefined
    ? undefined
    : `code ${code} is given to ${owner.route}, at ${formatPlace(owner.place)}, and to ${route}: delete the line of the one that no client was generated with, and generate again: it gets a new code`;
}

/** Writes a lock: one route a line, sorted, so that two branches that add routes merge. */
export function formatRoutesLock(lock: RoutesLock): string {
  const section = (routes: ReadonlyMap<string, number>): string => {
    const lines = sortedRoutes(routes).map(([route, code]) => `    ${JSON.stringify(route)}: ${code}`);
    return lines.length === 0 ? "{}" : `{\n${lines.join(",\n")}\n  }`;
  };
  const renamed = lock.renamed.size === 0 ? "" : `,\n  "renamed": ${section(lock.renamed)}`;
  return `{\n  "version": ${lockVersion},\n  "routes": ${section(lock.routes)},\n  "removed": ${section(lock.removed)}${renamed}\n}\n`;
}

/**
 * Gives every declared route its code, and remembers the codes of those that are gone.
 *
 * A route that the lock knows keeps its code, also when it was removed and is back; one that was renamed has the code that it had. A
 * new one takes its explicit code, or a free one, which no route has or ever had: see {@link FreeCodes}.
 *
 * @param declared every route once
 * @param lockFile the lock's path, for the errors
 * @throws GeneratorError with every explicit code and every former route that cannot be
 */
export function assignCodes(declared: readonly DeclaredRoute[], lock: RoutesLock, lockFile: string): RoutesLock {
  const problems: Problem[] = [];
  const history: History = {
    lock,
    lockFile,
    owners: new Map([...lock.routes, ...lock.removed].map(([route, code]) => [code, route])),
    present: new Set(declared.map(({ route }) => route)),
  };
  const { owners, present } = history;
  const sorted = [...declared].sort((a, b) => compareText(a.route, b.route));
  const kept = readRenames(sorted, history, problems);
  for (const { route } of sorted) {
    const code = kept.get(route) ?? codeBefore(route, history);
    if (code !== undefined) {
      kept.set(route, code);
    }
  }
  const explicit = new Map<number, string>();
  for (const { route, explicitCode: code, place } of declared) {
    if (code === undefined) {
      continue;
    }
    const message = checkExplicit(
      route,
      code,
      kept.get(route),
      owners.get(code),
      explicit.get(code),
      present,
      lockFile,
    );
    if (message !== undefined) {
      problems.push({ message, place });
    } else {
      explicit.set(code, route);
    }
  }

  const free = new FreeCodes([...owners.keys(), ...explicit.keys()], owners.size === 0);
  const routes = new Map<string, number>();
  for (const { route, explicitCode, place } of sorted) {
    const code = explicitCode ?? kept.get(route) ?? free.take(route);
    if (code === undefined) {
      problems.push({
        message: `${route} gets no code: all ${maxRouteCode} are given or were given once`,
        place,
      });
      break;
    }
    routes.set(route, code);
  }
  if (problems.length > 0) {
    throw new GeneratorError(problems);
  }
  const given = new Set(routes.values());
  const gone = [...lock.routes, ...lock.removed].filter(([route]) => !present.has(route));
  return {
    routes,
    removed: new Map(gone.filter(([, code]) => !given.has(code))),
    renamed: new Map([
      ...gone.filter(([, code]) => given.has(code)),
      ...[...lock.renamed].filter(([route]) => !present.has(route)),
    ]),
  };
}

/**
 * Gives free codes to new routes. A project's first routes get 1, 2, 3, in the order of their names. A route that comes later gets the
 * first free code from one on that its name says: so two branches that each add routes hardly ever take the same code, and merge.
 */
class FreeCodes {
  readonly #isTaken = new Uint8Array(maxRouteCode + 1);
  readonly #isFirst: boolean;
  #lowest = minRouteCode;
  #free = maxRouteCode - minRouteCode + 1;

  constructor(taken: readonly number[], isFirst: boolean) {
    this.#isFirst = isFirst;
    for (const code of taken) {
      this.#take(code);
    }
  }

  /** A code that nobody has, or undefined when there is none. */
  take(route: string): number | undefined {
    if (this.#free === 0) {
      return undefined;
    }
    let code = this.#isFirst ? this.#lowest : startCode(route);
    while (this.#isTaken[code] === 1) {
      code = code === maxRouteCode ? minRouteCode : code + 1;
    }
    this.#take(code);
    this.#lowest = code;
    return code;
  }

  #take(code: number): void {
    this.#free -= this.#isTaken[code] === 0 ? 1 : 0;
    this.#isTaken[code] = 1;
  }
}

/**
 * From 1 to 65535: FNV-1a of the route's UTF-16, then MurmurHash3's last steps. Without these the codes of names that differ in their
 * last letters are evenly spaced, and one collision of two services is many.
 */
function startCode(route: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < route.length; index++) {
    hash = Math.imul(hash ^ route.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  hash = (hash ^ (hash >>> 16)) >>> 0;
  return minRouteCode + (hash % maxRouteCode);
}

/** What was, and what is declared now. */
interface History {
  readonly lock: RoutesLock;
  readonly lockFile: string;
  /** Code → the route that has it, or that had it last. */
  readonly owners: ReadonlyMap<number, string>;
  /** Every route that is declared. */
  readonly present: ReadonlySet<string>;
}

/** The code that a route has from earlier on, or undefined. */
function codeBefore(route: string, { lock, owners, present }: History): number | undefined {
  const code = lock.routes.get(route) ?? lock.removed.get(route);
  if (code !== undefined) {
    return code;
  }
  // A rename that was undone: the name is back and the other one gone. While the other one is there, this is a new route.
  const renamed = lock.renamed.get(route);
  return renamed !== undefined && !present.has(owners.get(renamed) ?? "") ? renamed : undefined;
}

/** The codes of the routes that say what they were: route → code. */
function readRenames(declared: readonly DeclaredRoute[], history: History, problems: Problem[]): Map<string, number> {
  const { lock, present } = history;
  const kept = new Map<string, number>();
  const claims = new Map<string, Claim>();
  const services = new Map<string, { readonly name: string; readonly place: Place; isKnown: boolean }>();
  for (const { route, was } of declared) {
    for (const former of was) {
      const code = lock.routes.get(former.route) ?? lock.removed.get(former.route) ?? lock.renamed.get(former.route);
      if (former.ofService !== undefined) {
        const key = formatPlace(former.place);
        const service = services.get(key) ?? { name: former.ofService, place: former.place, isKnown: false };
        services.set(key, service);
        service.isKnown ||= code !== undefined || present.has(former.route);
        if (code === undefined && !present.has(former.route)) {
          continue;
        }
      }
      const message =
        nameFault(former.route, route, claims.get(former.route), present) ??
        codeFault(former.route, code, route, kept.get(route), history);
      if (message !== undefined) {
        problems.push({ message, place: former.place });
      } else if (code !== undefined) {
        claims.set(former.route, { by: route, place: former.place });
        kept.set(route, code);
      }
    }
  }
  for (const { name, place, isKnown } of services.values()) {
    if (!isKnown) {
      problems.push({
        message: `there never was a route ${name}.<method> of one of the methods here in ${history.lockFile}: write what the service was called, or leave \`was\` out`,
        place,
      });
    }
  }
  return kept;
}

/** Who says that it was a route, and where. */
interface Claim {
  readonly by: string;
  readonly place: Place;
}

/** What is wrong with the name in a `was`, or undefined. */
function nameFault(
  former: string,
  route: string,
  claim: Claim | undefined,
  present: ReadonlySet<string>,
): string | undefined {
  if (former === route) {
    return `${route} is called so now: write the route that it had before, or leave \`was\` out`;
  }
  if (present.has(former)) {
    return `${route} cannot have been ${former}, for there is a ${former}, and a call of it can mean one of them only: leave \`was\` out, or give the other one another route`;
  }
  if (claim === undefined) {
    return undefined;
  }
  return claim.by === route
    ? `${former} is named twice, first at ${formatPlace(claim.place)}: leave one of them out`
    : `${former} can have become one route only, and ${claim.by} says at ${formatPlace(claim.place)} that it was ${former}: leave \`was\` out at one of them`;
}

/** What is wrong with the code of a former route, or undefined. */
function codeFault(
  former: string,
  code: number | undefined,
  route: string,
  kept: number | undefined,
  { lock, lockFile, owners, present }: History,
): string | undefined {
  if (code === undefined) {
    const gone = [...lock.routes.keys(), ...lock.removed.keys(), ...lock.renamed.keys()].filter(
      (name) => !present.has(name),
    );
    return `there never was a route ${former} in ${lockFile}: write the route that ${route} had, or leave \`was\` out${didYouMean(former, gone)}`;
  }
  const own = lock.routes.get(route) ?? lock.removed.get(route);
  if (own !== undefined && own !== code) {
    return `${route} has code ${own} in ${lockFile}, and ${former} had ${code}: they were two routes, and codes never move; leave \`was\` out, or, only if no client was generated with ${own}, delete the line of ${route} in ${lockFile}`;
  }
  if (kept !== undefined && kept !== code) {
    return `${route} has code ${kept} of another former route, and ${former} had ${code}: they were two routes; leave one of them out`;
  }
  const owner = owners.get(code);
  return owner !== undefined && owner !== route && present.has(owner)
    ? `${former} became ${owner}, which has its code ${code} in ${lockFile}: leave \`was\` out here`
    : undefined;
}

/** Route and code of each, by route. */
export function sortedRoutes(routes: ReadonlyMap<string, number>): [route: string, code: number][] {
  return [...routes].sort(([a], [b]) => compareText(a, b));
}

/** By UTF-16 code units: the same on every machine, whatever its language. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function isRouteCode(code: unknown): code is number {
  return typeof code === "number" && Number.isInteger(code) && code >= minRouteCode && code <= maxRouteCode;
}

/** What is wrong with an explicit code, or undefined. */
function checkExplicit(
  route: string,
  code: number,
  kept: number | undefined,
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
  if (kept !== undefined) {
    return kept === code
      ? undefined
      : `${route} has code ${kept} in ${lockFile}, and codes never move: write \`code = ${kept}\` or no code; only if no client was generated with ${kept}, delete its line in ${lockFile}`;
  }
  if (owner !== undefined) {
    return present.has(owner)
      ? `code ${code} is that of ${owner} in ${lockFile}: write another one, or none`
      : `code ${code} was that of ${owner}, which is gone: it is never given again, since an old client would mean the old route; write another one, or none; if it was renamed, write \`was = ${JSON.stringify(owner)}\``;
  }
  return undefined;
}
