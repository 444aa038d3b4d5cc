import { canBeDone, inboxOf } from "@postd/connector-kit";
import { asId, type InboxEntryView } from "@postd/contracts";
import type { InboxEntryRecord, InboxReplyRecord } from "../../ports/inbox-entries.ts";
import type { ConnectorRegistry } from "../../ports/registry.ts";

/** What may be done about an entry here and now. */
export function abilities(
  { platform, accountKind, cannot, own, goneAt, disconnected, answer }: InboxEntryRecord,
  registry: ConnectorRegistry,
): InboxEntryView["can"] {
  if (goneAt || disconnected) return { reply: false, hide: false, like: false };
  const can = canBeDone(inboxOf(registry.get(platform) ?? {}, { kind: accountKind }), cannot);
  // A platform that keeps one answer beside the entry puts the next one in its place, and waits for none meanwhile.
  return { ...can, reply: can.reply && !own && answer?.state !== "waiting" };
}

/** An entry as the API shows it. Unset facts are left out. */
export function entryView(entry: InboxEntryRecord, registry: ConnectorRegistry): InboxEntryView {
  const { post, parent, answer, rating, permalink, author, hidden, liked, editedAt, readAt, goneAt } = entry;
  const { assigneeId, snoozedUntil, doneAt } = entry;
  return {
    id: entry.id,
    connectionId: entry.connectionId,
    platform: entry.platform,
    externalId: entry.externalId,
    kind: entry.kind,
    ...(post && {
      post: {
        externalId: post.externalId,
        ...(post.permalink !== undefined && { permalink: post.permalink }),
        ...(post.text !== undefined && { text: post.text }),
        ...(post.job && { postId: asId("post", post.job.postId), jobId: asId("publishJob", post.job.id) }),
      },
    }),
    ...(parent && { parent: { externalId: parent.externalId, ...(parent.id && { id: parent.id }) } }),
    ...(author && { author: { ...author } }),
    own: entry.own,
    text: entry.text,
    ...(rating !== undefined && { rating }),
    ...(permalink !== undefined && { permalink }),
    ...(hidden !== undefined && { hidden }),
    ...(liked !== undefined && { liked }),
    ...(answer && {
      answer: {
        text: answer.text,
        state: answer.state ?? "live",
        ...(answer.at && { at: answer.at.toISOString() }),
        ...(answer.reason !== undefined && { reason: answer.reason }),
      },
    }),
    answered: entry.answered,
    replies: entry.replies.map(replyView),
    can: abilities(entry, registry),
    createdAt: entry.createdAt.toISOString(),
    ...(editedAt && { editedAt: editedAt.toISOString() }),
    seenAt: entry.seenAt.toISOString(),
    ...(readAt && { readAt: readAt.toISOString() }),
    state: entry.state,
    ...(assigneeId && { assigneeId }),
    ...(snoozedUntil && { snoozedUntil: snoozedUntil.toISOString() }),
    ...(doneAt && { doneAt: doneAt.toISOString() }),
    ...(goneAt && { goneAt: goneAt.toISOString() }),
    simulated: entry.simulated,
  };
}

function replyView({ postId, status, text, createdAt, job }: InboxReplyRecord): InboxEntryView["replies"][number] {
  return {
    postId,
    status,
    text,
    createdAt: createdAt.toISOString(),
    needsPerson: job?.needsPerson ?? false,
    ...(job && {
      jobId: asId("publishJob", job.id),
      state: job.state,
      ...(job.message !== undefined && { message: job.message }),
      ...(job.externalPostId !== undefined && { externalPostId: job.externalPostId }),
      ...(job.permalink !== undefined && { permalink: job.permalink }),
      ...(job.publishedAt && { publishedAt: job.publishedAt.toISOString() }),
    }),
  };
}
