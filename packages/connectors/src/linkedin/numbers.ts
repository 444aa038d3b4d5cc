import {
  type ConnectorContext,
  type Metric,
  metrics,
  type Numbers,
  type NumbersRange,
  type PlatformResult,
  type PostNumbers,
  type PublishedRef,
  rowsOf,
} from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import { z } from "zod";
import { api, authorOf, list } from "./api.ts";
import { recent } from "./posts.ts";

/** LinkedIn's names, one of them in both spellings its pages show, and ours. @source platforms/linkedin.md "Analytics" */
const names = {
  impressionCount: "impressions",
  uniqueImpressionsCount: "reach",
  uniqueImpressionsCounts: "reach",
  clickCount: "clicks",
  likeCount: "likes",
  commentCount: "comments",
  shareCount: "shares",
};
const Instant = z.number().max(8_640_000_000_000_000);
const Statistics = z.object({
  elements: rowsOf(
    z.object({
      share: z.string().optional(),
      ugcPost: z.string().optional(),
      totalShareStatistics: z.record(z.string(), z.unknown()),
      timeRange: z.object({ start: Instant, end: Instant }).optional(),
    }),
  ),
});
const pageHint = { about: "account", needs: ["rw_organization_admin"] } as const;

function ofPage(ctx: ConnectorContext, more: string) {
  const page = encodeURIComponent(authorOf(ctx));
  const path = `organizationalEntityShareStatistics?q=organizationalEntity&organizationalEntity=${page}&${more}`;
  return api.get(ctx, path, Statistics, pageHint);
}

/** Posts without activity, older than a year or deleted are left out of the answer, and so here. */
async function pagePosts(refs: readonly PublishedRef[], ctx: ConnectorContext): PlatformResult<readonly PostNumbers[]> {
  const at = ctx.clock.now();
  const found: PostNumbers[] = [];
  for (const kind of ["share", "ugcPost"] as const) {
    const urns = refs.map(({ externalId }) => externalId).filter((urn) => urn.startsWith(`urn:li:${kind}:`));
    if (urns.length === 0) continue;
    const got = await ofPage(ctx, `${kind}s=${list(urns)}`);
    if (!got.ok) return got;
    for (const { [kind]: externalId, totalShareStatistics } of got.value.elements)
      if (externalId) found.push({ externalId, metrics: metrics(totalShareStatistics, names, { at }) });
  }
  return ok(found);
}

const queryTypes = {
  IMPRESSION: "impressions",
  MEMBERS_REACHED: "reach",
  REACTION: "likes",
  COMMENT: "comments",
  RESHARE: "shares",
};
const MemberNumber = z.object({
  elements: z.array(z.object({ count: z.number().optional(), value: z.number().optional() })),
});

/** One number in each call, and only for apps with the Community Management product. */
async function memberPosts(
  refs: readonly PublishedRef[],
  ctx: ConnectorContext,
): PlatformResult<readonly PostNumbers[]> {
  const scope = "r_member_postAnalytics";
  if (!ctx.credentials.scopes?.includes(scope))
    return fail({
      kind: "scope_missing",
      scopes: [scope],
      message: "LinkedIn shows a member's numbers only to apps with its Community Management product.",
    });
  const found: PostNumbers[] = [];
  for (const { externalId } of refs) {
    const [, , kind = "", id = ""] = externalId.split(":");
    const entity = `(${kind === "share" ? "share" : "ugc"}:${encodeURIComponent(`urn:li:${kind}:${id}`)})`;
    const values: Record<string, unknown> = {};
    for (const queryType of Object.keys(queryTypes)) {
      const path = `memberCreatorPostAnalytics?q=entity&entity=${entity}&queryType=${queryType}&aggregation=TOTAL`;
      const got = await api.get(ctx, path, MemberNumber, { about: "object", needs: [scope] });
      if (!got.ok) return got;
      const [first] = got.value.elements;
      values[queryType] = first?.count ?? first?.value;
    }
    found.push({ externalId, metrics: metrics(values, queryTypes, { at: ctx.clock.now() }) });
  }
  return ok(found);
}

const DAY_MS = 86_400_000;
const Size = z.object({ firstDegreeSize: z.number() });

/** A page's followers now, and what was counted in each UTC day of the range. */
async function account({ since, until }: NumbersRange, ctx: ConnectorContext): PlatformResult<readonly Metric[]> {
  if (ctx.account.kind !== "page") return ok([]);
  const sizePath = `networkSizes/${encodeURIComponent(authorOf(ctx))}?edgeType=COMPANY_FOLLOWED_BY_MEMBER`;
  const followers = await api.get(ctx, sizePath, Size, { about: "account" });
  if (!followers.ok) return followers;
  // Whole days, and none before the twelve months LinkedIn keeps.
  const oldest = ctx.clock.now().getTime() - 364 * DAY_MS;
  const start = Math.floor(Math.max(since.getTime(), oldest) / DAY_MS) * DAY_MS;
  const end = Math.max(start + DAY_MS, Math.ceil(until.getTime() / DAY_MS) * DAY_MS);
  const days = await ofPage(ctx, `timeIntervals=(timeRange:(start:${start},end:${end}),timeGranularityType:DAY)`);
  if (!days.ok) return days;
  return ok([
    ...metrics(followers.value, { firstDegreeSize: "followers" }, { at: ctx.clock.now() }),
    ...days.value.elements.flatMap(({ totalShareStatistics, timeRange }) =>
      timeRange
        ? metrics(totalShareStatistics, names, { at: new Date(timeRange.end), since: new Date(timeRange.start) })
        : [],
    ),
  ]);
}

export const linkedinNumbers: Numbers = {
  delayMs: 24 * 60 * 60_000,
  dayZone: "UTC",
  // Twenty names stay far below the 4,000 characters after which a query has to go as a form.
  batchSize: 20,
  posts: (refs, ctx) => (ctx.account.kind === "page" ? pagePosts(refs, ctx) : memberPosts(refs, ctx)),
  recent,
  account,
};
