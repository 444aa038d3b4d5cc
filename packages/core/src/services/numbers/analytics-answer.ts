import {
  type AnalyticsRowView,
  type AnalyticsView,
  asId,
  type ConnectionId,
  fail,
  ok,
  type Result,
  type ServiceError,
} from "@postd/contracts";
import type {
  AnalyticsInput,
  GroupQuery,
  Period,
  PostPlace,
  RankedPost,
  TenantAnalytics,
} from "../../ports/analytics.ts";
import { lastOf, partsOf, rowOf, tableOf } from "./grouped.ts";
import { ratesOf } from "./meaning.ts";
import { metricView, type ToldDeps, told, whyNone } from "./told-numbers.ts";

const dayMs = 24 * 60 * 60_000;
/** Longest time one answer is about, and the longest one told day by day. */
export const longestDays = { all: 1_100, byDay: 400 } as const;

const units = { day: "day", week: "week", month: "month" } as const;
type Unit = keyof typeof units;
const unitOf = (by: string): Unit | undefined => (Object.hasOwn(units, by) ? (by as Unit) : undefined);

export interface AnswerDeps extends ToldDeps {
  readonly analytics: TenantAnalytics;
}

const refused = (field: string, detail: string, next: string): ServiceError => ({
  code: "invalid_input",
  detail,
  field,
  next,
});

/** The time that was asked for, where the answer to it is bounded. */
export async function periodOf(
  { analytics }: AnswerDeps,
  { from, to, timeZone, by }: AnalyticsInput,
): Promise<Result<Period, ServiceError>> {
  const unit = unitOf(by);
  const period = await analytics.period({
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    ...(timeZone !== undefined && { timeZone }),
    ...(unit && { unit }),
  });
  if (!period)
    return fail(refused("timeZone", "The database does not know this time zone.", "Name another one, such as UTC."));
  const days = (period.to.getTime() - period.from.getTime()) / dayMs;
  if (days <= 0)
    return fail(refused("to", "to must be later than from.", "Exchange the two, or leave to out for now."));
  const most = by === "day" ? longestDays.byDay : longestDays.all;
  if (days > most + 1)
    return fail(
      refused(
        "from",
        `One answer by ${by} is about ${most} days at most.`,
        "Ask for a shorter time, or several times.",
      ),
    );
  return ok(period);
}

type Rows = Pick<AnalyticsView, "rows" | "totals" | "nextCursor">;

export async function answerOf(deps: AnswerDeps, input: AnalyticsInput): Promise<Result<AnalyticsView, ServiceError>> {
  const period = await periodOf(deps, input);
  if (!period.ok) return period;
  const { value } = period;
  const compare = input.compare !== false && input.by !== "post";
  const rows = await rowsOf(deps, input, value, compare);
  if (!rows.ok) return rows;
  return ok({
    by: input.by,
    from: value.from.toISOString(),
    to: value.to.toISOString(),
    timeZone: value.timeZone,
    ...(compare && { before: { from: value.beforeFrom.toISOString(), to: value.from.toISOString() } }),
    ...rows.value,
    simulated: rows.value.rows.some(({ simulated }) => simulated),
  });
}

async function rowsOf(
  deps: AnswerDeps,
  input: AnalyticsInput,
  period: Period,
  compare: boolean,
): Promise<Result<Rows, ServiceError>> {
  if (input.by === "post") return postRows(deps, input, period);
  if (input.by === "account") return accountRows(deps, input, period, compare);
  return ok(await groupRows(deps, input, period, compare));
}

const filterOf = ({ connectionId, platform, madeElsewhere }: AnalyticsInput) => ({
  ...(connectionId !== undefined && { connectionId }),
  ...(platform !== undefined && { platform }),
  ...(madeElsewhere !== undefined && { madeElsewhere }),
});

async function groupsOf({ analytics }: AnswerDeps, query: GroupQuery) {
  const posts = await analytics.posts(query);
  const accounts = await analytics.accounts(query);
  const last = query.key === "none" ? [] : await analytics.lastTotals(query);
  return { table: tableOf({ posts, accounts }), last, parts: partsOf(query.period, query.compare) };
}

/** Platforms, or parts of the time, each with its numbers; and all of them together. */
async function groupRows(deps: AnswerDeps, input: AnalyticsInput, period: Period, compare: boolean): Promise<Rows> {
  const unit = unitOf(input.by);
  const key = unit ? "none" : "platform";
  const { table, last, parts } = await groupsOf(deps, { ...filterOf(input), period, compare, key });
  const flags = [...new Set(table.rows.map(({ simulated }) => simulated))].sort();
  const totals = flags.map((simulated) =>
    rowOf(
      table,
      table.cell({ simulated, parts: parts.current }),
      compare ? table.cell({ simulated, parts: parts.earlier }) : undefined,
      { simulated, ownersAddUp: !unit },
    ),
  );
  if (!unit) {
    const rows = [...table.rows].sort((a, b) => a.key.localeCompare(b.key, "en"));
    return {
      totals,
      rows: rows.map(({ key: platform, simulated }) => ({
        platform,
        ...rowOf(
          table,
          table.cell({ key: platform, simulated, parts: parts.current }),
          compare ? table.cell({ key: platform, simulated, parts: parts.earlier }) : undefined,
          { simulated, last: lastOf(last, platform, simulated) },
        ),
      })),
    };
  }
  const rows = flags.flatMap((simulated) =>
    period.starts.map((start, index): AnalyticsRowView => {
      const earlier = parts.earlier[index];
      const part = parts.current[index] ?? 0;
      return {
        period: { from: start.toISOString(), to: (period.starts[index + 1] ?? period.to).toISOString() },
        ...rowOf(
          table,
          table.cell({ simulated, parts: [part] }),
          // A part without a counterpart, as the 31st day of a month after one of 30, is compared with nothing.
          earlier === undefined ? undefined : table.cell({ simulated, parts: [earlier] }),
          { simulated, ownersAddUp: false },
        ),
      };
    }),
  );
  return { totals, rows };
}

async function accountRows(
  deps: AnswerDeps,
  input: AnalyticsInput,
  period: Period,
  compare: boolean,
): Promise<Result<Rows, ServiceError>> {
  const after = input.cursor;
  if (after !== undefined && !/^con_[0-9A-Za-z_]{1,60}$/.test(after)) return fail(badCursor);
  const { rows: page, more } = await deps.analytics.standings({
    ...filterOf(input),
    limit: input.limit,
    ...(after !== undefined && { after }),
  });
  const connectionIds = page.map(({ connectionId }) => connectionId);
  const query: GroupQuery = { ...filterOf(input), period, compare, key: "account", connectionIds };
  const { table, last, parts } = await groupsOf(deps, query);
  const rows = page.map(({ connectionId, platform, simulated, reading }): AnalyticsRowView => {
    const key = connectionId as string;
    const row = rowOf(
      table,
      table.cell({ key, simulated, parts: parts.current }),
      compare ? table.cell({ key, simulated, parts: parts.earlier }) : undefined,
      { simulated, last: lastOf(last, key, simulated) },
    );
    // Names that other platforms of this page have are none of this account's.
    const own = new Set(ownNames(table, key, simulated, [...parts.current, ...parts.earlier]));
    const numbers = row.numbers.filter((number) => own.has(`${number.of} ${number.kind} ${number.name}`));
    const delayMs = deps.registry.get(platform)?.numbers?.delayMs;
    return {
      connectionId,
      platform,
      ...row,
      numbers,
      ...(reading?.readAt && { readAt: reading.readAt.toISOString() }),
      ...(delayMs !== undefined && { delayMs }),
      ...(numbers.length === 0 || reading?.failure ? { missing: whyNone(deps, platform, reading) } : {}),
    };
  });
  const lastId = page.at(-1)?.connectionId;
  return ok({ rows, ...(more && lastId !== undefined && { nextCursor: lastId as string }) });
}

const ownNames = (
  table: ReturnType<typeof tableOf>,
  key: string,
  simulated: boolean,
  parts: readonly number[],
): Iterable<string> => table.cell({ key, simulated, parts }).sums.keys();

const badCursor: ServiceError = {
  code: "invalid_input",
  detail: "cursor is not one of an earlier answer.",
  field: "cursor",
  next: "Leave it out to begin at the start.",
};

const cursorOf = ({ rank, id }: PostPlace): string => Buffer.from(`${rank} ${id}`, "utf8").toString("base64url");

function placeOf(cursor: string): PostPlace | undefined {
  const text = Buffer.from(cursor, "base64url").toString("utf8");
  const [, rank = "", id = ""] =
    /^(-?(?:Infinity|\d{1,20}(?:\.\d{1,20})?(?:e[+-]?\d{1,3})?)) (acp_[0-9A-Za-z_]{1,60})$/.exec(text) ?? [];
  const value = Number(rank);
  return id === "" || Number.isNaN(value) ? undefined : { rank: value, id };
}

async function postRows(deps: AnswerDeps, input: AnalyticsInput, period: Period): Promise<Result<Rows, ServiceError>> {
  const after = input.cursor === undefined ? undefined : placeOf(input.cursor);
  if (input.cursor !== undefined && !after) return fail(badCursor);
  const { rows, more } = await deps.analytics.rankedPosts({
    ...filterOf(input),
    period,
    limit: input.limit,
    ...(input.sort !== undefined && input.sort !== "newest" && { sort: input.sort }),
    ...(after && { after }),
  });
  const last = rows.at(-1);
  return ok({ rows: rows.map((row) => postRow(deps, row)), ...(more && last && { nextCursor: cursorOf(last) }) });
}

export function postRow(deps: AnswerDeps, post: RankedPost): AnalyticsRowView {
  const { metrics: _told, ...known } = told(deps, post.platform, post.metrics, post.readAt);
  return {
    id: asId("accountPost", post.id),
    connectionId: post.connectionId as ConnectionId,
    platform: post.platform,
    ...(post.job && { jobId: asId("publishJob", post.job.id), postId: asId("post", post.job.postId) }),
    ...(post.permalink && { permalink: post.permalink }),
    ...(post.text && { text: post.text }),
    madeAt: post.createdAt.toISOString(),
    madeElsewhere: post.job === undefined,
    numbers: post.metrics.map((metric) => {
      const { name, value, platformName, at } = metricView(metric);
      return { name, of: "posts" as const, kind: "total" as const, value, platformName, at };
    }),
    rates: [...ratesOf(post.metrics)],
    ...known,
    simulated: post.simulated,
  };
}
