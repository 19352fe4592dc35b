export type Theme = "light" | "dark";

const key = "nanowire-theme";

/** What the reader chose, if he did. */
export function keptTheme(): Theme | undefined {
  try {
    const kept = localStorage.getItem(key);
    return kept === "light" || kept === "dark" ? kept : undefined;
  } catch {
    // A browser that keeps nothing.
    return undefined;
  }
}

export function keepTheme(theme: Theme): void {
  try {
    localStorage.setItem(key, theme);
  } catch {
    // It holds for this page, then.
  }
}
