// Before anything is drawn: the colours that a reader chose, or else those of the system.
import { keptTheme } from "./kept-theme.js";

const theme = keptTheme();
if (theme !== undefined) {
  document.documentElement.dataset["theme"] = theme;
}
