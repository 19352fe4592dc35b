import { SharedBytes } from "../base/shared-bytes.js";
import type { EndOfTurn } from "../base/turn.js";
import type { PushForm } from "./push-form.js";

/**
 * What the same sessions are told in one turn of the event loop, in each of its forms: one packet behind the other, so that all of them are sent
 * the same bytes.
 */
export class PushBatch implements EndOfTurn {
  /** Mostly one or two: found faster in a list than in a map. */
  #forms: { readonly form: PushForm; readonly bytes: SharedBytes }[] = [];

  /** What is told in that form; it grows until the turn is over. */
  of(form: PushForm): SharedBytes {
    for (const made of this.#forms) {
      if (made.form === form) {
        return made.bytes;
      }
    }
    const bytes = new SharedBytes();
    this.#forms.push({ form, bytes });
    form.turn.atEnd(this);
    return bytes;
  }

  /** Those who have to send something of it have it. */
  endOfTurn(): void {
    this.#forms = [];
  }
}
