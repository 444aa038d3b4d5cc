import assert from "node:assert/strict";
import { test } from "node:test";
import type { InboundEvent, Webhooks } from "@postd/connector-kit";
import { allProviders } from "./index.ts";

/** Every kind of event the fact sheets name, as it is sent, and what it becomes; `ignored`: why nothing is made of it. */
type Row = readonly [
  kind: string,
  sent: { readonly body: unknown; readonly query?: Record<string, string> },
  becomes: string | { ignored: string },
];

const page = (field: string, value: unknown) => ({
  body: {
    object: "page",
    entry: [{ id: "1", time: 1_790_000_000, changes: [value === undefined ? { field } : { field, value }] }],
  },
});
const feed = (item: string, verb = "add") =>
  page("feed", { item, verb, post_id: "1_2", ...(item === "comment" && { comment_id: "2_3" }) });
const instagram = (field: string, value: object) => ({
  body: { object: "instagram", entry: [{ id: "1", time: 1_790_000_000, changes: [{ field, value }] }] },
});
const callback = (event: string) => ({
  body: new URLSearchParams({
    signed_request: `c2ln.${Buffer.from(JSON.stringify({ user_id: "5" })).toString("base64url")}`,
  }),
  query: { event },
});
const noMessages = { ignored: "private messages are not read, and no permission for them is asked for" };

const meta: readonly Row[] = [
  ...["post", "photo", "video", "share", "status"].map((item): Row => [`feed ${item}`, feed(item), "post.changed"]),
  ["feed edited", feed("status", "edited"), "post.changed"],
  ["feed remove", feed("status", "remove"), "post.changed"],
  ["feed comment add", feed("comment"), "comment.created"],
  ["feed comment edited", feed("comment", "edited"), "comment.changed"],
  ["feed comment remove", feed("comment", "remove"), "comment.removed"],
  ["feed comment hide", feed("comment", "hide"), "comment.changed"],
  ["feed reaction", feed("reaction"), "reaction.created"],
  ["feed reaction remove", feed("reaction", "remove"), "reaction.removed"],
  ["mention", page("mention", { item: "post", verb: "add", post_id: "1_2" }), "mention.created"],
  [
    "ratings",
    page("ratings", {
      item: "rating",
      verb: "add",
      reviewer_id: "7",
      review_text: "Good",
      recommendation_type: "POSITIVE",
    }),
    "review.created",
  ],
  ["ratings edited", page("ratings", { item: "rating", verb: "edit", open_graph_story_id: "9" }), "review.changed"],
  ["ratings comment", page("ratings", { item: "comment", verb: "add", comment_id: "8" }), "comment.created"],
  ["ratings reaction", page("ratings", { item: "reaction", verb: "add" }), "reaction.created"],
  [
    "leadgen",
    page("leadgen", { leadgen_id: "1", form_id: "2", page_id: "1", created_time: 1_790_000_000 }),
    "lead.created",
  ],
  ...["name", "picture", "description", "phone", "hours", "website"].flatMap((field): Row[] => [
    [`${field} with its value`, page(field, "new"), "account.changed"],
    [`${field} alone`, page(field, undefined), "account.changed"],
  ]),
  ["messages", page("messages", { message: { text: "Hi" } }), noMessages],
  [
    "permissions",
    {
      body: {
        object: "permissions",
        entry: [{ id: "5", time: 1, changes: [{ field: "pages_manage_posts", value: { verb: "revoked" } }] }],
      },
    },
    "permissions.changed",
  ],
  [
    "user, changed fields",
    { body: { object: "user", entry: [{ id: "5", time: 1, changed_fields: ["feed"] }] } },
    "permissions.changed",
  ],
  ["comments", instagram("comments", { id: "3", text: "Hi", media: { id: "2" } }), "comment.created"],
  ["live_comments", instagram("live_comments", { id: "3", text: "Hi" }), "comment.created"],
  ["mentions", instagram("mentions", { media_id: "2" }), "mention.created"],
  ["story_insights", instagram("story_insights", { media_id: "2", reach: 4 }), "post.changed"],
  ["message_reactions", instagram("message_reactions", {}), noMessages],
  ["Instagram messages", instagram("messages", {}), noMessages],
  ["deauthorise callback", callback("deauthorize"), "account.deauthorized"],
  ["data deletion callback", callback("data_deletion"), "data_deletion.requested"],
];

const told = (field: string, value: object, target: string) => ({
  body: { app_id: "1", topic: "t", target_id: target, time: 1_790_000_000, values: { field, value } },
});
const threads: readonly Row[] = [
  ["replies", told("replies", { id: "3", text: "Hi", root_post: { id: "2", owner_id: "1" } }, "2"), "comment.created"],
  ["mentions", told("mentions", { id: "3", text: "Hi" }, "1"), "mention.created"],
  ["publish", told("publish", { id: "2", username: "ida" }, "2"), "post.changed"],
  ["delete", told("delete", { id: "2", owner: { owner_id: "1" } }, "2"), "post.changed"],
  ["uninstall callback", callback("deauthorize"), "account.deauthorized"],
  ["delete callback", callback("data_deletion"), "data_deletion.requested"],
];

const notification = (action: string) => ({
  body: {
    notifications: [
      {
        notificationId: 1,
        organizationalEntity: "urn:li:organization:1",
        action,
        generatedActivity: "urn:li:comment:(urn:li:activity:1,2)",
      },
    ],
  },
});
const linkedin: readonly Row[] = [
  ["LIKE", notification("LIKE"), "reaction.created"],
  ["COMMENT", notification("COMMENT"), "comment.created"],
  ["ADMIN_COMMENT", notification("ADMIN_COMMENT"), "comment.created"],
  ["COMMENT_EDIT", notification("COMMENT_EDIT"), "comment.changed"],
  ["COMMENT_DELETE", notification("COMMENT_DELETE"), "comment.removed"],
  ["SHARE", notification("SHARE"), "post.shared"],
  ["SHARE_MENTION", notification("SHARE_MENTION"), "mention.created"],
];

const activity = (event_type: string, more: object = {}) => ({
  body: { data: { event_uuid: "u", event_type, filter: { user_id: "1" }, payload: { id: "2", ...more } } },
});
const billed = { ignored: "each is billed, and nothing here follows from it" };
const notOurs = { ignored: "of no use to who publishes" };
const x: readonly Row[] = [
  ["post.mention.create", activity("post.mention.create"), "mention.created"],
  ["post.reply.create", activity("post.reply.create"), "comment.created"],
  ["post.quote.create", activity("post.quote.create"), "post.shared"],
  ["post.delete", activity("post.delete"), "post.changed"],
  [
    "oauth.revoke",
    { body: { data: { event_uuid: "u", event_type: "oauth.revoke", filter: {}, payload: { user_id: "1" } } } },
    "account.deauthorized",
  ],
  ...["post.create", "post.repost.create", "like.create", "follow.follow", "follow.unfollow", "profile.update.bio"].map(
    (kind): Row => [kind, activity(kind), billed],
  ),
  ...["dm.sent", "dm.received", "dm.read", "dm.indicate_typing", "chat.received"].map(
    (kind): Row => [kind, activity(kind), noMessages],
  ),
  ...["mute.mute", "block.block", "spaces.start", "broadcast.start", "news.new"].map(
    (kind): Row => [kind, activity(kind), notOurs],
  ),
];

const tiktokEvent = (event: string) => ({
  body: { client_key: "k", event, create_time: 1, user_openid: "-1", content: JSON.stringify({ publish_id: "p" }) },
});
const tiktok: readonly Row[] = [
  ["authorization.removed", tiktokEvent("authorization.removed"), "account.deauthorized"],
  ...[
    "video.upload.failed",
    "video.publish.completed",
    "post.publish.failed",
    "post.publish.complete",
    "post.publish.inbox_delivered",
    "post.publish.publicly_available",
    "post.publish.no_longer_publicaly_available",
  ].map((kind): Row => [kind, tiktokEvent(kind), "post.changed"]),
  [
    "portability.download.ready",
    tiktokEvent("portability.download.ready"),
    { ignored: "nobody asks TikTok for downloads here" },
  ],
];

const mail = (type: string) => ({
  body: new URLSearchParams({ type, fired_at: "2026-11-27 10:00:00", "data[id]": "1", "data[list_id]": "l" }),
  query: { account: "1" },
});
const mailchimp: readonly Row[] = [
  ["subscribe", mail("subscribe"), "contact.subscribed"],
  ["unsubscribe", mail("unsubscribe"), "contact.unsubscribed"],
  ["profile", mail("profile"), "contact.changed"],
  ["upemail", mail("upemail"), "contact.changed"],
  ["cleaned", mail("cleaned"), "contact.cleaned"],
  ["campaign", mail("campaign"), "post.changed"],
];

const push = (notificationType: string) => ({
  body: {
    message: {
      messageId: "1",
      data: Buffer.from(JSON.stringify({ notificationType, locationName: "accounts/1/locations/2" })).toString(
        "base64",
      ),
    },
  },
});
const google: readonly Row[] = [
  ["NEW_REVIEW", push("NEW_REVIEW"), "review.created"],
  ["UPDATED_REVIEW", push("UPDATED_REVIEW"), "review.changed"],
  ["NEW_CUSTOMER_MEDIA", push("NEW_CUSTOMER_MEDIA"), "media.created"],
  ["GOOGLE_UPDATE", push("GOOGLE_UPDATE"), "account.changed"],
  ["DUPLICATE_LOCATION", push("DUPLICATE_LOCATION"), "account.changed"],
  ["VOICE_OF_MERCHANT_UPDATED", push("VOICE_OF_MERCHANT_UPDATED"), "permissions.changed"],
  [
    "LOSS_OF_VOICE_OF_MERCHANT",
    push("LOSS_OF_VOICE_OF_MERCHANT"),
    { ignored: "Google sends VOICE_OF_MERCHANT_UPDATED instead" },
  ],
  ["NEW_QUESTION", push("NEW_QUESTION"), { ignored: "questions and answers are gone at Google" }],
];

const tables: Readonly<Record<string, readonly Row[]>> = { meta, threads, linkedin, x, tiktok, mailchimp, google };

const bytesOf = (body: unknown) =>
  new TextEncoder().encode(body instanceof URLSearchParams ? String(body) : JSON.stringify(body));
const parsed = ({ parse }: Webhooks, { body, query = {} }: Row[1]): readonly InboundEvent[] =>
  parse({
    headers: {
      "content-type": body instanceof URLSearchParams ? "application/x-www-form-urlencoded" : "application/json",
    },
    query,
    rawBody: bytesOf(body),
  });

test("every platform that sends events has its kinds here", () => {
  const sending = allProviders.filter(({ webhooks }) => webhooks).map(({ id }) => id);
  assert.deepEqual(Object.keys(tables).sort(), sending.sort());
});

for (const [id, rows] of Object.entries(tables)) {
  const ignored = rows.filter(([, , becomes]) => typeof becomes === "object").length;
  test(`${id}: each of ${rows.length} kinds of event is taken as what it is or left for a reason (${rows.length - ignored} kept, ${ignored} left)`, () => {
    const webhooks = allProviders.find((provider) => provider.id === id)?.webhooks;
    assert.ok(webhooks);
    for (const [kind, sent, becomes] of rows) {
      const events = parsed(webhooks, sent);
      assert.deepEqual(
        events.map(({ type }) => type),
        typeof becomes === "string" ? [becomes] : [],
        kind,
      );
      const [again] = parsed(webhooks, sent);
      assert.equal(again?.dedupeKey, events[0]?.dedupeKey, `${kind} has the same key each time`);
    }
  });
}

test("only what says that a post went live does so, and a lead leaves nothing of what the person wrote", () => {
  const of = (id: string, sent: Row[1]) => {
    const webhooks = allProviders.find((provider) => provider.id === id)?.webhooks;
    assert.ok(webhooks);
    return parsed(webhooks, sent)[0];
  };
  const isNew = (id: string, sent: Row[1]) => of(id, sent)?.isNewPost === true;
  assert.deepEqual(
    [isNew("meta", feed("status")), isNew("meta", feed("status", "edited")), isNew("meta", feed("comment"))],
    [true, false, false],
  );
  assert.equal(isNew("meta", page("feed", { item: "status", verb: "add", post_id: "1_2", published: 0 })), false);
  assert.deepEqual(
    threads.slice(0, 4).map(([kind, sent]) => [kind, isNew("threads", sent)]),
    [
      ["replies", false],
      ["mentions", false],
      ["publish", true],
      ["delete", false],
    ],
  );
  const lead = of(
    "meta",
    page("leadgen", {
      leadgen_id: "1",
      form_id: "2",
      field_data: [{ name: "email", values: ["a@b.example"] }],
      message: "call me",
    }),
  );
  assert.deepEqual(lead?.data, { field: "leadgen", leadId: "1", formId: "2" });
});
