import { expect, it } from "vitest";
import { NanowireError } from "../../runtime/base/error.js";
import type { Gate, Gates } from "../../runtime/cluster/gates.js";
import { OwnBindings, type OwnBindingsHost } from "../../runtime/cluster/own-bindings.js";
import type { Peer } from "../../runtime/cluster/peer.js";
import type { Session } from "../../runtime/session/session.js";
import { SteppedClock } from "../support/clock.js";
import { type Deferred, defer, turn } from "../support/wait.js";

const peer = { id: "keeper" } as Peer;
const keeper: Gate = { id: "keeper", peer, seed: 1 };

function gatesWith(digest: number): Gates {
  return { all: [keeper], digest, keeperOf: () => keeper };
}

/** A keeper that takes what it is told when it is let. */
class Host implements OwnBindingsHost {
  readonly clock = new SteppedClock();
  gates = gatesWith(1);
  readonly told: { readonly sessions: string[]; readonly taken: Deferred<void> }[] = [];
  readonly removed: number[] = [];
  readonly seen: number[] = [];
  readonly complaints: unknown[] = [];

  isInTouch(): boolean {
    return true;
  }

  async claim(): Promise<undefined> {}

  put(): void {}

  remove(_keeper: Gate, numbers: readonly number[]): void {
    this.removed.push(...numbers);
  }

  putMany(_keeper: Peer, bindings: readonly { readonly session: string }[]): Promise<void> {
    const taken = defer();
    this.told.push({ sessions: bindings.map(({ session }) => session), taken });
    return taken.promise;
  }

  sees(_keeper: Peer, digest: number): void {
    this.seen.push(digest);
  }

  untold(_keeper: Peer, error: unknown): void {
    this.complaints.push(error);
  }
}

async function boundSessions(own: OwnBindings, count: number): Promise<Session[]> {
  const sessions: Session[] = [];
  for (let index = 0; index < count; index++) {
    const session = { id: `s${index}`, uid: `u${index}`, closed: false, suspended: false } as Session;
    (await own.claim(session, session.uid, "protobuf")).taken(false);
    sessions.push(session);
  }
  return sessions;
}

it("many are told in pieces, one after the other; who has gone meanwhile is left out; then the gates that are seen", async () => {
  const host = new Host();
  const own = new OwnBindings(host);
  const sessions = await boundSessions(own, 2_500);
  own.inTouch(peer);
  expect(host.told.map((piece) => piece.sessions.length)).toEqual([1_000]);
  for (const session of sessions.slice(500, 1_500)) {
    own.unbound(session);
  }
  host.gates = gatesWith(2);
  own.gatesChanged(host.gates);
  host.told[0]?.taken.resolve();
  await turn();
  expect(host.told.map((piece) => piece.sessions.length)).toEqual([1_000, 500]);
  expect(host.told[1]?.sessions[0]).toBe("s1500");
  expect([host.removed.length, host.seen]).toEqual([1_000, []]);
  host.told[1]?.taken.resolve();
  await turn();
  host.told[2]?.taken.resolve();
  await turn();
  expect([host.told.length, host.seen, own.size]).toEqual([3, [2], 1_500]);
});

it("when the link breaks, nothing more is told; when it is there again, all is; an error of the other node is logged, and the rest is told", async () => {
  const host = new Host();
  const own = new OwnBindings(host);
  await boundSessions(own, 1_500);
  own.inTouch(peer);
  own.outOfTouch(peer);
  host.told[0]?.taken.reject(new NanowireError("unavailable", "the link broke"));
  await turn();
  expect([host.told.length, host.seen, host.complaints]).toEqual([1, [], []]);
  own.inTouch(peer);
  host.told[1]?.taken.reject(new NanowireError("internal", "no room"));
  await turn();
  host.told[2]?.taken.resolve();
  await turn();
  expect(host.told.map((piece) => piece.sessions.length)).toEqual([1_000, 1_000, 500]);
  expect([host.seen, host.complaints.length]).toEqual([[1], 1]);
});
