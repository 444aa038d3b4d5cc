import type { SimRequest } from "@postd/connector-kit/simulator";
import { z } from "zod";
import { invalidRequest, XrpcError } from "./answer.ts";
import { type Bluesky, json, type Method, params } from "./call.ts";
import { isHidden } from "./hidden.ts";
import { isHandle, parseAtUri } from "./ids.ts";
import { PostRecord } from "./post-record.ts";
import type { Account, StoredRecord, World } from "./world.ts";

// Views: lexicons app.bsky.feed.defs, app.bsky.actor.defs, app.bsky.embed.*.

const postsOf = (account: Account): readonly StoredRecord[] =>
  [...account.records.values()].filter(({ collection }) => collection === "app.bsky.feed.post");

/** The public host answers anybody; an account server only passes on calls of its own accounts. */
function mayRead(request: SimRequest, { sessions }: Bluesky): void {
  if (request.host !== "public.api.bsky.app") sessions.access(request, "read");
}

const basicView = (account: Account) => ({
  did: account.did,
  handle: account.handle,
  displayName: account.displayName,
  labels: [],
  createdAt: account.createdAt.toISOString(),
});

const cdn = (account: Account, size: string, cid: string) =>
  `https://cdn.bsky.app/img/${size}/plain/${account.did}/${cid}@jpeg`;

/** Views of quotes are left out, which the lexicon allows. */
function embedView(account: Account, embed: PostRecord["embed"]): { readonly $type: string } | undefined {
  switch (embed?.$type) {
    case "app.bsky.embed.images": {
      const images = embed.images.map(({ image, alt, aspectRatio }) => ({
        thumb: cdn(account, "feed_thumbnail", image.ref.$link),
        fullsize: cdn(account, "feed_fullsize", image.ref.$link),
        alt,
        ...(aspectRatio === undefined ? {} : { aspectRatio }),
      }));
      return Object.assign({ $type: "app.bsky.embed.images#view" }, { images });
    }
    case "app.bsky.embed.external": {
      const { uri, title, description, thumb } = embed.external;
      const external = {
        uri,
        title,
        description,
        ...(thumb === undefined ? {} : { thumb: cdn(account, "feed_thumbnail", thumb.ref.$link) }),
      };
      return Object.assign({ $type: "app.bsky.embed.external#view" }, { external });
    }
    case "app.bsky.embed.video": {
      const cid = embed.video.ref.$link;
      return Object.assign(
        { $type: "app.bsky.embed.video#view" },
        { cid, playlist: `https://video.bsky.app/watch/${encodeURIComponent(account.did)}/${cid}/playlist.m3u8` },
      );
    }
    default:
      return undefined;
  }
}

function postView(
  { world, counters }: { readonly world: World; readonly counters: Counters },
  account: Account,
  record: StoredRecord,
) {
  const embed = embedView(account, PostRecord.parse(record.shownValue).embed);
  return {
    uri: record.uri,
    cid: record.cid,
    author: basicView(account),
    record: record.shownValue,
    ...(embed === undefined ? {} : { embed }),
    ...counters.of(world, record.uri),
    indexedAt: record.indexedAt.toISOString(),
    labels: [],
  };
}

/** Likes and the like of made-up people, set by the control action `engage`; replies and quotes are counted. */
export function createCounters() {
  const set = new Map<string, Readonly<Record<string, number>>>();
  return {
    set: (uri: string, counts: Readonly<Record<string, number>>) => set.set(uri, { ...set.get(uri), ...counts }),
    given: (key: string): Readonly<Record<string, number>> => set.get(key) ?? {},
    reset: () => set.clear(),
    of(world: World, uri: string) {
      const posts = world
        .accounts()
        .flatMap(postsOf)
        .map(({ shownValue }) => PostRecord.parse(shownValue));
      const quotes = posts.filter(
        ({ embed }) => embed?.$type === "app.bsky.embed.record" && embed.record.uri === uri,
      ).length;
      const replies = posts.filter(({ reply }) => reply?.parent.uri === uri).length;
      return {
        bookmarkCount: 0,
        repostCount: 0,
        likeCount: 0,
        quoteCount: quotes,
        replyCount: replies,
        ...set.get(uri),
      };
    },
  };
}
export type Counters = ReturnType<typeof createCounters>;

/** Public reads of posts, profiles and handles. */
export function appviewMethods(counters: Counters): Readonly<Record<string, Method>> {
  return {
    "app.bsky.feed.getPosts": {
      verb: "GET",
      call(request, bluesky) {
        mayRead(request, bluesky);
        const { world, env } = bluesky;
        const uris = request.query.getAll("uris");
        if (uris.length === 0) throw invalidRequest('Error: Params must have the property "uris"');
        if (uris.length > 25) throw invalidRequest("Error: uris must not have more than 25 elements");
        const hidden = isHidden(env, request);
        const posts = uris.flatMap((uri) => {
          const parts = parseAtUri(uri);
          if (parts === undefined) throw invalidRequest("Error: uris must be valid at-uris");
          const account = world.find(parts.repo);
          const record = account?.records.get(`${parts.collection}/${parts.rkey}`);
          // What is not there is left out of the answer.
          return account === undefined || record?.collection !== "app.bsky.feed.post" || hidden(record)
            ? []
            : [postView({ world, counters }, account, record)];
        });
        return json({ posts });
      },
    },
    "app.bsky.feed.getAuthorFeed": {
      verb: "GET",
      call(request, bluesky) {
        mayRead(request, bluesky);
        const { world, env } = bluesky;
        const Feed = z.strictObject({
          actor: z.string(),
          limit: z.coerce.number().int().min(1).max(100).default(50),
          cursor: z.string().optional(),
          filter: z.string().optional(),
          includePins: z.string().optional(),
        });
        const { actor, limit, cursor } = params(request, Feed);
        const account = world.find(actor);
        if (account === undefined) throw invalidRequest("Profile not found");
        const hidden = isHidden(env, request);
        const found = postsOf(account)
          .filter((record) => !hidden(record) && (cursor === undefined || record.rkey < cursor))
          .sort((left, right) => (left.rkey < right.rkey ? 1 : -1))
          .slice(0, limit);
        const last = found.at(-1);
        return json({
          feed: found.map((record) => ({ post: postView({ world, counters }, account, record) })),
          ...(last === undefined ? {} : { cursor: last.rkey }),
        });
      },
    },
    "app.bsky.actor.getProfile": {
      verb: "GET",
      call(request, bluesky) {
        mayRead(request, bluesky);
        const { actor } = params(request, z.strictObject({ actor: z.string() }));
        const account = bluesky.world.find(actor);
        if (account === undefined || account.status === "deleted") throw invalidRequest("Profile not found");
        // The AppView names the state where the account server still passes the read on (atproto, bsky getProfile).
        if (account.status === "takendown" || account.status === "suspended")
          throw new XrpcError(400, "AccountTakedown", "Account has been suspended");
        if (account.status === "deactivated") throw new XrpcError(400, "AccountDeactivated", "Account is deactivated");
        const counts = {
          followersCount: 128,
          followsCount: 42,
          ...counters.given(account.did),
          postsCount: postsOf(account).length,
        };
        return json({ ...basicView(account), ...counts, indexedAt: account.createdAt.toISOString() });
      },
    },
    "com.atproto.identity.resolveHandle": {
      verb: "GET",
      call(request, { world }) {
        const { handle } = params(request, z.strictObject({ handle: z.string() }));
        if (!isHandle(handle)) throw invalidRequest("Error: handle must be a valid handle");
        const account = world.accounts().find((one) => one.handle === handle.toLowerCase());
        if (account === undefined) throw new XrpcError(400, "HandleNotFound", "Unable to resolve handle");
        return json({ did: account.did });
      },
    },
  };
}
