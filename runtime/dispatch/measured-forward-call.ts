// A hot file, where metrics are on: one object more for each message that is timed, and no closure.

import type { MessageTimes } from "../metrics/message-clock.js";
import type { RouteTraffic } from "../metrics/route-traffic.js";
import type { MessageId } from "../protocol/message.js";
import type { ForwardedEndpoint } from "./dispatcher.js";
import { ForwardCall, type Forwarder } from "./forward-call.js";

/**
 * A call to be forwarded that its endpoint counts, where metrics are on; a plain one where they are off.
 *
 * @param bytes as {@link ForwardCall} takes them, with what follows
 */
export function newForwardCall(
  forwarder: Forwarder,
  endpoint: ForwardedEndpoint,
  id: MessageId,
  bytes: Uint8Array,
  start: number,
  end: number,
  lent: boolean,
  compressed: boolean,
): ForwardCall {
  const { traffic } = endpoint;
  return traffic === undefined
    ? new ForwardCall(forwarder, endpoint, id, bytes, start, end, lent, compressed)
    : new MeasuredForwardCall(traffic, forwarder, endpoint, id, bytes, start, end, lent, compressed);
}

/** A call to be forwarded that is counted, and timed if it is one of those that are. */
class MeasuredForwardCall extends ForwardCall {
  readonly #times: MessageTimes | undefined;

  constructor(
    traffic: RouteTraffic,
    forwarder: Forwarder,
    endpoint: ForwardedEndpoint,
    id: MessageId,
    bytes: Uint8Array,
    start: number,
    end: number,
    lent: boolean,
    compressed: boolean,
  ) {
    super(forwarder, endpoint, id, bytes, start, end, lent, compressed);
    this.#times = traffic.clock.arrived();
  }

  protected override settle(): boolean {
    const isFirst = super.settle();
    if (isFirst) {
      this.endpoint.traffic?.settled(this.#times);
    }
    return isFirst;
  }
}
