import type { StoredMedia } from "@postd/connector-kit/simulator";
import { escapeHtml, htmlPage, pageHeaders, type SimAnswer } from "@postd/connector-kit/simulator";
import { livePosts } from "./live-posts.ts";

import type { World } from "./world.ts";

const notFound: SimAnswer = {
  status: 404,
  headers: pageHeaders,
  text: htmlPage({
    title: "Not available",
    bodyHtml: "<h1>This page isn't available</h1><p>The link may be broken, or the post was removed.</p>",
  }),
};

/** What a browser sees on www.facebook.com and www.instagram.com: permalinks of live posts, media, pictures. */
export function answerWeb(world: World, host: string, path: string): SimAnswer {
  const [first = "", second = ""] = path.split("/").filter((segment) => segment !== "");
  if (second === "picture") return picture(nameOf(world, first) ?? first);
  if (first === "photo") return image(world.data.photos.get(second)?.media);
  if (first === "media") return image(world.data.igMedia.get(second)?.media);
  const asked = `https://${host}${path}`.replace(/\/$/, "");
  const post = livePosts(world).find((each) => each.permalink?.replace(/\/$/, "") === asked);
  if (post === undefined) return notFound;
  const media = post.media.map(
    (medium) =>
      `<li>${escapeHtml(medium.mimeType)} <code>${medium.sha256}</code> ${escapeHtml(medium.altText ?? "")}</li>`,
  );
  return {
    status: 200,
    headers: pageHeaders,
    text: htmlPage({
      title: post.accountName,
      bodyHtml: `<article class="card"><h1>${escapeHtml(post.accountName)}</h1><p class="text">${escapeHtml(post.text)}</p><ul>${media.join("")}</ul><p class="soft">${escapeHtml(post.createdAt)}</p></article>`,
    }),
  };
}

/** GET /{id}/picture: a tile with the first letter. */
export function graphPicture(world: World, id: string): SimAnswer | undefined {
  const name = nameOf(world, id);
  return name === undefined ? undefined : picture(name);
}

function nameOf(world: World, idOrName: string): string | undefined {
  const { pages, people, igAccounts } = world.data;
  return (
    (pages.get(idOrName) ?? people.get(idOrName) ?? igAccounts.get(idOrName))?.name ??
    [...igAccounts.values()].find((account) => account.username === idOrName)?.name
  );
}

function picture(name: string): SimAnswer {
  const letter = escapeHtml([...name][0]?.toUpperCase() ?? "?");
  const hue = [...name].reduce((sum, char) => sum + (char.codePointAt(0) ?? 0), 0) % 360;
  return {
    status: 200,
    headers: { "content-type": "image/svg+xml", "x-content-type-options": "nosniff" },
    text: `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 50 50"><rect width="50" height="50" fill="hsl(${hue} 45% 45%)"/><text x="25" y="34" font-size="26" text-anchor="middle" fill="#fff" font-family="sans-serif">${letter}</text></svg>`,
  };
}

function image(media: StoredMedia | undefined): SimAnswer {
  return media?.bytes === undefined
    ? notFound
    : {
        status: 200,
        headers: { "content-type": media.mimeType, "x-content-type-options": "nosniff" },
        bytes: media.bytes,
      };
}
