import type { Clock, Metric } from "@postd/connector-kit";
import {
  type AccountPostView,
  type AnalyticsView,
  asId,
  type ConnectionId,
  fail,
  type MetricView,
  ok,
  type ServiceError,
} from "@postd/contracts";
import type { ConnectionsRepo } from "../../ports/connections-repo.ts";
import type {
  AccountPostRecord,
  AnalyticsService,
  NumbersReading,
  NumbersRepo,
  NumbersSummary,
} from "../../ports/numbers.ts";
import type { ConnectorRegistry } from "../../ports/registry.ts";
import { noConnection } from "../connections/check.ts";
import { cursorAt, pageOf, placeOf } from "../page-of.ts";

interface AnalyticsDeps {
  readonly numbers: NumbersRepo;
  readonly connections: Pick<ConnectionsRepo, "forTenant">;
  readonly registry: ConnectorRegistry;
  readonly clock: Clock;
}

const monthMs = 30 * 24 * 60 * 60_000;
/** Numbers as people and programs ask for them: with their age, and with the reason where there are none. */
export function createAnalyticsService(deps: AnalyticsDeps): AnalyticsService {
  const { clock } = deps;
  const of = (tenantId: Parameters<NumbersRepo["forTenant"]>[0]) => deps.numbers.forTenant(tenantId);
  const isThere = async (caller: { readonly tenantId: Parameters<NumbersRepo["forTenant"]>[0] }, id: ConnectionId) =>
    (await deps.connections.forTenant(caller.tenantId).find(id)) !== undefined;
  return {
    async ofPost({ tenantId }, id) {
      const found = await of(tenantId).ofPost(id);
      if (!found) return fail(noPost(id));
      const targets = found.targets.map(
        ({ job, connectionId, platform, permalink, publishedAt, simulated, ...rest }) => ({
          jobId: asId("publishJob", job?.id ?? ""),
          connectionId,
          platform,
          ...(permalink && { permalink }),
          ...(publishedAt && { publishedAt: publishedAt.toISOString() }),
          simulated,
          ...told(deps, platform, rest.metrics, rest.readAt, publishedAt ? undefined : "It is not published."),
          history: found.history
            .filter(({ jobId }) => jobId === job?.id)
            .map(({ readAt, metrics }) => ({ readAt: readAt.toISOString(), metrics: metrics.map(metricView) })),
        }),
      );
      return ok({ postId: id, targets, simulated: targets.some(({ simulated }) => simulated) });
    },
    async summary(caller, { from, to, connectionId, platform }) {
      if (connectionId !== undefined && !(await isThere(caller, connectionId))) return fail(noConnection);
      const end = to === undefined ? clock.now() : new Date(to);
      const begin = from === undefined ? new Date(end.getTime() - monthMs) : new Date(from);
      const summary = await of(caller.tenantId).summary({
        from: begin,
        to: end,
        ...(connectionId !== undefined && { connectionId }),
        ...(platform !== undefined && { platform }),
      });
      return ok(summaryView(deps, begin, end, summary));
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
  detail: "cursor is not one of an earlier answer.",
  next: "Leave it out to begin at the newest post.",
};

const metricView = ({ at, since, ...metric }: Metric): MetricView => ({
  ...metric,
  at: at.toISOString(),
  ...(since && { since: since.toISOString() }),
});

/** Numbers with their age; where there are none, why. */
function told(
  { registry }: Pick<AnalyticsDeps, "registry">,
  id: string,
  metrics: readonly Metric[],
  readAt: Date | undefined,
  otherwise?: string,
) {
  const platform = registry.get(id);
  const numbers = platform?.numbers;
  const missing =
    otherwise ??
    (numbers?.posts ? "Not read yet." : `${platform?.name ?? id} gives no numbers of single posts to programs.`);
  return {
    metrics: metrics.map(metricView),
    ...(readAt && { readAt: readAt.toISOString() }),
    ...(numbers && { delayMs: numbers.delayMs }),
    ...(metrics.length === 0 && { missing }),
  };
}

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

function summaryView(deps: AnalyticsDeps, from: Date, to: Date, summary: NumbersSummary): AnalyticsView {
  const platforms = summary.posts.map(({ platform, simulated, madeElsewhere, count, oldestReadAt }) => ({
    platform,
    simulated,
    madeElsewhere,
    posts: count,
    totals: summary.totals
      .filter((row) => row.platform === platform && row.simulated === simulated && row.madeElsewhere === madeElsewhere)
      .map(({ name, total, posts }) => ({ name, total, posts })),
    ...(oldestReadAt && { oldestReadAt: oldestReadAt.toISOString() }),
  }));
  const accounts = summary.accounts.map(({ connectionId, platform, simulated, reading, metrics }) => ({
    connectionId,
    platform,
    simulated,
    ...told(deps, platform, metrics, reading?.readAt, whyNone(deps, platform, reading)),
  }));
  return {
    from: from.toISOString(),
    to: to.toISOString(),
    platforms,
    accounts,
    simulated: accounts.some(({ simulated }) => simulated),
  };
}

function whyNone({ registry }: AnalyticsDeps, id: string, reading: NumbersReading | undefined): string {
  const message = reading?.failure?.message;
  if (typeof message === "string") return message;
  const platform = registry.get(id);
  if (!platform?.numbers?.account) return `${platform?.name ?? id} gives no numbers of accounts to programs.`;
  return reading?.readAt ? "The platform has none for this time." : "Not read yet.";
}
