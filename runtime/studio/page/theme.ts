/** Light, dark, or as the system has it. */
export type Theme = "system" | "light" | "dark";

/** Takes the next theme, or the one that was taken last. Returns it. */
export function applyTheme(next: boolean): Theme {
  const last = localStorage.getItem(key);
  const known = themes.find((theme) => theme === last) ?? "system";
  const theme = next ? (themes[(themes.indexOf(known) + 1) % themes.length] as Theme) : known;
  localStorage.setItem(key, theme);
  document.documentElement.dataset["theme"] = theme;
  return theme;
}

const themes = ["system", "light", "dark"] as const;
const key = "nanowire.studio.theme";
