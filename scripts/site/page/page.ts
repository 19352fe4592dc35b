import { keepTheme, keptTheme } from "./kept-theme.js";

const root = document.documentElement;

function listen(selector: string, act: (element: HTMLElement) => void): void {
  const element = document.querySelector<HTMLElement>(selector);
  element?.addEventListener("click", () => act(element));
}

listen("button.theme", () => {
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  const theme = (keptTheme() ?? system) === "dark" ? "light" : "dark";
  root.dataset["theme"] = theme;
  keepTheme(theme);
});

listen("button.menu", (button) => {
  const isOpen = root.classList.toggle("with-menu");
  button.setAttribute("aria-expanded", String(isOpen));
});

// The page's place in the list is seen; the page itself stays where it is.
const sidebar = document.querySelector<HTMLElement>("#sidebar");
const here = sidebar?.querySelector<HTMLElement>('[aria-current="page"]');
if (sidebar && here) {
  sidebar.scrollTop = here.offsetTop - sidebar.clientHeight / 2;
}

// A browser has no clipboard for pages that came over plain HTTP from elsewhere.
for (const block of navigator.clipboard === undefined ? [] : document.querySelectorAll("article pre")) {
  const copy = document.createElement("button");
  copy.type = "button";
  copy.className = "copy";
  copy.textContent = "Copy";
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(block.querySelector("code")?.textContent ?? "");
    copy.textContent = "Copied";
    setTimeout(() => {
      copy.textContent = "Copy";
    }, 1_500);
  });
  block.append(copy);
}

/** Loaded when it is asked for: the words of all pages are a megabyte. */
function loadScript(name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = `${root.dataset["root"] ?? ""}assets/${name}`;
    script.onload = () => resolve();
    script.onerror = () => reject(new Error(`${name} cannot be loaded`));
    document.head.append(script);
  });
}

let loading: Promise<void> | undefined;

async function openSearch(): Promise<void> {
  const dialog = document.querySelector<HTMLDialogElement>("dialog.search");
  if (dialog === null || dialog.open) {
    return;
  }
  dialog.showModal();
  loading ??= loadScript("search-records.js").then(() => loadScript("search.js"));
  await loading;
}

listen("button.find", () => void openSearch());
document.addEventListener("keydown", (event) => {
  const isTyping = event.target instanceof HTMLInputElement;
  if ((event.key === "/" && !isTyping) || (event.key === "k" && (event.ctrlKey || event.metaKey))) {
    event.preventDefault();
    void openSearch();
  }
});
