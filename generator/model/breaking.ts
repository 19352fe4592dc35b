import { formatPlace, type Place } from "../error.js";
import { type OwnRule, ownRules, type Severity } from "./breaking-rules.js";
import type { RateLimit, ServiceKind } from "./options.js";
import { compareText, type RoutesLock } from "./routes-lock.js";
import type { MethodDeclaration, ServiceDeclaration } from "./services.js";
import type { OverflowDeclaration, OverloadDeclaration } from "./waiting-policies.js";

/** What one side promises the other: the services of a tree of .proto files, and the codes of their routes. */
export interface Contract {
  readonly services: readonly ServiceDeclaration[];
  /** Codes, as far as they are known. */
  readonly lock: RoutesLock;
  /** The lock's path, for places. */
  readonly lockFile: string;
}

/** Who cannot go on: those that were generated before the change with servers after it, or the other way round. */
export type Broken = "old clients" | "new clients" | "old nodes" | "new nodes";

/** One thing that somebody on the other side would notice. */
export interface Finding {
  readonly rule: string;
  readonly severity: Severity;
  /** Who breaks; empty when nobody does, if the side that `advice` names is upgraded first. */
  readonly breaks: readonly Broken[];
  /** What has changed, and what comes of it. */
  readonly message: string;
  readonly advice: string;
  readonly place: Place;
  /** Whether `place` is one of the old files: the thing is gone from the new ones. */
  readonly isOld: boolean;
}

/** A method and its service. */
interface Entry {
  readonly service: ServiceDeclaration;
  readonly method: MethodDeclaration;
}

/**
 * Compares what was promised with what is promised now.
 *
 * @returns what was found, in the order of the places, those of the old files last
 */
export function compareContracts(before: Contract, after: Contract): Finding[] {
  const found = new Findings();
  const oldEntries = entriesOf(before.services);
  const newEntries = entriesOf(after.services);
  const matcher = new Matcher(newEntries);
  const gone: Entry[] = [];
  const matched = new Set<MethodDeclaration>();
  for (const old of oldEntries) {
    const match = matcher.find(old);
    if (match === undefined) {
      gone.push(old);
      continue;
    }
    matched.add(match.entry.method);
    compareRoutes(old, match, found);
    compareMethods(old, match.entry, found);
    compareFormerRoutes(old, match.entry, before.lock, matcher, found);
  }
  tellGone(gone, before.services, after.services, found);
  for (const entry of newEntries.filter(({ method }) => !matched.has(method))) {
    tellAdded(entry, found);
  }
  compareCodes(before, after, newEntries, found);
  return found.sorted();
}

/** Sorts findings by place, those of the old files last, and by rule. */
export function sortFindings(findings: readonly Finding[]): Finding[] {
  return [...findings].sort(
    (a, b) =>
      Number(a.isOld) - Number(b.isOld) ||
      compareText(a.place.file, b.place.file) ||
      a.place.line - b.place.line ||
      a.place.column - b.place.column ||
      compareText(a.rule, b.rule),
  );
}

/** Collects what is found. */
class Findings {
  readonly #findings: Finding[] = [];

  add(
    rule: OwnRule,
    breaks: readonly Broken[],
    message: string,
    advice: string,
    place: Place,
    isOld: "old" | "new" = "new",
  ): void {
    const { severity } = ownRules[rule];
    this.#findings.push({ rule, severity, breaks, message, advice, place, isOld: isOld === "old" });
  }

  sorted(): Finding[] {
    return sortFindings(this.#findings);
  }
}

/** What a method of before is now. */
interface Match {
  readonly entry: Entry;
  /** By the same route, by a route that it had, or by its name in the .proto only. */
  readonly by: "route" | "was" | "name";
}

/** Finds in the new tree what a method of the old one has become: by what goes over the wire first. */
class Matcher {
  readonly #byRoute: ReadonlyMap<string, Entry>;
  readonly #byFormer: ReadonlyMap<string, Entry>;
  readonly #byName: ReadonlyMap<string, Entry>;

  constructor(entries: readonly Entry[]) {
    this.#byRoute = new Map(entries.map((entry) => [entry.method.route, entry]));
    this.#byFormer = new Map(entries.flatMap((entry) => entry.method.was.map(({ route }) => [route, entry])));
    this.#byName = new Map(entries.map((entry) => [nameOf(entry), entry]));
  }

  find(old: Entry): Match | undefined {
    const { route } = old.method;
    const same = this.#byRoute.get(route);
    if (same !== undefined) {
      return { entry: same, by: "route" };
    }
    const renamed = this.#byFormer.get(route);
    if (renamed !== undefined) {
      return { entry: renamed, by: "was" };
    }
    const named = this.#byName.get(nameOf(old));
    return named === undefined ? undefined : { entry: named, by: "name" };
  }

  /** The method that is called by a route that it had, or undefined. */
  byFormer(route: string): Entry | undefined {
    return this.#byFormer.get(route);
  }
}

function entriesOf(services: readonly ServiceDeclaration[]): Entry[] {
  return services.flatMap((service) => service.methods.map((method) => ({ service, method })));
}

function nameOf({ service, method }: Entry): string {
  return `${service.protoName}.${method.name}`;
}

/** Who calls a handler or hears a push: clients, or for a service of kind REMOTE the other nodes. And what they get for an unknown route. */
function sides(kind: ServiceKind): { readonly old: Broken; readonly new: Broken; readonly getUnknown: string } {
  return kind === "REMOTE"
    ? { old: "old nodes", new: "new nodes", getUnknown: "find nobody who takes it" }
    : { old: "old clients", new: "new clients", getUnknown: "get unknown_route" };
}

function compareRoutes(old: Entry, { entry, by }: Match, found: Findings): void {
  const before = old.method.route;
  const { route, place } = entry.method;
  const side = sides(entry.service.kind);
  if (by === "was") {
    found.add(
      "ROUTE_RENAMED",
      [],
      `${before} is ${route} now; an old server does not know ${route}`,
      `upgrade every server before ${side.new}`,
      place,
    );
  } else if (by === "name" && entry.service.kind === "PUSH") {
    found.add(
      "ROUTE_CHANGED",
      [side.old, side.new],
      `the route of ${nameOf(entry)} was ${before} and is ${route}: old clients listen for ${before}, and hear nothing any more`,
      `keep the route: write \`option (nanowire.method).route = ${JSON.stringify(before)};\``,
      place,
    );
  } else if (by === "name") {
    found.add(
      "ROUTE_CHANGED",
      [side.old, side.new],
      `the route of ${nameOf(entry)} was ${before} and is ${route}: ${side.old} ${side.getUnknown}, and so do ${side.new} of an old server`,
      entry.service.kind === "REMOTE"
        ? `keep the name, with \`option (nanowire.service).route\``
        : `write \`option (nanowire.method).was = ${JSON.stringify(before)};\`: it keeps the code, and the old route is answered`,
      place,
    );
  }
}

function compareMethods(old: Entry, now: Entry, found: Findings): void {
  const name = nameOf(now);
  const { place } = now.method;
  const side = sides(now.service.kind);
  const both = [side.old, side.new];
  if (old.service.kind !== now.service.kind) {
    found.add(
      "KIND_CHANGED",
      both,
      `${name} was of a service of kind ${old.service.kind}, and is of kind ${now.service.kind}`,
      "leave the service as it was, and declare a new one with another name",
      place,
    );
    return;
  }
  if (old.method.notify !== now.method.notify) {
    const [was, is] = old.method.notify ? ["notify", "request"] : ["request", "notify"];
    found.add(
      old.method.notify ? "NOTIFY_TO_REQUEST" : "REQUEST_TO_NOTIFY",
      both,
      `${name} was a ${was} and is a ${is}: a ${was} of ${side.old} is refused with wrong_kind, and so is a ${is} that ${side.new} send to an old server`,
      `leave ${name} a ${was}, and declare a ${is} with another name`,
      place,
    );
  }
  compareTypes(old, now, found);
  compareHandling(old.method, now, found);
}

function compareTypes(old: Entry, now: Entry, found: Findings): void {
  const name = nameOf(now);
  const side = sides(now.service.kind);
  const both = [side.old, side.new];
  const advice = "change the message by adding fields to it, or declare a method with another name";
  const changed = (before: string | undefined, after: string | undefined): string =>
    `was ${before?.slice(1) ?? "google.protobuf.Empty"} and is ${after?.slice(1) ?? "google.protobuf.Empty"}`;
  if (old.method.request !== now.method.request) {
    const what = changed(old.method.request, now.method.request);
    if (now.service.kind === "PUSH") {
      const message = `what ${name} tells ${what}: old clients read the new message as the old one`;
      found.add("PUSH_TYPE_CHANGED", both, message, advice, now.method.requestPlace);
    } else {
      const message = `what ${name} takes ${what}: what ${side.old} send is read as the new message, and an old server reads what ${side.new} send as the old one`;
      found.add("REQUEST_TYPE_CHANGED", both, message, advice, now.method.requestPlace);
    }
  }
  if (old.method.response !== now.method.response && now.service.kind !== "PUSH") {
    const what = changed(old.method.response, now.method.response);
    const message = `what ${name} answers ${what}: ${side.old} read the new message as the old one, and ${side.new} of an old server the old one as the new one`;
    found.add("RESPONSE_TYPE_CHANGED", both, message, advice, now.method.responsePlace);
  }
}

/** What the runtime enforces: clients of an old server are never worse off than before. */
function compareHandling(old: MethodDeclaration, { service, method }: Entry, found: Findings): void {
  const name = `${service.protoName}.${method.name}`;
  const { old: callers } = sides(service.kind);
  if (isNarrower(old.rateLimit, method.rateLimit)) {
    const error = method.notify ? "are dropped" : "get rate_limited";
    found.add(
      "RATE_LIMIT_NARROWED",
      [callers],
      `${name} took ${limitText(old.rateLimit)}, and takes ${limitText(method.rateLimit)}: more of ${callers} ${error}`,
      "let the limit be as wide as it was until there are none that need it",
      method.place,
    );
  }
  if (isLess(old.maxPayloadBytes, method.maxPayloadBytes)) {
    const error = method.notify ? "are dropped" : "get payload_too_large";
    found.add(
      "MAX_PAYLOAD_NARROWED",
      [callers],
      `${name} took payloads of ${bytesText(old.maxPayloadBytes)}, and takes ${bytesText(method.maxPayloadBytes)}: longer ones of ${callers} ${error}`,
      "let the limit be as wide as it was until there are none that need it",
      method.place,
    );
  }
  compareWaiting(old, method, name, callers, found);
  compareShardKeys(old, method, name, found);
  if (old.reliable && !method.reliable) {
    found.add(
      "RELIABLE_REMOVED",
      [],
      `${name} was reliable, and is not: jobs that are kept for it are not taken any more, or fail`,
      "leave `reliable` in until there are none",
      method.place,
    );
  }
  if (isShorter(old.timeoutMs, method.timeoutMs)) {
    found.add(
      "TIMEOUT_SHORTENED",
      [callers],
      `${name} might take ${timeText(old.timeoutMs)}, and may take ${timeText(method.timeoutMs)}: what takes longer gets deadline_exceeded`,
      "make sure that it is always done in that time, or leave the time as it was",
      method.place,
    );
  } else if ((old.timeoutMs === undefined) !== (method.timeoutMs === undefined)) {
    found.add(
      "TIMEOUT_CHANGED",
      [],
      `${name} might take ${timeText(old.timeoutMs)}, and may take ${timeText(method.timeoutMs)}`,
      "see that it is not less than the server's requestTimeoutMs was",
      method.place,
    );
  }
  if (method.boundOnly && !old.boundOnly) {
    found.add(
      "BOUND_ONLY_ON",
      [callers],
      `${name} was for any session, and is for bound ones only: ${callers} that have not logged in get unauthenticated`,
      "see that every one logs in before it calls, or leave `bound_only` out",
      method.place,
    );
  }
  const usual = service.kind === "REMOTE" ? "none" : "session";
  const [orderBefore, order] = [old.order ?? usual, method.order ?? usual];
  if (orderBefore !== order) {
    found.add(
      "ORDER_CHANGED",
      [],
      `the order of ${name} was ${orderBefore.toUpperCase()}, and is ${order.toUpperCase()}`,
      "see that no handler counts on the old one",
      method.place,
    );
  }
}

/** Who handles a call, of several nodes. A key that has another name, and is the same in the bytes, is the same. */
function compareShardKeys(old: MethodDeclaration, method: MethodDeclaration, name: string, found: Findings): void {
  const [before, after] = [old, method].map(({ shardKey }) => shardKey?.steps.map(({ tag }) => tag).join(" "));
  if (before !== after) {
    found.add(
      "SHARD_KEY_CHANGED",
      [],
      `the shard key of ${name} was ${old.shardKey?.path ?? "none"}, and is ${method.shardKey?.path ?? "none"}: while old and new gates run, they send the same call to different nodes`,
      "see that a node can do without what the calls before left at another, or stop all gates and start them anew",
      method.place,
    );
  }
}

/** What becomes of what waits. */
function compareWaiting(
  old: MethodDeclaration,
  method: MethodDeclaration,
  name: string,
  callers: Broken,
  found: Findings,
): void {
  const [before, after] = [overloadText(old.overload), overloadText(method.overload)];
  if (before !== after) {
    const isNarrowed =
      method.overload !== undefined &&
      (old.overload?.policy !== method.overload.policy || isLess(old.overload.maxWaiting, method.overload.maxWaiting));
    const error = method.overload?.policy === "conflate" ? "replaced" : "overloaded";
    const fate = method.notify ? "are dropped" : `get ${error}`;
    found.add(
      isNarrowed ? "OVERLOAD_NARROWED" : "OVERLOAD_CHANGED",
      isNarrowed ? [callers] : [],
      `the overload of ${name} was ${before}, and is ${after}${isNarrowed ? `: more of ${callers} ${fate}` : ""}`,
      isNarrowed ? "let it be as it was until there are none that count on it" : "see that the server bears what waits",
      method.place,
    );
  }
  const [flowed, flows] = [overflowText(old.overflow), overflowText(method.overflow)];
  if (flowed !== flows) {
    found.add(
      "OVERFLOW_CHANGED",
      [],
      `the overflow of ${name} was ${flowed}, and is ${flows}`,
      "see that no client counts on each of these pushes",
      method.place,
    );
  }
}

/** Whether a number is less; undefined is without end. */
function isLess(before: number | undefined, after: number | undefined): boolean {
  return after !== undefined && (before === undefined || after < before);
}

function bytesText(bytes: number | undefined): string {
  return bytes === undefined ? "any size" : `${bytes} bytes`;
}

function overloadText(overload: OverloadDeclaration | undefined): string {
  if (overload === undefined) {
    return "QUEUE";
  }
  const { policy, maxWaiting, key } = overload;
  return policy === "conflate"
    ? `CONFLATE${keyText(key?.name)}`
    : `${policy === "refuse" ? "REFUSE" : "DROP_OLDEST"} above ${maxWaiting}`;
}

function overflowText(overflow: OverflowDeclaration | undefined): string {
  return overflow === undefined
    ? "CLOSE"
    : overflow.policy === "drop"
      ? "DROP"
      : `CONFLATE${keyText(overflow.key?.name)}`;
}

function keyText(key: string | undefined): string {
  return key === undefined ? "" : ` by ${key}`;
}

/** Whether less gets through than did: fewer messages at once, or fewer in the long run. */
function isNarrower(before: RateLimit | undefined, after: RateLimit | undefined): boolean {
  if (after === undefined) {
    return false;
  }
  return (
    before === undefined ||
    after.messages < before.messages ||
    after.messages * before.perMs < before.messages * after.perMs
  );
}

/** Whether a time is surely shorter: 0 is for ever, and what is not said is the server's. */
function isShorter(before: number | undefined, after: number | undefined): boolean {
  if (before === undefined || after === 0) {
    return false;
  }
  return before === 0 || (after !== undefined && after < before);
}

function limitText(limit: RateLimit | undefined): string {
  return limit === undefined ? "any number of messages" : `${limit.messages} messages in ${limit.perMs} ms`;
}

function timeText(timeoutMs: number | undefined): string {
  if (timeoutMs === undefined) {
    return "the server's default";
  }
  return timeoutMs === 0 ? "for ever" : `${timeoutMs} ms`;
}

/** Routes by which a method was still called, and is called no more. */
function compareFormerRoutes(old: Entry, now: Entry, lock: RoutesLock, matcher: Matcher, found: Findings): void {
  const { old: callers } = sides(now.service.kind);
  for (const { route, ofService } of old.method.was) {
    const wasThere = ofService === undefined || lock.renamed.has(route);
    if (wasThere && route !== now.method.route && matcher.byFormer(route)?.method !== now.method) {
      found.add(
        "WAS_REMOVED",
        [callers],
        `${nameOf(now)} was called by its old route ${route} too, and is not any more: ${callers} that send it get unknown_route`,
        `keep \`was = ${JSON.stringify(route)}\` until there are none`,
        now.method.place,
      );
    }
  }
}

/** A service of which nothing is left is told once, else each of its methods. */
function tellGone(
  gone: readonly Entry[],
  before: readonly ServiceDeclaration[],
  after: readonly ServiceDeclaration[],
  found: Findings,
): void {
  const left = new Set(after.map(({ protoName }) => protoName));
  const advice = (what: string): string => `keep ${what}, marked deprecated, until there are none that need it`;
  for (const service of before) {
    const entries = gone.filter((entry) => entry.service === service);
    const { old: callers, getUnknown } = sides(service.kind);
    if (entries.length > 0 && entries.length === service.methods.length && !left.has(service.protoName)) {
      const message =
        service.kind === "PUSH"
          ? `service ${service.protoName} is gone with its ${count(entries.length, "push", "pushes")}: old clients that listen hear nothing any more`
          : `service ${service.protoName} is gone with its ${count(entries.length, "method", "methods")}: ${callers} that call one ${getUnknown}`;
      found.add("SERVICE_REMOVED", [callers], message, advice("it"), service.place, "old");
      continue;
    }
    for (const entry of entries) {
      const { method } = entry;
      const [rule, message]: [OwnRule, string] =
        service.kind === "PUSH"
          ? [
              "PUSH_REMOVED",
              `push ${nameOf(entry)} is gone: old clients that listen for ${method.route} hear nothing any more`,
            ]
          : method.notify
            ? ["NOTIFY_REMOVED", `notify ${nameOf(entry)} is gone: ${method.route} of ${callers} is dropped`]
            : [
                "REQUEST_REMOVED",
                `request ${nameOf(entry)} is gone: ${callers} that call ${method.route} ${getUnknown}`,
              ];
      found.add(rule, [callers], message, advice("it"), method.place, "old");
    }
  }
}

function count(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`;
}

function tellAdded(entry: Entry, found: Findings): void {
  const { service, method } = entry;
  const side = sides(service.kind);
  if (service.kind === "PUSH") {
    const message = `push ${nameOf(entry)} is new: old clients do not listen for it`;
    found.add("PUSH_ADDED", [], message, "see that old clients can do without it", method.place);
  } else {
    const message = `${nameOf(entry)} is new: an old server does not know ${method.route}`;
    found.add("METHOD_ADDED", [], message, `upgrade every server before ${side.new}`, method.place);
  }
}

/** Codes never move: a client may be generated with them. */
function compareCodes(before: Contract, after: Contract, entries: readonly Entry[], found: Findings): void {
  const places = new Map(entries.map(({ method }) => [method.route, method.codePlace]));
  const owners = new Map([...after.lock.routes].map(([route, code]) => [code, route]));
  const known = new Set([...after.lock.routes.values(), ...after.lock.removed.values()]);
  const lockPlace = { file: after.lockFile, line: 1, column: 1 };
  for (const [route, code] of [...before.lock.routes, ...before.lock.removed]) {
    const codeNow = after.lock.routes.get(route);
    const owner = owners.get(code);
    if (codeNow !== undefined && codeNow !== code) {
      found.add(
        "CODE_CHANGED",
        ["old clients", "new clients"],
        `${route} had code ${code} and has ${codeNow}: a client that was generated with ${code} sends it for another route, or for none`,
        `bring back its line in ${after.lockFile}, and leave \`code\` out or write \`code = ${code}\``,
        places.get(route) ?? lockPlace,
      );
    }
    const isLineage =
      after.lock.renamed.get(route) === code || (owner !== undefined && before.lock.renamed.get(owner) === code);
    if (owner !== undefined && owner !== route && !isLineage) {
      found.add(
        "CODE_REUSED",
        ["old clients", "new clients"],
        `code ${code} was that of ${route} and is that of ${owner}: each side takes a call of one for a call of the other`,
        `give ${owner} another code, and bring back the line of ${route} in ${after.lockFile}; if it was renamed, write \`was = ${JSON.stringify(route)}\``,
        places.get(owner) ?? lockPlace,
      );
    }
    if (codeNow === undefined && !known.has(code)) {
      found.add(
        "CODE_FORGOTTEN",
        [],
        `code ${code} of ${route} is not in ${after.lockFile} any more, and may be given to another route`,
        `bring its line back: "removed" keeps the codes of routes that are gone`,
        lockPlace,
      );
    }
  }
}

/** `chat.proto:3:1: RULE (old clients): what has changed; what to do`. */
export function formatFinding(finding: Finding, against: string): string {
  const { rule, severity, breaks, message, advice, place, isOld } = finding;
  const who = breaks.length === 0 ? severity : `${severity} for ${breaks.join(" and ")}`;
  const where = isOld ? ` (the place is that of ${against})` : "";
  return `${formatPlace(place)}: ${rule}: ${who}: ${message}${where}; ${advice}`;
}
