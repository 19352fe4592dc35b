import { make } from "../../browser/elements.js";

/** A round picture for a name: its first character, in the name's colour. */
export function makeAvatar(name: string): HTMLElement {
  const [initial = ""] = name;
  const avatar = make("span", "avatar", initial.toUpperCase());
  avatar.ariaHidden = "true";
  return paintAs(avatar, name);
}

/** Gives an element the colour that a name always has. */
export function paintAs<T extends HTMLElement>(element: T, name: string): T {
  let hash = 7;
  for (const character of name) {
    hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 360;
  }
  element.style.setProperty("--hue", String(hash));
  return element;
}
