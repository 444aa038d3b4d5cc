import { escapeHtml, htmlPage, pageHeaders, type SimRequest, type SimResponse } from "@postd/connector-kit/simulator";
import type { Bluesky } from "./call.ts";
import { livePosts, permalinkOf } from "./views.ts";

/**
 * Pages of bsky.app: a profile, and posts addressed by DID, which are sent on to the handle's address. The page of a
 * post itself is the host's, made from what `posts()` says.
 */
export function profilePage(request: SimRequest, { world, env }: Bluesky): SimResponse {
  const [, actor = "", rkey] = /^\/profile\/([^/]+)(?:\/post\/([^/]+))?\/?$/.exec(request.path) ?? [];
  const account = world.find(decodeURIComponent(actor));
  if (account === undefined) return page(404, "Not found", "<p>No such profile.</p>");
  if (rkey !== undefined) {
    const post = livePosts(world).find(({ permalink }) => permalink === permalinkOf(account, rkey));
    if (post === undefined) return page(404, "Not found", "<p>Post not found. It may have been deleted.</p>");
    if (actor !== account.handle)
      return { status: 302, headers: { location: env.urlFor("bsky.app", `/profile/${account.handle}/post/${rkey}`) } };
    return page(
      200,
      `${account.displayName} on Bluesky`,
      `<article class="card"><strong>${escapeHtml(account.displayName)}</strong><div class="text">${escapeHtml(post.text)}</div></article>`,
    );
  }
  const mine = livePosts(world)
    .filter(({ accountId }) => accountId === account.did)
    .reverse();
  const cards = mine.map(({ text, permalink }) => {
    const href = env.urlFor("bsky.app", new URL(permalink ?? "https://bsky.app/").pathname);
    return `<article class="card"><div class="text">${escapeHtml(text)}</div><a href="${escapeHtml(href)}">open</a></article>`;
  });
  const title = `${account.displayName} (@${account.handle})`;
  return page(200, title, `<h1>${escapeHtml(title)}</h1>${cards.join("") || '<p class="soft">No posts yet.</p>'}`);
}

const page = (status: number, title: string, bodyHtml: string): SimResponse => ({
  status,
  headers: pageHeaders,
  text: htmlPage({ title, bodyHtml }),
});
