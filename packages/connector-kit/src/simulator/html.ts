import type { SimPost } from "./types.ts";

/** Text made safe inside HTML elements and quoted attributes. */
export const escapeHtml = (text: string): string =>
  text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");

/** Sent with every page of a simulator: no scripts, nothing from elsewhere. Forms stay allowed for consent pages. */
export const pageHeaders: Readonly<Record<string, string>> = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy":
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cache-control": "no-store",
};

const css = `
:root{color-scheme:light dark;--ink:#1c1e21;--soft:#5d6470;--line:#d9dde3;--card:#fff;--back:#f3f4f7;--mark:#2f5bd0}
@media (prefers-color-scheme:dark){:root{--ink:#e8eaee;--soft:#a1a8b4;--line:#343a44;--card:#1d2127;--back:#14171b;--mark:#8fb0ff}}
*{box-sizing:border-box}body{margin:0;background:var(--back);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{max-width:46rem;margin:0 auto;padding:1.5rem 1rem 4rem}
.note{background:#fff4d6;color:#4d3a00;border-bottom:1px solid #e8d08a;padding:.5rem 1rem;text-align:center;font-size:.9rem}
h1{font-size:1.4rem;margin:.5rem 0}h2{font-size:1.1rem;margin:2rem 0 .5rem}
a{color:var(--mark)}.soft{color:var(--soft);font-size:.875rem}code{font-size:.875em;overflow-wrap:anywhere}
.card{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:1rem;margin:.75rem 0}
.text{white-space:pre-wrap;overflow-wrap:anywhere;margin:.5rem 0}
.media{display:flex;flex-wrap:wrap;gap:.5rem;margin:.5rem 0;padding:0;list-style:none}
.media li{width:9rem}.media img,.tile{width:9rem;height:9rem;object-fit:cover;border-radius:8px;border:1px solid var(--line);display:block}
.tile{display:grid;place-items:center;text-align:center;padding:.5rem;color:var(--soft);font-size:.8rem}
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.35rem .5rem .35rem 0;border-bottom:1px solid var(--line);vertical-align:top}`;

/** A whole page; `bodyHtml` must be escaped already. Says on top that nothing of it is real. */
export function htmlPage(input: { readonly title: string; readonly bodyHtml: string }): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<link rel="icon" href="data:,"><title>${escapeHtml(input.title)}</title><style>${css}</style></head><body>
<p class="note" style="margin:0">Simulated platform. Nothing here was sent to the real one.</p><main>${input.bodyHtml}</main></body></html>`;
}

export interface PostLinks {
  /** Where the browser finds the post on this host. */
  readonly page?: string | undefined;
  /** Where the browser finds a medium, by hash; undefined: not kept. */
  media(sha256: string): string | undefined;
}

/** One post as a card. */
export function postCard(post: SimPost, links: PostLinks): string {
  const link = links.page === undefined ? "" : ` · <a href="${escapeHtml(links.page)}">open</a>`;
  const replies = (post.replies ?? []).map((text) => `<div class="card text">${escapeHtml(text)}</div>`).join("");
  return `<article class="card"><div><strong>${escapeHtml(post.accountName)}</strong> <span class="soft">${escapeHtml(post.platform)} · ${escapeHtml(post.kind)} · <time datetime="${escapeHtml(post.createdAt)}">${escapeHtml(post.createdAt)}</time>${link}</span></div>
<div class="text">${escapeHtml(post.text)}</div>${mediaList(post, links)}<div class="soft">id <code>${escapeHtml(post.id)}</code></div>${replies}</article>`;
}

function mediaList(post: SimPost, links: PostLinks): string {
  if (post.media.length === 0) return "";
  const items = post.media.map((medium) => {
    const source = medium.mimeType.startsWith("image/") ? links.media(medium.sha256) : undefined;
    const alt = escapeHtml(medium.altText ?? "");
    const picture =
      source === undefined
        ? `<div class="tile">${escapeHtml(medium.mimeType)}<br>${medium.sizeBytes.toLocaleString("en")} bytes</div>`
        : `<img src="${escapeHtml(source)}" alt="${alt}">`;
    const caption = medium.altText ? `alt: ${alt}` : "no alt text";
    return `<li>${picture}<span class="soft">${caption}<br>sha256 <code>${medium.sha256.slice(0, 12)}</code></span></li>`;
  });
  return `<ul class="media">${items.join("")}</ul>`;
}
