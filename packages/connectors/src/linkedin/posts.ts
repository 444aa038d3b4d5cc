import {
  type ConnectorContext,
  matchRecent,
  type Numbers,
  type PlatformResult,
  type PublishedRef,
  rowsOf,
  truncateGraphemes,
} from "@postd/connector-kit";
import { fail, type JsonObject, ok } from "@postd/contracts";
import { z } from "zod";
import { api, authorOf, PostUrn, permalinkOf } from "./api.ts";
import { plainOf } from "./little-text.ts";
import type { PostState } from "./uploads.ts";

const Instant = z.number().max(8_640_000_000_000_000).optional();
const ShownPost = z
  .object({
    id: PostUrn,
    author: z.string().optional(),
    commentary: z.string().default(""),
    createdAt: Instant,
    publishedAt: Instant,
    lifecycleState: z.string().optional(),
    lifecycleStateInfo: z.object({ contentStatus: z.string().optional() }).optional(),
  })
  .transform(({ id, commentary, createdAt, publishedAt = createdAt, ...rest }) => ({
    ...rest,
    externalId: id,
    permalink: permalinkOf(id),
    text: plainOf(commentary),
    createdAt: publishedAt === undefined ? undefined : new Date(publishedAt),
  }));

/** A page's post as its authors see it. */
export const readPost = (ctx: ConnectorContext, urn: string) =>
  api.get(ctx, `posts/${encodeURIComponent(urn)}?viewContext=AUTHOR`, ShownPost, { about: "object" });

/** What a page shows that may be this post; a member's posts no app may read. */
export async function likeThis(
  { state, prepared, since }: { readonly state: PostState; readonly prepared: JsonObject; readonly since: Date },
  ctx: ConnectorContext,
) {
  if (ctx.account.kind !== "page")
    return ok({ kind: "not_seen" as const, looked: "nowhere, as LinkedIn lets no app read a member's posts" });
  const author = encodeURIComponent(authorOf(ctx));
  const path = `posts?q=author&author=${author}&count=20&sortBy=LAST_MODIFIED`;
  const page = await api.get(ctx, path, z.object({ elements: rowsOf(ShownPost) }), { about: "account" });
  if (!page.ok) return page;
  return ok(
    matchRecent({
      recent: page.value.elements,
      wanted: { text: plainOf(String(prepared.commentary ?? "")), since },
      state: ({ externalId }) => ({ ...state, postUrn: externalId }),
      looked: "the newest 20 posts of the page",
    }),
  );
}

/** A post by its URN or address, where it is this account's. */
export async function lookUp(
  { externalId, permalink = "" }: { readonly externalId?: string; readonly permalink?: string },
  ctx: ConnectorContext,
): PlatformResult<(PublishedRef & { readonly preview?: string }) | undefined> {
  const named = /urn(?::|%3A)li(?::|%3A)(share|ugcPost|activity)(?::|%3A)(\d+)/i.exec(externalId ?? permalink);
  const urn = PostUrn.safeParse(named && `urn:li:${named[1]}:${named[2]}`).data;
  if (!urn) return ok(undefined);
  if (ctx.account.kind !== "page")
    return fail({
      kind: "scope_missing",
      scopes: ["r_member_social"],
      message: "LinkedIn lets no app read a member's posts, so POSTD cannot look this one up.",
    });
  const got = await readPost(ctx, urn);
  if (!got.ok) return got.error.status === 404 ? ok(undefined) : got;
  if (got.value.author !== authorOf(ctx)) return ok(undefined);
  const preview = truncateGraphemes(got.value.text, 200);
  return ok({ externalId: urn, permalink: permalinkOf(urn), ...(preview && { preview }) });
}

const pageSize = 100;

/** A page's posts, last changed first; a member's no app may read, so they are not listed. */
export const recent: NonNullable<Numbers["recent"]> = async ({ cursor = "0" }, ctx) => {
  if (ctx.account.kind !== "page") return ok({ posts: [] });
  const author = encodeURIComponent(authorOf(ctx));
  const path = `posts?q=author&author=${author}&start=${cursor}&count=${pageSize}&sortBy=LAST_MODIFIED`;
  const page = await api.get(ctx, path, z.object({ elements: rowsOf(ShownPost) }), { about: "account" });
  if (!page.ok) return page;
  const { elements } = page.value;
  const posts = elements.flatMap(({ externalId, permalink, text, createdAt, lifecycleState }) =>
    createdAt && (lifecycleState === undefined || lifecycleState === "PUBLISHED")
      ? [{ externalId, permalink, text, createdAt, format: "text" }]
      : [],
  );
  return ok({ posts, ...(elements.length === pageSize && { cursor: String(Number(cursor) + pageSize) }) });
};
