// What the room takes, in characters as people count them: the clients ask here before they send, the room decides.

/** The most characters of a name. */
export const maxNameLength = 24;

/** The most characters of a message. */
export const maxTextLength = 500;

/** How many characters a text has: an emoji outside the basic plane is one, not two. */
export function lengthOf(text: string): number {
  return [...text].length;
}
