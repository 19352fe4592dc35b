import { button, make } from "./element.js";
import type { Question } from "./view.js";

/** Asks before something is done. Resolved with what was written, or undefined. */
export function confirm({ title, text, label, value, act }: Question): Promise<string | undefined> {
  const input = make("input", "input");
  input.value = value;
  input.maxLength = 200;
  const sure = make("button", "danger", act);
  sure.value = "sure";
  return open(title, [make("p", "", text), make("label", "field", label, input)], sure).then((isSure) =>
    isSure ? input.value : undefined,
  );
}

/** Asks for the token. Resolved with it, or undefined. */
export function askToken(problem: string): Promise<string | undefined> {
  const input = make("input", "input mono");
  input.type = "password";
  input.autocomplete = "off";
  const enter = make("button", "primary", "Open");
  enter.value = "sure";
  const note = make(
    "p",
    "",
    "This studio is opened with a token: the one that the program gave to studio({ token }). It is kept until the tab is closed.",
  );
  const parts = [
    note,
    make("label", "field", "Token", input),
    ...(problem === "" ? [] : [make("p", "problem", problem)]),
  ];
  return open("Who is there?", parts, enter).then((isSure) => (isSure ? input.value : undefined));
}

/** Tells which keys there are. */
export function showKeys(keys: readonly (readonly [key: string, what: string])[]): void {
  const list = make("dl", "keys");
  for (const [key, what] of keys) {
    list.append(
      make("dt", "", ...key.split(" ").map((one) => (one === "…" ? one : make("kbd", "", one)))),
      make("dd", "", what),
    );
  }
  void open("Keys", [list]);
}

/** @returns whether it was left by that button */
function open(title: string, parts: readonly HTMLElement[], act?: HTMLButtonElement): Promise<boolean> {
  const dialog = make("dialog", "");
  const close = button(act === undefined ? "Close" : "Cancel", "", () => dialog.close(""));
  const form = make(
    "form",
    "",
    make("h2", "", title),
    ...parts,
    make("div", "actions", close, ...(act === undefined ? [] : [act])),
  );
  form.method = "dialog";
  dialog.append(form);
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "sure");
    });
  });
}
