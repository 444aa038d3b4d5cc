import { GraphId, graphInstant, type InboxEntry, rowsOf, type ShownComment } from "@postd/connector-kit";
import { z } from "zod";
import { webAddress } from "./graph-url.ts";

/** A comment of either platform, as an entry of the inbox needs it. */
export interface MetaComment extends ShownComment {
  readonly parentId?: string | undefined;
  readonly author?: NonNullable<InboxEntry["author"]> | undefined;
  readonly permalink?: string | undefined;
  readonly isHidden?: boolean | undefined;
  readonly canHide?: boolean | undefined;
  /** Answers that came with it; `hasMore`: they are not all. */
  readonly replies?: { readonly rows: readonly MetaComment[]; readonly hasMore: boolean } | undefined;
}

const Words = z.string().optional().catch(undefined);
const At = Words.transform(graphInstant);
const Flag = z.boolean().optional().catch(undefined);
const Named = z.object({ id: GraphId });

/** Who wrote a comment is left out where this sign-in may not read it. @source specs/meta Comment (2026-04-15) */
export const FacebookComment = z
  .object({
    id: GraphId,
    message: Words,
    created_time: At,
    from: Named.extend({ name: Words }).optional().catch(undefined),
    parent: Named.optional().catch(undefined),
    permalink_url: Words,
    is_hidden: Flag,
    can_hide: Flag,
  })
  .transform(
    ({ id, message = "", created_time, from, parent, permalink_url, is_hidden, can_hide }): MetaComment => ({
      id,
      text: message,
      createdAt: created_time,
      parentId: parent?.id,
      author: from && { externalId: from.id, ...(from.name && { name: from.name }) },
      permalink: webAddress(permalink_url),
      isHidden: is_hidden,
      canHide: can_hide,
    }),
  );

/** @source specs/meta IGComment (2026-04-15); platforms/meta.md section 9 */
const InstagramReply = z
  .object({
    id: GraphId,
    text: Words,
    username: Words,
    timestamp: At,
    from: z.object({ id: GraphId.optional(), username: Words }).optional().catch(undefined),
    parent_id: GraphId.optional().catch(undefined),
    hidden: Flag,
  })
  .transform(({ id, text = "", username, timestamp, from, parent_id, hidden }): MetaComment => {
    const handle = username ?? from?.username;
    return {
      id,
      text,
      createdAt: timestamp,
      parentId: parent_id,
      ...((handle || from?.id) && {
        author: { ...(from?.id && { externalId: from.id }), ...(handle && { name: handle, handle }) },
      }),
      isHidden: hidden,
    };
  });
const Replies = z.object({ data: rowsOf(InstagramReply), paging: z.object({ next: Words }).optional() });
export const InstagramComment = InstagramReply.and(
  z.object({ replies: Replies.optional().catch(undefined) }),
).transform(
  ({ replies, ...comment }): MetaComment => ({
    ...comment,
    replies: replies && { rows: replies.data, hasMore: replies.paging?.next !== undefined },
  }),
);
