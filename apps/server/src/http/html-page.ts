/** A page without script or style of its own address: the few a browser meets while there is no web app. */
export function htmlPage(title: string, paragraphs: readonly string[]): string {
  const body = paragraphs
    .filter((text) => text !== "")
    .map((text) => (text.startsWith("<form") ? text : `<p>${text}</p>`));
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><link rel="icon" href="data:,"><title>${title}</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:15vh auto;padding:0 1rem;color:#151a22;background:#f4f5f8}h1{font-size:1.3rem}code{background:#e8ebf0;padding:.1em .3em;border-radius:4px}a{color:#215cd0}label{display:block;margin:.8rem 0}input,button{font:inherit;padding:.4em .6em;box-sizing:border-box}input{display:block;width:100%}
@media (prefers-color-scheme:dark){body{color:#eff0f3;background:#0c0d10}code{background:#252930}a{color:#7aaefb}}</style>
<main><h1>${title}</h1>${body.join("")}</main></html>`;
}

const escapes: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Everything from an address is shown as text. */
export function asText(text: string): string {
  return text.slice(0, 500).replace(/[&<>"']/g, (character) => escapes[character] ?? "");
}
