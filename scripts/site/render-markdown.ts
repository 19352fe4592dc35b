import MarkdownIt, { type Token } from "markdown-it";
import { escapeHtml } from "./escape-html.js";
import { highlight } from "./highlight.js";
import type { Heading, Section } from "./site.js";
import { Slugs } from "./slug.js";

/** What a page of Markdown says. */
export interface Rendered {
  readonly html: string;
  readonly headings: readonly Heading[];
  readonly sections: readonly Section[];
}

const reader = new MarkdownIt({ html: true, linkify: false, typographer: false });

// Of HTML the pages have line breaks, and comments for those who change them. Anything else is text.
reader.renderer.rules["html_inline"] = (tokens, index) => {
  const { content = "" } = tokens[index] ?? {};
  return content === "<br>" ? content : escapeHtml(content);
};
reader.renderer.rules["html_block"] = (tokens, index) => {
  const { content = "" } = tokens[index] ?? {};
  return /^<!--[\s\S]*-->\s*$/.test(content) ? "" : `<p>${escapeHtml(content)}</p>\n`;
};
reader.renderer.rules["fence"] = (tokens, index) => {
  const { content = "", info = "" } = tokens[index] ?? {};
  return codeBlock(content, info.trim());
};
reader.renderer.rules["code_block"] = (tokens, index) => {
  const { content = "" } = tokens[index] ?? {};
  return codeBlock(content, /^(npx|npm|node|cd|docker|kubectl) /.test(content) ? "sh" : "text");
};
reader.renderer.rules["table_open"] = () => '<div class="table"><table>\n';
reader.renderer.rules["table_close"] = () => "</table></div>\n";
reader.renderer.rules["heading_open"] = (tokens, index) => {
  const token = tokens[index] as Token;
  return `<${token.tag} id="${escapeHtml(String(token.meta?.["id"]))}">`;
};
reader.renderer.rules["heading_close"] = (tokens, index) => {
  const opening = tokens[index - 2] as Token;
  const id = escapeHtml(String(opening.meta?.["id"]));
  return `<a class="anchor" href="#${id}" aria-label="Link to this section">#</a></${opening.tag}>\n`;
};

/**
 * Renders a page.
 *
 * @param resolve called with the target of each link and image, says what it is in the site
 */
export function renderMarkdown(text: string, resolve: (target: string) => string): Rendered {
  const tokens = reader.parse(text, {});
  const slugs = new Slugs();
  const headings: Heading[] = [];
  const sections: { heading: Heading; words: string[] }[] = [];
  for (const [index, token] of tokens.entries()) {
    if (token.type === "heading_open") {
      const spoken = textOf(tokens[index + 1]);
      const heading = { level: Number(token.tag.slice(1)), text: spoken, id: slugs.next(spoken) };
      token.meta = { id: heading.id };
      headings.push(heading);
      sections.push({ heading, words: [] });
    } else if (tokens[index - 1]?.type !== "heading_open") {
      sections.at(-1)?.words.push(textOf(token));
    }
    for (const child of token.children ?? []) {
      const attribute = child.type === "link_open" ? "href" : child.type === "image" ? "src" : undefined;
      const target = attribute === undefined ? null : child.attrGet(attribute);
      if (attribute !== undefined && target !== null) {
        child.attrSet(attribute, resolve(String(target)));
      }
    }
  }
  return {
    html: reader.renderer.render(tokens, reader.options, {}),
    headings,
    sections: sections.map(({ heading, words }) => ({ heading, text: words.filter((word) => word !== "").join(" ") })),
  };
}

/** Code as a page shows it. */
export function codeBlock(code: string, language: string): string {
  const shown = highlight(code, language) ?? escapeHtml(code);
  return `<pre data-language="${escapeHtml(language)}"><code>${shown}</code></pre>\n`;
}

function textOf(token: Token | undefined): string {
  if (token?.children === undefined || token.children === null) {
    return token?.type === "fence" || token?.type === "code_block" ? token.content.trim() : "";
  }
  return token.children
    .map((child) => {
      const isText = child.type === "text" || child.type === "code_inline";
      return isText ? child.content : ["softbreak", "hardbreak", "html_inline"].includes(child.type) ? " " : "";
    })
    .join("");
}
