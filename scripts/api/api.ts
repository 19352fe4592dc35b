/** What a doc comment says. Links are still as they were written: `{@link Session.bind}`. */
export interface Doc {
  readonly text: string;
  readonly params: readonly NamedText[];
  readonly typeParams: readonly NamedText[];
  readonly returns: string;
  readonly throws: readonly string[];
}

/** A name, and what is said of it. */
export interface NamedText {
  readonly name: string;
  readonly text: string;
}

/** A member of a class, an interface or an object. */
export interface ApiMember {
  readonly name: string;
  /** As it would be declared: `bind(uid: string): Promise<void>`. A line each where there are several ways to call it. */
  readonly signature: string;
  readonly doc: Doc | undefined;
}

/** Something that an entry of the package exports. */
export interface ApiExport {
  readonly name: string;
  readonly kind: "class" | "const" | "function" | "interface" | "type";
  /** Where it is declared, from the project's folder: `runtime/session/session.ts`. */
  readonly file: string;
  /** Its declaration, without what its members say. */
  readonly signature: string;
  readonly doc: Doc | undefined;
  readonly members: readonly ApiMember[];
}

/** An entry of the package: what `import … from "nanowire/client"` finds. */
export interface ApiEntry {
  /** `nanowire/client`. */
  readonly name: string;
  /** Its source, from the project's folder: `runtime/client/index.ts`. */
  readonly file: string;
  /** What the entry's file says of itself in its first comment. */
  readonly purpose: string;
  readonly exports: readonly ApiExport[];
}
