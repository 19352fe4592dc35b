import { OutgoingPush, type PushDefinition, type PushReceiver } from "./push.js";
import type { PushBatch } from "./push-batch.js";
import type { Session } from "./session.js";

/** Whom the server can push to: a session, a group, a part of a group, or any sessions (an array, a set). */
export type PushTarget = PushReceiver | Iterable<Session>;

/**
 * Sends a push. Generated code calls it: `RoomEvents.joined(group, { name })`.
 *
 * It is queued in the outbox of each connection and written at the end of the turn of the event loop; to a closed session
 * it does nothing. The message is encoded once, whatever the number of sessions. A session of which nothing more can be taken is closed, and the
 * others get the push all the same.
 *
 * Throws what the message's codec throws for a message that does not fit its type: when those that it can be encoded for (some speak JSON,
 * some protobuf) have it.
 *
 * @returns for how many sessions it was queued
 */
export function sendPush<T>(target: PushTarget, method: PushDefinition<T>, message: T): number {
  // An array has a `push` of its own.
  return !Array.isArray(target) && "push" in target
    ? target.push(method, message)
    : pushToAll(target as Iterable<Session>, method, message);
}

/**
 * Sends a push to sessions, each form of it encoded once. See {@link sendPush}.
 *
 * @param batch what the same sessions are told in this turn. Default: nothing else
 */
export function pushToAll<T>(
  sessions: Iterable<Session>,
  method: PushDefinition<T>,
  message: T,
  batch?: PushBatch,
): number {
  return pushToEach(sessions, new OutgoingPush(method, message, true, batch) as OutgoingPush);
}

/** Sends a push to sessions. See {@link sendPush}. */
export function pushToEach(sessions: Iterable<Session>, push: OutgoingPush): number {
  let queued = 0;
  let failure: { readonly error: unknown } | undefined;
  for (const session of sessions) {
    try {
      if (session.pushShared(push)) {
        queued++;
      }
    } catch (error) {
      failure ??= { error };
    }
  }
  try {
    push.finish();
  } catch (error) {
    failure ??= { error };
  }
  if (failure !== undefined) {
    throw failure.error;
  }
  return queued;
}
