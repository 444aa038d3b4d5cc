import type { InboxAnswer, InboxEntry } from "@postd/connector-kit";
import { asId, type JobState, type JsonObject, type PostStatus } from "@postd/contracts";
import { type InboxEntryRecord, type InboxQuery, type InboxReplyRecord, toldFailure } from "@postd/core";
import { type SQL, sql } from "drizzle-orm";

export interface EntryRow {
  readonly id: string;
  readonly connection_id: string;
  readonly platform: string;
  readonly account_kind: string;
  readonly simulated: boolean;
  readonly disconnected: boolean;
  readonly external_id: string;
  readonly kind: InboxEntry["kind"];
  readonly post_external_id: string | null;
  readonly post_permalink: string | null;
  readonly post_text: string | null;
  readonly post_job_id: string | null;
  readonly post_id: string | null;
  readonly parent_external_id: string | null;
  readonly parent_id: string | null;
  readonly author: InboxEntry["author"] | null;
  readonly text: string;
  readonly rating: number | null;
  readonly permalink: string | null;
  readonly own: boolean;
  readonly hidden: boolean | null;
  readonly liked: boolean | null;
  readonly answer: (Omit<InboxAnswer, "at"> & { readonly at?: string }) | null;
  readonly cannot: readonly ("reply" | "hide" | "like")[];
  readonly created_at: Date;
  readonly edited_at: Date | null;
  readonly seen_at: Date;
  readonly read_at: Date | null;
  readonly gone_at: Date | null;
  readonly state: InboxEntryRecord["state"];
  readonly assignee_id: string | null;
  readonly snoozed_until: Date | null;
  readonly done_at: Date | null;
  readonly answered: boolean;
  readonly replies: readonly ReplyRow[] | null;
}

interface ReplyRow {
  readonly postId: string;
  readonly status: PostStatus;
  readonly text: string;
  readonly createdAt: string;
  readonly jobId: string | null;
  readonly state: JobState | null;
  readonly needsPerson: boolean | null;
  readonly externalPostId: string | null;
  readonly permalink: string | null;
  readonly publishedAt: string | null;
  readonly failure: JsonObject | null;
}

/** As much of the text of a post as tells people which one it is. */
const shownText = 300;
/** Answers to one entry that are shown. */
const mostReplies = 20;

/** The platform shows an answer, the account wrote one below it, or POSTD published one. `e` is the entry. */
const answered = sql`(coalesce(e.answer ->> 'state', case when e.answer is null then 'refused' end, 'live') <> 'refused'
  or exists (select from inbox_entries o where o.connection_id = e.connection_id and o.parent_external_id = e.external_id and o.own and o.gone_at is null)
  or exists (select from publish_jobs a where a.connection_id = e.connection_id and a.content ->> 'format' = 'reply'
    and a.content ->> 'destination' = e.external_id and a.state = 'published'))`;

/** What the workspace has still to do about it. A snooze that is over needs nobody who ends it. `e` is the entry. */
export const state = sql`case when e.done_at is not null then 'done' when e.snoozed_until > domain_now() then 'snoozed' else 'open' end`;

/** Entries with everything else that is known of them; `which` speaks of `e`, and of the account as `c`. */
export const entriesWhere = (
  which: SQL,
): SQL => sql`select e.id, e.connection_id, c.platform, c.account_kind, c.simulated,
    c.disconnected_at is not null as disconnected, e.external_id, e.kind, e.post_external_id, coalesce(j.permalink, p.permalink) as post_permalink,
    coalesce(j.text, p.text) as post_text, j.id as post_job_id, j.post_id, e.parent_external_id, parent.id as parent_id, e.author, e.text, e.rating,
    e.permalink, e.own, e.hidden, e.liked, e.answer, e.cannot, e.created_at, e.edited_at, e.seen_at, e.read_at, e.gone_at, ${state} as state, e.assignee_id,
    e.snoozed_until, e.done_at, ${answered} as answered,
    r.replies
  from inbox_entries e join connections c on c.id = e.connection_id
  left join inbox_entries parent on parent.connection_id = e.connection_id and parent.external_id = e.parent_external_id
  left join account_posts p on p.connection_id = e.connection_id and p.external_id = e.post_external_id
  left join lateral (select j.id, j.post_id, j.permalink, left(j.content ->> 'text', ${shownText}) as text from publish_jobs j
    where j.id = coalesce(p.job_id, (select own.id from publish_jobs own where own.platform = c.platform and own.simulated = c.simulated
      and own.external_post_id = e.post_external_id and own.connection_id = e.connection_id))) j on true
  left join lateral (select jsonb_agg(jsonb_build_object('postId', l.post_id, 'status', l.status, 'text', l.text, 'createdAt', l.created_at,
      'jobId', l.job_id, 'state', l.state, 'needsPerson', l.needs_person, 'externalPostId', l.external_post_id, 'permalink', l.permalink,
      'publishedAt', l.published_at, 'failure', l.failure) order by l.post_id, l.job_id) as replies
    from (select po.id as post_id, po.status, po.content ->> 'text' as text, po.created_at, a.id as job_id, a.state, a.needs_person,
        a.external_post_id, a.permalink, a.published_at, a.failure
      from posts po left join publish_jobs a on a.post_id = po.id
      where po.tenant_id = e.tenant_id and po.content ->> 'format' = 'reply' and po.targets -> 0 ->> 'destination' = e.external_id
        and po.targets -> 0 ->> 'connectionId' = e.connection_id and po.deleted_at is null
      order by po.id desc limit ${mostReplies}) l) r on true
  where ${which}`;

/** It is about this post of POSTD's, by the name the job knows it by, or that the account's list has for it. */
const isBelow = (postId: string): SQL => sql`exists (select from publish_jobs made where made.post_id = ${postId}
  and made.connection_id = e.connection_id and (made.external_post_id = e.post_external_id or exists (select from account_posts shown
    where shown.job_id = made.id and shown.connection_id = e.connection_id and shown.external_id = e.post_external_id)))`;

/** What a list is asked for; speaks of `e`, and of the account as `c`. */
export function chosen(query: Omit<InboxQuery, "limit" | "before">): SQL {
  const { connectionId, platform, kind, postId, unread, from } = query;
  const all = [
    ...(connectionId === undefined ? [] : [sql`e.connection_id = ${connectionId}`]),
    ...(platform === undefined ? [] : [sql`c.platform = ${platform}`]),
    ...(kind === undefined ? [] : [sql`e.kind = ${kind}`]),
    ...(postId === undefined ? [] : [isBelow(postId)]),
    ...(unread === undefined ? [] : [unread ? sql`e.read_at is null` : sql`e.read_at is not null`]),
    ...(query.answered === undefined ? [] : [query.answered ? answered : sql`not ${answered}`]),
    ...(query.state === undefined ? [] : [sql`${state} = ${query.state}`]),
    ...(query.assigneeId === undefined ? [] : [sql`e.assignee_id = ${query.assigneeId}`]),
    ...(query.unassigned === undefined
      ? []
      : [query.unassigned ? sql`e.assignee_id is null` : sql`e.assignee_id is not null`]),
    ...(from === undefined ? [] : [sql`e.created_at >= ${from.toISOString()}::timestamptz`]),
  ];
  return all.length === 0 ? sql`true` : sql.join(all, sql` and `);
}

export function entryRecord(row: EntryRow): InboxEntryRecord {
  const { answer, author, rating, permalink, post_external_id, post_job_id, post_id } = row;
  return {
    id: asId("inboxEntry", row.id),
    connectionId: asId("connection", row.connection_id),
    platform: row.platform,
    accountKind: row.account_kind,
    simulated: row.simulated,
    disconnected: row.disconnected,
    externalId: row.external_id,
    kind: row.kind,
    post:
      post_external_id === null
        ? undefined
        : {
            externalId: post_external_id,
            permalink: row.post_permalink ?? undefined,
            text: row.post_text ?? undefined,
            job: post_job_id && post_id ? { id: post_job_id, postId: post_id } : undefined,
          },
    parent:
      row.parent_external_id === null
        ? undefined
        : { externalId: row.parent_external_id, id: row.parent_id ? asId("inboxEntry", row.parent_id) : undefined },
    ...(author && { author }),
    text: row.text,
    ...(rating !== null && { rating }),
    ...(permalink !== null && { permalink }),
    ...(answer && { answer: answerOf(answer) }),
    own: row.own,
    hidden: row.hidden ?? undefined,
    liked: row.liked ?? undefined,
    cannot: row.cannot,
    createdAt: row.created_at,
    editedAt: row.edited_at ?? undefined,
    seenAt: row.seen_at,
    readAt: row.read_at ?? undefined,
    goneAt: row.gone_at ?? undefined,
    state: row.state,
    assigneeId: row.assignee_id === null ? undefined : asId("member", row.assignee_id),
    snoozedUntil: row.snoozed_until ?? undefined,
    doneAt: row.done_at ?? undefined,
    answered: row.answered,
    replies: (row.replies ?? []).map(replyOf),
  };
}

const answerOf = ({ at, ...answer }: NonNullable<EntryRow["answer"]>): InboxAnswer => ({
  ...answer,
  ...(at && { at: new Date(at) }),
});

function replyOf({ jobId, state, failure, ...row }: ReplyRow): InboxReplyRecord {
  const told = failure ? toldFailure(failure).message : undefined;
  return {
    postId: asId("post", row.postId),
    status: row.status,
    text: row.text,
    createdAt: new Date(row.createdAt),
    job:
      jobId === null || state === null
        ? undefined
        : {
            id: jobId,
            state,
            needsPerson: row.needsPerson ?? false,
            externalPostId: row.externalPostId ?? undefined,
            permalink: row.permalink ?? undefined,
            publishedAt: row.publishedAt === null ? undefined : new Date(row.publishedAt),
            message: typeof told === "string" ? told : undefined,
          },
  };
}
