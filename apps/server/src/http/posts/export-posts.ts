import type { JobView, PostStatus, PostView } from "@postd/contracts";
import type { Caller, PublishingService } from "@postd/core";

/** Columns of the table of posts; the first line of the file. */
export const postColumns = [
  "post_id",
  "status",
  "text",
  "platform",
  "connection_id",
  "job_id",
  "state",
  "scheduled_for",
  "published_at",
  "permalink",
  "created_at",
  "simulated",
] as const;

type Line = Readonly<Partial<Record<(typeof postColumns)[number], string | boolean | undefined>>>;

const pageSize = 200;

/** All posts as lines, newest first, one for each account of a post; pages are read as they are taken. A page that fails ends it with an error. */
export async function* postLines(
  publishing: Pick<PublishingService, "listPosts">,
  caller: Caller,
  filter: { readonly status?: PostStatus },
): AsyncGenerator<Line> {
  let cursor: string | undefined;
  for (;;) {
    const page = await publishing.listPosts(caller, { ...filter, limit: pageSize, ...(cursor && { cursor }) });
    if (!page.ok) throw new Error(page.error.detail);
    for (const post of page.value.items) yield* linesOf(post);
    const { nextCursor } = page.value;
    // A list that stands still would never end.
    if (nextCursor === undefined || nextCursor === cursor) return;
    cursor = nextCursor;
  }
}

/** A job stands for its account; an account of a post without jobs stands there too, before anything is planned for it. */
function* linesOf(post: PostView): Generator<Line> {
  for (const job of post.jobs) yield lineOf(post, job.connectionId, job);
  const planned = new Set(post.jobs.map(({ connectionId }) => connectionId));
  for (const { connectionId } of post.targets) if (!planned.has(connectionId)) yield lineOf(post, connectionId);
}

function lineOf(post: PostView, connectionId: string, job?: JobView): Line {
  const { versions, content } = post;
  const version = versions[connectionId]?.text ?? (job && versions[job.platform]?.text);
  return {
    post_id: post.id,
    status: post.status,
    text: atStart(version ?? content.text),
    platform: job?.platform,
    connection_id: connectionId,
    job_id: job?.id,
    state: job?.state,
    scheduled_for: job?.scheduledFor ?? post.scheduledFor,
    published_at: job?.publishedAt,
    permalink: job?.permalink,
    created_at: post.createdAt,
    simulated: job?.simulated ?? post.simulated,
  };
}

/** A formula behind a space is one to some programs, so it stands where the table's guard sees it. */
const atStart = (text: string): string => (/^\s+[=+\-@＝＋－＠]/u.test(text) ? text.trimStart() : text);
