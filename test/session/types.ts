// Never run: the compiler reads it. Each `@ts-expect-error` stands over a line that must not compile.

import {
  Group,
  type GroupPart,
  type Overflow,
  type Overload,
  type Queue,
  type Scheduler,
  type Server,
  type Session,
  type TickLoop,
  type Timer,
  type Waiting,
} from "nanowire";
import { RoomComponent, RoomEvents } from "../../generated/chat/v1/room.server.js";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles only where both types are the same. */
function same<A, B>(_: Same<A, B>): void {}

/** What a program may and may not write of a session whose client may come back. */
export function typesOfResuming(session: Session, server: Server): void {
  same<typeof session.suspended, boolean>(true);
  session.onSuspend(({ code }) => same<typeof code, string>(true));
  session.onResume(() => {});
  server.onSessionSuspend(({ session: { id }, reason }) => same<typeof id, typeof reason.code>(true));
  server.onSessionResume(({ uid }) => same<typeof uid, string>(true));
  // @ts-expect-error: nobody suspends a session by saying so
  session.suspended = true;
}

/** What a program may and may not write of groups and senders. */
export function typesOfGroups(session: Session, sessions: readonly Session[], queue: Queue): void {
  const group = new Group("room", { queue, onEmpty: (empty) => same<typeof empty, Group>(true) });
  const message = { name: "ada" };
  const reached = RoomEvents.joined(group, message);
  same<typeof reached, number>(true);
  RoomEvents.joined(session, message);
  RoomEvents.joined(sessions, message);
  RoomEvents.joined(new Set(sessions), message);
  RoomEvents.joined(group.except(session), message);
  const part = group.where(({ bound }) => bound);
  same<typeof part, GroupPart>(true);
  RoomEvents.joined(part.except(...sessions), message);
  for (const member of group) {
    same<typeof member, Session>(true);
  }
  // @ts-expect-error: the message is another one
  RoomEvents.joined(group, { text: "hello" });
  // @ts-expect-error: uids are no sessions
  RoomEvents.joined(["ada"], message);
  // @ts-expect-error: a uid is nobody either
  RoomEvents.joined("ada", message);
  // @ts-expect-error: a group is not what its parts are made of
  group.where(session);
  // @ts-expect-error: a group's queue is given once
  group.queue = queue;
}

/** What a program may and may not write of schedulers. */
export abstract class TypesOfSchedulers extends RoomComponent {
  override init(): void {
    const { scheduler } = this;
    const asked = (): string => "yes";
    same<typeof scheduler, Scheduler>(true);
    const queue = scheduler.queue("table 7", { maxLength: 5, taskTimeoutMs: 0 });
    same<typeof queue, Queue>(true);
    const timer = queue.every(100, (self) => self.stop(), { catchUp: "each" });
    same<typeof timer, Timer>(true);
    const loop = queue.loop(50, (deltaMs, step, self) => self.missed + deltaMs + step, { maxCatchUpSteps: 3 });
    same<typeof loop, TickLoop>(true);
    // What a task returns does not matter: a sender may be called.
    queue.run(() => RoomEvents.joined([], { name: "ada" }));
    queue.when(
      () => true,
      async () => {},
    );
    // @ts-expect-error: there is no such policy
    queue.every(100, () => {}, { catchUp: "none" });
    // @ts-expect-error: a number is no function
    queue.run(7);
    // @ts-expect-error: a condition says yes or no
    queue.when(asked, () => {});
    // @ts-expect-error: only a scheduler makes queues
    queue.queue("within");
    // @ts-expect-error: a component has its scheduler from the server
    this.scheduler = scheduler;
  }
}

interface Move {
  readonly unitId: number;
  readonly place: { readonly x: number };
}

/** What a hand-written definition may and may not say of what waits. */
export const overloads: Overload<Move>[] = [
  { policy: "refuse", maxWaiting: 3 },
  { policy: "dropOldest", maxWaiting: 3 },
  { policy: "conflate" },
  { policy: "conflate", key: ({ unitId }) => unitId },
  // @ts-expect-error: how many is not said
  { policy: "refuse" },
  // @ts-expect-error: the newest waits, whatever the number
  { policy: "conflate", maxWaiting: 3 },
  // @ts-expect-error: messages are not told apart by an object
  { policy: "conflate", key: ({ place }) => place },
  // @ts-expect-error: the message has no such field
  { policy: "conflate", key: (move) => move.unit },
  // @ts-expect-error: that all wait is said by saying nothing
  { policy: "queue" },
];
export const overflows: Overflow<Move>[] = [
  { policy: "drop" },
  { policy: "conflate", key: ({ unitId }) => unitId },
  // @ts-expect-error: what is dropped needs no key
  { policy: "drop", key: ({ unitId }: Move) => unitId },
  // @ts-expect-error: pushes do not refuse
  { policy: "refuse", maxWaiting: 3 },
];

/** What a program sees of what waits for a session. */
export function typesOfWaiting(session: Session): void {
  same<typeof session.waiting, Waiting>(true);
  const stop = session.onUnblocked((drained) => same<typeof drained, Session>(true));
  same<typeof stop, () => void>(true);
  // @ts-expect-error: it is not for a program to say
  session.waiting.bytes = 0;
  // @ts-expect-error: as this
  session.blocked = false;
}
