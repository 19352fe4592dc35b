import { formatPlace, type Problem } from "../error.js";
import type { JsonMember, JsonNode } from "../model/json.js";

/** The members of an object. A key that stands twice is told, for JSON lets the last one count, and the first is what was read. */
export function onceEach({ members }: JsonNode, problems: Problem[]): JsonMember[] {
  const first = new Map<string, JsonMember>();
  for (const member of members) {
    const other = first.get(member.key);
    if (other === undefined) {
      first.set(member.key, member);
    } else {
      const message = `"${member.key}" stands here twice, first at ${formatPlace(other.place)}: leave one of them out`;
      problems.push({ message, place: member.place });
    }
  }
  return [...first.values()];
}
