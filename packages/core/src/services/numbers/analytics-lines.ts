import type { AnalyticsRowView } from "@postd/contracts";
import type { AnalyticsLine } from "../../ports/analytics.ts";

const defined = (line: Record<string, string | number | boolean | null | undefined>): AnalyticsLine =>
  Object.fromEntries(Object.entries(line).filter(([, value]) => value !== undefined && value !== null));

/** A row as lines, one number each; one without numbers is a line that says why. What is not known is an empty field, never 0. */
export function linesOf(row: AnalyticsRowView): readonly AnalyticsLine[] {
  const common = {
    period_from: row.period?.from,
    period_to: row.period?.to,
    platform: row.platform,
    connection_id: row.connectionId,
    post_id: row.postId,
    job_id: row.jobId,
    account_post_id: row.id,
    made_at: row.madeAt,
    made_elsewhere: row.madeElsewhere,
    permalink: row.permalink,
    // A formula behind a space is one to some programs.
    text: row.text?.trim(),
    posts: row.posts,
    read_at: row.readAt,
    delay_ms: row.delayMs,
    simulated: row.simulated,
  };
  if (row.numbers.length === 0) return [defined({ ...common, missing: row.missing })];
  return row.numbers.map(({ name, of, kind, platformName, value, missing, last, before, change, posts }) =>
    defined({
      ...common,
      ...(posts !== undefined && { posts }),
      ...{ of, kind, name, platform_name: platformName, value, missing, last, before, change },
    }),
  );
}
