/** The templates, by the kind of file that each prints: `server.hbs` prints `room.server.ts`. */
export const templateNames = ["server", "client", "json", "routes"] as const;

/** A template. */
export type TemplateName = (typeof templateNames)[number];

/** The text of a template. */
export interface TemplateText {
  /** The file that it is from, as the user knows it: for the places of errors. */
  readonly file: string;
  readonly text: string;
}

/** Every template's text. */
export type TemplateTexts = Readonly<Record<TemplateName, TemplateText>>;
