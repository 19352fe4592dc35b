/** The page's style: light or dark as the reader has it, one column on a phone. */
export const htmlStyle = `
:root {
  color-scheme: light dark;
  --page: #fbfbfa; --card: #ffffff; --text: #1d2129; --quiet: #5b6472; --line: #e1e4e8; --link: #0b5cad; --code: #f2f3f5;
  --request: #0b5cad; --notify: #7a4b00; --push: #1a6b3c; --warn: #a02622; --mark: #fff4c2;
  --type: #d7e8fb; --length: #e4def7; --flag: #fbe3c8; --id: #f9d9e3; --route: #d5efdc; --payload: #eceef1;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #15181d; --card: #1c2027; --text: #e3e6eb; --quiet: #98a2b0; --line: #303640; --link: #7cb7f5; --code: #262b33;
    --request: #7cb7f5; --notify: #e8b45a; --push: #7fcf9d; --warn: #f28b82; --mark: #4a3f14;
    --type: #1f3d5c; --length: #37305a; --flag: #533b1a; --id: #562a3a; --route: #1f4a30; --payload: #2d333d;
  }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--page); color: var(--text); font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; overflow-wrap: anywhere; }
a { color: var(--link); text-decoration: none; }
a:hover { text-decoration: underline; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 3px; }
code, pre, .hex { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace; font-size: 0.875em; }
p code, li code, td code { background: var(--code); border-radius: 4px; padding: 0.1em 0.3em; }
h1, h2, h3, h4 { line-height: 1.25; margin: 0; }
h1 { font-size: 1.9rem; letter-spacing: -0.01em; }
h2 { font-size: 1.35rem; margin: 3rem 0 1rem; padding-bottom: 0.4rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1.1rem; }
h4 { font-size: 1.05rem; }
p { margin: 0.6rem 0; }
.page { display: grid; grid-template-columns: 17rem minmax(0, 1fr); max-width: 84rem; margin: 0 auto; }
.side { position: sticky; top: 0; height: 100vh; overflow-y: auto; padding: 1.5rem 1rem 2rem 1.5rem; border-right: 1px solid var(--line); font-size: 0.9rem; }
.side h2 { font-size: 0.75rem; text-transform: uppercase; letter-spacing: 0.06em; color: var(--quiet); border: 0; margin: 1.4rem 0 0.3rem; padding: 0; }
.side ul { list-style: none; margin: 0; padding: 0; }
.side ul ul { padding-left: 0.9rem; border-left: 1px solid var(--line); margin-left: 0.2rem; }
.side li a { display: block; padding: 0.16rem 0; color: var(--text); }
.side .package { color: var(--quiet); }
.side input[type="search"] { width: 100%; font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: 0.45rem 0.6rem; margin-bottom: 0.8rem; }
.toggle, .side > label { display: none; }
main { padding: 2rem 2.5rem 6rem; min-width: 0; }
.lead { color: var(--quiet); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 1.1rem 1.3rem; margin: 1rem 0; }
.card > :last-child { margin-bottom: 0; }
.service > header { margin: 2.2rem 0 0.4rem; }
.anchor { color: inherit; }
.anchor::after { content: " #"; color: var(--quiet); opacity: 0; }
.anchor:hover::after, .anchor:focus-visible::after { opacity: 1; }
.badges { display: flex; flex-wrap: wrap; gap: 0.4rem; margin: 0.5rem 0; padding: 0; list-style: none; }
.badges li { font-size: 0.78rem; line-height: 1.5; border: 1px solid var(--line); border-radius: 99px; padding: 0.05rem 0.6rem; color: var(--quiet); }
.badges .kind { font-weight: 600; border-color: currentColor; }
.kind.request, .kind.call { color: var(--request); } .kind.notify, .kind.tell { color: var(--notify); } .kind.push { color: var(--push); }
.badges .deprecated, .deprecated { color: var(--warn); border-color: currentColor; }
.signature { margin: 0.6rem 0; font-size: 0.92rem; }
.signature .arrow { color: var(--quiet); padding: 0 0.3rem; }
table { border-collapse: collapse; width: 100%; font-size: 0.92rem; }
th { text-align: left; white-space: nowrap; font-weight: 600; color: var(--quiet); font-size: 0.8rem; }
th, td { padding: 0.4rem 0.8rem 0.4rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
tr:last-child > td { border-bottom: 0; }
td p { margin: 0 0 0.3rem; }
td.number { color: var(--quiet); font-variant-numeric: tabular-nums; white-space: nowrap; width: 1%; }
td.short { white-space: nowrap; }
.fields td:nth-child(2) { width: 22%; }
.fields td:nth-child(3):not(:last-child) { width: 28%; }
.note { color: var(--quiet); font-size: 0.85em; }
.frames { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 22rem), 1fr)); gap: 1rem 1.6rem; margin-top: 0.9rem; }
.frame { min-width: 0; }
.frame h5 { margin: 0 0 0.4rem; font-size: 0.8rem; color: var(--quiet); font-weight: 600; }
.hex { line-height: 2; padding: 0.35rem 0.5rem; background: var(--code); border-radius: 6px; }
.hex span { padding: 0.15rem 0.35rem; border-radius: 4px; margin-right: 0.2rem; -webkit-box-decoration-break: clone; box-decoration-break: clone; }
.parts { font-size: 0.82rem; margin: 0.4rem 0; }
.parts td { padding: 0.15rem 0.7rem 0.15rem 0; border: 0; }
.swatch { display: inline-block; width: 0.7rem; height: 0.7rem; border-radius: 3px; margin-right: 0.4rem; vertical-align: baseline; }
.type { background: var(--type); } .length { background: var(--length); } .flag { background: var(--flag); } .id { background: var(--id); } .route { background: var(--route); } .payload { background: var(--payload); }
pre { margin: 0.4rem 0 0; padding: 0.7rem 0.8rem; background: var(--code); border-radius: 6px; overflow-x: auto; overflow-wrap: normal; }
:target > h3, :target > h4, :target > header > h3 { background: var(--mark); }
.hidden { display: none; }
@media (max-width: 56rem) {
  .page { display: block; }
  .side { position: static; height: auto; border-right: 0; border-bottom: 1px solid var(--line); padding: 0.8rem 1rem; }
  .side > label { display: inline-block; padding: 0.35rem 0.8rem; border: 1px solid var(--line); border-radius: 6px; background: var(--card); cursor: pointer; }
  .toggle { display: block; position: absolute; opacity: 0; }
  .toggle:focus-visible + label { outline: 2px solid var(--link); outline-offset: 2px; }
  .toggle:not(:checked) ~ .contents { display: none; }
  .contents { margin-top: 0.8rem; }
  .side li a { padding: 0.35rem 0; }
  main { padding: 1.2rem 1rem 4rem; }
  h1 { font-size: 1.5rem; }
  .card { padding: 0.9rem 1rem; }
  table.wide, table.wide tbody, table.wide tr, table.wide td { display: block; width: auto; }
  table.wide thead { display: none; }
  table.wide tr { padding: 0.5rem 0; border-bottom: 1px solid var(--line); }
  table.wide tr:last-child { border-bottom: 0; }
  table.wide td { padding: 0.05rem 0; border: 0; white-space: normal; }
  table.wide td:empty { display: none; }
  table.wide tr { display: flex; flex-wrap: wrap; column-gap: 0.7rem; align-items: baseline; }
  table.wide td { flex: 1 1 100%; }
  table.wide td.number { flex: 0 0 auto; width: auto; }
  table.wide td.number + td { flex: 1 1 60%; }
  table.wide td.short { flex: 0 0 auto; }
  table.fields td:nth-child(n) { width: auto; }
  table.wide td[data-head]::before { content: attr(data-head) " "; color: var(--quiet); font-size: 0.8rem; }
}
@media print { .side { display: none; } .page { display: block; } .card { break-inside: avoid; } }
`;

/** What the search does: it hides what does not bear the words that are looked for. Without it the page is whole. */
export const htmlScript = `
const search = document.querySelector("input[type=search]");
const entries = [...document.querySelectorAll("[data-name]")];
search.hidden = false;
search.addEventListener("input", () => {
  const words = search.value.toLowerCase().split(/\\s+/).filter(Boolean);
  for (const entry of entries) {
    const name = entry.dataset.name.toLowerCase();
    entry.classList.toggle("hidden", !words.every((word) => name.includes(word)));
  }
});
`;
