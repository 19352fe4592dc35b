import type { Turn } from "../base/turn.js";
import type { Dictionary } from "../protocol/dictionary.js";
import type { Serializer } from "../protocol/serializer.js";
import type { Compress, PushForm } from "../session/push-form.js";
import type { Terms } from "./terms.js";

/** The forms in which a server's pushes go out: one object each, so that connections with the same terms share packets. */
export class PushForms {
  readonly #dictionary: Dictionary;
  readonly #compress: Compress | undefined;
  readonly #turn: Turn;
  readonly #forms = new Map<Serializer, PushForm[]>();

  /**
   * @param compress for clients that know compressed payloads; undefined: for none
   * @param turn at whose end they are sent
   */
  constructor(dictionary: Dictionary, compress: Compress | undefined, turn: Turn) {
    this.#dictionary = dictionary;
    this.#compress = compress;
    this.#turn = turn;
  }

  /** @param codes whether routes go as codes */
  of({ serializer, profile }: Terms, codes: boolean): PushForm {
    const dictionary = codes ? this.#dictionary : undefined;
    const compress = profile.inflatesPayloads ? this.#compress : undefined;
    const forms = this.#forms.get(serializer) ?? [];
    let form = forms.find((made) => made.dictionary === dictionary && made.compress === compress);
    if (form === undefined) {
      form = { serializer, dictionary, compress, turn: this.#turn };
      forms.push(form);
      this.#forms.set(serializer, forms);
    }
    return form;
  }
}
