import {
  cursorPage,
  escapeHtml,
  htmlPage,
  pageHeaders,
  type Route,
  type SimResponse,
} from "@postd/connector-kit/simulator";
import { z } from "zod";
import { parseAtUri } from "./ids.ts";
import { allPosts, type Post, permalinkOf, postsOf, postView, profileView } from "./views.ts";
import { invalidRequest, xrpcError } from "./words.ts";
import type { World } from "./world.ts";
import { actorOf, count, json, onAppView, route, several } from "./xrpc.ts";

const keyOf = ({ record }: Post) => record.rkey;
const madeAt = ({ record }: Post) => record.indexedAt;
/** Depth of replies and parents. */
const depth = (usual: number) => z.coerce.number().int().min(0).max(1000).default(usual);

/** Public reads: the public host answers anybody, account servers pass them on for their own accounts. */
const read = <Q extends z.ZodType>(
  nsid: string,
  query: Q,
  handle: Parameters<typeof route<z.ZodUnknown, Q>>[2]["handle"],
) => route("GET", onAppView(nsid), { token: "optional", query, handle });

/** A post with the posts above it and the replies below it (lexicon app.bsky.feed.defs#threadViewPost). */
function threadOf(world: World, post: Post, above: number, below: number): object {
  const posts = allPosts(world);
  const parent =
    above > 0 ? post.reply && posts.find(({ record }) => record.uri === post.reply?.parent.uri) : undefined;
  const gone = above > 0 && post.reply !== undefined && parent === undefined;
  const replies = posts.filter(({ reply }) => reply?.parent.uri === post.record.uri);
  return {
    $type: "app.bsky.feed.defs#threadViewPost",
    post: postView(world, post),
    ...(parent && { parent: threadOf(world, parent, above - 1, 0) }),
    ...(gone && { parent: { $type: "app.bsky.feed.defs#notFoundPost", uri: post.reply?.parent.uri, notFound: true } }),
    ...(below > 0 && { replies: replies.map((reply) => threadOf(world, reply, 0, below - 1)) }),
  };
}

export const appviewRoutes: readonly Route<World>[] = [
  read("app.bsky.feed.getPosts", z.strictObject({ uris: several(25) }), ({ world, query, listed }) => {
    for (const uri of query.uris)
      if (parseAtUri(uri) === undefined) throw invalidRequest("Error: uris must be valid at-uris");
    const posts = listed(allPosts(world), madeAt);
    // What is not there is left out of the answer.
    const found = query.uris.flatMap((uri) => posts.find(({ record }) => record.uri === uri) ?? []);
    return json({ posts: found.map((post) => postView(world, post)) });
  }),
  read(
    "app.bsky.feed.getAuthorFeed",
    z.strictObject({
      actor: z.string(),
      limit: count(100, 50),
      cursor: z.string().optional(),
      filter: z.string().optional(),
      includePins: z.string().optional(),
    }),
    ({ world, query: { actor, limit, cursor }, listed }) => {
      const posts = listed(postsOf(actorOf(world, actor)), madeAt);
      const newest = posts.toSorted((left, right) => (keyOf(left) < keyOf(right) ? 1 : -1));
      const page = cursorPage(newest, { limit, cursor, keyOf });
      return json({ feed: page.items.map((post) => ({ post: postView(world, post) })), cursor: page.next });
    },
  ),
  read(
    "app.bsky.feed.getPostThread",
    z.strictObject({ uri: z.string(), depth: depth(6), parentHeight: depth(80) }),
    ({ world, query, listed }) => {
      const post = listed(allPosts(world), madeAt).find(({ record }) => record.uri === query.uri);
      if (post === undefined) throw xrpcError(400, "NotFound", `Post not found: ${query.uri}`);
      return json({ thread: threadOf(world, post, query.parentHeight, query.depth) });
    },
  ),
  read("app.bsky.actor.getProfile", z.strictObject({ actor: z.string() }), ({ world, query }) =>
    json(profileView(world, actorOf(world, query.actor))),
  ),
  read("app.bsky.actor.getProfiles", z.strictObject({ actors: several(25) }), ({ world, query }) => {
    const found = query.actors.flatMap((actor) => world.find(actor) ?? []);
    return json({ profiles: found.filter(({ status }) => status === "active").map((one) => profileView(world, one)) });
  }),
  // The page of a post is the host's, made from what `posts()` says.
  route("GET", "bsky.app/profile/:actor", {
    token: "none",
    handle({ world, env, params: { actor = "" } }) {
      const account = world.find(actor);
      if (account === undefined) return page(404, "Not found", "<p>No such profile.</p>");
      const cards = postsOf(account).map(({ text, record }) => {
        const href = escapeHtml(env.urlFor("bsky.app", new URL(permalinkOf(account, record.rkey)).pathname));
        return `<article class="card"><div class="text">${escapeHtml(text)}</div><a href="${href}">open</a></article>`;
      });
      const title = `${account.displayName} (@${account.handle})`;
      return page(
        200,
        title,
        `<h1>${escapeHtml(title)}</h1>${cards.reverse().join("") || '<p class="soft">No posts yet.</p>'}`,
      );
    },
  }),
];

const page = (status: number, title: string, bodyHtml: string): SimResponse => ({
  status,
  headers: pageHeaders,
  text: htmlPage({ title, bodyHtml }),
});
