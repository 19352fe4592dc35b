// A hot file, where metrics are on: one object more for each message that is timed, and no closure.

import type { MessageTimes } from "../metrics/message-clock.js";
import type { RouteTraffic } from "../metrics/route-traffic.js";
import type { MessageId } from "../protocol/message.js";
import { Call, type Caller } from "./call.js";
import type { Endpoint } from "./dispatcher.js";

/**
 * A call that its endpoint counts, where metrics are on; a plain one where they are off.
 *
 * @param bytes as {@link Call} takes them, with what follows
 */
export function newCall(
  caller: Caller,
  endpoint: Endpoint,
  id: MessageId,
  bytes: Uint8Array,
  start: number,
  end: number,
  lent: boolean,
  compressed: boolean,
): Call {
  const { traffic } = endpoint;
  return traffic === undefined
    ? new Call(caller, endpoint, id, bytes, start, end, lent, compressed)
    : new MeasuredCall(traffic, caller, endpoint, id, bytes, start, end, lent, compressed);
}

/** A call that is counted, and timed if it is one of those that are. */
class MeasuredCall extends Call {
  readonly #times: MessageTimes | undefined;

  constructor(
    traffic: RouteTraffic,
    caller: Caller,
    endpoint: Endpoint,
    id: MessageId,
    bytes: Uint8Array,
    start: number,
    end: number,
    lent: boolean,
    compressed: boolean,
  ) {
    super(caller, endpoint, id, bytes, start, end, lent, compressed);
    this.#times = traffic.clock.arrived();
  }

  protected override run(): void {
    if (this.#times !== undefined) {
      this.#times.startedAt = this.#times.clock.now();
    }
    super.run();
  }

  protected override finish(): void {
    this.endpoint.traffic?.settled(this.#times);
    super.finish();
  }
}
