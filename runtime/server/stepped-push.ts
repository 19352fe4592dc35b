import type { Logger } from "../base/logger.js";
import { type OutboundStep, runOutbound } from "../pipeline/pipeline.js";
import type { Serializer } from "../protocol/serializer.js";
import type { OutgoingPush } from "../session/push.js";
import type { Session } from "../session/session.js";

/** What the outbound steps leave of a push to a session; null when one of them failed: that is logged, and the push is to be dropped. */
export function steppedPayload(
  push: OutgoingPush,
  steps: readonly OutboundStep[],
  session: Session,
  serializer: Serializer,
  logger: Logger,
): Uint8Array | null {
  const { route } = push;
  const message = { kind: "push" as const, route, error: undefined, payload: push.payload(serializer), data: {} };
  try {
    runOutbound(steps, session, message);
    return message.payload;
  } catch (error) {
    logger.error({ error, route, session: session.id }, "an outbound step failed: the push is dropped");
    return null;
  }
}
