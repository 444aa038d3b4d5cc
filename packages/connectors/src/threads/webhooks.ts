import {
  GraphId,
  graphContentTypes,
  graphInstant,
  graphWebhooks,
  sha256Hex,
  signedRequestEvents,
  type ToldEvent,
  type Webhooks,
  webhookEvents,
} from "@postd/connector-kit";
import { z } from "zod";
import { personId } from "./api.ts";

const verify = graphWebhooks({
  provider: "threads",
  verifyToken: (app) => app.secret("webhook_verify_token"),
  env: "POSTD_THREADS_WEBHOOK_VERIFY_TOKEN",
});

const Words = z.string().optional().catch(undefined);
const Id = GraphId.optional().catch(undefined);
const Linked = z.object({ id: Id, owner_id: Id, username: Words }).optional().catch(undefined);
/** Every part but the id may be missing. @source platforms/threads.md section 10 */
const Value = z.object({
  id: GraphId,
  username: Words,
  text: Words,
  media_type: Words,
  permalink: Words,
  timestamp: Words,
  deleted_at: Words,
  replied_to: Linked,
  root_post: Linked,
  owner: z.object({ owner_id: Id }).optional().catch(undefined),
});
const Change = z.object({ field: z.string(), value: Value });
const Body = z
  .object({
    topic: Words,
    target_id: Id,
    time: z.number().optional().catch(undefined),
    // One change, or several; none of them is in `entry[]` as with Meta's other products.
    values: z.union([Change.transform((it) => [it]), z.array(Change)]),
  })
  .transform(({ target_id, time, values }) => values.flatMap((change) => toldOf(change, target_id, time)));

/**
 * Whose event it is. Replies and deletions name the medium as their target and the account within; what `publish` names is
 * not documented: where it is the medium too, the account is known by its name alone.
 */
function accountOf({ field, value }: z.output<typeof Change>, target: string | undefined): string | undefined {
  const { root_post: root, owner } = value;
  if (field === "replies") return root?.owner_id ?? personId(root?.username);
  if (field === "delete") return owner?.owner_id ?? personId(value.username);
  return target === value.id || target === undefined
    ? personId(field === "publish" ? value.username : undefined)
    : target;
}

function toldOf(change: z.output<typeof Change>, target: string | undefined, time: number | undefined): ToldEvent[] {
  const { field, value } = change;
  const accountExternalId = accountOf(change, target);
  if (accountExternalId === undefined) return [];
  const isReply = field === "replies" || field === "mentions";
  const atMs =
    graphInstant(value.deleted_at ?? value.timestamp)?.getTime() ?? (time === undefined ? time : time * 1000);
  return [
    {
      name: field,
      accountExternalId,
      // Threads' events have no id, and come more than once.
      key: sha256Hex(
        JSON.stringify([field, accountExternalId, value.id, value.timestamp, value.deleted_at, value.text]),
      ),
      atMs,
      data: {
        field,
        post: isReply ? undefined : value.id,
        postId: isReply ? value.root_post?.id : undefined,
        commentId: isReply ? value.id : undefined,
        parentId: value.replied_to?.id,
        permalink: value.permalink,
        text: value.text,
        mediaType: value.media_type,
        authorName: value.username,
      },
    },
  ];
}

const events = webhookEvents({
  platform: "threads",
  body: Body,
  types: {
    replies: "comment.created",
    mentions: "mention.created",
    publish: "post.changed",
    delete: "post.changed",
  },
  // It settles a publish whose answer was lost. @source platforms/threads.md section 10
  newPosts: ["publish"],
});

/** One address for each app, set by hand in the app dashboard. */
export const threadsWebhooks: Webhooks = {
  verify,
  contentTypes: graphContentTypes,
  parse: (request) => signedRequestEvents(request, "threads") ?? events(request),
};
