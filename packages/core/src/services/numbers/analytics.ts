import type { Clock } from "@postd/connector-kit";
import {
  type AccountPostView,
  type AnalyticsView,
  asId,
  type ConnectionId,
  fail,
  ok,
  type Result,
  type ServiceError,
} from "@postd/contracts";
import type { AnalyticsLine, AnalyticsRepo, AnalyticsService } from "../../ports/analytics.ts";
import type { ConnectionsRepo } from "../../ports/connections-repo.ts";
import type { AccountPostRecord, NumbersRepo, PostNumbersRecord } from "../../ports/numbers.ts";
import type { ConnectorRegistry } from "../../ports/registry.ts";
import type { Caller } from "../../ports/services.ts";
import { noConnection } from "../connections/check.ts";
import { cursorAt, pageOf, placeOf } from "../page-of.ts";
import { type AnswerDeps, answerOf, periodOf } from "./analytics-answer.ts";
import { linesOf } from "./analytics-lines.ts";
import { ratesOf } from "./meaning.ts";
import { seriesOf } from "./plan.ts";
import { factsOf } from "./read-posts.ts";
import { metricView, told } from "./told-numbers.ts";

interface AnalyticsDeps {
  readonly numbers: NumbersRepo;
  readonly connections: Pick<ConnectionsRepo, "forTenant">;
  readonly analytics: AnalyticsRepo;
  readonly registry: ConnectorRegistry;
  readonly clock: Clock;
}

const linesAtOnce = 1_000;
/** Posts one table is about at most. */
const mostLines = 20_000;

/** Numbers as people and programs ask for them: with their age, and with the reason where there are none. */
export function createAnalyticsService(deps: AnalyticsDeps): AnalyticsService {
  const within = ({ tenantId }: Pick<Caller, "tenantId">): AnswerDeps => ({
    registry: deps.registry,
    analytics: deps.analytics.forTenant(tenantId),
  });
  const of = (tenantId: Parameters<NumbersRepo["forTenant"]>[0]) => deps.numbers.forTenant(tenantId);
  const isThere = async (caller: { readonly tenantId: Parameters<NumbersRepo["forTenant"]>[0] }, id: ConnectionId) =>
    (await deps.connections.forTenant(caller.tenantId).find(id)) !== undefined;
  return {
    async ofPost({ tenantId }, id) {
      const found = await of(tenantId).ofPost(id);
      if (!found) return fail(noPost(id));
      const targets = found.targets.map((target) => targetView(deps, target, found.history));
      return ok({ postId: id, targets, simulated: targets.some(({ simulated }) => simulated) });
    },
    async summary(caller, input) {
      const { connectionId } = input;
      if (connectionId !== undefined && !(await isThere(caller, connectionId))) return fail(noConnection);
      return answerOf(within(caller), input);
    },
    async table(caller, input) {
      const { connectionId } = input;
      if (connectionId !== undefined && !(await isThere(caller, connectionId))) return fail(noConnection);
      const all = { ...input, limit: linesAtOnce };
      // Refused before the first line, since nothing can be refused after it.
      const first = await answerOf(within(caller), all);
      if (!first.ok) return first;
      if (input.by === "post") {
        const period = await periodOf(within(caller), input);
        if (!period.ok) return period;
        const posts = await within(caller).analytics.countPosts({ ...input, period: period.value });
        if (posts > mostLines) return fail(tooManyPosts(posts));
      }
      const { from, to, timeZone } = first.value;
      return ok(linesFrom(first.value, (cursor) => answerOf(within(caller), { ...all, from, to, timeZone, cursor })));
    },
    async accountPosts(caller, id, { limit, cursor, madeElsewhere }) {
      if (!(await isThere(caller, id))) return fail(noConnection);
      const place = cursor === undefined ? undefined : placeOf(cursor);
      if (cursor !== undefined && !place) return fail(badCursor);
      const slice = await of(caller.tenantId).list(id, {
        limit,
        ...(place && { before: place }),
        ...(madeElsewhere !== undefined && { madeElsewhere }),
      });
      const views = slice.rows.map((row) => postView(deps, row));
      return ok(pageOf(slice, views, ({ createdAt, id: last }) => cursorAt(createdAt, last)));
    },
    async readNow({ tenantId }, id) {
      return (await of(tenantId).hasten(id)) ? ok({ connectionId: id }) : fail(noConnection);
    },
  };
}

const noPost = (id: string): ServiceError => ({
  code: "not_found",
  detail: `There is no post ${id}.`,
  next: "List posts with GET /api/posts.",
});

const badCursor: ServiceError = {
  code: "invalid_input",
  field: "cursor",
  detail: "cursor is not one of an earlier answer.",
  next: "Leave it out to begin at the newest post.",
};

const postView = (deps: AnalyticsDeps, post: AccountPostRecord): AccountPostView => ({
  id: asId("accountPost", post.id),
  connectionId: post.connectionId,
  platform: post.platform,
  externalPostId: post.externalId,
  ...(post.permalink && { permalink: post.permalink }),
  ...(post.text && { text: post.text }),
  madeAt: post.createdAt.toISOString(),
  madeElsewhere: post.job === undefined,
  ...(post.job && { jobId: asId("publishJob", post.job.id), postId: asId("post", post.job.postId) }),
  simulated: post.simulated,
  ...told(deps, post.platform, post.metrics, post.readAt),
});

type Target = PostNumbersRecord["targets"][number];

function targetView(deps: AnalyticsDeps, target: Target, all: PostNumbersRecord["history"]) {
  const { job, connectionId, platform, permalink, publishedAt, simulated, metrics, readAt, nextAt, format } = target;
  const readings = all.filter(({ jobId }) => jobId === job?.id);
  const numbers = deps.registry.get(platform)?.numbers;
  const over = target.goneAt ? "It is no longer there, and its numbers are read no more." : undefined;
  const ageOf = (at: Date) => publishedAt && at.getTime() - publishedAt.getTime();
  const series =
    publishedAt && numbers?.posts
      ? seriesOf(factsOf(numbers, format), {
          madeAt: publishedAt,
          readings: readings.map(({ readAt }) => readAt),
          noneAt: target.noneAt,
          now: deps.clock.now(),
          isOver: target.goneAt !== undefined,
        })
      : [];
  const ended = series.length > 0 && readings.length === 0 && series.every(({ state }) => state === "missed");
  const otherwise = publishedAt ? (over ?? (ended ? ENDED : undefined)) : "It is not published.";
  return {
    jobId: asId("publishJob", job?.id ?? ""),
    connectionId,
    platform,
    ...(permalink && { permalink }),
    ...(publishedAt && { publishedAt: publishedAt.toISOString() }),
    simulated,
    ...told(deps, platform, metrics, readAt, otherwise),
    rates: [...ratesOf(metrics)],
    ...(nextAt && numbers?.posts && { nextReadingAt: nextAt.toISOString() }),
    plan: series.map(({ ageMs, standsFor, dueAt, state, readAt: at }) => ({
      ageMs,
      standsForMs: [...standsFor],
      dueAt: dueAt.toISOString(),
      state,
      ...(at && { readAt: at.toISOString(), readAtAgeMs: ageOf(at) ?? 0 }),
    })),
    history: readings.map(({ readAt: at, metrics: earlier }) => {
      const ageMs = ageOf(at);
      return {
        readAt: at.toISOString(),
        ...(ageMs !== undefined && { ageMs }),
        metrics: earlier.map(metricView),
      };
    }),
  };
}

const ENDED = "Its numbers ended before they were read, and the platform keeps them no longer.";

const tooManyPosts = (posts: number): ServiceError => ({
  code: "invalid_input",
  detail: `There are ${posts} posts in this time, and one table is about ${mostLines} at most.`,
  field: "from",
  next: "Ask for a shorter time, or for one account at a time.",
});

/** The lines of an answer and of the pages after it, read as they are taken. A page that fails ends the table with an error. */
async function* linesFrom(
  first: AnalyticsView,
  next: (cursor: string) => Promise<Result<AnalyticsView, ServiceError>>,
): AsyncGenerator<AnalyticsLine> {
  let page = first;
  let taken = 0;
  for (;;) {
    for (const row of page.rows) yield* linesOf(row);
    taken += page.rows.length;
    if (page.nextCursor === undefined || taken >= mostLines) return;
    const answer = await next(page.nextCursor);
    if (!answer.ok) throw new Error(answer.error.detail);
    page = answer.value;
  }
}
