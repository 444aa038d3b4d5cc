import type { Metric } from "@postd/connector-kit";
import { asId } from "@postd/contracts";
import type { AccountPostRecord } from "@postd/core";
import { type SQL, sql } from "drizzle-orm";

export interface PostRow {
  readonly id: string;
  readonly connection_id: string;
  readonly platform: string;
  readonly simulated: boolean;
  readonly external_id: string;
  readonly permalink: string | null;
  readonly format: string;
  readonly text: string | null;
  readonly made_at: Date;
  readonly read_at: Date | null;
  readonly job_id: string | null;
  readonly post_id: string | null;
  readonly metrics: readonly StoredMetric[] | null;
}

export type StoredMetric = Omit<Metric, "at" | "since"> & { readonly at: string; readonly since?: string };

/** The newest reading of `p`. */
export const newestNumbers = sql`left join lateral (select metrics from account_post_numbers n where n.account_post_id = p.id
  order by fetched_at desc limit 1) latest on true`;
/** Posts `p` with their newest numbers, `also` selected beside them. */
export const postsWithNumbers = (also: SQL = sql`null as rank`, joined: SQL = sql``): SQL =>
  sql`select p.*, c.platform, c.simulated, j.post_id, latest.metrics, ${also} from account_posts p ${joined}
    join connections c on c.id = p.connection_id left join publish_jobs j on j.id = p.job_id ${newestNumbers}`;

export const metricsOf = (stored: readonly StoredMetric[] | null): readonly Metric[] =>
  (stored ?? []).map(({ at: told, since, ...metric }) => ({
    ...metric,
    at: new Date(told),
    ...(since && { since: new Date(since) }),
  }));

export const listedOf = (row: PostRow) => ({
  id: row.id,
  externalId: row.external_id,
  ...(row.permalink !== null && { permalink: row.permalink }),
  format: row.format,
  createdAt: row.made_at,
});

export const postOf = (row: PostRow): AccountPostRecord => ({
  ...listedOf(row),
  connectionId: asId("connection", row.connection_id),
  platform: row.platform,
  simulated: row.simulated,
  text: row.text ?? undefined,
  job: row.job_id !== null && row.post_id !== null ? { id: row.job_id, postId: row.post_id } : undefined,
  readAt: row.read_at ?? undefined,
  metrics: metricsOf(row.metrics),
});
