import { type JSDocableNode, type JSDocTag, Node } from "ts-morph";
import type { Doc, NamedText } from "./api.js";

/** Whether it is marked as not for users. */
export function isInternal(node: Node): boolean {
  return Node.isJSDocable(node) && node.getJsDocs().some((doc) => doc.getTags().some(isCalled("internal")));
}

/** What the comment of a declaration says; the last one, where there are several. */
export function docOf(node: (JSDocableNode & Node) | undefined): Doc | undefined {
  const comment = node?.getJsDocs().at(-1);
  if (comment === undefined) {
    return undefined;
  }
  const tags = comment.getTags();
  const called = (name: string): NamedText[] => tags.filter(isCalled(name)).map(named);
  return {
    text: comment.getDescription().trim(),
    params: called("param"),
    typeParams: called("typeParam"),
    returns: called("returns")[0]?.text ?? "",
    throws: called("throws").map(({ text }) => text),
  };
}

/** `@param uid 1 to 255 characters` has a name before its text; a type parameter's is the first word, which is not taken for one. */
function named(tag: JSDocTag): NamedText {
  const text = (tag.getCommentText() ?? "").trim();
  if (tag.getTagName() === "typeParam") {
    const [name = ""] = text.split(" ");
    return { name, text: text.slice(name.length).trim() };
  }
  return { name: Node.isJSDocParameterTag(tag) ? tag.getName() : "", text };
}

function isCalled(name: string): (tag: JSDocTag) => boolean {
  return (tag) => tag.getTagName() === name;
}
