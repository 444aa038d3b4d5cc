import {
  type ConnectorContext,
  normalizeText,
  type PlatformFailure,
  type PlatformResult,
  type ProbeAnswer,
  type Secret,
  truncateGraphemes,
} from "@postd/connector-kit";
import { ok } from "@postd/contracts";
import { z } from "zod";
import { meaningOf } from "../failures.ts";
import { graph } from "../graph.ts";
import { instant } from "../graph-url.ts";

export const pageToken = (ctx: ConnectorContext): Secret => ctx.credentials.accessToken;

/** @source specs/meta PagePost (2026-04-15); every field may be left out of an answer */
export const postFields = z.object({
  id: z.string().optional(),
  is_published: z.boolean().optional(),
  permalink_url: z.string().optional(),
  scheduled_publish_time: z.union([z.number(), z.string()]).optional(),
});

const PostRow = z.object({
  id: z.string(),
  message: z.string().optional(),
  created_time: z.string().optional(),
  permalink_url: z.string().optional(),
  is_published: z.boolean().optional(),
  application: z.object({ id: z.string() }).optional(),
});
export type PostRow = z.output<typeof PostRow>;

/** Code 100, an object that is not there included: Facebook does not take the call in this form. */
export const isRefusedForm = (failure: PlatformFailure): boolean =>
  failure.kind === "content_rejected" &&
  (failure.platformCode === "100" ||
    failure.platformCode?.startsWith("100/") === true ||
    meaningOf(failure) === "missing");

/** Clocks of Meta and ours may differ by this much. */
const skewMs = 60_000;

/**
 * Looks for a post of this text made since the intent. Facebook names the app that made a post, so one of ours is known
 * as ours; a list that lacks it proves nothing (`not_seen`).
 */
export async function probePosts<S>(
  ctx: ConnectorContext,
  look: { readonly edge: "feed" | "scheduled_posts"; readonly text: string; readonly since: Date },
  stateWith: (row: PostRow) => S,
): PlatformResult<ProbeAnswer<S>> {
  const list = await graph(ctx, pageToken(ctx), {
    method: "GET",
    path: [ctx.account.externalId, look.edge],
    params: { fields: "id,message,created_time,permalink_url,is_published,application", limit: 25 },
    answer: z.object({ data: z.array(z.unknown()) }),
    effect: "none",
    needs: ["pages_read_engagement"],
  });
  if (!list.ok) return list;
  const earliest = look.since.getTime() - skewMs;
  const wanted = normalizeText(look.text);
  const candidates = list.value.data.flatMap((data) => {
    const row = PostRow.safeParse(data).data;
    const createdAt = instant(row?.created_time);
    if (!row || !createdAt || createdAt.getTime() < earliest) return [];
    if (normalizeText(row.message ?? "") !== wanted || (look.edge === "feed" && row.is_published === false)) return [];
    const appId = ctx.app.value("app_id");
    return [
      {
        externalId: row.id,
        permalink: row.permalink_url ?? `https://www.facebook.com/${row.id}`,
        state: stateWith(row),
        createdAt,
        ours: appId !== undefined && row.application?.id === appId,
        preview: truncateGraphemes(row.message ?? "(no text)", 200),
      },
    ];
  });
  if (candidates.length > 0) return ok({ kind: "found", candidates });
  return ok({
    kind: "not_seen",
    looked: `the newest 25 of ${look.edge === "feed" ? "the Page's posts" : "its scheduled posts"}`,
  });
}
