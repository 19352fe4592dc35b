import type { NodeView, SessionView } from "./node-settings.js";

/** So long a call waits at the most where all nodes are there, on a machine that is busy. */
const longestCallMs = 1_000;

/** What is to be seen at the end: who is connected, and where. */
export interface Expected {
  /** Of each client that is connected: the id of its gate, by uid. */
  readonly clients: ReadonlyMap<string, string>;
}

/**
 * What nodes believe differently about, in words; empty: they agree. Clients must rest while nodes are asked.
 *
 * @param views of all nodes that are there
 */
export function disagreements(views: readonly NodeView[], { clients }: Expected): string[] {
  return [
    ...ofMembers(views),
    ...ofClients(views, clients),
    ...views.flatMap((view) => ofSessions(view, views)),
    ...views.flatMap(ofCalls),
  ];
}

/** A call of a node that is gone has failed, and those of the others are answered. */
function ofCalls({ id, calls: { answered, oldestMs, strange } }: NodeView): string[] {
  const none = answered > 0 ? [] : [`no call of ${id} was answered yet`];
  const waits = oldestMs < longestCallMs ? [] : [`a call of ${id} waits for ${oldestMs.toFixed(0)} ms`];
  return [...none, ...waits, ...strange.map((what) => `a call of ${id}: ${what}`)];
}

/** Every node sees all nodes that are there, and none that is gone. */
function ofMembers(views: readonly NodeView[]): string[] {
  const ids = views.map(({ id }) => id).sort();
  const [first] = views;
  return views.flatMap(({ id, members }) => {
    const seen = members.map((member) => member.split(" ")[0]);
    if (seen.join() !== ids.join()) {
      return `${id} sees ${seen.join(", ")}, and there are ${ids.join(", ")}`;
    }
    return members.join() === first?.members.join() ? [] : `${id} sees another incarnation of a node than ${first?.id}`;
  });
}

/** Every client has one session, at the gate that it is connected to. */
function ofClients(views: readonly NodeView[], clients: ReadonlyMap<string, string>): string[] {
  const held = views.flatMap(({ id, sessions }) =>
    sessions.filter(({ gate }) => gate === undefined).map(({ uid }) => `${uid} at ${id}`),
  );
  const connected = [...clients].map(([uid, gate]) => `${uid} at ${gate}`);
  return difference(held, connected, "is a session of nobody's", "has no session");
}

function ofSessions({ id, sessions, group, counted }: NodeView, views: readonly NodeView[]): string[] {
  const own = sessions.filter(({ gate }) => gate === undefined);
  const guests = sessions.filter(({ gate }) => gate !== undefined);
  const found: string[] = [];
  if (counted.sessions !== own.length || counted.guests !== guests.length) {
    found.push(
      `${id} counts ${counted.sessions} sessions and ${counted.guests} guests, and has ${own.length} and ${guests.length}`,
    );
  }
  // Who has lost his node, and has asked nothing since, is nowhere.
  for (const session of own.filter(({ member }) => member !== undefined)) {
    const there = views
      .find((view) => view.id === session.member)
      ?.sessions.find((guest) => isSame(session, id, guest));
    if (there === undefined) {
      found.push(`${id} has ${session.uid} at ${session.member}, where there is no such guest`);
    } else {
      found.push(...ofPair(session, id, there));
    }
  }
  for (const guest of guests) {
    const here = views
      .find((view) => view.id === guest.gate)
      ?.sessions.find((session) => isSame(session, guest.gate, guest));
    if (here === undefined) {
      found.push(`${id} has a guest ${guest.uid} of ${guest.gate}, where there is no such session`);
    }
  }
  const ids = new Set(sessions.map((session) => session.id));
  found.push(
    ...group.filter((member) => !ids.has(member)).map((member) => `the group of ${id} holds ${member}, which is gone`),
  );
  return found;
}

/** What a gate and a member believe of one session. */
function ofPair(session: SessionView, gate: string, guest: SessionView): string[] {
  const differs = session.uid !== guest.uid || session.data !== guest.data;
  return differs
    ? [`${gate} has ${session.uid} with ${session.data}, and ${session.member} has ${guest.uid} with ${guest.data}`]
    : [];
}

function isSame(session: SessionView, gate: string | undefined, guest: SessionView): boolean {
  return session.gate === undefined && guest.gate === gate && session.id === guest.id;
}

function difference(left: string[], right: string[], onlyLeft: string, onlyRight: string): string[] {
  const [lefts, rights] = [new Set(left), new Set(right)];
  return [
    ...left.filter((each) => !rights.has(each)).map((each) => `${each} ${onlyLeft}`),
    ...right.filter((each) => !lefts.has(each)).map((each) => `${each} ${onlyRight}`),
    ...(lefts.size === left.length ? [] : ["a client has two sessions at a gate"]),
  ];
}
