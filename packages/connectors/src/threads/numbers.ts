import {
  askInsights,
  type ConnectorContext,
  GraphInsights,
  graphInstant,
  type Metric,
  type MetricPlan,
  type Numbers,
  type NumbersRange,
  oneByOne,
  type PlatformResult,
  unixSeconds,
  type When,
} from "@postd/connector-kit";
import { ok } from "@postd/contracts";
import { call, graphPage, scopes } from "./api.ts";
import { isMissing, NOT_OFFERED } from "./failures.ts";
import { formatOf, Media, POST_FIELDS } from "./posts.ts";

const plans = (take: MetricPlan["take"], ...names: readonly string[]): readonly MetricPlan[] =>
  names.map((name) => ({ platformName: name, name, take }));
const ofPost = plans("last", "views", "likes", "replies", "reposts", "quotes", "shares");
const ofRange = plans("sum", "views", "likes", "replies", "reposts", "quotes", "clicks");
const ofAccount: readonly MetricPlan[] = [{ platformName: "followers_count", name: "followers", take: "last" }];

/** Numbers reach no further back. @source platforms/threads.md section 9 */
const EARLIEST_SECONDS = 1_712_991_600;

function ask(
  ctx: ConnectorContext,
  path: readonly string[],
  {
    plans: wanted,
    when,
    params,
  }: {
    readonly plans: readonly MetricPlan[];
    readonly when: When;
    readonly params?: Readonly<Record<string, number>>;
  },
): PlatformResult<readonly Metric[]> {
  return askInsights(ctx, wanted, when, {
    // Some accounts have no followers told.
    hasNone: ({ platformCode }) => platformCode === NOT_OFFERED,
    async ask(names) {
      const read = await call(ctx, {
        method: "GET",
        path,
        params: { ...params, metric: names.join(",") },
        answer: GraphInsights,
        about: "object",
        needs: [scopes.insights],
        mayWait: true,
      });
      return read.ok ? ok(read.value.data) : read;
    },
  });
}

async function account({ since, until }: NumbersRange, ctx: ConnectorContext): PlatformResult<readonly Metric[]> {
  const path = [ctx.account.externalId, "threads_insights"];
  const from = Math.max(unixSeconds(since), EARLIEST_SECONDS);
  const counted = { since: new Date(from * 1000), at: until };
  const range = { since: from, until: unixSeconds(until) };
  const sums = await ask(ctx, path, { plans: ofRange, when: counted, params: range });
  if (!sums.ok) return sums;
  const totals = await ask(ctx, path, { plans: ofAccount, when: { at: ctx.clock.now() } });
  return totals.ok ? ok([...sums.value, ...totals.value]) : totals;
}

/** Posts of the account; reposts of other people's are none, and answers are not among them. */
const recent: NonNullable<Numbers["recent"]> = async ({ cursor }, ctx) => {
  const read = await graphPage(ctx, ctx.credentials.accessToken, {
    path: [ctx.account.externalId, "threads"],
    params: { fields: POST_FIELDS, limit: 50 },
    row: Media,
    after: cursor,
    needs: [scopes.basic],
  });
  if (!read.ok) return read;
  const posts = read.value.rows.flatMap((media) => {
    const createdAt = graphInstant(media.timestamp);
    const format = formatOf(media);
    if (!createdAt || format === undefined) return [];
    const { id: externalId, permalink, text } = media;
    return [{ externalId, createdAt, format, ...(permalink && { permalink }), ...(text !== undefined && { text }) }];
  });
  return ok({ posts, ...(read.value.after !== undefined && { cursor: read.value.after }) });
};

export const threadsNumbers: Numbers = {
  // Not documented here; Meta's other numbers are up to two days old.
  delayMs: 48 * 3_600_000,
  // Taken to be Meta's days, which are not documented here. @source platforms/threads.md section 9
  dayZone: "America/Los_Angeles",
  posts: oneByOne(async ({ externalId }, ctx) => {
    const read = await ask(ctx, [externalId, "insights"], { plans: ofPost, when: { at: ctx.clock.now() } });
    return !read.ok && isMissing(read.error) ? ok(undefined) : read;
  }),
  recent,
  account,
};
