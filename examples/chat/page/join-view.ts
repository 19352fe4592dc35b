import { byId } from "../../browser/elements.js";

/** Where one says who one is. */
export class JoinView {
  readonly #view = byId("welcome", HTMLElement);
  readonly #form = byId("join", HTMLFormElement);
  readonly #name = byId("name", HTMLInputElement);
  readonly #problem = byId("join-problem", HTMLElement);
  readonly #button = byId("join-button", HTMLButtonElement);

  /** @param join called with the name when the form is sent, and not again before {@link show} */
  constructor(join: (name: string) => void) {
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.#button.disabled) {
        return;
      }
      const name = this.#name.value.trim();
      if (name === "") {
        this.show("A name is needed.");
      } else {
        this.#name.value = name;
        this.#setBusy(true);
        this.#tell("");
        join(name);
      }
    });
    this.#name.addEventListener("input", () => this.#tell(""));
    this.show();
  }

  /** Shows the form, with what is wrong beside the name, if anything is. */
  show(problem = ""): void {
    this.#view.hidden = false;
    this.#setBusy(false);
    this.#tell(problem);
    this.#name.focus();
    this.#name.select();
  }

  hide(): void {
    this.#view.hidden = true;
    this.#setBusy(false);
    this.#tell("");
  }

  #tell(problem: string): void {
    this.#problem.textContent = problem;
    this.#name.ariaInvalid = problem === "" ? "false" : "true";
  }

  #setBusy(busy: boolean): void {
    this.#button.disabled = busy;
    this.#button.textContent = busy ? "Joining …" : "Join";
    this.#form.ariaBusy = String(busy);
  }
}
